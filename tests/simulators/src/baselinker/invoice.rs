//! Invoices.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, php_number, success};
use super::journal::Kind;
use super::order::{Order, Product};
use super::parameters::{Parameters, missing};
use super::state::State;

const PAGE: usize = 100;
/// What `DEFAULT` stands for, in per cent.
const ACCOUNT_RATE: f64 = 23.0;

/// The VAT rate of an invoice as the call names it.
enum Rate {
    OfItem,
    Fixed(f64),
}

impl Rate {
    fn read(sent: &Parameters) -> Result<Self, Refusal> {
        let text = sent.filled_text("vat_rate").ok_or_else(|| missing("vat_rate"))?;
        Ok(match text.as_str() {
            "DEFAULT" => Self::Fixed(ACCOUNT_RATE),
            "ITEM" => Self::OfItem,
            "EXPT" | "ZW" => Self::Fixed(-1.0),
            "NP" => Self::Fixed(-0.02),
            "OO" => Self::Fixed(-0.03),
            number => Self::Fixed(
                number.parse().map_err(|_| Refusal::parameters(format!("`vat_rate` `{number}` is unknown")))?,
            ),
        })
    }

    fn of(&self, item_rate: f64) -> f64 {
        match self {
            Self::OfItem => item_rate,
            Self::Fixed(rate) => *rate,
        }
    }
}

pub(super) fn add(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let order = state.order(sent.required("order_id")?)?;
    let series_id = sent.required("series_id")?;
    if !state.series.iter().any(|series| series.id == series_id) {
        // Code assumed.
        return Err(Refusal::new("ERROR_SERIES_ID", format!("Series {series_id} does not exist")));
    }
    let rate = Rate::read(sent)?;
    let invoice_id = state.invoices.last_key_value().map_or(70_001, |(last, _)| last + 1);
    let sub_id = state.invoices.len() + 1;
    let invoice = invoice(&order, invoice_id, series_id, sub_id, &rate, now);
    state.invoices.insert(invoice_id, invoice);
    state.journal.add(order.order_id, Kind::InvoiceIssued, invoice_id, now);
    state.wrote("addInvoice", order.order_id, sent, now);
    success(json!({"invoice_id": invoice_id}))
}

