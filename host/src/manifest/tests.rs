#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use serde_json::{Value, json};

use super::*;
use crate::inspect::Version;

/// A manifest with everything in it.
fn full() -> Value {
    json!({
        "name": "shop", "version": "1.2.3", "summary": "Reads and writes a shop.",
        "config": { "version": 1, "schema": {
            "type": "object", "properties": { "base_url": { "type": "string" }, "quota": { "type": "integer" } },
        } },
        "hosts": [
            { "origin": "https://api.example.com", "methods": ["GET", "POST"] },
            { "origin": { "config": "base_url" } },
            { "origin": "https://*.cdn.example.com:8443" },
        ],
        "credentials": [
            { "name": "key", "scheme": { "type": "header", "name": "X-Key" }, "audience": ["https://api.example.com"] },
            { "name": "login", "audience": [{ "config": "base_url" }], "scheme": {
                "type": "oauth2-password", "token_url": { "origin": { "config": "base_url" }, "path": "/token" },
                "headers": [{ "name": "X-Tenant", "part": "tenant" }],
            } },
            { "name": "hook", "scheme": { "type": "mac" } },
        ],
        "budgets": [{ "name": "default", "calls": 100, "seconds": 60, "calls_from_config": "quota" }],
        "feeds": [{
            "name": "orders", "entity": "order", "summary": "All orders.", "cursor_version": 1, "countable": true,
            "filters": [{ "name": "status", "reference_list": "order-status" }],
        }],
        "records": [{ "entity": "order", "get": true }],
        "writes": [{ "entity": "order", "actions": ["update"], "verifiable": true }],
        "reference_lists": [{ "name": "order-status", "label": "Statuses" }],
        "webhooks": { "topics": ["orders"], "slots": ["hook"] },
        "serves": [{ "method": "GET", "path": "/stock/{sku}" }],
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut manifest = full();
    *manifest.pointer_mut(pointer).unwrap() = value;
    manifest
}

fn found(manifest: &Value) -> Vec<(String, String)> {
    let violations = Manifest::parse(&manifest.to_string()).err().unwrap_or_default();
    violations.into_iter().map(|one| (one.path, one.code)).collect()
}

fn inspection(interfaces: &[&str]) -> Inspection {
    let name = |interface: &&str| format!("wharf:connector/{interface}@0.1.0");
    Inspection {
        digest: String::new(),
        size_bytes: 0,
        contract: Version { major: 0, minor: 1, patch: 0 },
        imports: Vec::new(),
        exports: interfaces.iter().map(name).collect(),
    }
}

const ALL: [&str; 9] =
    ["describe", "feeds", "records", "writing", "references", "counts", "webhooks", "serving", "subscriptions"];

#[test]
fn full_manifest_is_accepted_and_survives_a_round_trip() {
    let manifest = Manifest::parse(&full().to_string()).unwrap();
    let again = Manifest::parse(&serde_json::to_string(&manifest).unwrap()).unwrap();
    assert_eq!(manifest, again);
}

#[test]
fn each_required_field_removed_is_named_with_its_path() {
    let required = [
        "/name",
        "/version",
        "/summary",
        "/config",
        "/config/version",
        "/config/schema",
        "/hosts/0/origin",
        "/credentials/0/name",
        "/credentials/0/scheme",
        "/budgets/0/calls",
        "/budgets/0/seconds",
        "/feeds/0/name",
        "/feeds/0/entity",
        "/feeds/0/summary",
        "/feeds/0/cursor_version",
        "/records/0/entity",
        "/writes/0/entity",
        "/writes/0/actions",
        "/writes/0/verifiable",
        "/reference_lists/0/label",
        "/serves/0/method",
        "/serves/0/path",
    ];
    for path in required {
        let mut manifest = full();
        let (parent, field) = path.rsplit_once('/').unwrap();
        manifest.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field).unwrap();
        assert_eq!(found(&manifest), [(path.to_owned(), "required".to_owned())]);
    }
}

#[test]
fn each_rule_names_its_place() {
    let cases = [
        ("/name", json!("Shop"), "name"),
        ("/version", json!("1.2"), "version"),
        ("/summary", json!(" "), "empty"),
        ("/hosts/0/methods/0", json!("get"), "method"),
        ("/hosts/1/origin", json!("https://*.cdn.example.com:8443"), "not-among-hosts"),
        ("/credentials/0/scheme/name", json!("Content-Length"), "header-host-owned"),
        ("/credentials/0/scheme/name", json!("X Key"), "header-name"),
        ("/credentials/0/audience/0", json!("https://evil.example"), "not-among-hosts"),
        ("/credentials/0/audience", json!([]), "audience-empty"),
        ("/credentials/1/scheme/token_url/path", json!("token"), "path"),
        ("/credentials/1/scheme/token_url/origin", json!("https://evil.example"), "not-among-hosts"),
        ("/credentials/1/name", json!("key"), "duplicate"),
        ("/budgets/0/calls", json!(0), "zero"),
        ("/budgets/0/seconds", json!(0), "zero"),
        ("/budgets/0/calls_from_config", json!("nowhere"), "unknown-config-key"),
        ("/feeds/0/filters/0/reference_list", json!("colours"), "unknown-reference-list"),
        ("/records/0/get", json!(false), "no-access"),
        ("/writes/0/actions", json!([]), "empty"),
        ("/webhooks/slots/0", json!("key"), "unknown-slot"),
        ("/serves/0/path", json!("stock"), "path"),
        ("/config/schema/type", json!("array"), "not-an-object"),
        ("/config/schema/properties/quota", json!({ "type": "number of calls" }), "schema"),
    ];
    for (path, value, code) in cases {
        let found = found(&with(path, value));
        assert!(found.iter().any(|(_, one)| one == code), "{path} {code}: {found:?}");
    }
}

#[test]
fn texts_that_are_no_origin_are_refused() {
    let texts = [
        "api.example.com",
        "ftp://api.example.com",
        "https://user@api.example.com",
        "https://api.example.com/",
        "https://api.example.com/v1",
        "https://api.*.com",
        "https://*.*.example.com",
        "https://",
        // Not in their plain spelling: people would approve something else than they read.
        "https://API.example.com",
        "https://\u{430}pi.example.com",
        "https://*.\u{430}pi.example.com",
        "https://api.example.com:443",
        "https://api.example.com.",
        "https://2130706433",
        "https://127.1",
        "https://api.exa\tmple.com",
    ];
    for text in texts {
        let found = found(&with("/hosts/2/origin", json!(text)));
        assert_eq!(found, [("/hosts/2/origin".to_owned(), "origin".to_owned())], "{text}");
    }
}

fn slot(scheme: Value) -> Value {
    json!({ "name": "slot", "scheme": scheme, "audience": ["https://api.example.com"] })
}

fn exchange() -> Value {
    json!({
        "type": "token-exchange", "attach": { "header": "Op-Auth-Token" },
        "request": {
            "url": { "origin": "https://api.example.com", "path": "/login" },
            "query": [{ "name": "tokenAccess", "part": "token" }],
        },
    })
}

#[test]
fn every_scheme_is_read_and_names_its_parts() {
    let token_url = json!({ "origin": "https://api.example.com", "path": "/token" });
    let table: [(Value, &[&str]); 11] = [
        (json!({ "type": "header", "name": "X-Key", "name_from": "/base_url" }), &["value"]),
        (json!({ "type": "body-field", "name": "key" }), &["value"]),
        (
            json!({ "type": "oauth2-client-credentials", "token_url": token_url, "scope": "all", "client": "body" }),
            &["client-id", "client-secret"],
        ),
        (
            json!({
                "type": "oauth2-refresh", "token_url": token_url, "headers": [{ "name": "X-Key", "part": "key" }],
            }),
            &["client-id", "client-secret", "refresh-token", "key"],
        ),
        (exchange(), &["token"]),
        (json!({ "type": "jwt", "algorithm": "ES256" }), &["value"]),
        (json!({ "type": "inbound-basic" }), &["username", "password"]),
        (json!({ "type": "inbound-bearer" }), &["value"]),
        (json!({ "type": "inbound-client-credentials" }), &["client-id", "client-secret"]),
        (json!({ "type": "inbound-webhook-signature", "tolerance_s": 60 }), &["value"]),
        (json!({ "type": "mac" }), &["value"]),
    ];
    for (scheme, parts) in table {
        let manifest = with("/credentials/0", slot(scheme.clone()));
        let manifest = Manifest::parse(&manifest.to_string()).unwrap_or_else(|found| panic!("{scheme}: {found:?}"));
        assert_eq!(manifest.credentials[0].scheme.parts(), parts, "{scheme}");
        let again = serde_json::to_string(&manifest).unwrap();
        assert_eq!(Manifest::parse(&again).unwrap(), manifest, "{scheme}");
    }
}

#[test]
fn violation_of_a_scheme_is_found_in_its_place() {
    let header = json!({ "type": "header", "name": "X-Key", "name_from": "/nowhere" });
    let inbound = json!({ "type": "inbound-client-credentials", "token_path": "token", "lifetime_s": 0 });
    let table = [
        (header, "/name_from", json!("/nowhere"), "unknown-config-key"),
        (exchange(), "/request/url/origin", json!("https://evil.example"), "not-among-hosts"),
        (exchange(), "/request/query", json!([]), "no-part"),
        (exchange(), "/request/form", json!([{ "name": "a", "part": "b" }]), "form-without-post"),
        (exchange(), "/token", json!([]), "empty"),
        (exchange(), "/token", json!(["token"]), "path"),
        (exchange(), "/attach", json!({ "header": "Content-Length" }), "header-host-owned"),
        (exchange(), "/lifetime_s", json!(0), "zero"),
        (exchange(), "/revoked_by", json!([200]), "status"),
        (inbound.clone(), "/token_path", json!("token"), "path"),
        (inbound, "/lifetime_s", json!(0), "zero"),
    ];
    for (mut scheme, place, value, code) in table {
        let (parent, key) = place.rsplit_once('/').unwrap();
        scheme.pointer_mut(parent).unwrap()[key] = value;
        let found = found(&with("/credentials/0", slot(scheme)));
        let expected = format!("/credentials/0/scheme{place}");
        let is_there = |(path, one): &(String, String)| path.starts_with(&expected) && one == code;
        let is_above = |(path, one): &(String, String)| expected.starts_with(path.as_str()) && one == code;
        assert!(found.iter().any(|one| is_there(one) || is_above(one)), "{place} {code}: {found:?}");
    }
}

#[test]
fn all_violations_come_at_once() {
    let mut manifest = with("/name", json!("Shop"));
    *manifest.pointer_mut("/version").unwrap() = json!("one");
    *manifest.pointer_mut("/budgets/0/calls").unwrap() = json!(0);
    assert_eq!(found(&manifest).len(), 3);
}

#[test]
fn text_that_is_no_manifest_is_refused() {
    for (text, code) in [("", "shape"), ("[]", "shape"), ("{\"name\": 1}", "shape"), ("{\"nane\": \"x\"}", "shape")] {
        let found = Manifest::parse(text).unwrap_err();
        assert_eq!(found.first().unwrap().code, code, "{text}: {found:?}");
    }
    let found = Manifest::parse(&format!("{} {{}}", full())).unwrap_err();
    assert_eq!(found.first().unwrap().code, "not-json");
}

#[test]
fn manifest_and_exports_that_agree_are_accepted() {
    let manifest = Manifest::parse(&full().to_string()).unwrap();
    assert_eq!(manifest.disagreements(&inspection(&ALL)), []);
}

#[test]
fn manifest_that_promises_what_is_not_exported_is_refused() {
    let manifest = Manifest::parse(&full().to_string()).unwrap();
    for missing in ["feeds", "records", "writing", "references", "counts", "webhooks", "serving"] {
        let exported: Vec<&str> = ALL.into_iter().filter(|name| *name != missing).collect();
        let found = manifest.disagreements(&inspection(&exported));
        let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
        assert!(codes == ["not-exported"] && found.iter().all(|one| one.message.contains(missing)), "{found:?}");
    }
}

#[test]
fn export_that_the_manifest_does_not_declare_is_refused() {
    let mut manifest = Manifest::parse(&full().to_string()).unwrap();
    manifest.feeds.clear();
    manifest.records.clear();
    manifest.writes.clear();
    manifest.reference_lists.clear();
    manifest.webhooks = None;
    manifest.serves.clear();
    for exported in ALL.into_iter().filter(|name| *name != "describe") {
        let found = manifest.disagreements(&inspection(&["describe", exported]));
        let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
        assert!(codes == ["not-declared"] && found.iter().all(|one| one.message.contains(exported)), "{found:?}");
    }
}
