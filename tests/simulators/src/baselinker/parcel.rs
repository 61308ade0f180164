//! Parcels: made elsewhere and told by number, or made by a courier's own service.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, php_map, success};
use super::code_list::COURIERS;
use super::journal::Kind;
use super::parameters::{Parameters, missing};
use super::state::State;

/// Most parcels of one question for their history.
const MAX_ASKED: usize = 100;

/// What a parcel is made with.
struct Made {
    courier: String,
    number: String,
    inner_number: String,
    account: String,
    tracked_at: i64,
    is_return: bool,
}

/// `createPackageManual`.
pub(super) fn create(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let made = Made {
        courier: courier(sent)?,
        number: sent.text("package_number").unwrap_or_default().chars().take(40).collect(),
        inner_number: String::new(),
        account: "0".to_owned(),
        tracked_at: sent.integer("pickup_date")?.unwrap_or(now),
        is_return: sent.flag("return_shipment"),
    };
    let number = made.number.clone();
    let package_id = put(state, sent, made, now)?;
    state.wrote("createPackageManual", sent.required("order_id")?, sent, now);
    success(json!({"package_id": package_id, "package_number": number}))
}

/// `createPackage`: the courier's service gives the number.
pub(super) fn create_by_courier(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let courier = courier(sent)?;
    sent.maps("packages")?;
    if !COURIERS.iter().any(|(code, _)| *code == courier) {
        // Code assumed.
        return Err(Refusal::new("ERROR_COURIER_CODE", format!("Courier `{courier}` does not exist")));
    }
    let next = next_id(state);
    let made = Made {
        number: format!("{}{next:010}", courier.to_uppercase()),
        inner_number: format!("IN{next}"),
        account: sent.text("account_id").unwrap_or_else(|| "0".to_owned()),
        tracked_at: now,
        is_return: false,
        courier,
    };
    let (number, inner) = (made.number.clone(), made.inner_number.clone());
    let package_id = put(state, sent, made, now)?;
    state.wrote("createPackage", sent.required("order_id")?, sent, now);
    success(json!({"package_id": package_id, "package_number": number, "courier_inner_number": inner}))
}

fn courier(sent: &Parameters) -> Result<String, Refusal> {
    let courier = sent.filled_text("courier_code").ok_or_else(|| missing("courier_code"))?;
    Ok(courier.chars().take(20).collect())
}

fn next_id(state: &State) -> i64 {
    state.packages.last_key_value().map_or(30_001, |(last, _)| last + 1)
}

/// Stores a parcel, tells its order, and notes it in the journal. A courier that is not in the list has its name in a
/// field of its own [assumed].
fn put(state: &mut State, sent: &Parameters, made: Made, now: i64) -> Result<i64, Refusal> {
    let order_id = sent.required("order_id")?;
    state.record(order_id)?;
    let package_id = next_id(state);
    let is_listed = COURIERS.iter().any(|(code, _)| *code == made.courier);
    let (code, other) = if is_listed { (made.courier.as_str(), "") } else { ("other", made.courier.as_str()) };
    // The numbers in the middle are strings, as the documentation shows them.
    let package = json!({
        "package_id": package_id, "order_id": order_id, "courier_package_nr": made.number,
        "courier_inner_number": made.inner_number, "courier_code": code, "courier_other_name": other,
        "account_id": made.account, "tracking_status_date": made.tracked_at.to_string(),
        "tracking_delivery_days": "0", "tracking_status": "0", "package_type": "", "tracking_url": "",
        "is_return": made.is_return, "history": [],
    });
    if let Value::Object(package) = package {
        state.packages.insert(package_id, package);
    }
    state.edit(order_id, |fields| {
        fields.insert("delivery_package_module".to_owned(), Value::from(made.courier));
        fields.insert("delivery_package_nr".to_owned(), Value::from(made.number));
        Ok(())
    })?;
    state.journal.add(order_id, Kind::ParcelCreated, package_id, now);
    Ok(package_id)
}

/// Fields that are kept here and not sent.
const OWN: [&str; 2] = ["order_id", "history"];

pub(super) fn list(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let order_id = sent.required("order_id")?;
    let packages = state.packages.values().filter(|package| package.get("order_id") == Some(&Value::from(order_id)));
    let shown = packages.map(|package| {
        package.clone().into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect::<Map<_, _>>()
    });
    success(json!({"packages": shown.collect::<Vec<_>>()}))
}

