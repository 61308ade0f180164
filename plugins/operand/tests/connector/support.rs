//! What the tests share.

use wharf_sdk_testing::{Answer, FakeHost, InstalledHost};

/// Starts a fake host; `more` is added to the configuration.
pub(crate) fn host(more: &str) -> FakeHost {
    let separator = if more.is_empty() { "" } else { ", " };
    FakeHost::new().config(format!(r#"{{"base_url": "https://api.example"{separator}{more}}}"#))
}

/// Answers with rows, wrapped as the route of clients does.
pub(crate) fn records(rows: &str) -> Answer {
    Answer::json(200, format!(r#"{{"records": [{rows}]}}"#))
}

/// Returns method and address of every request, without the origin.
pub(crate) fn sent(host: &InstalledHost) -> Vec<String> {
    let requests = host.requests();
    requests
        .iter()
        .map(|request| format!("{} {}", request.method, request.url.replace("https://api.example", "")))
        .collect()
}

/// Returns the number of a query parameter.
pub(crate) fn parameter(url: &str, name: &str) -> Option<usize> {
    let value = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok())
}

pub(crate) fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
