//! The reference lists that the instance starts with. Attributes and mappings are made by people, so every real instance
//! has others.

use serde_json::{Value, json};

use super::service::Service;
use super::store::Table;

/// Status of new orders.
pub const STATUS_NEW: i64 = 7;
/// Status of orders in production.
pub const STATUS_IN_PRODUCTION: i64 = 8;
/// Status of orders that are done.
pub const STATUS_DONE: i64 = 9;
/// Attribute of orders for the delivery method.
pub const ORDER_DELIVERY_METHOD: i64 = 11;
/// Attribute of orders for the delivery price.
pub const ORDER_DELIVERY_PRICE: i64 = 12;
/// Attribute of orders for the payment method.
pub const ORDER_PAYMENT_METHOD: i64 = 13;
/// Attribute of orders for the first additional field.
pub const ORDER_ADDITIONAL_FIELD_1: i64 = 14;
/// Attribute of orders for the second additional field.
pub const ORDER_ADDITIONAL_FIELD_2: i64 = 15;
/// Attribute of orders for the customer's note.
pub const ORDER_NOTE: i64 = 16;
/// Attribute of customers for their login.
pub const CUSTOMER_LOGIN: i64 = 21;
/// VAT rate of 23 %.
pub const VAT_23: i64 = 3;
/// VAT rate of 8 %.
pub const VAT_8: i64 = 4;
/// VAT rate of 5 %.
pub const VAT_5: i64 = 5;
/// VAT rate of 0 %.
pub const VAT_0: i64 = 6;
/// VAT rate of what is exempt: no value, named "zw".
pub const VAT_EXEMPT: i64 = 12;
/// Złoty.
pub const PLN: i64 = 1;
/// Euro.
pub const EUR: i64 = 2;
/// Czech crown.
pub const CZK: i64 = 4;

/// Stores the lists.
pub(crate) fn seed(service: &Service) {
    let now = service.clock.now();
    let mut state = service.state();
    for (table, records) in [
        (Table::EntityStatuses, statuses()),
        (Table::Attributes, attributes()),
        (Table::VatRates, vat_rates()),
        (Table::Currencies, currencies()),
    ] {
        for record in records {
            state.store.add(table, record, now, true);
        }
    }
}

fn statuses() -> Vec<Value> {
    let status = |id: i64, name: &str, entity: &str, is_default: bool| json!({ "id": id, "name": name, "entity": entity, "isDefault": is_default });
    vec![
        status(STATUS_NEW, "Nowe", "Order", true),
        status(STATUS_IN_PRODUCTION, "W produkcji", "Order", false),
        status(STATUS_DONE, "Zrealizowane", "Order", false),
        status(30, "Aktywny", "Customer", true),
    ]
}

fn attributes() -> Vec<Value> {
    let attribute =
        |id: i64, name: &str, entity: &str| json!({ "id": id, "name": name, "entity": entity, "type": "text" });
    vec![
        attribute(ORDER_DELIVERY_METHOD, "Sposób dostawy", "Order"),
        attribute(ORDER_DELIVERY_PRICE, "Koszt dostawy", "Order"),
        attribute(ORDER_PAYMENT_METHOD, "Metoda płatności", "Order"),
        attribute(ORDER_ADDITIONAL_FIELD_1, "Pole dodatkowe 1", "Order"),
        attribute(ORDER_ADDITIONAL_FIELD_2, "Pole dodatkowe 2", "Order"),
        attribute(ORDER_NOTE, "Uwagi klienta", "Order"),
        attribute(CUSTOMER_LOGIN, "Login", "Customer"),
    ]
}

fn vat_rates() -> Vec<Value> {
    let rate = |id: i64, name: &str, value: Value| json!({ "id": id, "name": name, "value": value });
    vec![
        rate(VAT_23, "23%", json!(23)),
        rate(VAT_8, "8%", json!(8)),
        rate(VAT_5, "5%", json!(5)),
        rate(VAT_0, "0%", json!(0)),
        rate(VAT_EXEMPT, "zw", Value::Null),
    ]
}

fn currencies() -> Vec<Value> {
    let currency = |id: i64, code: &str, name: &str| json!({ "id": id, "code": code, "name": name });
    vec![currency(PLN, "PLN", "złoty"), currency(EUR, "EUR", "euro"), currency(CZK, "CZK", "korona czeska")]
}
