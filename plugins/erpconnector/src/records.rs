//! Records one by one.

use wharf_sdk::{Failure, Item, Result};

use crate::assumed::{Field, customer, invoice, product};
use crate::client::{Client, row};
use crate::feeds::item;
use crate::query::Query;
use crate::verbs::Entity;

/// Most records that a look-up asks for.
const MOST: u32 = 100;

/// Returns a record by its number.
pub(crate) fn get(entity: &str, id: &str) -> Result<Item> {
    let entity = entity_of(entity)?;
    let client = Client::open()?;
    let response = client.get(entity, id)?;
    item(entity, &row(&response)?, &client.config)
}

/// Returns the records for which every field of `query` holds.
pub(crate) fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
    let entity = entity_of(entity)?;
    let client = Client::open()?;
    let mut asked = Query::new().top(limit.clamp(1, MOST));
    let mut wanted = Vec::new();
    for (key, value) in query {
        let name = client.config.name(field_of(entity, key)?);
        // E-mail addresses are written in lower case.
        let value = if key == "email" { value.trim().to_lowercase() } else { value.clone() };
        asked = asked.text_is(name, &value);
        wanted.push((name, value));
    }
    let found = client.find(entity, &asked, |row| {
        for (name, value) in &wanted {
            let there = row.text(name)?.unwrap_or_default().to_lowercase();
            if there != value.trim().to_lowercase() {
                return Ok(None);
            }
        }
        item(entity, row, &client.config).map(Some)
    })?;
    Ok(found.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

fn entity_of(entity: &str) -> Result<Entity> {
    Entity::ALL.into_iter().find(|one| one.document() == entity).ok_or_else(|| {
        Failure::unsupported(entity, format!("there are no {entity} records here; use those of the manifest"))
    })
}

fn field_of(entity: Entity, key: &str) -> Result<Field> {
    match (entity, key) {
        (Entity::Customer, "number") => Ok(customer::NUMBER),
        (Entity::Customer, "email") => Ok(customer::EMAIL),
        (Entity::Customer, "name") => Ok(customer::NAME),
        (Entity::CustomerInvoice, "number") => Ok(invoice::NUMBER),
        (Entity::Product, "sku") => Ok(product::NUMBER),
        _ => {
            let message =
                format!("{} records cannot be looked up by `{key}`; use the keys of the manifest", entity.document());
            Err(Failure::unsupported("lookup", message))
        }
    }
}
