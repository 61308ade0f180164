//! Feeds: whole lists, sorted by their key, in rounds. The API tells no time of change, so every round reads everything
//! again and the host drops what it knows.

use serde::{Deserialize, Serialize};
use wharf_sdk::http::Response;
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result};

use crate::assumed::{PAGE_SIZE, customer, entry, invoice, product, supplier_invoice, supplier_order};
use crate::client::{Client, rows};
use crate::config::Config;
use crate::convert::supplier::invoice_key;
use crate::query::Query;
use crate::row::Row;
use crate::verbs::Entity;
use crate::{convert, others, records};

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
    let entity = entity_of(feed, bounds)?;
    let client = Client::open()?.of_company(only(bounds, "company")?)?;
    let position = match cursor {
        Some(cursor) => cursor.decode(CURSOR_VERSION)?,
        None => start(bounds),
    };
    let response = client.list(entity, &query(entity, &position, bounds, &client.config)?)?;
    page(&client, entity, &response, &position, bounds)
}

fn entity_of<'a>(feed: &str, bounds: &'a Bounds) -> Result<Entity<'a>> {
    match feed {
        "products" => Ok(Entity::Product),
        "customers" => Ok(Entity::Customer),
        "customer-invoices" => Ok(Entity::CustomerInvoice),
        "supplier-invoices" => Ok(Entity::SupplierInvoice),
        "supplier-orders" => Ok(Entity::SupplierOrder),
        "journal-entries" => Ok(Entity::GLJournalEntry),
        "records" => match only(bounds, "entity")? {
            Some(name) if Entity::known(name).is_none() => Ok(Entity::Other(name)),
            Some(name) => {
                let message = format!("`{name}` has a feed of its own; use that");
                Err(Failure::unsupported("records", message))
            }
            None => {
                let message = "the feed `records` needs the filter `entity`; name one, such as `GLAccount`";
                Err(Failure::unsupported("records", message))
            }
        },
        _ => Err(Failure::no_feed(feed)),
    }
}

fn start(bounds: &Bounds) -> Position {
    Position { skip: 0, size: bounds.max_items.clamp(1, PAGE_SIZE), last: None }
}

/// Returns the name of the field that lists are sorted by: the number.
pub(crate) fn key_name<'a>(entity: Entity<'_>, config: &'a Config) -> Result<&'a str> {
    Ok(config.name(match entity {
        Entity::Product => product::NUMBER,
        Entity::Customer => customer::NUMBER,
        Entity::CustomerInvoice => invoice::NUMBER,
        Entity::SupplierInvoice => supplier_invoice::NUMBER,
        Entity::SupplierOrder => supplier_order::NUMBER,
        Entity::GLJournalEntry => entry::NUMBER,
        Entity::Other(name) => return others::key_field(config, name),
    }))
}

/// Returns what tells a record from all others of its entity and company.
pub(crate) fn key(client: &Client, entity: Entity<'_>, row: &Row<'_>) -> Result<String> {
    let config = &client.config;
    match entity {
        Entity::Other(name) => others::key_of(row, config, name),
        Entity::SupplierInvoice => {
            let number = convert::key(row, supplier_invoice::NUMBER, config)?;
            Ok(invoice_key(&convert::key(row, supplier_invoice::SUPPLIER, config)?, &number))
        }
        Entity::Product => convert::key(row, product::NUMBER, config),
        Entity::Customer => convert::key(row, customer::NUMBER, config),
        Entity::CustomerInvoice => convert::key(row, invoice::NUMBER, config),
        Entity::SupplierOrder => convert::key(row, supplier_order::NUMBER, config),
        Entity::GLJournalEntry => convert::key(row, entry::NUMBER, config),
    }
}

fn query(entity: Entity<'_>, position: &Position, bounds: &Bounds, config: &Config) -> Result<Query> {
    let query = Query::new().order_by(key_name(entity, config)?).top(position.size).skip(position.skip);
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

fn page(
    client: &Client,
    entity: Entity<'_>,
    response: &Response,
    position: &Position,
    bounds: &Bounds,
) -> Result<Page> {
    let rows = rows(response)?;
    let begin = first_new(client, &rows, entity, position)?;
    if begin > 0 && begin == rows.len() && counted(rows.len()) == position.size {
        let detail = format!("the list of `{}` brought the same rows again: it ignores `$skip`", entity.name());
        let sample = response.text_if_any().unwrap_or_default();
        return Err(Failure::contract_changed(detail, sample).with_evidence(response.evidence()));
    }
    let mut page = PageBuilder::new(bounds);
    let mut last = position.last.clone();
    for (index, row) in rows.iter().enumerate().skip(begin) {
        let item = item(client, entity, row)?;
        let key = key(client, entity, row)?;
        if page.push(item).is_some() {
            let next = Position { skip: position.skip.saturating_add(counted(index)), last, ..position.clone() };
            return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More));
        }
        last = Some(key);
    }
    if counted(rows.len()) == position.size {
        let next = Position { skip: position.skip.saturating_add(position.size), last, ..position.clone() };
        return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More));
    }
    // Fewer rows are the end of the list; more are the list of an ERP that ignores `$top`, and so all of it.
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &start(bounds))?, Completeness::CaughtUp))
}

/// Returns the first row after the one done last, which is there again where the list ignores `$skip` or has grown.
fn first_new(client: &Client, rows: &[Row<'_>], entity: Entity<'_>, position: &Position) -> Result<usize> {
    let Some(last) = position.last.as_deref().filter(|_| position.skip > 0) else { return Ok(0) };
    for (index, row) in rows.iter().enumerate() {
        if key(client, entity, row)? == last {
            return Ok(index + 1);
        }
    }
    Ok(0)
}

fn counted(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// Makes the item of a row.
pub(crate) fn item(client: &Client, entity: Entity<'_>, row: &Row<'_>) -> Result<Item> {
    let config = &client.config;
    let id = client.id(&key(client, entity, row)?);
    let document = entity.document();
    match entity {
        Entity::Product => Item::new(document, id, &convert::product::read(row, config)?),
        Entity::Customer => Item::new(document, id, &convert::customer::read(row, config)?),
        Entity::CustomerInvoice => Item::new(document, id, &convert::invoice::read(row, config)?),
        Entity::SupplierInvoice => Item::new(document, id, &convert::supplier::read_invoice(row, config)?),
        Entity::SupplierOrder => Item::new(document, id, &convert::supplier::read_order(row, config)?),
        Entity::GLJournalEntry => Item::new(document, id, &convert::entry::read(row, config)?),
        Entity::Other(name) => records::any_item(client, name, row),
    }
}
