//! Feeds: lists read page by page, in rounds. [`position`](crate::position) says how pages and rounds are joined.

use serde_json::value::RawValue;
use wharf_sdk::http::Response;
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result, civil, clock};

use crate::api::{self, Entry, Job};
use crate::assumed::takes_updated_from;
use crate::client::Client;
use crate::clients::{self, Clients};
use crate::config::Config;
use crate::convert::{self, instant};
use crate::listing::page_of;
use crate::position::{MOST_ROWS, Position, from_cursor};
use crate::source::{INVOICE, JOB, PARTNER, Source};
use crate::tasks;

/// Jobs of a page whose tasks are read one job after the other.
const JOBS_AT_ONCE: u32 = 10;

/// A row of a list.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// Its id in the list.
    pub(crate) id: String,
    /// When it changed last.
    pub(crate) updated: Option<u64>,
    /// Whether the feed is about such rows.
    wanted: bool,
    /// Whether it is marked as removed.
    deleted: bool,
    pub(crate) raw: &'a RawValue,
}

/// Returns the page after `cursor`.
pub(crate) fn pull(feed: &str, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let source = Source::named(feed)?;
    let client = Client::open()?;
    let mut position = from_cursor(cursor, rows_at_once(source, bounds), bounds)?;
    let (offset, limit) = position.window();
    let query = page_of(&query(source, &position, &client.config, bounds), offset, limit);
    let response = client.get(&source.path(&client.config), &query)?;
    position.begun(time_of(&response));
    let raws = api::rows(&response)?;
    let rows = raws.into_iter().map(|raw| row(source, raw, &client.config)).collect::<Result<Vec<_>>>()?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let Some(first) = position.joint(&ids) else {
        let page = PageBuilder::new(bounds);
        return Ok(page.finish(position.restarted().cursor()?, Completeness::More));
    };
    let is_last = u32::try_from(rows.len()).unwrap_or(u32::MAX) < limit;
    let changed = rows.iter().skip(first).filter(|row| row.changed_since(position.from));
    let clients = clients::of_rows(&client, source, changed.map(|row| row.raw))?;
    let sheet = Sheet { client: &client, source, rows: &rows, ids: &ids, bounds, clients: &clients };
    match sheet.fill(position, first)? {
        (page, Filled::Upto(position)) => Ok(page.finish(position.cursor()?, Completeness::More)),
        (page, Filled::All(position)) if !is_last => Ok(page.finish(position.cursor()?, Completeness::More)),
        (page, Filled::All(position)) => {
            let next = position.next_round(client.config.overlap_minutes, rows_at_once(source, bounds));
            Ok(page.finish(next.cursor()?, Completeness::CaughtUp))
        }
    }
}

fn rows_at_once(source: Source, bounds: &Bounds) -> u32 {
    bounds.max_items.clamp(1, if source == Source::Tasks { JOBS_AT_ONCE } else { MOST_ROWS })
}

/// Returns the remote's time where it tells it: what changed is compared with it.
fn time_of(response: &Response) -> u64 {
    response.header("date").and_then(civil::parse_http_date).unwrap_or_else(clock::now)
}

fn query(source: Source, position: &Position, config: &Config, bounds: &Bounds) -> Vec<(&'static str, String)> {
    let mut query = Vec::new();
    for (filter, parameter) in [("client", "clientIds[]"), ("status", "statusIds[]"), ("situation", "situations[]")] {
        query.extend(bounds.filter_values(filter).map(|value| (parameter, value.to_owned())));
    }
    let from = position.from.filter(|_| takes_updated_from(source));
    if let Some(from) = from.and_then(|from| convert::local(config.zone(), from)) {
        query.push(("updatedFrom", from));
    }
    query
}

/// How far a page was filled.
enum Filled {
    /// The page is full, and the rest comes later.
    Upto(Position),
    /// Every row of the answer is done.
    All(Position),
}

