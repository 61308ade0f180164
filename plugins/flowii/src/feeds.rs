//! Feeds: lists read page by page, in rounds.
//!
//! A round begins at page 0 and ends with the list. FLOWii tells no time of change, so the next round of most feeds reads
//! everything again and the host drops what it knows; orders begin a few days before the newest one. Where the
//! configuration trusts `filter[updated-from]`, rounds after the first read what has changed since the one before began.

use serde::{Deserialize, Serialize};
use wharf_sdk::document::Order;
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result, civil, clock};

use crate::api::{Envelope, Resource};
use crate::assumed::{CALLS_PER_MINUTE, CHANGES_OVERLAP_SECONDS, DETAILED_PAGE_SIZE, INVOICE, PAGE_SIZE};
use crate::client::{Client, envelope};
use crate::config::Config;
use crate::listing::{page_of, require_all};
use crate::{api, convert, countries, items};

/// Version of the cursors of all feeds.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Where a feed stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// Orders are read from this time on, in seconds since 1970.
    from: Option<u64>,
    /// Page of the list, from 0.
    page: u64,
    /// Rows of that page that are done.
    row: usize,
    /// Rows of a page; it stays the same during a round, or pages would not fit together.
    size: u32,
    /// Newest time of creation in this round, in seconds since 1970.
    newest: Option<u64>,
    /// Ids of the page before: a list that ignores paging brings them again.
    seen: Vec<String>,
    /// When the round began, in seconds since 1970, where only changes are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began: Option<u64>,
    /// Records that changed since then are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_from: Option<u64>,
}

/// A feed of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Partners,
    Tasks,
    Events,
    BusinessCases,
    Orders,
    Products,
    Invoices,
    Payments,
    Attendances,
}

impl Source {
    fn named(feed: &str) -> Result<Self> {
        match feed {
            "partners" => Ok(Self::Partners),
            "tasks" => Ok(Self::Tasks),
            "events" => Ok(Self::Events),
            "business-cases" => Ok(Self::BusinessCases),
            "attendances" => Ok(Self::Attendances),
            "orders" => Ok(Self::Orders),
            "products" => Ok(Self::Products),
            "invoices" => Ok(Self::Invoices),
            "payments" => Ok(Self::Payments),
            _ => Err(Failure::no_feed(feed)),
        }
    }

    /// Returns how many rows a page asks for: fewer where each may need a request of its own, so that a page is never
    /// more than the calls of a minute.
    fn rows(self, config: &Config) -> u32 {
        match self {
            Self::Partners | Self::Orders | Self::Tasks => {
                (config.calls_per_minute.unwrap_or(CALLS_PER_MINUTE) / 4).clamp(1, DETAILED_PAGE_SIZE)
            }
            _ => PAGE_SIZE,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Partners => "partners",
            Self::Tasks => "tasks",
            Self::Events => "events",
            Self::BusinessCases => "businesscases",
            Self::Attendances => "attendances",
            Self::Orders => "orders",
            Self::Products => "products",
            Self::Invoices => "documents",
            Self::Payments => "payments",
        }
    }
}

/// Returns the page after `cursor`.
pub(crate) fn pull(feed: &str, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let source = Source::named(feed)?;
    let client = Client::open()?;
    let position = match cursor {
        Some(cursor) => cursor.decode(CURSOR_VERSION)?,
        None => Position::start(bounds.since.map(|since| since / 1000), source.rows(&client.config), bounds),
    };
    let position = position.begun(&client.config);
    let response = client.get(&[source.path()], &query(source, &position))?;
    let envelope = envelope(&response)?;
    page(&client, source, &envelope, position, bounds)
}

impl Position {
    fn start(from: Option<u64>, rows: u32, bounds: &Bounds) -> Self {
        let size = bounds.max_items.clamp(1, rows);
        Self { from, page: 0, row: 0, size, newest: None, seen: Vec::new(), began: None, changed_from: None }
    }

    /// Notes when a round begins, where the next one reads what has changed since.
    fn begun(self, config: &Config) -> Self {
        match self.began {
            None if config.updated_filter && (self.page, self.row) == (0, 0) => {
                Self { began: Some(clock::now() / 1000), ..self }
            }
            _ => self,
        }
    }

    /// Begins the next round.
    fn next_round(&self, source: Source, client: &Client, bounds: &Bounds) -> Self {
        let overlap = u64::from(client.config.orders_overlap_days) * 86_400;
        let from = match source {
            Source::Orders => self.newest.map(|newest| newest.saturating_sub(overlap)).max(self.from),
            _ => self.from,
        };
        let changed_from = self.began.filter(|_| client.config.updated_filter);
        let changed_from = changed_from.map(|began| began.saturating_sub(CHANGES_OVERLAP_SECONDS));
        // What changed is read whatever its age.
        let from = if changed_from.is_some() { None } else { from };
        Self { changed_from, ..Self::start(from, source.rows(&client.config), bounds) }
    }
}

fn query(source: Source, position: &Position) -> Vec<(&'static str, String)> {
    page_of(&filters(source, position), position.page, position.size)
}

fn filters(source: Source, position: &Position) -> Vec<(&'static str, String)> {
    let mut query = Vec::new();
    match (source, position.from) {
        (Source::Orders, Some(from)) => query.push(("filter[created-from]", from.to_string())),
        (Source::Invoices, _) => query.push(("filter[type]", INVOICE.to_string())),
        _ => {}
    }
    if let Some(from) = position.changed_from {
        query.push(("filter[updated-from]", from.to_string()));
    }
    query
}

