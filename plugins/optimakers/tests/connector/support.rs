//! What the tests share.

use wharf_sdk::{Action, Intent};
use wharf_sdk_testing::{Answer, FakeHost, InstalledHost};

pub(crate) const BASE: &str = "https://test.syneo.example";

/// The mapping of an operator.
pub(crate) const MAPPED: &str = r#""order_status": 7, "order_attribute_delivery_method": 11,
    "order_attribute_delivery_price": 12, "order_attribute_payment_method": "13",
    "order_attribute_additional_field_1": 14, "order_attribute_additional_field_2": 15, "order_attribute_note": 16,
    "customer_attribute_login": 21, "vat_rates": {"23": 3, "8": 4, "exempt": 5}, "currencies": {"PLN": 1, "EUR": 2},
    "external_number_prefix": "BL-""#;

pub(crate) const VAT: &str = r#"{"id": 3, "name": "23%", "value": 23}, {"id": 4, "name": "8%", "value": 8.00},
    {"id": 5, "name": "zw", "value": null}"#;
pub(crate) const CURRENCIES: &str =
    r#"{"id": 1, "code": "PLN", "name": "złoty"}, {"id": 2, "code": "eur", "name": "euro"}"#;

/// Starts a fake host; `config` is added to the address.
pub(crate) fn host(config: &str) -> FakeHost {
    let separator = if config.is_empty() { "" } else { ", " };
    FakeHost::new().config(format!(r#"{{"base_url": "{BASE}/"{separator}{config}}}"#))
}

pub(crate) fn intent(entity: &str, action: Action, target: Option<&str>, document: &str) -> Intent {
    Intent { target: target.map(str::to_owned), ..wharf_sdk_testing::intent(entity, action, document) }
}

/// Answers with a list that is over.
pub(crate) fn list(rows: &str) -> Answer {
    let count = serde_json::from_str::<Vec<serde_json::Value>>(&format!("[{rows}]")).unwrap().len();
    Answer::json(200, format!(r#"{{"items": [{rows}], "page": 1, "pageSize": 100, "totalCount": {count}}}"#))
}

/// Answers with a page of a list of `total` rows.
pub(crate) fn page(rows: &str, total: usize) -> Answer {
    Answer::json(200, format!(r#"{{"items": [{rows}], "totalCount": {total}}}"#))
}

/// Returns method, path and query of every request.
pub(crate) fn sent(host: &InstalledHost) -> Vec<String> {
    host.requests().iter().map(|request| format!("{} {}", request.method, request.url.replace(BASE, ""))).collect()
}

pub(crate) fn writes(host: &InstalledHost) -> usize {
    host.requests().iter().filter(|request| request.method != "GET").count()
}
