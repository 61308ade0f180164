//! External storages: connected shops and wholesalers, and the products in them.

use serde_json::json;
use wharf_sdk::quirks::Entries;
use wharf_sdk::{Bounds, Failure, Item, Result};

use crate::api::{Fields, Raw, Rows};
use crate::catalog::paged::Paged;
use crate::client::Client;

/// Entity of products of external storages.
pub(crate) const ENTITY: &str = "external-product";

const LIST: &str = "getExternalStorageProductsList";

/// Their products.
pub(crate) const PRODUCTS: Paged =
    Paged { entity: ENTITY, method: LIST, of: "storage_id", groups: storages, grouped_ids: true };

/// Returns the storages that a feed goes through: those of the filter, else all whose products can be listed.
fn storages(client: &Client, bounds: &Bounds) -> Result<Vec<String>> {
    let filter: Vec<String> = bounds.filter_values("storage").map(str::to_owned).collect();
    if !filter.is_empty() {
        return Ok(filter);
    }
    let answer = client.read("getExternalStoragesList", &json!({}))?;
    let rows: Vec<Fields<'_>> = answer.rows("storages")?;
    let listed = rows.iter().filter(|row| can_list(row.get("methods")));
    Ok(listed.map(|row| row.get("storage_id").text().into_owned()).filter(|id| !id.is_empty()).collect())
}

/// Tells whether a storage supports the list; one that does not say what it supports is asked.
fn can_list(methods: Raw<'_>) -> bool {
    let Rows(methods): Rows<Raw<'_>> = serde_json::from_str(methods.json()).unwrap_or_default();
    methods.is_empty() || methods.iter().any(|method| method.text() == LIST)
}

/// A product of a storage, as its records are called: `shop_2444:77`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    pub(crate) storage: &'a str,
    pub(crate) product: &'a str,
}

impl<'a> Key<'a> {
    /// Reads the id of a record.
    pub(crate) fn of(id: &'a str) -> Option<Self> {
        let (storage, product) = id.split_once(':')?;
        (!storage.is_empty() && !product.is_empty()).then_some(Self { storage, product })
    }
}

/// Reads a product.
pub(crate) fn get(client: &Client, id: &str) -> Result<Item> {
    let missing = || Failure::subject_not_found(ENTITY, id);
    let key = Key::of(id).ok_or_else(missing)?;
    let asked = json!({"storage_id": key.storage, "products": [key.product]});
    let answer = client.read("getExternalStorageProductsData", &asked)?;
    let found: Entries<'_, Raw<'_>> = answer.under("products")?;
    for (name, row) in found.iter() {
        let fields: Fields<'_> = answer.read(*row)?;
        let own = fields.first(&["product_id", "id"]);
        let is_it = if own.is_blank() { name == key.product } else { own.text() == key.product };
        if is_it {
            return PRODUCTS.item(key.storage, key.product, *row, &answer);
        }
    }
    Err(missing())
}