/// An answer, and what is made of it.
struct Sheet<'a> {
    client: &'a Client,
    source: Source,
    rows: &'a [Row<'a>],
    ids: &'a [&'a str],
    bounds: &'a Bounds,
    clients: &'a Clients,
}

impl Row<'_> {
    /// Tells whether it changed at or after a time; one that does not say when it changed may have.
    fn changed_since(&self, from: Option<u64>) -> bool {
        self.updated.is_none_or(|updated| from.is_none_or(|from| updated >= from))
    }
}

impl Sheet<'_> {
    fn fill(&self, mut position: Position, first: usize) -> Result<(PageBuilder, Filled)> {
        let mut page = PageBuilder::new(self.bounds);
        for (index, row) in self.rows.iter().enumerate().skip(first) {
            if !row.wanted || !(row.changed_since(position.from) || self.reads_all()) {
                position.saw(row.updated);
                continue;
            }
            if self.source == Source::Tasks {
                if let Some(last) =
                    tasks::push(self.client, row, position.last_task_of(&row.id), self.bounds, &mut page)?
                {
                    let stands = position.after(self.ids, index);
                    let stands = if last.is_empty() { stands } else { stands.inside(&row.id, &last) };
                    return Ok((page, Filled::Upto(stands)));
                }
            } else if row.updated.is_none_or(|updated| self.bounds.contain(updated))
                && page.push(item(self.source, row, &self.client.config, self.clients)?).is_some()
            {
                return Ok((page, Filled::Upto(position.after(self.ids, index))));
            }
            position.saw(row.updated);
        }
        Ok((page, Filled::All(position.after(self.ids, self.ids.len()))))
    }

    fn reads_all(&self) -> bool {
        self.source == Source::Tasks && self.client.config.tasks_of_all_jobs
    }
}

/// Reads what is needed of a row before its item is made.
pub(crate) fn row<'a>(source: Source, raw: &'a RawValue, config: &Config) -> Result<Row<'a>> {
    let zone = config.zone();
    let row = match source {
        Source::Clients => {
            let client: api::Client<'_> = api::read(raw)?;
            let updated = instant(zone, client.updated.get());
            Row { id: client.id().to_owned(), updated, wanted: true, deleted: false, raw }
        }
        Source::Jobs | Source::Tasks => {
            let job: Job<'_> = api::read(raw)?;
            let (updated, deleted) = (instant(zone, job.updated.get()), job.is_deleted.is_set());
            Row { id: job.id.to_string(), updated, wanted: config.is_job(job.task_type.as_str()), deleted, raw }
        }
        Source::Receivables | Source::Payables => {
            let entry: Entry<'_> = api::read(raw)?;
            let updated = instant(zone, entry.updated.get());
            Row { id: entry.id.to_string(), updated, wanted: true, deleted: false, raw }
        }
    };
    match row.id.is_empty() {
        true => Err(Failure::contract_changed("a row has no id", raw.get())),
        false => Ok(row),
    }
}

/// Makes the item of a row.
pub(crate) fn item(source: Source, row: &Row<'_>, config: &Config, clients: &Clients) -> Result<Item> {
    let mut item = match source {
        Source::Clients => Item::new(PARTNER, &row.id, &convert::partner::read(&api::read(row.raw)?))?,
        Source::Jobs | Source::Tasks => Item::from_text(JOB, &row.id, row.raw.get()),
        Source::Receivables | Source::Payables => {
            let entry: Entry<'_> = api::read(row.raw)?;
            let mut invoice = convert::invoice::read(source, &entry, config);
            if let Some(client) = clients.get(entry.client_id.as_str()) {
                invoice.partner.clone_from(client);
            }
            Item::new(INVOICE, source.invoice_id(&row.id), &invoice)?
        }
    };
    item.deleted = row.deleted;
    Ok(match row.updated {
        Some(updated) => item.revision(updated).updated(updated),
        None => item,
    })
}
