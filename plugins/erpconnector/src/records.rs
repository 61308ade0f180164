//! Records one by one.

use wharf_sdk::{Failure, Item, Result};

use crate::assumed::{Field, customer, entry, invoice, product, supplier_invoice, supplier_order};
use crate::client::{Client, row};
use crate::feeds::item;
use crate::query::Query;
use crate::row::Row;
use crate::verbs::Entity;
use crate::{company, others};

/// Most records that a look-up asks for.
const MOST: u32 = 100;

/// Returns a record by its id: its key, after its company where that is not the connection's own.
pub(crate) fn get(entity: &str, id: &str) -> Result<Item> {
    let client = Client::open()?;
    let (company, key) = company::split(&client.config, id);
    let company = company.map(str::to_owned);
    let client = client.of_company(company.as_deref())?;
    if entity == "record" {
        let (name, key) = others::split(key)?;
        let entity = Entity::named(name);
        let response = client.get(entity, key)?;
        return any_item(&client, name, &row(&response)?);
    }
    let entity = entity_of(entity)?;
    match (entity, key.split_once('/')) {
        // Its number is its supplier's, so both are asked for.
        (Entity::SupplierInvoice, Some((supplier, number))) => supplier_invoice(&client, supplier, number, id),
        _ => {
            let response = client.get(entity, key)?;
            item(&client, entity, &row(&response)?)
        }
    }
}

fn supplier_invoice(client: &Client, supplier: &str, number: &str, id: &str) -> Result<Item> {
    use supplier_invoice::{NUMBER, SUPPLIER};
    let wanted = [(client.config.name(NUMBER), number), (client.config.name(SUPPLIER), supplier)];
    let wanted = wanted.map(|(name, value)| (name, value.to_owned()));
    let found = find(client, Entity::SupplierInvoice, &wanted, 2)?;
    found.into_iter().next().ok_or_else(|| Failure::subject_not_found(Entity::SupplierInvoice.document(), id))
}

/// Returns the records for which every field of `query` holds.
pub(crate) fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
    let company = query.iter().find(|(key, _)| key == "company").map(|(_, value)| value.as_str());
    let client = Client::open()?.of_company(company)?;
    let entity = entity_of(entity)?;
    let mut wanted = Vec::new();
    for (key, value) in query.iter().filter(|(key, _)| key != "company") {
        // E-mail addresses are written in lower case.
        let value = if key == "email" { value.trim().to_lowercase() } else { value.clone() };
        wanted.push((client.config.name(field_of(entity, key)?), value));
    }
    let found = find(&client, entity, &wanted, limit.clamp(1, MOST))?;
    Ok(found.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

fn find(client: &Client, entity: Entity<'_>, wanted: &[(&str, String)], most: u32) -> Result<Vec<Item>> {
    let query = Query::new().top(most);
    let query = wanted.iter().fold(query, |query, (name, value)| query.text_is(name, value));
    client.find(entity, &query, |row| {
        for (name, value) in wanted {
            let there = row.text(name)?.unwrap_or_default().to_lowercase();
            if there != value.trim().to_lowercase() {
                return Ok(None);
            }
        }
        item(client, entity, row).map(Some)
    })
}

/// Makes the item of a record with the ERP's own fields.
pub(crate) fn any_item(client: &Client, name: &str, row: &Row<'_>) -> Result<Item> {
    let key = match Entity::known(name) {
        Some(known) => crate::feeds::key(client, known, row)?,
        None => others::key_of(row, &client.config, name)?,
    };
    let fields = row.json()?;
    let entity = serde_json::to_string(name).unwrap_or_default();
    let document = format!(r#"{{"entity":{entity},"fields":{fields}}}"#);
    Ok(Item::from_text("record", client.id(&format!("{name}/{key}")), document))
}

fn entity_of(entity: &str) -> Result<Entity<'static>> {
    Entity::KNOWN.into_iter().find(|one| one.document() == entity).ok_or_else(|| Failure::no_records(entity))
}

fn field_of(entity: Entity<'_>, key: &str) -> Result<Field> {
    match (entity, key) {
        (Entity::Customer, "number") => Ok(customer::NUMBER),
        (Entity::Customer, "email") => Ok(customer::EMAIL),
        (Entity::Customer, "phone") => Ok(customer::PHONE),
        (Entity::Customer, "name") => Ok(customer::NAME),
        (Entity::CustomerInvoice, "number") => Ok(invoice::NUMBER),
        (Entity::SupplierInvoice, "number") => Ok(supplier_invoice::NUMBER),
        (Entity::SupplierInvoice, "supplier") => Ok(supplier_invoice::SUPPLIER),
        (Entity::SupplierOrder, "number") => Ok(supplier_order::NUMBER),
        (Entity::SupplierOrder, "supplier") => Ok(supplier_order::SUPPLIER),
        (Entity::GLJournalEntry, "number") => Ok(entry::NUMBER),
        (Entity::Product, "sku") => Ok(product::NUMBER),
        _ => Err(Failure::no_lookup_key(entity.document(), key)),
    }
}
