//! Returns of orders.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, php_map, success};
use super::code_list::Status;
use super::field::{self, ROW};
use super::order::Product;
use super::parameters::{Parameters, missing};
use super::read::PAGE;
use super::state::State;

/// How long the vendor keeps a row of the journal.
const KEPT_SECONDS: i64 = 3 * 24 * 60 * 60;

/// Fields that a call may set, with their longest texts.
const TEXTS: [(&str, usize); 21] = [
    ("reference_number", 100),
    ("currency", 3),
    ("admin_comments", 200),
    ("email", 150),
    ("phone", 100),
    ("user_login", 30),
    ("delivery_fullname", 100),
    ("delivery_company", 100),
    ("delivery_address", 156),
    ("delivery_postcode", 100),
    ("delivery_city", 100),
    ("delivery_state", 35),
    ("delivery_country_code", 2),
    ("delivery_package_module", 20),
    ("delivery_package_nr", 40),
    ("extra_field_1", 50),
    ("extra_field_2", 50),
    ("refund_account_number", 50),
    ("refund_iban", 50),
    ("refund_swift", 50),
    ("external_order_id", 50),
];

/// What happened to returns, by the vendor's numbers.
#[derive(Debug, Clone, Copy)]
enum Event {
    Created = 1,
    Refunded = 5,
    DeliveryEdited = 6,
    ProductAdded = 7,
    ProductEdited = 8,
    ProductRemoved = 9,
    Edited = 10,
    StatusChanged = 11,
}

/// The returns of an account.
#[derive(Debug, Default)]
pub(super) struct Returns {
    pub(super) statuses: Vec<Status>,
    rows: BTreeMap<i64, Return>,
    journal: Vec<Value>,
    is_journal_on: bool,
}

/// A return: its fields as they are sent, and what is sent only when asked for.
#[derive(Debug)]
struct Return {
    fields: Map<String, Value>,
    custom_extra_fields: Map<String, Value>,
}

