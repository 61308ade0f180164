//! Feeds: what changed, read page by page, in rounds.
//!
//! A round asks for everything modified since a moment and ends with the list. The records do not tell when they were
//! modified, so the next round begins some hours before this one began, by the clock of the server: what is read twice
//! the host drops. Within a round nothing depends on times, so that equal ones lose nothing at the edge of a page.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wharf_sdk::document::{Order, Partner};
use wharf_sdk::http::Response;
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result, civil, clock};

use crate::api::{self, Sheet, row};
use crate::client::{Client, Resource};
use crate::convert::{self, dated, instant, local};
use crate::listing::page_of;

/// Version of the cursors of all feeds.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Milliseconds of a minute. A round's begin is kept to the minute, so that the same page has the same cursor.
const MINUTE: u64 = 60_000;

/// Where a feed stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// The round reads what was modified from this time on, in milliseconds since 1970; everything where it is missing.
    from: Option<u64>,
    /// When the round began, in milliseconds since 1970.
    began: Option<u64>,
    /// Page of the list, from 1.
    page: u64,
    /// Rows of that page that are done.
    row: usize,
    /// Rows of a page; it stays the same during a round, or pages would not fit together.
    size: u32,
    /// How many rows the list had at the page before.
    total: Option<u64>,
    /// First id of the page before: a list that ignores paging brings it again.
    before: Option<String>,
}

/// Returns the page after `cursor`.
pub(crate) fn pull(feed: &str, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let resource = named(feed)?;
    let client = Client::open()?;
    let mut position = match cursor {
        Some(cursor) => cursor.decode(CURSOR_VERSION)?,
        None => Position::start(bounds.since, &client, bounds),
    };
    let response = client.list(resource, &query(&client, &position))?;
    position.began = position.began.or_else(|| Some(server_time(&response) / MINUTE * MINUTE));
    let sheet = Sheet::of(&response)?;
    if let Some(back) = position.stepped_back(&sheet) {
        return Ok(PageBuilder::new(bounds).finish(Cursor::encode(CURSOR_VERSION, &back)?, Completeness::More));
    }
    page(&client, resource, &sheet, position, bounds)
}

fn named(feed: &str) -> Result<Resource> {
    match feed {
        "orders" => Ok(Resource::Orders),
        "products" => Ok(Resource::Products),
        "customers" => Ok(Resource::Customers),
        _ => Err(Failure::no_feed(feed)),
    }
}

/// Returns the server's time where it says it, as that is what records are stamped with.
fn server_time(response: &Response) -> u64 {
    response.header("date").and_then(civil::parse_http_date).unwrap_or_else(clock::now)
}

fn query(client: &Client, position: &Position) -> Vec<(&'static str, String)> {
    let from = position.from.and_then(|from| local(client.config.zone(), from));
    let query: Vec<_> = from.map(|from| ("modifiedFrom", from)).into_iter().collect();
    page_of(&query, position.page, position.size)
}

impl Position {
    fn start(from: Option<u64>, client: &Client, bounds: &Bounds) -> Self {
        // Each order may ask for its customer, and a call has a limit of requests.
        let most =
            if client.config.read_customers { client.config.page_size.min(100) } else { client.config.page_size };
        Self { from, began: None, page: 1, row: 0, size: bounds.max_items.clamp(1, most), total: None, before: None }
    }

    /// Begins the next round.
    fn next_round(&self, client: &Client, bounds: &Bounds) -> Self {
        let overlap = u64::from(client.config.overlap_minutes) * MINUTE;
        let from = self.began.map(|began| began.saturating_sub(overlap)).max(self.from);
        Self::start(from, client, bounds)
    }

    /// Goes back as many pages as the list has shrunk by: what was behind the removed rows has moved forward.
    fn stepped_back(&self, sheet: &Sheet<'_>) -> Option<Self> {
        let (before, now) = (self.total?, sheet.total()?);
        let removed = before.checked_sub(now).filter(|removed| *removed > 0)?;
        let pages = removed.div_ceil(u64::from(self.size.max(1)));
        let page = self.page.saturating_sub(pages).max(1);
        Some(Self { page, row: 0, total: Some(now), before: None, ..self.clone() })
    }
}

