//! Creating and changing orders.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, php_number, success};
use super::field::{self, ORDER, ORDER_SETTABLE, ROW};
use super::journal::Kind;
use super::order::{Order, Product};
use super::parameters::{Parameters, missing};
use super::state::State;

/// Most orders that one `deleteOrders` takes.
const MAX_DELETED: usize = 1000;

pub(super) fn add_order(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let status_id = state.known_status(sent.required("order_status_id")?)?;
    for name in ["date_add", "currency"] {
        sent.filled_text(name).ok_or_else(|| missing(name))?;
    }
    let rows = sent.maps("products")?;
    let order_id = state.next_order_id();
    let mut order = fresh(order_id, status_id, now);
    field::assign(&mut order, &ORDER, sent)?;
    let products = rows.iter().map(|row| new_row(state, row)).collect::<Result<Vec<_>, _>>()?;
    order.insert("products".to_owned(), Value::from(products));
    if let Some(source) = sent.integer("custom_source_id")? {
        order.insert("order_source_id".to_owned(), Value::from(source));
    }
    state.put(order_id, &Value::Object(order).to_string()).map_err(|error| Refusal::parameters(error.to_string()))?;
    set_custom_fields(state, order_id, sent)?;
    if sent.flag("paid") {
        let total = state.order(order_id)?.total();
        set_paid(state, order_id, total)?;
    }
    state.journal.add(order_id, Kind::Created, 0, now);
    state.wrote("addOrder", order_id, sent, now);
    success(json!({"order_id": order_id}))
}

/// An order entered through the API is confirmed at once [assumed].
fn fresh(order_id: i64, status_id: i64, now: i64) -> Map<String, Value> {
    let order = Order {
        order_id,
        order_status_id: status_id,
        date_confirmed: now,
        date_add: now,
        date_in_status: now,
        order_page: format!("https://orders.example/{order_id}"),
        ..Order::default()
    };
    object(serde_json::to_value(order).unwrap_or_default())
}

