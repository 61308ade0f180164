//! Stock of products of external storages: rows of product, variant and quantity.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use wharf_sdk::document::Decimal;
use wharf_sdk::quirks::Entries;
use wharf_sdk::{Failure, Intent, Result};

use super::super::parameters::{Parameters, Sent};
use super::{Bulk, Stored, Wish};
use crate::api::{Fields, Raw, Rows};
use crate::assumed::DATA_PRODUCTS;
use crate::client::Client;
use crate::storages::{ENTITY, Key};

/// Document of an `external-stock`. The target is `STORAGE:PRODUCT` or `STORAGE:PRODUCT:VARIANT`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExternalStockChange {
    /// The product, written like the target, where the intent has none.
    #[serde(default)]
    product: Option<String>,
    /// Whole units.
    quantity: Decimal,
}

/// Stock of products of external storages.
pub(in crate::writing) static STOCK: Bulk = Bulk {
    method: "updateExternalStorageProductsQuantity",
    group: "storage_id",
    field: "stock",
    read: wish,
    products: rows,
    stored: of_storage,
};

/// Name under which the only quantity of a product is kept.
const QUANTITY: &str = "quantity";

fn wish(_: &Client, intent: &Intent) -> Result<Wish> {
    let change: ExternalStockChange = intent.document()?;
    let target = match (&intent.target, &change.product) {
        (None, Some(product)) => product.as_str(),
        _ => intent.target()?,
    };
    let key = Key::of(target).ok_or_else(|| Failure::subject_not_found(ENTITY, target))?;
    let mut parameters = Parameters::default();
    super::super::create::quantity(&mut parameters, "/quantity", change.quantity);
    parameters.checked()?;
    let (product, variant) = key.product.split_once(':').unwrap_or((key.product, ""));
    Ok(Wish {
        place: 0,
        group: key.storage.to_owned(),
        product: product.to_owned(),
        variant: variant.to_owned(),
        sku: String::new(),
        amounts: vec![(QUANTITY.to_owned(), Sent::Number(change.quantity))],
    })
}

/// Writes `[product, variant or 0, quantity]`.
fn rows(wishes: &[&Wish]) -> Sent {
    let row = |wish: &&Wish| {
        let variant = if wish.variant.is_empty() { Sent::Whole(0) } else { Sent::Text(wish.variant.clone()) };
        let quantity = wish.amounts.first().map_or(Sent::Whole(0), |(_, quantity)| quantity.clone());
        Sent::List(vec![Sent::Text(wish.product.clone()), variant, quantity])
    };
    Sent::List(wishes.iter().map(row).collect())
}

/// Reads the quantities of products of a storage, and of their variants.
fn of_storage(client: &Client, storage: &str, wishes: &[&Wish]) -> Result<Stored> {
    let mut stored = Stored::new();
    let products: Vec<&str> = wishes.iter().map(|wish| wish.product.as_str()).collect();
    for some in products.chunks(DATA_PRODUCTS) {
        let asked = json!({"storage_id": storage, "products": some});
        let answer = client.read("getExternalStorageProductsData", &asked)?;
        let found: Entries<'_, Raw<'_>> = answer.under("products")?;
        for (key, row) in found.iter() {
            let fields: Fields<'_> = answer.read(*row)?;
            let own = fields.first(&["product_id", "id"]);
            let id = if own.is_blank() { key.to_owned() } else { own.text().into_owned() };
            keep(&mut stored, format!("{storage}:{id}"), fields.get(QUANTITY));
            let variants: Rows<Fields<'_>> = serde_json::from_str(fields.get("variants").json()).unwrap_or_default();
            for variant in variants.0 {
                let key = format!("{storage}:{id}:{}", variant.first(&["variant_id", "id"]).text());
                keep(&mut stored, key, variant.get(QUANTITY));
            }
        }
    }
    Ok(stored)
}

fn keep(stored: &mut Stored, key: String, quantity: Raw<'_>) {
    let quantity = if quantity.is_present() { quantity.json() } else { "null" };
    stored.insert(key, format!(r#"{{"stock":{{"{QUANTITY}":{quantity}}}}}"#));
}
