//! What products have, to compare it with what was to be written.

use wharf_sdk::Result;

use super::{Stored, Wish};
use crate::api::{Fields, Raw};
use crate::assumed::DATA_PRODUCTS;
use crate::catalog::read_data;
use crate::client::Client;

/// Reads stock and prices of products of an inventory, and of their variants.
pub(super) fn of_inventory(client: &Client, group: &str, wishes: &[&Wish]) -> Result<Stored> {
    let inventory = group.parse().unwrap_or(0);
    let ids: Vec<u64> = wishes.iter().filter_map(|wish| wish.product.parse().ok()).collect();
    let mut stored = Stored::new();
    for some in ids.chunks(DATA_PRODUCTS) {
        read_data(client, inventory, some, |id, fields| {
            stored.insert(id.to_owned(), two(fields));
            Ok(())
        })?;
    }
    Ok(stored)
}

/// Keeps the two fields that can be written.
fn two(fields: &Fields<'_>) -> String {
    let text = |name: &str| if fields.get(name).is_present() { fields.get(name).json() } else { "[]" };
    format!(r#"{{"stock":{},"prices":{}}}"#, text("stock"), text("prices"))
}

/// Returns a field of what is kept.
pub(super) fn field<'a>(kept: &'a str, name: &str) -> Raw<'a> {
    let fields: Fields<'a> = serde_json::from_str(kept).unwrap_or_default();
    fields.get(name)
}
