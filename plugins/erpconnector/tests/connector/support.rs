//! What the tests of this connector share.

use wharf_sdk::{Action, Intent};
use wharf_sdk_testing::{FakeHost, InstalledHost};

pub(crate) const BASE: &str = "https://erp.example/api";
pub(crate) const CORRELATION: &str = "wh7m2k4q9x3c5v8b";

/// Starts a fake host with a configuration, given without `base_url` and braces.
pub(crate) fn host(config: &str) -> FakeHost {
    FakeHost::new().config(format!(r#"{{"base_url": "{BASE}", {config}}}"#))
}

pub(crate) fn acomba() -> FakeHost {
    host(r#""erp": "acomba""#)
}

pub(crate) fn intent(entity: &str, action: Action, document: &str) -> Intent {
    Intent {
        id: "0197".to_owned(),
        entity: entity.to_owned(),
        action,
        target: None,
        expected_revision: None,
        correlation: CORRELATION.to_owned(),
        document: document.to_owned(),
    }
}

/// Returns method and address of every request.
pub(crate) fn sent(host: &InstalledHost) -> Vec<String> {
    host.requests().iter().map(|request| format!("{} {}", request.method, request.url)).collect()
}

pub(crate) fn header<'a>(request: &'a wharf_sdk::host::RawRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

pub(crate) fn text(item: &wharf_sdk::Item) -> serde_json::Value {
    match &item.content {
        wharf_sdk::Content::Document(text) => serde_json::from_str(text).unwrap(),
        wharf_sdk::Content::Slice(_) => panic!("a document was expected"),
    }
}
