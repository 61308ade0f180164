//! The feed `journal`: what happened to orders, as the vendor writes it.
//!
//! The vendor keeps three days, and only for accounts for which its support switched the journal on; for others the list
//! is empty, which looks the same as nothing having happened.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wharf_sdk::{Bounds, Completeness, Cursor, Item, Page, PageBuilder, Result, clock, log};

use crate::api::{Fields, Raw};
use crate::assumed::{DAY_MS, JOURNAL_DAYS};
use crate::client::{Answer, Client};
use crate::orders::question::whole;

/// Entity of the entries.
pub(crate) const ENTITY: &str = "order-event";
/// Version of the cursors.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Most orders that are taken from one reading, as they are kept in a cursor.
const MOST_ORDERS: usize = 2000;

/// Where the feed is.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Place {
    /// Id of the entry taken last.
    last_log_id: u64,
    /// Second of that entry.
    date: u64,
}

/// Parameters of `getJournalList`.
#[derive(Serialize)]
struct Question {
    last_log_id: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logs_types: Vec<u64>,
}

/// An entry, and the fields of it that are needed.
struct Entry<'a> {
    id: u64,
    order: u64,
    date: u64,
    raw: Raw<'a>,
}

/// What the journal says happened to orders since an entry.
#[derive(Debug)]
pub(crate) struct News {
    /// Orders, each once, by the first entry about it.
    pub(crate) orders: Vec<u64>,
    /// Id of the newest entry.
    pub(crate) last_log_id: u64,
}

/// Reads which orders have entries of some types since an entry.
pub(crate) fn news(client: &Client, last_log_id: u64, types: &[u64]) -> Result<News> {
    let answer = client.read("getJournalList", &Question { last_log_id, logs_types: types.to_vec() })?;
    let logs: Vec<Raw<'_>> = answer.rows("logs")?;
    let mut entries: Vec<Entry<'_>> = logs.into_iter().map(|raw| entry(raw, &answer)).collect::<Result<_>>()?;
    entries.retain(|entry| entry.id > last_log_id);
    entries.sort_by_key(|entry| entry.id);
    let mut news = News { orders: Vec::new(), last_log_id };
    let mut seen = BTreeSet::new();
    for entry in entries {
        if seen.len() >= MOST_ORDERS {
            break;
        }
        if entry.order > 0 && seen.insert(entry.order) {
            news.orders.push(entry.order);
        }
        news.last_log_id = entry.id;
    }
    Ok(news)
}

/// Pulls a page.
pub(crate) fn pull(client: &Client, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let place = cursor.map(|cursor| cursor.decode::<Place>(CURSOR_VERSION)).transpose()?;
    let from = place.unwrap_or_default();
    let logs_types = bounds.filter_values("type").map(|kind| whole("/filter/type", kind)).collect::<Result<_>>()?;
    let answer = client.read_kept("getJournalList", &Question { last_log_id: from.last_log_id, logs_types })?;
    let logs: Vec<Raw<'_>> = answer.rows("logs")?;
    let mut entries: Vec<Entry<'_>> = logs.into_iter().map(|raw| entry(raw, &answer)).collect::<Result<_>>()?;
    entries.retain(|entry| entry.id > from.last_log_id);
    entries.sort_by_key(|entry| entry.id);
    report_gap(place, bounds, entries.first());
    page(&answer, from, &entries, bounds)
}

fn page(answer: &Answer, from: Place, entries: &[Entry<'_>], bounds: &Bounds) -> Result<Page> {
    let mut page = PageBuilder::new(bounds);
    let mut next = from;
    for entry in entries {
        if bounds.contain(entry.date.saturating_mul(1000)) {
            let item = Item::slice_of(ENTITY, entry.id.to_string(), answer.response(), entry.raw.json())?;
            if page.push(item.updated(entry.date.saturating_mul(1000))).is_some() {
                return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More));
            }
        }
        next = Place { last_log_id: entry.id, date: entry.date };
    }
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::CaughtUp))
}

/// Reads an entry. The documentation's sample calls the id `log_id`, its table of fields `id`.
fn entry<'a>(raw: Raw<'a>, answer: &'a Answer) -> Result<Entry<'a>> {
    let fields: Fields<'a> = answer.read(raw)?;
    let id = fields.first(&["log_id", "id"]).whole();
    let id = id.ok_or_else(|| {
        answer.response().unreadable("an entry of the journal has neither `log_id` nor `id` as a whole number")
    })?;
    Ok(Entry {
        id,
        order: fields.get("order_id").whole().unwrap_or(0),
        date: fields.get("date").whole().unwrap_or(0),
        raw,
    })
}

/// Warns when entries may have been forgotten before they were read: nobody will ever deliver them.
fn report_gap(place: Option<Place>, bounds: &Bounds, oldest: Option<&Entry<'_>>) {
    let kept_from = clock::now().saturating_sub(JOURNAL_DAYS * DAY_MS);
    match (place.filter(|place| place.last_log_id > 0), oldest) {
        (Some(place), Some(oldest)) => {
            let is_next = oldest.id == place.last_log_id.saturating_add(1);
            if !is_next && place.date.saturating_mul(1000) < kept_from {
                let days = JOURNAL_DAYS;
                log::warn(
                    "journal entries may be missing; read the orders feed again from that time on",
                    &[("after", &place.last_log_id), ("before", &oldest.id), ("kept_days", &days)],
                );
            }
        }
        (None, _) if bounds.since.is_some_and(|since| since < kept_from) => {
            let days = JOURNAL_DAYS;
            log::warn("the journal does not reach back to the start of the window", &[("kept_days", &days)]);
        }
        _ => {}
    }
}
