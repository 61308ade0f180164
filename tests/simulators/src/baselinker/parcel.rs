//! Parcels.

use serde_json::{Map, Value, json};

use super::answer::{Answer, success};
use super::journal::Kind;
use super::parameters::{Parameters, missing};
use super::state::State;

pub(super) fn create(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order_id = sent.required("order_id")?;
    state.record(order_id)?;
    let courier = sent.filled_text("courier_code").ok_or_else(|| missing("courier_code"))?;
    let courier: String = courier.chars().take(20).collect();
    let number: String = sent.text("package_number").unwrap_or_default().chars().take(40).collect();
    let package_id = state.packages.last_key_value().map_or(30_001, |(last, _)| last + 1);
    let is_return = sent.flag("return_shipment");
    // The numbers in the middle are strings, as the documentation shows them.
    let package = json!({
        "package_id": package_id, "order_id": order_id, "courier_package_nr": number, "courier_inner_number": "",
        "courier_code": courier, "courier_other_name": "", "account_id": "0",
        "tracking_status_date": sent.integer("pickup_date")?.unwrap_or(now).to_string(),
        "tracking_delivery_days": "0", "tracking_status": "0", "package_type": "", "tracking_url": "",
        "is_return": is_return,
    });
    if let Value::Object(package) = package {
        state.packages.insert(package_id, package);
    }
    state.edit(order_id, |fields| {
        fields.insert("delivery_package_module".to_owned(), Value::from(courier));
        fields.insert("delivery_package_nr".to_owned(), Value::from(number.as_str()));
        Ok(())
    })?;
    state.journal.add(order_id, Kind::ParcelCreated, package_id, now);
    state.wrote("createPackageManual", order_id, sent, now);
    success(json!({"package_id": package_id, "package_number": number}))
}

pub(super) fn list(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let order_id = sent.required("order_id")?;
    let packages = state.packages.values().filter(|package| package.get("order_id") == Some(&Value::from(order_id)));
    let shown = packages.map(|package| package.clone().into_iter().filter(|(name, _)| name != "order_id").collect());
    success(json!({"packages": shown.collect::<Vec<Map<_, _>>>()}))
}
