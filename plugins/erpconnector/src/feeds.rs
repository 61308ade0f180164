//! Feeds: whole lists, sorted by their key, in rounds. The API tells no time of change, so every round reads everything
//! again and the host drops what it knows.

use serde::{Deserialize, Serialize};
use wharf_sdk::http::Response;
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result};

use crate::assumed::{PAGE_SIZE, customer, invoice, product};
use crate::client::{Client, rows};
use crate::config::Config;
use crate::convert;
use crate::query::Query;
use crate::row::Row;
use crate::verbs::Entity;

/// Version of the cursors of all feeds.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Where a feed stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// Rows of the list that are done.
    skip: u32,
    /// Rows that are asked for; it stays the same during a round.
    size: u32,
    /// Key of the row that was done last.
    last: Option<String>,
}

/// Returns the page after `cursor`.
pub(crate) fn pull(feed: &str, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let entity = entity_of(feed)?;
    let client = Client::open()?;
    let position = match cursor {
        Some(cursor) => cursor.decode(CURSOR_VERSION)?,
        None => start(bounds),
    };
    let response = client.list(entity, &query(entity, &position, bounds, &client.config)?)?;
    page(&client, entity, &response, &position, bounds)
}

fn entity_of(feed: &str) -> Result<Entity> {
    match feed {
        "products" => Ok(Entity::Product),
        "customers" => Ok(Entity::Customer),
        "customer-invoices" => Ok(Entity::CustomerInvoice),
        _ => Err(Failure::unsupported(feed, format!("there is no feed `{feed}`; use one of the manifest"))),
    }
}

fn start(bounds: &Bounds) -> Position {
    Position { skip: 0, size: bounds.max_items.clamp(1, PAGE_SIZE), last: None }
}

fn key_name(entity: Entity, config: &Config) -> &str {
    config.name(match entity {
        Entity::Product => product::NUMBER,
        Entity::Customer => customer::NUMBER,
        Entity::CustomerInvoice => invoice::NUMBER,
    })
}

fn query(entity: Entity, position: &Position, bounds: &Bounds, config: &Config) -> Result<Query> {
    let query = Query::new().order_by(key_name(entity, config)).top(position.size).skip(position.skip);
    if entity != Entity::Product {
        return Ok(query);
    }
    let query = config.expand_products.iter().fold(query, |query, part| query.expand(part));
    let group = format!("{}.{}", config.name(product::GROUP), config.name(product::GROUP_CODE));
    let query = match only(bounds, "group")? {
        Some(code) => query.text_is(&group, code),
        None => query,
    };
    Ok(match only(bounds, "active")? {
        Some(value) => query.flag_is(config.name(product::ACTIVE), value == "true"),
        None => query,
    })
}

/// Returns the value of a filter. The API joins conditions by `and` only, so one value is all that can be asked for.
fn only<'a>(bounds: &'a Bounds, name: &'a str) -> Result<Option<&'a str>> {
    let mut values = bounds.filter_values(name);
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => {
            Err(Failure::unsupported("filter", format!("filter `{name}` takes one value; make a flow for each value")))
        }
    }
}

fn page(client: &Client, entity: Entity, response: &Response, position: &Position, bounds: &Bounds) -> Result<Page> {
    let rows = rows(response)?;
    let begin = first_new(&rows, entity, position, &client.config)?;
    if begin > 0 && begin == rows.len() && counted(rows.len()) == position.size {
        let detail = format!("the list of `{}` brought the same rows again: it ignores `$skip`", entity.name());
        let sample = response.text_if_any().unwrap_or_default();
        return Err(Failure::contract_changed(detail, sample).with_evidence(response.evidence()));
    }
    let mut page = PageBuilder::new(bounds);
    let mut last = position.last.clone();
    for (index, row) in rows.iter().enumerate().skip(begin) {
        let item = item(entity, row, &client.config)?;
        let id = item.id.clone();
        if page.push(item).is_some() {
            let next = Position { skip: position.skip.saturating_add(counted(index)), last, ..position.clone() };
            return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More));
        }
        last = Some(id);
    }
    if counted(rows.len()) == position.size {
        let next = Position { skip: position.skip.saturating_add(position.size), last, ..position.clone() };
        return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More));
    }
    // Fewer rows are the end of the list; more are the list of an ERP that ignores `$top`, and so all of it.
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &start(bounds))?, Completeness::CaughtUp))
}

/// Returns the first row after the one done last, which is there again where the list ignores `$skip` or has grown.
fn first_new(rows: &[Row<'_>], entity: Entity, position: &Position, config: &Config) -> Result<usize> {
    let Some(last) = position.last.as_deref().filter(|_| position.skip > 0) else { return Ok(0) };
    for (index, row) in rows.iter().enumerate() {
        if row.text(key_name(entity, config))?.as_deref() == Some(last) {
            return Ok(index + 1);
        }
    }
    Ok(0)
}

fn counted(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// Makes the item of a row.
pub(crate) fn item(entity: Entity, row: &Row<'_>, config: &Config) -> Result<Item> {
    match entity {
        Entity::Product => {
            let product = convert::product::read(row, config)?;
            Item::new("product", product.id.clone().unwrap_or_default(), &product)
        }
        Entity::Customer => {
            let partner = convert::customer::read(row, config)?;
            Item::new("partner", partner.id.clone().unwrap_or_default(), &partner)
        }
        Entity::CustomerInvoice => {
            let invoice = convert::invoice::read(row, config)?;
            Item::new("invoice", invoice.id.clone().unwrap_or_default(), &invoice)
        }
    }
}
