//! Feeds: lists read page by page, in rounds.
//!
//! A round begins at page 0 and ends with the list. FLOWii tells no time of change, so the next round of most feeds reads
//! everything again and the host drops what it knows; orders begin a few days before the newest one.

use serde::{Deserialize, Serialize};
use wharf_sdk::document::Order;
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result, civil};

use crate::api::{Envelope, Resource};
use crate::assumed::{CALLS_PER_MINUTE, DETAILED_PAGE_SIZE, INVOICE, PAGE_SIZE};
use crate::client::{Client, envelope};
use crate::config::Config;
use crate::listing::page_of;
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
}

/// A feed of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Partners,
    Orders,
    Products,
    Invoices,
    Payments,
}

impl Source {
    fn named(feed: &str) -> Result<Self> {
        match feed {
            "partners" => Ok(Self::Partners),
            "orders" => Ok(Self::Orders),
            "products" => Ok(Self::Products),
            "invoices" => Ok(Self::Invoices),
            "payments" => Ok(Self::Payments),
            _ => Err(Failure::unsupported(feed, format!("FLOWii has no feed `{feed}`; use one of the manifest"))),
        }
    }

    /// Returns how many rows a page asks for: fewer where each may need a request of its own, so that a page is never
    /// more than the calls of a minute.
    fn rows(self, config: &Config) -> u32 {
        match self {
            Self::Partners | Self::Orders => {
                (config.calls_per_minute.unwrap_or(CALLS_PER_MINUTE) / 4).clamp(1, DETAILED_PAGE_SIZE)
            }
            Self::Products | Self::Invoices | Self::Payments => PAGE_SIZE,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Partners => "partners",
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
    let response = client.get(&[source.path()], &query(source, &position))?;
    let envelope = envelope(&response)?;
    page(&client, source, &envelope, position, bounds)
}

impl Position {
    fn start(from: Option<u64>, rows: u32, bounds: &Bounds) -> Self {
        let size = bounds.max_items.clamp(1, rows);
        Self { from, page: 0, row: 0, size, newest: None, seen: Vec::new() }
    }

    /// Begins the next round.
    fn next_round(&self, source: Source, client: &Client, bounds: &Bounds) -> Self {
        let overlap = u64::from(client.config.orders_overlap_days) * 86_400;
        let from = match source {
            Source::Orders => self.newest.map(|newest| newest.saturating_sub(overlap)).max(self.from),
            _ => self.from,
        };
        Self::start(from, source.rows(&client.config), bounds)
    }
}

fn query(source: Source, position: &Position) -> Vec<(&'static str, String)> {
    let mut query = Vec::new();
    match (source, position.from) {
        (Source::Orders, Some(from)) => query.push(("filter[created-from]", from.to_string())),
        (Source::Invoices, _) => query.push(("filter[type]", INVOICE.to_string())),
        _ => {}
    }
    page_of(&query, position.page, position.size)
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
    let next = position.next_round(source, client, bounds);
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::CaughtUp))
}

/// Makes the item of a row and the time of its creation in seconds; none where the bounds leave it out.
fn item(
    client: &Client,
    source: Source,
    envelope: &Envelope<'_>,
    row: &Resource<'_>,
    bounds: &Bounds,
) -> Result<Option<(Item, Option<u64>)>> {
    let id = row.id.as_str();
    let (item, time) = match source {
        Source::Partners => (listed_partner_item(client, envelope, row)?, None),
        Source::Products => (Item::new("product", id, &convert::product::read(row)?)?, None),
        Source::Orders => {
            let mut order = convert::order::read(envelope, row, &client.config)?;
            if !row.is_whole(envelope, &["items"])? {
                order.lines = items::lines(client, id)?;
            }
            let created = order.created_at.as_deref().and_then(civil::parse_rfc3339);
            let wanted = wanted(&order, bounds);
            (Item::new("order", id, &order)?, if wanted { created } else { return Ok(None) })
        }
        Source::Invoices => {
            let attributes: api::Document<'_> = row.attributes()?;
            if attributes.kind.get().is_some_and(|kind| kind != INVOICE) {
                return Ok(None);
            }
            let issued = attributes.issued.get().and_then(|issued| client.config.zone().instant(issued));
            (Item::new("invoice", id, &convert::invoice::read(envelope, row, &client.config)?)?, issued)
        }
        Source::Payments => {
            let payment = convert::payment::read(row, &client.config)?;
            let paid = payment.paid_at.as_deref().and_then(civil::parse_rfc3339);
            (Item::new("payment", id, &payment)?, paid)
        }
    };
    let inside = time.is_none_or(|time| bounds.contain(time));
    Ok(inside.then_some((item, time.map(|time| time / 1000))))
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

/// Makes the item of a partner.
pub(crate) fn partner_item(client: &Client, envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Item> {
    let country_of = |id: &str| countries::code_of(client, id);
    let partner = convert::partner::read(envelope, row, &country_of)?;
    Item::new("partner", row.id.as_str(), &partner)
}
