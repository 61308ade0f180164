//! What the tests share.

use serde_json::Value;
use smartspace::Smartspace;
use wharf_sdk::{Action, Delivery, Serving};
use wharf_sdk_testing::{FakeHost, FakeSource};

pub(crate) const ANA: &str = r#"{"id": "77", "kind": "person", "name": "ANA LIMA", "tax_number": "000.000.001-91", "email": "ana@ex.com",
    "phone": "(83) 90000-0000", "address": {"street": "Rua Um, 100\nSala 2", "city": "Joao Pessoa", "state": "PB", "postcode": "58000-000"},
    "contacts": [{"email": "b@ex.com", "phone": "+55 83 91111-1111"}],
    "extra": {"bairro": "Centro", "birthDate": "1990-02-01", "gender": "F", "tags": ["vip", "x"], "news": true, "secret": "s"}}"#;
pub(crate) const PADARIA: &str =
    r#"{"name": "Padaria Sol", "kind": "company", "registration_number": "00.000.000/0001-91", "email": "ana@ex.com"}"#;

/// Starts a fake host; `config` is the inside of the configuration.
pub(crate) fn host(config: &str) -> FakeHost {
    FakeHost::new().config(format!("{{{config}}}"))
}

/// A source whose look-ups take these keys, and which allows updates.
pub(crate) fn source(name: &str, keys: &[&'static str]) -> FakeSource {
    FakeSource::new(name, "customers", "partner").keys(keys.iter().copied()).actions([Action::Update])
}

/// The usual two owners.
pub(crate) fn owners(config: &str) -> FakeHost {
    host(config)
        .source(source("crm", &["tax_number", "email"]).record("77", ANA))
        .source(source("erp", &["registration_number", "email"]).record("C-1", PADARIA))
}

pub(crate) fn ask(method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = Delivery {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    let reply = Smartspace::serve(request).unwrap();
    assert_eq!(reply.headers[0], ("content-type".to_owned(), "application/json; charset=utf-8".to_owned()));
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

pub(crate) fn get(path: &str) -> (u16, Value) {
    ask("GET", path, "")
}

/// Returns the codes of the customers that were found.
pub(crate) fn codes(path: &str) -> Vec<String> {
    let (status, body) = get(path);
    assert_eq!(status, 200, "{path}: {body}");
    body.as_array().unwrap().iter().map(|one| one["codigo"].as_str().unwrap().to_owned()).collect()
}
