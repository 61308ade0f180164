//! What the tests of this connector share.

use wharf_sdk_testing::{FakeHost, InstalledHost};

pub(crate) const BASE: &str = "https://erp.example/api";

/// Starts a fake host with a configuration, given without `base_url` and braces.
pub(crate) fn host(config: &str) -> FakeHost {
    FakeHost::new().config(format!(r#"{{"base_url": "{BASE}", {config}}}"#))
}

pub(crate) fn acomba() -> FakeHost {
    host(r#""erp": "acomba""#)
}

/// Returns method and address of every request.
pub(crate) fn sent(host: &InstalledHost) -> Vec<String> {
    host.requests().iter().map(|request| format!("{} {}", request.method, request.url)).collect()
}

pub(crate) fn header<'a>(request: &'a wharf_sdk::host::RawRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
