//! Finding products by their stock keeping units: a few by a search each, many by going through the list.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wharf_sdk::{Failure, MissingKind, Result};

use super::Wish;
use crate::assumed::SINGLE_SEARCHES;
use crate::catalog::list;
use crate::client::Client;

/// Gives wishes their products' ids, and hands over those whose product is not found.
pub(super) fn resolve(client: &Client, wishes: Vec<Wish>, mut lost: impl FnMut(&Wish, Failure)) -> Vec<Wish> {
    let mut sought: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for wish in wishes.iter().filter(|wish| wish.product.is_empty()) {
        sought.entry(wish.group.parse().unwrap_or(0)).or_default().push(&wish.sku);
    }
    let mut found: BTreeMap<u64, Result<BTreeMap<String, u64>>> = BTreeMap::new();
    for (inventory, skus) in sought {
        found.insert(inventory, in_inventory(client, inventory, &skus));
    }
    let mut resolved = Vec::with_capacity(wishes.len());
    for mut wish in wishes {
        if wish.product.is_empty() {
            match id_of(&wish, &found) {
                Ok(id) => wish.product = id.to_string(),
                Err(failure) => {
                    lost(&wish, failure);
                    continue;
                }
            }
        }
        resolved.push(wish);
    }
    resolved
}

fn id_of(wish: &Wish, found: &BTreeMap<u64, Result<BTreeMap<String, u64>>>) -> Result<u64> {
    let message =
        || format!("inventory {} has no product with the stock keeping unit `{}`; add it", wish.group, wish.sku);
    let missing = || Failure::not_found(MissingKind::Referenced, "product", &wish.sku, message());
    match found.get(&wish.group.parse().unwrap_or(0)) {
        Some(Ok(ids)) => ids.get(&wish.sku).copied().ok_or_else(missing),
        Some(Err(failure)) => Err(failure.clone()),
        None => Err(missing()),
    }
}

/// Returns the ids of the products of an inventory that have one of the stock keeping units.
fn in_inventory(client: &Client, inventory: u64, skus: &[&str]) -> Result<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    if skus.len() <= SINGLE_SEARCHES {
        for sku in skus {
            let filters = [("filter_sku", Value::from(*sku)), ("include_variants", true.into())];
            let rows = list(client, inventory, 1, &filters)?;
            found.extend(rows.into_iter().filter(|row| row.sku == *sku).map(|row| (row.sku, row.id)).take(1));
        }
        return Ok(found);
    }
    let mut last = 0;
    for page in 1.. {
        let rows = list(client, inventory, page, &[("include_variants", true.into())])?;
        let highest = rows.iter().map(|row| row.id).max().unwrap_or(0);
        for row in rows.into_iter().filter(|row| !row.sku.is_empty()) {
            found.entry(row.sku).or_insert(row.id);
        }
        if highest <= last || skus.iter().all(|sku| found.contains_key(*sku)) {
            break;
        }
        last = highest;
    }
    Ok(found)
}

/// Returns the parameters of the search for one product.
pub(super) fn question(wish: &Wish) -> Value {
    json!({
        "inventory_id": wish.group.parse::<u64>().unwrap_or(0), "page": 1, "filter_sort": "id ASC",
        "filter_sku": wish.sku, "include_variants": true,
    })
}