fn new_row(state: &mut State, sent: &Parameters) -> Result<Value, Refusal> {
    let product = Product { order_product_id: state.next_row_id(), ..Product::default() };
    let mut row = object(serde_json::to_value(product).unwrap_or_default());
    field::assign(&mut row, &ROW, sent)?;
    Ok(Value::Object(row))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn set_custom_fields(state: &mut State, order_id: i64, sent: &Parameters) -> Result<(), Refusal> {
    // An empty map comes as `[]` from PHP clients.
    let Some(fields) = sent.value("custom_extra_fields").and_then(Value::as_object) else { return Ok(()) };
    for id in fields.keys() {
        if !state.extra_fields.iter().any(|field| field.extra_field_id.to_string() == *id) {
            return Err(Refusal::parameters(format!("extra field `{id}` does not exist")));
        }
    }
    let Some(record) = state.records.get_mut(&order_id) else { return Ok(()) };
    for (id, value) in fields {
        match value {
            Value::String(text) if text.is_empty() => drop(record.custom_extra_fields.remove(id)),
            Value::Object(file) => {
                let title = file.get("title").cloned().unwrap_or_default();
                let url = format!("https://files.example/{order_id}/{id}");
                record.custom_extra_fields.insert(id.clone(), json!({"title": title, "url": url}));
            }
            value => drop(record.custom_extra_fields.insert(id.clone(), super::parameters::text(value).into())),
        }
    }
    Ok(())
}

pub(super) fn set_status(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order_id = sent.required("order_id")?;
    let status_id = state.known_status(sent.required("status_id")?)?;
    put_in_status(state, order_id, status_id, now)?;
    state.wrote("setOrderStatus", order_id, sent, now);
    done()
}

pub(super) fn set_statuses(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order_ids = sent.integers("order_ids")?.ok_or_else(|| missing("order_ids"))?;
    let status_id = state.known_status(sent.required("status_id")?)?;
    for order_id in &order_ids {
        state.record(*order_id)?;
    }
    for order_id in order_ids {
        put_in_status(state, order_id, status_id, now)?;
        state.wrote("setOrderStatuses", order_id, sent, now);
    }
    done()
}

pub(super) fn put_in_status(state: &mut State, order_id: i64, status_id: i64, now: i64) -> Result<(), Refusal> {
    state.edit(order_id, |fields| {
        fields.insert("order_status_id".to_owned(), Value::from(status_id));
        fields.insert("date_in_status".to_owned(), Value::from(now));
        Ok(())
    })?;
    state.journal.add(order_id, Kind::StatusChanged, status_id, now);
    Ok(())
}

pub(super) fn set_fields(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order_id = sent.required("order_id")?;
    let settable = ORDER.get(..ORDER_SETTABLE).unwrap_or(&ORDER);
    let written = state.edit(order_id, |fields| field::assign(fields, settable, sent))?;
    set_custom_fields(state, order_id, sent)?;
    let is_delivery = written.iter().any(|name| name.starts_with("delivery_"));
    let kind = if is_delivery { Kind::DeliveryEdited } else { Kind::Edited };
    state.journal.add(order_id, kind, 0, now);
    state.wrote("setOrderFields", order_id, sent, now);
    done()
}

pub(super) fn set_payment(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order_id = sent.required("order_id")?;
    let paid = sent.number("payment_done")?.ok_or_else(|| missing("payment_done"))?;
    let before = state.order(order_id)?;
    set_paid(state, order_id, paid)?;
    let cut = |name| sent.text(name).unwrap_or_default().chars().take(30).collect::<String>();
    let payment = json!({
        "paid_before": format!("{:.2}", before.payment_done),
        "paid_after": format!("{paid:.2}"),
        "total_price": format!("{:.2}", before.total()),
        "currency": before.currency,
        "external_payment_id": cut("external_payment_id"),
        "date": sent.integer("payment_date")?.unwrap_or(now).to_string(),
        "comment": cut("payment_comment"),
    });
    state.payments.entry(order_id).or_default().push(object(payment));
    state.journal.add(order_id, Kind::Payment, 0, now);
    state.wrote("setOrderPayment", order_id, sent, now);
    done()
}

fn set_paid(state: &mut State, order_id: i64, paid: f64) -> Result<(), Refusal> {
    state.edit(order_id, |fields| {
        fields.insert("payment_done".to_owned(), php_number(paid));
        Ok(())
    })
}

/// `getOrderPaymentsHistory`: without `show_full_history` only what came through a gateway.
pub(super) fn payments(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let order_id = sent.required("order_id")?;
    state.record(order_id)?;
    let is_full = sent.flag("show_full_history");
    let rows = state.payments.get(&order_id).map(Vec::as_slice).unwrap_or_default();
    let shown = rows.iter().filter(|row| is_full || row.get("external_payment_id").is_some_and(|id| id != ""));
    success(json!({"payments": shown.collect::<Vec<_>>()}))
}

pub(super) fn add_row(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order_id = sent.required("order_id")?;
    state.record(order_id)?;
    let row = new_row(state, sent)?;
    let row_id = row.get("order_product_id").cloned().unwrap_or_default();
    state.edit(order_id, |fields| rows(fields).map(|rows| rows.push(row)))?;
    state.journal.add(order_id, Kind::ProductAdded, 0, now);
    state.wrote("addOrderProduct", order_id, sent, now);
    success(json!({"order_product_id": row_id}))
}

pub(super) fn set_row(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let (order_id, row_id) = (sent.required("order_id")?, sent.required("order_product_id")?);
    state.edit(order_id, |fields| {
        let row = rows(fields)?.iter_mut().find(|row| is_row(row, row_id)).and_then(Value::as_object_mut);
        field::assign(row.ok_or_else(|| unknown_row(row_id))?, &ROW, sent).map(drop)
    })?;
    state.journal.add(order_id, Kind::ProductEdited, 0, now);
    state.wrote("setOrderProductFields", order_id, sent, now);
    done()
}

pub(super) fn delete_row(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let (order_id, row_id) = (sent.required("order_id")?, sent.required("order_product_id")?);
    state.edit(order_id, |fields| {
        let rows = rows(fields)?;
        let position = rows.iter().position(|row| is_row(row, row_id)).ok_or_else(|| unknown_row(row_id))?;
        rows.remove(position);
        Ok(())
    })?;
    state.journal.add(order_id, Kind::ProductRemoved, row_id, now);
    state.wrote("deleteOrderProduct", order_id, sent, now);
    done()
}

fn rows(fields: &mut Map<String, Value>) -> Result<&mut Vec<Value>, Refusal> {
    let rows = fields.entry("products").or_insert_with(|| Value::Array(Vec::new()));
    rows.as_array_mut().ok_or_else(|| Refusal::parameters("the order has no list of products"))
}

fn is_row(row: &Value, row_id: i64) -> bool {
    row.get("order_product_id").and_then(Value::as_i64) == Some(row_id)
}

/// Code assumed.
pub(super) fn unknown_row(row_id: i64) -> Refusal {
    Refusal::new("ERROR_ORDER_PRODUCT_ID", format!("Order product {row_id} does not exist"))
}

pub(super) fn duplicate_order(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let mut copy = state.order(sent.required("order_id")?)?;
    let original_id = copy.order_id;
    copy.order_id = 0;
    (copy.date_add, copy.date_confirmed, copy.date_in_status) = (now, now, now);
    copy.products.iter_mut().for_each(|row| row.order_product_id = 0);
    let order_id = state.bring(copy, now).map_err(|error| Refusal::parameters(error.to_string()))?;
    state.journal.add(original_id, Kind::Copied, order_id, now);
    state.wrote("addOrderDuplicate", order_id, sent, now);
    success(json!({"order_id": order_id}))
}

pub(super) fn delete_orders(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order_ids = sent.integers("order_ids")?.ok_or_else(|| missing("order_ids"))?;
    if order_ids.len() > MAX_DELETED {
        return Err(Refusal::parameters(format!("at most {MAX_DELETED} orders can be deleted at once")));
    }
    let deleted: Vec<i64> = order_ids.into_iter().filter(|id| state.remove(*id)).collect();
    for order_id in &deleted {
        state.journal.add(*order_id, Kind::Removed, 0, now);
        state.wrote("deleteOrders", *order_id, sent, now);
    }
    success(json!({"deleted_order_ids": deleted}))
}
