//! Feeds: whole lists, sorted by their key, in rounds. The API tells no time of change, so every round reads everything
//! again and the host drops what it knows.

use wharf_sdk::http::Response;
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result};

use crate::assumed::{PAGE_SIZE, customer, entry, invoice, product, supplier_invoice, supplier_order};
use crate::client::{Client, rows};
use crate::config::Config;
use crate::convert::supplier::invoice_key;
use crate::listing::Position;
use crate::query::Query;
use crate::row::Row;
use crate::verbs::Entity;
use crate::{convert, others, records};

/// Version of the cursors of all feeds.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Returns the page after `cursor`.
pub(crate) fn pull(feed: &str, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let entity = entity_of(feed, bounds)?;
    let client = Client::open()?.of_company(only(bounds, "company")?)?;
    let position = match cursor {
        Some(cursor) => cursor.decode(CURSOR_VERSION)?,
        None => start(bounds),
    };
    match position.ask(&client, entity, query(entity, bounds, &client.config)?)? {
        Some(response) => page(&client, entity, &response, &position, bounds),
        None => over(PageBuilder::new(bounds), bounds),
    }
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
    Position::start(bounds.max_items.clamp(1, PAGE_SIZE))
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

fn query(entity: Entity<'_>, bounds: &Bounds, config: &Config) -> Result<Query> {
    let query = Query::new().order_by(key_name(entity, config)?);
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
    let keys = rows.iter().map(|row| key(client, entity, row)).collect::<Result<Vec<_>>>()?;
    let begin = position.first_new(&keys, response, entity)?;
    let mut page = PageBuilder::new(bounds);
    let mut last = position.last.as_ref();
    for (done, (row, key)) in rows.iter().zip(&keys).enumerate().skip(begin) {
        if page.push(item(client, entity, row)?).is_some() {
            let next = position.within(done, last.cloned());
            return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More));
        }
        last = Some(key);
    }
    if begin == rows.len() {
        return over(page, bounds);
    }
    let next = position.after(rows.len(), last.cloned());
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More))
}

/// Ends the round: the next one begins anew.
fn over(page: PageBuilder, bounds: &Bounds) -> Result<Page> {
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &start(bounds))?, Completeness::CaughtUp))
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
