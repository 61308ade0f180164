//! Records one by one.

use wharf_sdk::document::Partner;
use wharf_sdk::{Failure, Item, Result};

use crate::api::{self, Envelope, Resource};
use crate::client::{Client, envelope};
use crate::config::Config;
use crate::feeds::partner_item;
use crate::{convert, correlation, items, orders, partners};

/// Returns a record by FLOWii's id.
pub(crate) fn get(entity: &str, id: &str) -> Result<Item> {
    let client = Client::open()?;
    match entity {
        "partner" => partner(&client, id),
        "order" => order(&client, id),
        "product" => product(&client, id),
        "invoice" => invoice(&client, id),
        "task" => one(&client, "task", "tasks", id, |envelope, row, config| {
            Item::new("task", id, &convert::task::read(envelope, row, config)?)
        }),
        "event" => one(&client, "event", "events", id, |_, row, config| {
            Item::new("event", id, &convert::event::read(row, config)?)
        }),
        "business-case" => one(&client, "business-case", "businesscases", id, |_, row, config| {
            Item::new("business-case", id, &convert::case::read(row, config)?)
        }),
        "payment" => one(&client, "payment", "payments", id, |_, row, config| {
            Item::new("payment", id, &convert::payment::read(row, config)?)
        }),
        "attendance" => one(&client, "attendance", "attendances", id, |_, row, _| {
            Item::new("attendance", id, &convert::attendance::read(row)?)
        }),
        _ => Err(Failure::no_records(entity)),
    }
}

/// Returns the records for which every field of `query` holds.
pub(crate) fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
    let client = Client::open()?;
    let found = match entity {
        "partner" => find_partner(&client, query)?,
        "order" => find_order(&client, query)?,
        _ => return Err(Failure::no_records(entity)),
    };
    Ok(found.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

fn partner(client: &Client, id: &str) -> Result<Item> {
    let response = client.get_one("partner", &["partners", id], id)?;
    let envelope = envelope(&response)?;
    partner_item(client, &envelope, &envelope.resource()?)
}

fn order(client: &Client, id: &str) -> Result<Item> {
    let response = client.get_one("order", &["orders", id], id)?;
    let envelope = envelope(&response)?;
    let mut order = convert::order::read(&envelope, &envelope.resource()?, &client.config)?;
    if order.lines.is_empty() {
        order.lines = items::lines(client, id)?;
    }
    Item::new("order", id, &order)
}

/// Reads a record that its own answer holds whole.
fn one(
    client: &Client,
    entity: &str,
    path: &str,
    id: &str,
    read: impl Fn(&Envelope<'_>, &Resource<'_>, &Config) -> Result<Item>,
) -> Result<Item> {
    let response = client.get_one(entity, &[path, id], id)?;
    let envelope = envelope(&response)?;
    read(&envelope, &envelope.resource()?, &client.config)
}

fn product(client: &Client, id: &str) -> Result<Item> {
    let response = client.get_one("product", &["products", id], id)?;
    Item::new("product", id, &convert::product::read(&envelope(&response)?.resource()?)?)
}

fn invoice(client: &Client, id: &str) -> Result<Item> {
    let response = client.get_one("invoice", &["documents", id], id)?;
    let envelope = envelope(&response)?;
    Item::new("invoice", id, &convert::invoice::read(&envelope, &envelope.resource()?, &client.config)?)
}

/// The strongest key is asked for, and what comes has to fit the others.
fn find_partner(client: &Client, query: &[(String, String)]) -> Result<Option<Item>> {
    let mut wanted = Partner::default();
    for (key, value) in query {
        match key.as_str() {
            "registration_number" => wanted.registration_number = Some(value.clone()),
            "email" => wanted.email = Some(value.clone()),
            "name" => wanted.name.clone_from(value),
            _ => return Err(Failure::no_lookup_key("partner", key)),
        }
    }
    let Some(found) = partners::find(client, &wanted)? else { return Ok(None) };
    let item = partner(client, &found.id)?;
    let fits_name = wanted.name.is_empty() || partners::same_name(&found.name, &wanted.name);
    let fits_email = match (&wanted.registration_number, &wanted.email) {
        (Some(_), Some(email)) => partners::has_email(client, &found, &email.to_lowercase(), 0)?,
        _ => true,
    };
    Ok(Some(item).filter(|_| fits_name && fits_email))
}

fn find_order(client: &Client, query: &[(String, String)]) -> Result<Option<Item>> {
    if let Some((key, _)) = query.iter().find(|(key, _)| !matches!(key.as_str(), "number" | "correlation")) {
        return Err(Failure::no_lookup_key("order", key));
    }
    let found = orders::find_where(client, &[], |row| {
        let attributes: api::Order<'_> = row.attributes()?;
        Ok(query.iter().all(|(key, value)| match key.as_str() {
            "number" => attributes.number.as_str() == value,
            _ => correlation::is_in(attributes.description.as_str(), value),
        }))
    })?;
    found.found("orders", "search_pages")?.map(|found| order(client, &found.id)).transpose()
}
