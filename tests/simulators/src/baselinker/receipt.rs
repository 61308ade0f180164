//! Receipts of a fiscal printer: waiting until the printer's program reports a number.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, success};
use super::journal::Kind;
use super::order::Order;
use super::parameters::{Parameters, missing};
use super::state::State;

const PAGE: usize = 100;

#[derive(Debug)]
pub(super) struct Receipt {
    order_id: i64,
    series_id: i64,
    /// Empty until it is printed.
    number: String,
    date_add: i64,
    payment_method: String,
    nip: String,
    products: Vec<Value>,
}

impl Receipt {
    fn new(order: &Order, series_id: i64, now: i64) -> Self {
        let products = order.products.iter().map(|row| {
            json!({"name": row.name, "sku": row.sku, "ean": row.ean, "tax_rate": row.tax_rate,
                   "price_brutto": row.price_brutto, "quantity": row.quantity})
        });
        Self {
            order_id: order.order_id,
            series_id,
            number: String::new(),
            date_add: now,
            payment_method: order.payment_method.clone(),
            nip: order.invoice_nip.clone(),
            products: products.collect(),
        }
    }

    fn fields(&self, id: i64) -> Map<String, Value> {
        let fields = json!({
            "receipt_id": id, "series_id": self.series_id, "receipt_full_nr": self.number, "order_id": self.order_id,
            "date_add": self.date_add, "payment_method": self.payment_method, "nip": self.nip,
            "products": self.products,
        });
        fields.as_object().cloned().unwrap_or_default()
    }
}

pub(super) type Receipts = BTreeMap<i64, Receipt>;

/// Code assumed.
fn unknown(id: i64) -> Refusal {
    Refusal::new("ERROR_RECEIPT_ID", format!("Receipt {id} does not exist"))
}

pub(super) fn add(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order = state.order(sent.required("order_id")?)?;
    let series_id = sent.required("series_id")?;
    let id = state.receipts.last_key_value().map_or(60_001, |(last, _)| last + 1);
    state.receipts.insert(id, Receipt::new(&order, series_id, now));
    state.journal.add(order.order_id, Kind::ReceiptIssued, id, now);
    state.wrote("addReceipt", order.order_id, sent, now);
    success(json!({"receipt_id": id}))
}

fn found<'a>(
    state: &'a State,
    sent: &Parameters,
    is_wanted: impl Fn(&Receipt) -> bool + 'a,
) -> Result<Vec<Map<String, Value>>, Refusal> {
    let id_from = sent.integer("id_from")?.unwrap_or_default();
    let series_id = sent.integer("series_id")?.filter(|id| *id != 0);
    let of_series = move |receipt: &Receipt| series_id.is_none_or(|id| receipt.series_id == id);
    let rows = state.receipts.range(id_from..).filter(|(_, receipt)| of_series(receipt) && is_wanted(receipt));
    Ok(rows.take(PAGE).map(|(id, receipt)| receipt.fields(*id)).collect())
}

pub(super) fn list(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let from = sent.integer("date_from")?.unwrap_or(i64::MIN);
    let to = sent.integer("date_to")?.unwrap_or(i64::MAX);
    success(json!({"receipts": found(state, sent, |receipt| (from..=to).contains(&receipt.date_add))?}))
}

/// `getNewReceipts`: those without a number yet; the list is called `orders`.
pub(super) fn list_new(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    success(json!({"orders": found(state, sent, |receipt| receipt.number.is_empty())?}))
}

pub(super) fn one(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let id = match (sent.integer("receipt_id")?, sent.integer("order_id")?) {
        (Some(id), _) => id,
        (None, Some(order_id)) => {
            let of_order = state.receipts.iter().find(|(_, receipt)| receipt.order_id == order_id);
            *of_order.ok_or_else(|| unknown(0))?.0
        }
        (None, None) => return Err(missing("receipt_id")),
    };
    let receipt = state.receipts.get(&id).ok_or_else(|| unknown(id))?;
    success(Value::Object(receipt.fields(id)))
}

pub(super) fn set_printed(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let id = sent.required("receipt_id")?;
    let receipt = state.receipts.get_mut(&id).ok_or_else(|| unknown(id))?;
    // With a printer error the receipt keeps waiting.
    if !sent.flag("printer_error") {
        receipt.number = sent.text("receipt_nr").unwrap_or_default();
    }
    let order_id = receipt.order_id;
    state.wrote("setOrderReceipt", order_id, sent, now);
    done()
}
