//! What the tests share.

use wharf_sdk_testing::{Answer, FakeHost, InstalledHost};

/// Starts a fake host for company 4711; `more` is added to the configuration.
pub(crate) fn host(more: &str) -> FakeHost {
    let separator = if more.is_empty() { "" } else { ", " };
    FakeHost::new().config(format!(r#"{{"base_url": "https://crm.example", "company_id": "4711"{separator}{more}}}"#))
}

/// Answers with a list that is over.
pub(crate) fn list(rows: &str) -> Answer {
    Answer::json(200, format!(r#"{{"data": [{rows}], "links": {{"next": null}}}}"#))
}

/// Answers with one resource.
pub(crate) fn one(status: u16, resource: &str) -> Answer {
    Answer::json(status, format!(r#"{{"data": {resource}}}"#))
}

/// Returns method and address of every request, without the origin and the company.
pub(crate) fn sent(host: &InstalledHost) -> Vec<String> {
    let short = |url: &str| url.replace("https://crm.example", "").replace("companyId=4711", "").replace("?&", "?");
    host.requests()
        .iter()
        .map(|request| format!("{} {}", request.method, short(&request.url).trim_end_matches('?')))
        .collect()
}

pub(crate) fn posts(host: &InstalledHost) -> usize {
    host.requests().iter().filter(|request| request.method == "POST").count()
}