/// Moves a parcel to a tracking status, as its courier does.
pub(super) fn track(state: &mut State, package_id: i64, status: i64, now: i64) -> Result<(), Refusal> {
    let package = state.packages.get_mut(&package_id).ok_or_else(|| unknown(package_id))?;
    package.insert("tracking_status".to_owned(), Value::from(status.to_string()));
    package.insert("tracking_status_date".to_owned(), Value::from(now.to_string()));
    if let Some(Value::Array(history)) = package.get_mut("history") {
        history.push(json!({"tracking_status_date": now, "courier_status_code": "", "tracking_status": status}));
    }
    let order_id = number(package, "order_id");
    state.journal.add(order_id, Kind::ParcelStatus, package_id, now);
    Ok(())
}

fn number(package: &Map<String, Value>, name: &str) -> i64 {
    package.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// Code assumed.
fn unknown(id: i64) -> Refusal {
    Refusal::new("ERROR_PACKAGE_ID", format!("Package {id} does not exist"))
}

/// Finds the parcel that a call names by its id or its number.
fn named(state: &State, sent: &Parameters) -> Result<i64, Refusal> {
    if let Some(id) = sent.integer("package_id")?.filter(|id| *id != 0) {
        return state.packages.contains_key(&id).then_some(id).ok_or_else(|| unknown(id));
    }
    let wanted = sent.filled_text("package_number").ok_or_else(|| missing("package_id"))?;
    let is = |package: &Map<String, Value>| package.get("courier_package_nr").and_then(Value::as_str) == Some(&wanted);
    state.packages.iter().find(|(_, package)| is(package)).map(|(id, _)| *id).ok_or_else(|| unknown(0))
}

/// `getLabel`.
pub(super) fn label(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    courier(sent)?;
    let id = named(state, sent)?;
    success(json!({"extension": "pdf", "label": STANDARD.encode(format!("%PDF-1.4 label {id}"))}))
}

/// `getProtocol`.
pub(super) fn protocol(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    courier(sent)?;
    let ids = sent.integers("package_ids")?.unwrap_or_default();
    if let Some(id) = ids.iter().find(|id| !state.packages.contains_key(id)) {
        return Err(unknown(*id));
    }
    success(json!({"extension": "pdf", "protocol": STANDARD.encode(format!("%PDF-1.4 protocol of {}", ids.len()))}))
}

/// `getPackageDetails`; names of the fields assumed.
pub(super) fn details(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let id = sent.required("package_id")?;
    state.packages.get(&id).ok_or_else(|| unknown(id))?;
    success(json!({"package_details": [{"weight": 0, "height": 0, "width": 0, "length": 0, "is_custom": false}]}))
}

/// `getCourierPackagesStatusHistory`: a map by id.
pub(super) fn history(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let ids = sent.integers("package_ids")?.ok_or_else(|| missing("package_ids"))?;
    if ids.len() > MAX_ASKED {
        return Err(Refusal::parameters(format!("at most {MAX_ASKED} packages can be asked for at once")));
    }
    let found = ids.iter().filter_map(|id| Some((id.to_string(), state.packages.get(id)?.get("history")?.clone())));
    success(json!({"packages_history": php_map(found.collect())}))
}

/// `deleteCourierPackage`.
pub(super) fn delete(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    courier(sent)?;
    let id = named(state, sent)?;
    let order_id = state.packages.remove(&id).map(|package| number(&package, "order_id")).unwrap_or_default();
    state.journal.add(order_id, Kind::ParcelDeleted, id, now);
    state.wrote("deleteCourierPackage", order_id, sent, now);
    done()
}

/// `getCourierAccounts`.
pub(super) fn accounts(_: &mut State, sent: &Parameters, _: i64) -> Answer {
    let courier = courier(sent)?;
    success(json!({"accounts": [{"id": "1201", "name": format!("Konto {courier}")}]}))
}

/// `getCourierFields`: of a shipment, and of each of its parcels.
pub(super) fn fields(_: &mut State, sent: &Parameters, _: i64) -> Answer {
    courier(sent)?;
    success(json!({
        "multi_packages": true,
        "fields": [{"id": "cod", "name": "Pobranie", "type": "text", "default": ""}],
        "package_fields": [{"id": "weight", "name": "Waga", "type": "text", "default": "1"}],
    }))
}

/// `getCourierServices`.
pub(super) fn services(_: &mut State, sent: &Parameters, _: i64) -> Answer {
    courier(sent)?;
    success(json!({"services": {"standard": "Standard", "express": "Express"}}))
}
