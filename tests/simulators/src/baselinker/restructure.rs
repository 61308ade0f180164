//! Splitting and merging orders.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, success};
use super::journal::Kind;
use super::order::Product;
use super::parameters::{Parameters, missing};
use super::state::State;
use super::write;

pub(super) fn split(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let mut order = state.order(sent.required("order_id")?)?;
    let original_id = order.order_id;
    let mut parts = Vec::new();
    for item in sent.maps("items_to_split")? {
        parts.push(part(&mut order.products, item.required("order_product_id")?, item.required("quantity")?)?);
    }
    let delivery = sent.number("delivery_cost_to_split")?.unwrap_or_default();
    order.delivery_price -= delivery;
    let mut new = order.clone();
    (new.order_id, new.products, new.delivery_price) = (0, parts, delivery);
    // Confirmed now, not then: a later page must show it.
    (new.date_add, new.date_confirmed, new.date_in_status) = (now, now, now);
    replace(state, &order)?;
    let new_id = state.bring(new, now).map_err(|error| Refusal::parameters(error.to_string()))?;
    state.journal.add(original_id, Kind::Split, new_id, now);
    state.wrote("addOrderBySplit", original_id, sent, now);
    success(json!({"new_order_id": new_id}))
}

fn part(rows: &mut Vec<Product>, row_id: i64, quantity: i64) -> Result<Product, Refusal> {
    let position = rows.iter().position(|row| row.order_product_id == row_id);
    let position = position.ok_or_else(|| write::unknown_row(row_id))?;
    let row = rows.get_mut(position).ok_or_else(|| write::unknown_row(row_id))?;
    if quantity < 1 || quantity > row.quantity {
        return Err(Refusal::parameters(format!("quantity of order product {row_id} is out of range")));
    }
    row.quantity -= quantity;
    let taken = Product { order_product_id: 0, quantity, ..row.clone() };
    rows.retain(|row| row.quantity > 0);
    Ok(taken)
}

/// `setOrdersMerge`: with `into_main_order` the merged orders vanish, with `technical_merge` they stay.
pub(super) fn merge(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let main_id = sent.required("main_order_id")?;
    let merged_ids = sent.integers("order_ids_to_merge")?.ok_or_else(|| missing("order_ids_to_merge"))?;
    let mode = sent.filled_text("merge_mode").ok_or_else(|| missing("merge_mode"))?;
    if !matches!(mode.as_str(), "technical_merge" | "into_main_order") {
        return Err(Refusal::parameters(format!("`merge_mode` `{mode}` is unknown")));
    }
    let mut main = state.order(main_id)?;
    for id in merged_ids.iter().filter(|id| **id != main_id) {
        let merged = state.order(*id)?;
        main.products.extend(merged.products);
        if sent.flag("sum_delivery_costs") {
            main.delivery_price += merged.delivery_price;
        }
    }
    replace(state, &main)?;
    for id in merged_ids.into_iter().filter(|id| *id != main_id) {
        if mode == "into_main_order" {
            state.remove(id);
        }
        state.journal.add(main_id, Kind::Merged, id, now);
    }
    state.wrote("setOrdersMerge", main_id, sent, now);
    success(json!({"merged_order_id": main_id}))
}

fn replace(state: &mut State, order: &super::order::Order) -> Result<(), Refusal> {
    let changed = serde_json::to_value(order).unwrap_or_default();
    state.edit(order.order_id, |fields| {
        for name in ["products", "delivery_price"] {
            fields.insert(name.to_owned(), changed.get(name).cloned().unwrap_or(Value::Null));
        }
        Ok(())
    })
}

/// `runOrderMacroTrigger`: a personal automation, of which nothing is simulated but that it was started.
pub(super) fn run_macro(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order_id = sent.required("order_id")?;
    state.record(order_id)?;
    sent.required("trigger_id")?;
    state.wrote("runOrderMacroTrigger", order_id, sent, now);
    super::answer::done()
}
