//! The product catalog: inventories, and the products in them.

use serde_json::{Map, Value, json};
use wharf_sdk::quirks::Entries;
use wharf_sdk::{Bounds, Failure, Item, Result};

use crate::api::{Fields, Raw};
use crate::assumed::DATA_PRODUCTS;
use crate::client::Client;
use crate::convert::product::product;
use crate::orders::question::whole;
use crate::references;

pub(crate) mod paged;
pub(crate) mod products;

/// Entity of products.
pub(crate) const ENTITY: &str = "product";
/// Keys that a product can be looked up by.
pub(crate) const KEYS: [&str; 4] = ["id", "sku", "ean", "name"];

/// Returns the inventories that a feed goes through: those of the filter, else the configuration's, else all.
pub(crate) fn inventories(client: &Client, bounds: &Bounds) -> Result<Vec<u64>> {
    let filter: Vec<u64> =
        bounds.filter_values("inventory").map(|id| whole("/filter/inventory", id)).collect::<Result<_>>()?;
    if !filter.is_empty() {
        return Ok(filter);
    }
    configured_or_all(client)
}

fn configured_or_all(client: &Client) -> Result<Vec<u64>> {
    match client.config.inventory_id {
        Some(id) => Ok(vec![id]),
        None => Ok(references::inventories(client)?.iter().filter_map(|one| one.id.parse().ok()).collect()),
    }
}

/// Reads the whole data of products, in the order asked for; those that are not there are left out.
pub(crate) fn data(client: &Client, inventory: u64, ids: &[u64]) -> Result<Vec<Item>> {
    let mut items = Vec::with_capacity(ids.len());
    for some in ids.chunks(DATA_PRODUCTS) {
        read_data(client, inventory, some, |id, fields| {
            items.push(Item::new(ENTITY, id, &product(id, inventory, fields))?);
            Ok(())
        })?;
    }
    Ok(items)
}

/// Reads the data of products and hands each of them on.
pub(crate) fn read_data(
    client: &Client,
    inventory: u64,
    ids: &[u64],
    mut each: impl FnMut(&str, &Fields<'_>) -> Result<()>,
) -> Result<()> {
    let answer = client.read("getInventoryProductsData", &json!({"inventory_id": inventory, "products": ids}))?;
    let found: Entries<'_, Fields<'_>> = answer.under("products")?;
    for id in ids.iter().map(u64::to_string) {
        if let Some(fields) = found.get(&id) {
            each(&id, fields)?;
        }
    }
    Ok(())
}

/// Reads a product, wherever it is.
pub(crate) fn get(client: &Client, id: &str) -> Result<Item> {
    let missing = || Failure::subject_not_found(ENTITY, id);
    let number: u64 = id.parse().map_err(|_| missing())?;
    for inventory in configured_or_all(client)? {
        if let Some(item) = data(client, inventory, &[number])?.into_iter().next() {
            return Ok(item);
        }
    }
    Err(missing())
}

/// A row of the list of products.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) id: u64,
    pub(crate) sku: String,
    pub(crate) ean: String,
    pub(crate) name: String,
}

/// Asks for products by a filter of the vendor's.
pub(crate) fn list(client: &Client, inventory: u64, page: u64, filters: &[(&str, Value)]) -> Result<Vec<Listed>> {
    let mut question = Map::new();
    question.insert("inventory_id".to_owned(), inventory.into());
    question.insert("page".to_owned(), page.into());
    question.insert("filter_sort".to_owned(), "id ASC".into());
    question.extend(filters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let answer = client.read("getInventoryProductsList", &question)?;
    let rows: Entries<'_, Raw<'_>> = answer.under("products")?;
    let mut listed = Vec::with_capacity(rows.len());
    for (key, row) in rows.iter() {
        let fields: Fields<'_> = answer.read(*row)?;
        // The map's key is the id; a list in its place has it in the row.
        let id = fields.first(&["id", "product_id"]).whole().or_else(|| key.parse().ok());
        let id = id.ok_or_else(|| answer.response().unreadable("a product has no `id` that is a whole number"))?;
        let text = |name| fields.get(name).text().into_owned();
        listed.push(Listed { id, sku: text("sku"), ean: text("ean"), name: text("name") });
    }
    Ok(listed)
}

/// Looks products up: the vendor filters by one key, all are compared here.
pub(crate) fn lookup(client: &Client, query: &[(String, String)], limit: usize) -> Result<Vec<Item>> {
    let value = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, value)| value.trim());
    let fits = |row: &Listed| {
        value("sku").is_none_or(|sku| row.sku == sku)
            && value("ean").is_none_or(|ean| row.ean == ean)
            && value("name").is_none_or(|name| row.name == name)
            && value("id").is_none_or(|id| row.id.to_string() == id)
    };
    let Some((parameter, asked)) = KEYS.iter().find_map(|key| Some((format!("filter_{key}"), value(key)?))) else {
        return Ok(Vec::new());
    };
    let mut items = Vec::new();
    for inventory in configured_or_all(client)? {
        let filter = [(parameter.as_str(), Value::from(asked)), ("include_variants", true.into())];
        let found: Vec<u64> =
            list(client, inventory, 1, &filter)?.iter().filter(|row| fits(row)).map(|row| row.id).collect();
        let left = limit.saturating_sub(items.len());
        items.extend(data(client, inventory, found.get(..left.min(found.len())).unwrap_or_default())?);
        if items.len() >= limit {
            break;
        }
    }
    Ok(items)
}