impl Return {
    fn number(&self, name: &str) -> i64 {
        match self.fields.get(name) {
            Some(Value::String(text)) => text.parse().unwrap_or_default(),
            Some(value) => value.as_i64().unwrap_or_default(),
            None => 0,
        }
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Returns {
    pub(super) fn new(statuses: Vec<Status>, is_journal_on: bool) -> Self {
        Self { statuses, is_journal_on, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the fields of a return as they are sent.
    pub(super) fn fields(&self, id: i64) -> Option<&Map<String, Value>> {
        self.rows.get(&id).map(|one| &one.fields)
    }

    fn note(&mut self, return_id: i64, event: Event, object_id: i64, now: i64) {
        if self.is_journal_on {
            let log_id = 98_001 + self.journal.len();
            self.journal.push(json!({
                "log_id": log_id, "return_id": return_id, "log_type": event as i64, "object_id": object_id, "date": now,
            }));
        }
    }

    fn one(&mut self, id: i64) -> Result<&mut Return, Refusal> {
        // Code assumed.
        self.rows.get_mut(&id).ok_or_else(|| Refusal::new("ERROR_RETURN_ID", format!("Return {id} does not exist")))
    }

    fn known_status(&self, id: i64) -> Result<i64, Refusal> {
        let known = self.statuses.iter().any(|status| status.id == id);
        // Code assumed.
        known.then_some(id).ok_or_else(|| Refusal::new("ERROR_STATUS_ID", format!("Return status {id} does not exist")))
    }
}

/// `getOrderReturns`: at most [`PAGE`] rows, by id [assumed]; all bounds are inclusive.
pub(super) fn list(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let wanted = |name| Ok(sent.integer(name)?.filter(|id| *id != 0));
    let (id, order_id, status_id) = (wanted("return_id")?, wanted("order_id")?, wanted("status_id")?);
    let id_from = sent.integer("id_from")?.unwrap_or(i64::MIN);
    let date_from = sent.integer("date_from")?.unwrap_or(i64::MIN);
    let source = sent.filled_text("filter_order_return_source");
    let source_id = sent.integer("filter_order_return_source_id")?.filter(|_| source.is_some());
    let found = state.returns.rows.range(id_from..).filter(|(own, one)| {
        id.is_none_or(|id| **own == id)
            && order_id.is_none_or(|id| one.number("order_id") == id)
            && status_id.is_none_or(|id| one.number("status_id") == id)
            && one.number("date_add") >= date_from
            && source.as_ref().is_none_or(|source| one.text("order_return_source") == source)
            && source_id.is_none_or(|id| one.number("order_return_source_id") == id)
    });
    let shown = found.take(PAGE).map(|(_, one)| shown(one, sent));
    success(json!({"returns": shown.collect::<Vec<_>>()}))
}

fn shown(one: &Return, sent: &Parameters) -> Map<String, Value> {
    let mut fields = one.fields.clone();
    if sent.flag("include_custom_extra_fields") {
        fields.insert("custom_extra_fields".to_owned(), php_map(one.custom_extra_fields.clone()));
    }
    if sent.flag("include_connect_data") {
        fields.insert("connect_data".to_owned(), json!([]));
    }
    fields
}

/// `addOrderReturn`.
pub(super) fn add(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let status_id = state.returns.known_status(sent.required("status_id")?)?;
    let order_id = sent.integer("order_id")?.unwrap_or_default();
    if order_id != 0 {
        state.record(order_id)?;
    }
    let id = state.returns.rows.last_key_value().map_or(8001, |(last, _)| last + 1);
    let mut fields = fresh(id, order_id, status_id, sent.integer("date_add")?.unwrap_or(now), now);
    assign(&mut fields, sent)?;
    let rows = if sent.value("products").is_some() { sent.maps("products")? } else { Vec::new() };
    let products = rows.iter().map(|row| new_row(state, row)).collect::<Result<Vec<_>, _>>()?;
    fields.insert("products".to_owned(), Value::from(products));
    let custom = sent.value("custom_extra_fields").and_then(Value::as_object).cloned().unwrap_or_default();
    state.returns.rows.insert(id, Return { fields, custom_extra_fields: custom });
    state.returns.note(id, Event::Created, 0, now);
    state.wrote("addOrderReturn", order_id, sent, now);
    success(json!({"return_id": id}))
}

/// A return with the types of the vendor's sample: `status_id` and `refunded` are strings.
fn fresh(id: i64, order_id: i64, status_id: i64, added: i64, now: i64) -> Map<String, Value> {
    let fixed = json!({
        "return_id": id, "order_id": order_id, "shop_order_id": 0, "order_return_source": "personal",
        "order_return_source_id": 0, "status_id": status_id.to_string(), "date_add": added, "date_in_status": now,
        "refunded": "0.00", "refund_done": "0.00", "delivery_price": 0, "delivery_country": "", "fulfillment_status": 0,
    });
    let mut fields = object(fixed);
    fields.extend(TEXTS.map(|(name, _)| (name.to_owned(), Value::from(""))));
    fields
}

fn assign(fields: &mut Map<String, Value>, sent: &Parameters) -> Result<bool, Refusal> {
    let mut is_delivery = false;
    for (name, longest) in TEXTS {
        let Some(text) = sent.text(name) else { continue };
        is_delivery |= name.starts_with("delivery_");
        fields.insert(name.to_owned(), Value::from(text.chars().take(longest).collect::<String>()));
    }
    if let Some(price) = sent.number("delivery_price")? {
        fields.insert("delivery_price".to_owned(), super::answer::php_number(price));
    }
    if let Some(source) = sent.integer("custom_source_id")? {
        fields.insert("order_return_source_id".to_owned(), Value::from(source));
    }
    field::name_countries(fields);
    fields.remove("invoice_country");
    Ok(is_delivery)
}

/// A row has the fields of an order's, under an id of its own name.
fn new_row(state: &mut State, sent: &Parameters) -> Result<Value, Refusal> {
    let id = state.next_row_id();
    let mut row = object(serde_json::to_value(Product::default()).unwrap_or_default());
    field::assign(&mut row, &ROW, sent)?;
    for name in ["order_product_id", "auction_id"] {
        row.remove(name);
    }
    row.insert("order_return_product_id".to_owned(), Value::from(id));
    for name in ["status_id", "return_reason_id"] {
        row.insert(name.to_owned(), Value::from(sent.integer(name)?.unwrap_or_default()));
    }
    Ok(Value::Object(row))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// `setOrderReturnStatus`.
pub(super) fn set_status(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let (id, status_id) = (sent.required("return_id")?, sent.required("status_id")?);
    put_in_status(state, &[id], status_id, now)?;
    state.wrote("setOrderReturnStatus", 0, sent, now);
    done()
}

/// `setOrderReturnStatuses`: all of them or none [assumed].
pub(super) fn set_statuses(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let ids = sent.integers("return_ids")?.ok_or_else(|| missing("return_ids"))?;
    put_in_status(state, &ids, sent.required("status_id")?, now)?;
    state.wrote("setOrderReturnStatuses", 0, sent, now);
    done()
}

fn put_in_status(state: &mut State, ids: &[i64], status_id: i64, now: i64) -> Result<(), Refusal> {
    let status_id = state.returns.known_status(status_id)?;
    for id in ids {
        state.returns.one(*id)?;
    }
    for id in ids {
        let one = state.returns.one(*id)?;
        one.fields.insert("status_id".to_owned(), Value::from(status_id.to_string()));
        one.fields.insert("date_in_status".to_owned(), Value::from(now));
        state.returns.note(*id, Event::StatusChanged, status_id, now);
    }
    Ok(())
}

/// `setOrderReturnFields`.
pub(super) fn set_fields(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let id = sent.required("return_id")?;
    let one = state.returns.one(id)?;
    let is_delivery = assign(&mut one.fields, sent)?;
    if let Some(Value::Object(custom)) = sent.value("custom_extra_fields") {
        one.custom_extra_fields.extend(custom.clone());
    }
    let event = if is_delivery { Event::DeliveryEdited } else { Event::Edited };
    state.returns.note(id, event, 0, now);
    state.wrote("setOrderReturnFields", 0, sent, now);
    done()
}

/// `setOrderReturnRefund`: how much was given back; the amount comes back as a string.
pub(super) fn set_refund(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let id = sent.required("return_id")?;
    let amount =
        sent.number("refund_done")?.or(sent.number("order_refund_done")?).ok_or_else(|| missing("refund_done"))?;
    let one = state.returns.one(id)?;
    for name in ["refunded", "refund_done"] {
        one.fields.insert(name.to_owned(), Value::from(format!("{amount:.2}")));
    }
    state.returns.note(id, Event::Refunded, 0, now);
    state.wrote("setOrderReturnRefund", 0, sent, now);
    done()
}

/// `addOrderReturnProduct`.
pub(super) fn add_row(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let id = sent.required("return_id")?;
    state.returns.one(id)?;
    let row = new_row(state, sent)?;
    let row_id = row.get("order_return_product_id").cloned().unwrap_or_default();
    rows(state.returns.one(id)?).push(row);
    state.returns.note(id, Event::ProductAdded, row_id.as_i64().unwrap_or_default(), now);
    state.wrote("addOrderReturnProduct", 0, sent, now);
    success(json!({"order_return_product_id": row_id}))
}

/// `setOrderReturnProductFields`.
pub(super) fn set_row(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let (id, row_id) = (sent.required("return_id")?, sent.required("order_return_product_id")?);
    let row = rows(state.returns.one(id)?).iter_mut().find(|row| is_row(row, row_id));
    let row = row.and_then(Value::as_object_mut).ok_or_else(|| unknown_row(row_id))?;
    field::assign(row, &ROW, sent)?;
    for name in ["status_id", "return_reason_id"] {
        if let Some(value) = sent.integer(name)? {
            row.insert(name.to_owned(), Value::from(value));
        }
    }
    state.returns.note(id, Event::ProductEdited, row_id, now);
    state.wrote("setOrderReturnProductFields", 0, sent, now);
    done()
}

/// `deleteOrderReturnProduct`.
pub(super) fn delete_row(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let (id, row_id) = (sent.required("return_id")?, sent.required("order_return_product_id")?);
    let rows = rows(state.returns.one(id)?);
    let before = rows.len();
    rows.retain(|row| !is_row(row, row_id));
    if rows.len() == before {
        return Err(unknown_row(row_id));
    }
    state.returns.note(id, Event::ProductRemoved, row_id, now);
    state.wrote("deleteOrderReturnProduct", 0, sent, now);
    done()
}

fn rows(one: &mut Return) -> &mut Vec<Value> {
    let rows = one.fields.entry("products").or_insert_with(|| Value::Array(Vec::new()));
    if !rows.is_array() {
        *rows = Value::Array(Vec::new());
    }
    match rows {
        Value::Array(rows) => rows,
        _ => unreachable!("made a list in the lines above"),
    }
}

fn is_row(row: &Value, row_id: i64) -> bool {
    row.get("order_return_product_id").and_then(Value::as_i64) == Some(row_id)
}

/// Code assumed.
fn unknown_row(row_id: i64) -> Refusal {
    Refusal::new("ERROR_RETURN_PRODUCT_ID", format!("Return product {row_id} does not exist"))
}

/// `getOrderReturnStatusList`.
pub(super) fn statuses(state: &mut State, _: &Parameters, _: i64) -> Answer {
    success(json!({"statuses": state.returns.statuses}))
}

/// `getOrderReturnReasonsList`; names of the fields assumed.
pub(super) fn reasons(_: &mut State, _: &Parameters, _: i64) -> Answer {
    success(json!({"return_reasons": [
        {"return_reason_id": 1, "name": "Uszkodzony"}, {"return_reason_id": 2, "name": "Nie pasuje"},
    ]}))
}

/// `getOrderReturnProductStatuses`; names of the fields assumed.
pub(super) fn row_statuses(_: &mut State, _: &Parameters, _: i64) -> Answer {
    success(json!({"order_return_product_statuses": [
        {"status_id": 1, "name": "Zgłoszony"}, {"status_id": 2, "name": "Przyjęty"},
    ]}))
}

/// `getOrderReturnPaymentsHistory`: what was given back.
pub(super) fn payments(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let one = state.returns.one(sent.required("return_id")?)?;
    let refunded = one.text("refunded").to_owned();
    let rows = if refunded == "0.00" {
        Vec::new()
    } else {
        vec![json!({
            "paid_before": "0.00", "paid_after": refunded, "total_price": refunded, "currency": one.text("currency"),
            "external_payment_id": "", "date": one.number("date_in_status").to_string(), "comment": "",
        })]
    };
    success(json!({"payments": rows}))
}

/// `getOrderReturnJournalList`.
pub(super) fn journal(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let after = sent.integer("last_log_id")?.unwrap_or_default();
    let types = sent.integers("logs_types")?.unwrap_or_default();
    let return_id = sent.integer("return_id")?.filter(|id| *id != 0);
    let is = |row: &Value, name: &str| row.get(name).and_then(Value::as_i64).unwrap_or_default();
    let rows = state.returns.journal.iter().filter(|row| {
        is(row, "log_id") > after
            && is(row, "date") >= now - KEPT_SECONDS
            && (types.is_empty() || types.contains(&is(row, "log_type")))
            && return_id.is_none_or(|id| is(row, "return_id") == id)
    });
    success(json!({"logs": rows.collect::<Vec<_>>()}))
}
