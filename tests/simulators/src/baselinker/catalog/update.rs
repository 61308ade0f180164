//! Stock and prices of many products at once.

use serde_json::{Map, Value, json};

use super::Inventory;
use crate::baselinker::answer::{Answer, Refusal, php_number, success};
use crate::baselinker::parameters::{self, Parameters, missing};
use crate::baselinker::state::State;

/// Most products of one call; what the vendor does beyond it is not documented, here it is refused [assumed].
const MAX_PRODUCTS: usize = 1000;

pub(in crate::baselinker) fn stock(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let answer = apply(state, sent, "stock", |inventory, warehouse| {
        // Warehouses that a shop brought along follow that shop.
        inventory.warehouses.iter().any(|known| known == warehouse) && warehouse.starts_with("bl_")
    })?;
    state.wrote("updateInventoryProductsStock", 0, sent, now);
    success(answer)
}

pub(in crate::baselinker) fn prices(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let answer = apply(state, sent, "prices", |inventory, group| {
        inventory.price_groups.iter().any(|known| known.to_string() == group)
    })?;
    state.wrote("updateInventoryProductsPrices", 0, sent, now);
    success(answer)
}

fn apply(
    state: &mut State,
    sent: &Parameters,
    map: &str,
    is_key: impl Fn(&Inventory, &str) -> bool,
) -> Result<Value, Refusal> {
    let inventory = state.catalog.inventory(sent)?.clone();
    let products = sent.value("products").ok_or_else(|| missing("products"))?;
    let products = products.as_object().cloned().unwrap_or_default();
    if products.len() > MAX_PRODUCTS {
        return Err(Refusal::parameters(format!("at most {MAX_PRODUCTS} products can be updated at once")));
    }
    let (mut counter, mut warnings) = (0, Map::new());
    for (id, amounts) in products {
        match apply_one(state, &inventory, &id, map, &amounts, &is_key) {
            Ok(()) => counter += 1,
            Err(warning) => drop(warnings.insert(id, Value::from(warning))),
        }
    }
    let warnings = state.catalog.warnings(warnings);
    Ok(json!({"counter": counter, "warnings": warnings}))
}

/// The texts of the warnings are assumed.
fn apply_one(
    state: &mut State,
    inventory: &Inventory,
    id: &str,
    map: &str,
    amounts: &Value,
    is_key: impl Fn(&Inventory, &str) -> bool,
) -> Result<(), String> {
    let amounts = amounts.as_object().ok_or("Invalid data")?;
    let product = id.parse().ok().and_then(|id: i64| state.catalog.products.get_mut(&id));
    let product =
        product.filter(|product| product.inventory_id == inventory.inventory_id).ok_or("Product not found")?;
    for (key, amount) in amounts {
        if !is_key(inventory, key) {
            return Err(format!("{key} cannot be changed"));
        }
        let amount = parameters::number(key, amount).map_err(|refusal| refusal.message)?;
        product.set_entry(map, key, php_number(amount));
    }
    Ok(())
}
