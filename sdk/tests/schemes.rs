//! Credential slots of every scheme, against the published schema.
#![allow(clippy::expect_used, reason = "a test fails where it stands")]

use serde_json::{Value, json};
use wharf_sdk::manifest::{JwtAlgorithm, Manifest, Oauth2Client, Origin, Slot, TokenExchange};

fn slots() -> Vec<(Slot, Value)> {
    let token_url = json!({"origin": {"config": "base_url"}, "path": "/token"});
    let client = || Oauth2Client::new(Origin::config("base_url"), "/token");
    let login = TokenExchange::get(Origin::config("base_url"), "/login").query("tokenAccess", "token");
    let sign_in = TokenExchange::post("https://api.example.com", "/sign-in")
        .header("X-Key", "key")
        .form("pass", "password")
        .field("mode", "api")
        .token_at(["/data/token", "/token"])
        .lifetime_s(600)
        .into_query("session")
        .revoked_by([401]);
    vec![
        (Slot::header("slot", "X-Key"), json!({"type": "header", "name": "X-Key"})),
        (
            Slot::header_from("slot", "X-Key", "/key_header"),
            json!({"type": "header", "name": "X-Key", "name_from": "/key_header"}),
        ),
        (Slot::body_field("slot", "apiKey"), json!({"type": "body-field", "name": "apiKey"})),
        (
            Slot::oauth2_client_credentials("slot", client().scope("all").client_in_body()),
            json!({
                "type": "oauth2-client-credentials", "token_url": token_url, "scope": "all", "headers": [],
                "fields": [], "client": "body",
            }),
        ),
        (
            Slot::oauth2_refresh("slot", client().header("X-Key", "key").field("audience", "api")),
            json!({
                "type": "oauth2-refresh", "token_url": token_url, "headers": [{"name": "X-Key", "part": "key"}],
                "fields": [{"name": "audience", "value": "api"}], "client": "basic",
            }),
        ),
        (
            Slot::token_exchange("slot", login.into_header("Op-Auth-Token")),
            json!({
                "type": "token-exchange", "token": "search", "attach": {"header": "Op-Auth-Token"},
                "revoked_by": [401, 403],
                "request": {
                    "url": {"origin": {"config": "base_url"}, "path": "/login"}, "method": "GET",
                    "query": [{"name": "tokenAccess", "part": "token"}], "headers": [], "form": [], "fields": [],
                },
            }),
        ),
        (
            Slot::token_exchange("slot", sign_in),
            json!({
                "type": "token-exchange", "token": ["/data/token", "/token"], "attach": {"query": "session"},
                "revoked_by": [401], "lifetime_s": 600,
                "request": {
                    "url": {"origin": "https://api.example.com", "path": "/sign-in"}, "method": "POST",
                    "query": [], "headers": [{"name": "X-Key", "part": "key"}],
                    "form": [{"name": "pass", "part": "password"}], "fields": [{"name": "mode", "value": "api"}],
                },
            }),
        ),
        (Slot::jwt("slot", JwtAlgorithm::Rs256), json!({"type": "jwt", "algorithm": "RS256"})),
        (Slot::inbound_basic("slot"), json!({"type": "inbound-basic"})),
        (Slot::inbound_bearer("slot"), json!({"type": "inbound-bearer"})),
        (
            Slot::inbound_client_credentials("slot", "/token"),
            json!({"type": "inbound-client-credentials", "token_path": "/token", "lifetime_s": 3600}),
        ),
        (
            Slot::inbound_client_credentials_from("slot", "/token", "/paths/token"),
            json!({
                "type": "inbound-client-credentials", "token_path": "/token", "token_path_from": "/paths/token",
                "lifetime_s": 3600,
            }),
        ),
        (Slot::inbound_webhook_signature("slot"), json!({"type": "inbound-webhook-signature", "tolerance_s": 300})),
    ]
}

#[test]
fn every_scheme_is_written_as_the_schema_has_it() {
    let schema: Value = serde_json::from_str(include_str!("../../wit/manifest.schema.json")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for (slot, expected) in slots() {
        let manifest = Manifest::new("shop", "1.2.3", "A shop.").credential(slot);
        let mut written: Value = serde_json::from_str(&manifest.to_json()).expect("JSON");
        assert_eq!(written["credentials"][0]["scheme"], expected);
        let mistakes: Vec<_> = schema.iter_errors(&written).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{expected}: {mistakes:?}");
        written["credentials"][0]["scheme"]["colour"] = json!("blue");
        assert!(!schema.is_valid(&written), "{expected}");
    }
}