fn invoice(order: &Order, invoice_id: i64, series_id: i64, sub_id: usize, rate: &Rate, now: i64) -> Map<String, Value> {
    let day = jiff::Timestamp::from_second(now).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
    let (month, year) = (day.month(), day.year());
    let items = items(order, rate);
    let net: f64 = items.iter().map(|item| decimal(item, "price_netto") * decimal(item, "quantity")).sum();
    let whole = json!({
        "invoice_id": invoice_id, "order_id": order.order_id, "series_id": series_id, "type": "normal",
        "number": format!("{sub_id}/{month}/{year}"), "sub_id": sub_id, "month": month, "year": year, "postfix": "",
        "date_add": now, "date_sell": now, "date_pay_to": 0, "currency": order.currency,
        "total_price_brutto": php_number(order.total()), "total_price_netto": php_number(cents(net)),
        "payment": order.payment_method, "additional_info": "",
        "invoice_fullname": order.invoice_fullname, "invoice_company": order.invoice_company,
        "invoice_nip": order.invoice_nip, "invoice_address": order.invoice_address,
        "invoice_postcode": order.invoice_postcode, "invoice_city": order.invoice_city,
        "invoice_country": order.invoice_country, "invoice_country_code": order.invoice_country_code,
        "seller": "Sklep Demo\nDluga 1\n30-001 Krakow", "issuer": "", "correcting_to_invoice_id": 0,
        "correcting_reason": "", "correcting_items": false, "correcting_data": false, "external_invoice_number": "",
        // An unused rate is an empty text, a used one a number; the date is a text either way.
        "exchange_currency": "", "exchange_rate": "", "exchange_date": "", "exchange_info": "",
        "external_id": "", "items": items,
    });
    match whole {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn items(order: &Order, rate: &Rate) -> Vec<Value> {
    let delivery = Product {
        name: order.delivery_method.clone(),
        price_brutto: order.delivery_price,
        tax_rate: ACCOUNT_RATE,
        ..Product::default()
    };
    let products = order.products.iter().map(|row| item(row, rate, false));
    let shipment = (order.delivery_price > 0.0).then(|| item(&delivery, rate, true));
    products.chain(shipment).collect()
}

fn item(row: &Product, rate: &Rate, is_shipment: bool) -> Value {
    let rate = rate.of(row.tax_rate);
    let net = row.price_brutto / (1.0 + rate.max(0.0) / 100.0);
    json!({
        "name": row.name, "sku": row.sku, "ean": row.ean, "price_brutto": php_number(row.price_brutto),
        "price_netto": php_number(cents(net)), "tax_rate": php_number(rate), "quantity": row.quantity,
        "is_shipment": i32::from(is_shipment), "order_product_id": row.order_product_id,
    })
}

fn decimal(item: &Value, name: &str) -> f64 {
    item.get(name).and_then(Value::as_f64).unwrap_or_default()
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

pub(super) fn list(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let id_from = sent.integer("id_from")?.unwrap_or_default();
    let date_from = sent.integer("date_from")?.unwrap_or_default();
    let mut wanted = Vec::new();
    for name in ["invoice_id", "order_id", "series_id"] {
        if let Some(id) = sent.integer(name)?.filter(|id| *id != 0) {
            wanted.push((name, id));
        }
    }
    let is_external_wanted = sent.value("get_external_invoices").is_none_or(super::parameters::flag);
    let is = |invoice: &Map<String, Value>, name: &str| invoice.get(name).and_then(Value::as_i64).unwrap_or_default();
    let found = state.invoices.range(id_from..).filter(|(id, invoice)| {
        is(invoice, "date_add") >= date_from
            && wanted.iter().all(|(name, wanted)| is(invoice, name) == *wanted)
            && (is_external_wanted || !state.invoice_files.contains_key(id))
    });
    success(json!({"invoices": found.take(PAGE).map(|(_, invoice)| invoice).collect::<Vec<_>>()}))
}

/// Code assumed.
fn unknown(id: i64) -> Refusal {
    Refusal::new("ERROR_INVOICE_ID", format!("Invoice {id} does not exist"))
}

/// `getInvoiceFile`: the uploaded file when asked for and there, else one of our own.
pub(super) fn file(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let id = sent.required("invoice_id")?;
    let invoice = state.invoices.get(&id).ok_or_else(|| unknown(id))?;
    let number = invoice.get("number").cloned().unwrap_or_default();
    let uploaded = state.invoice_files.get(&id).filter(|_| sent.flag("get_external"));
    let own = || format!("data:{}", STANDARD.encode(format!("%PDF-1.4 invoice {number}")));
    success(json!({"invoice": uploaded.cloned().unwrap_or_else(own), "invoice_number": number}))
}

/// `addOrderInvoiceFile`: attaches the file and number of another accounting system.
pub(super) fn attach(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let id = sent.required("invoice_id")?;
    let file = sent.filled_text("file").ok_or_else(|| missing("file"))?;
    let content = file.strip_prefix("data:").unwrap_or_default().rsplit(',').next().unwrap_or_default();
    if content.is_empty() || STANDARD.decode(content).is_err() {
        return Err(Refusal::parameters("`file` must be `data:` and base64"));
    }
    let invoice = state.invoices.get_mut(&id).ok_or_else(|| unknown(id))?;
    let number = sent.text("external_invoice_number").unwrap_or_default();
    invoice.insert("external_invoice_number".to_owned(), Value::from(number));
    let order_id = invoice.get("order_id").and_then(Value::as_i64).unwrap_or_default();
    state.invoice_files.insert(id, file);
    state.wrote("addOrderInvoiceFile", order_id, sent, now);
    super::answer::done()
}