fn page(
    client: &Client,
    source: Source,
    envelope: &Envelope<'_>,
    mut position: Position,
    bounds: &Bounds,
) -> Result<Page> {
    let rows = envelope.rows()?;
    let mut page = PageBuilder::new(bounds);
    let brings_new = rows.iter().any(|row| !position.seen.iter().any(|id| id == row.id.as_str()));
    for (index, row) in rows.iter().enumerate().skip(position.row) {
        if !brings_new {
            break;
        }
        let Some((item, created)) = item(client, source, envelope, row, bounds)? else { continue };
        if page.push(item).is_some() {
            position.row = index;
            return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &position)?, Completeness::More));
        }
        position.newest = position.newest.max(created);
    }
    if brings_new && envelope.has_next() {
        let seen = rows.iter().map(|row| row.id.to_string()).collect();
        let next = Position { page: position.page + 1, row: 0, seen, ..position };
        return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More));
    }
    if !brings_new && position.page > 0 {
        require_all(client, &[source.path()], &filters(source, &position), rows.len())?;
    }
    let next = position.next_round(source, client, bounds);
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::CaughtUp))
}

/// Makes the item of a row and the time that windows look at in seconds; none where the bounds leave it out.
fn item(
    client: &Client,
    source: Source,
    envelope: &Envelope<'_>,
    row: &Resource<'_>,
    bounds: &Bounds,
) -> Result<Option<(Item, Option<u64>)>> {
    let id = row.id.as_str();
    let config = &client.config;
    let at = |time: &Option<String>| time.as_deref().and_then(civil::parse_rfc3339);
    let (item, time) = match source {
        Source::Partners => (listed_partner_item(client, envelope, row)?, None),
        Source::Tasks => (listed_task_item(client, envelope, row)?, None),
        Source::Events => {
            let event = convert::event::read(row, config)?;
            (Item::new("event", id, &event)?, at(&event.start))
        }
        Source::BusinessCases => {
            let case = convert::case::read(row, config)?;
            (Item::new("business-case", id, &case)?, at(&case.created_at))
        }
        Source::Attendances => {
            let local = row.attributes::<api::Attendance<'_>>()?.date.get();
            let time = local.and_then(|date| config.zone().instant(date));
            (Item::new("attendance", id, &convert::attendance::read(row)?)?, time)
        }
        Source::Products => (Item::new("product", id, &convert::product::read(row)?)?, None),
        Source::Orders => match order_item(client, envelope, row, bounds)? {
            Some(found) => found,
            None => return Ok(None),
        },
        Source::Invoices => {
            let attributes: api::Document<'_> = row.attributes()?;
            if attributes.kind.get().is_some_and(|kind| kind != INVOICE) {
                return Ok(None);
            }
            let issued = attributes.issued.get().and_then(|issued| config.zone().instant(issued));
            (Item::new("invoice", id, &convert::invoice::read(envelope, row, config)?)?, issued)
        }
        Source::Payments => {
            let payment = convert::payment::read(row, config)?;
            (Item::new("payment", id, &payment)?, at(&payment.paid_at))
        }
    };
    let inside = time.is_none_or(|time| bounds.contain(time));
    Ok(inside.then_some((item, time.map(|time| time / 1000))))
}

/// Makes the item of an order and the time of its creation; none where its state is not asked for.
fn order_item(
    client: &Client,
    envelope: &Envelope<'_>,
    row: &Resource<'_>,
    bounds: &Bounds,
) -> Result<Option<(Item, Option<u64>)>> {
    let mut order = convert::order::read(envelope, row, &client.config)?;
    if !wanted(&order, bounds) {
        return Ok(None);
    }
    if !row.is_whole(envelope, &["items"])? {
        order.lines = items::lines(client, row.id.as_str())?;
    }
    let created = order.created_at.as_deref().and_then(civil::parse_rfc3339);
    Ok(Some((Item::new("order", row.id.as_str(), &order)?, created)))
}

/// Tells whether an order has one of the states that are asked for.
fn wanted(order: &Order, bounds: &Bounds) -> bool {
    let mut states = bounds.filter_values("status").peekable();
    states.peek().is_none() || states.any(|state| order.status.as_deref() == Some(state))
}

/// Makes the item of a partner. One whose contact or address is only named is read itself.
fn listed_partner_item(client: &Client, envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Item> {
    if row.is_whole(envelope, &["key-contact", "billing-address"])? {
        return partner_item(client, envelope, row);
    }
    let id = row.id.as_str();
    let response = client.get_one("partner", &["partners", id], id)?;
    let envelope = crate::client::envelope(&response)?;
    partner_item(client, &envelope, &envelope.resource()?)
}

/// Makes the item of a task. One whose activities are only named is read itself.
fn listed_task_item(client: &Client, envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Item> {
    let id = row.id.as_str();
    if row.is_whole(envelope, &["activities"])? {
        return Item::new("task", id, &convert::task::read(envelope, row, &client.config)?);
    }
    let response = client.get_one("task", &["tasks", id], id)?;
    let envelope = crate::client::envelope(&response)?;
    Item::new("task", id, &convert::task::read(&envelope, &envelope.resource()?, &client.config)?)
}

/// Makes the item of a partner.
pub(crate) fn partner_item(client: &Client, envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Item> {
    let country_of = |id: &str| countries::code_of(client, id);
    let partner = convert::partner::read(envelope, row, &country_of)?;
    Item::new("partner", row.id.as_str(), &partner)
}