fn page(
    client: &Client,
    resource: Resource,
    sheet: &Sheet<'_>,
    mut position: Position,
    bounds: &Bounds,
) -> Result<Page> {
    let mut page = PageBuilder::new(bounds);
    let first = sheet.first_id()?;
    let is_again = first.is_some() && first == position.before;
    let rows = if is_again { &[] } else { sheet.items.as_slice() };
    for (index, raw) in rows.iter().enumerate().skip(position.row) {
        let Some(item) = item(client, resource, raw, bounds)? else { continue };
        if page.push(item).is_some() {
            position.row = index;
            return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &position)?, Completeness::More));
        }
    }
    if is_again || sheet.is_last(position.page, position.size) {
        let next = position.next_round(client, bounds);
        return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::CaughtUp));
    }
    let next = Position { page: position.page + 1, row: 0, total: sheet.total(), before: first, ..position };
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More))
}

/// Makes the item of a row; none where the bounds leave it out.
fn item(client: &Client, resource: Resource, raw: &RawValue, bounds: &Bounds) -> Result<Option<Item>> {
    match resource {
        Resource::Products => product_item(client, &row(raw)?).map(Some),
        Resource::Customers => customer_item(client, &row(raw)?).map(Some),
        _ => {
            let order: api::Order<'_> = row(raw)?;
            let placed = instant(client.config.zone(), &order.order_date);
            let inside = placed.is_none_or(|placed| bounds.contain(placed));
            if inside && is_wanted(&order, bounds) { order_item(client, &order).map(Some) } else { Ok(None) }
        }
    }
}

/// Tells whether an order has one of the statuses that are asked for, and is completed or not as is asked for.
///
/// The API's own filter by status is not used: an order that leaves the status during a round would move others past the
/// edge of a page.
fn is_wanted(order: &api::Order<'_>, bounds: &Bounds) -> bool {
    let completed = if order.is_completed.is_set() { "true" } else { "false" };
    let fits = |name: &str, value: &str| {
        let mut wanted = bounds.filter_values(name).peekable();
        wanted.peek().is_none() || wanted.any(|wanted| wanted == value)
    };
    fits("status", order.status_id.as_str()) && fits("completed", completed)
}

/// Makes the item of an order.
pub(crate) fn order_item(client: &Client, row: &api::Order<'_>) -> Result<Item> {
    let order: Order =
        convert::order::read(row, customer_of(client, row)?, client.vat_rates()?, client.currencies()?, &client.config);
    let item = Item::new("order", row.id.as_str(), &order)?;
    Ok(dated(item, client.config.zone(), &row.modified_at))
}

fn customer_of(client: &Client, row: &api::Order<'_>) -> Result<Partner> {
    let Some(id) = row.customer_id.filled() else { return Ok(Partner::default()) };
    if !client.config.read_customers {
        return Ok(Partner { id: Some(id), ..Partner::default() });
    }
    client.customer(&id, |response| {
        let customer: api::Customer<'_> = response.json()?;
        Ok(convert::customer::read(&customer, &client.config))
    })
}

/// Makes the item of a customer.
pub(crate) fn customer_item(client: &Client, row: &api::Customer<'_>) -> Result<Item> {
    let item = Item::new("partner", row.id.as_str(), &convert::customer::read(row, &client.config))?;
    Ok(dated(item, client.config.zone(), &row.modified_at))
}

/// Makes the item of a product.
pub(crate) fn product_item(client: &Client, row: &api::Product<'_>) -> Result<Item> {
    let product = convert::product::read(row, client.vat_rates()?, client.currencies()?);
    let item = Item::new("product", row.id.as_str(), &product)?;
    Ok(dated(item, client.config.zone(), &row.modified_at))
}
