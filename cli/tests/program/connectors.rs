//! What the file says against what connectors say of themselves.

use serde_json::json;

use crate::Site;

const ECHO: &str = "[connection.one]
connector = \"http-echo-credential\"
config = { base_url = \"https://localhost:8443\" }
credential.token = { value = { env = \"WHARF_TEST_TOKEN\" } }
grant.origins = [\"https://localhost:8443\"]
";

fn site(file: &str) -> Site {
    let site = Site::new(file);
    site.install("http-echo-credential");
    site
}

#[track_caller]
fn is_wrong(file: &str, expected: &[&str]) {
    let ended = site(file).run(&["validate"]);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    let (_, lines) = lines.split_last().unwrap();
    assert_eq!((ended.code, lines), (3, expected), "{}", ended.stderr);
}

#[test]
fn correct_file_is_valid() {
    let (code, value) = site(ECHO).json(&["validate"]);
    assert_eq!((code, value), (0, json!({ "valid": true, "connections": 1, "tables": 0, "flows": 0 })));
    let ended = site(ECHO).run(&["validate"]);
    assert_eq!(ended.stdout, "wharf.toml: no mistakes (1 connections, 0 tables, 0 flows)\n");
}

#[test]
fn connector_that_is_not_there_is_named_with_its_neighbours() {
    is_wrong(
        &ECHO.replace("http-echo-credential", "http-echo-credentials"),
        &[
            "wharf.toml:2:1 connection.one.connector: there is no `connectors/http-echo-credentials.wasm`; install it with \
           `wharf install FILE`, or use another: did you mean `http-echo-credential`?",
        ],
    );
}

#[test]
fn connector_that_is_refused_ends_with_4() {
    let site = site("[connection.one]\nconnector = \"broken\"\n");
    site.write("connectors/broken.wasm", "not wasm");
    let ended = site.run(&["validate"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    let start = "wharf.toml:2:1 connection.one.connector: connector `broken` is not approved";
    assert!(ended.stderr.starts_with(start), "{}", ended.stderr);
    let (code, value) = site.json(&["validate"]);
    assert_eq!((code, &value["error"]["problems"][0]["line"]), (4, &json!(2)), "{value}");
}

#[test]
fn configuration_mistakes_are_mapped_to_their_lines() {
    let file = ECHO.replace("config = { base_url = \"https://localhost:8443\" }", "config.base_ur = \"x\"");
    let ended = site(&file).run(&["validate"]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("wharf.toml:3:8 connection.one.config.base_ur: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("base_url"), "{}", ended.stderr);
    let file = ECHO.replace("\"https://localhost:8443\" }", "5 }");
    let ended = site(&file).run(&["validate"]);
    assert!(ended.stderr.contains("wharf.toml:3:12 connection.one.config.base_url: "), "{}", ended.stderr);
}

#[test]
fn credentials_that_the_connector_does_not_have_are_named() {
    is_wrong(
        &ECHO.replace("credential.token", "credential.tokn"),
        &["wharf.toml:4:12 connection.one.credential.tokn: connector `http-echo-credential` has no credential slot \
           `tokn`; did you mean `token`?"],
    );
    is_wrong(
        &ECHO.replace("{ value =", "{ valu ="),
        &[
            "wharf.toml:4:12 connection.one.credential.token: `value` is missing; add value = { env = \"NAME\" }",
            "wharf.toml:4:22 connection.one.credential.token.valu: unknown key; did you mean `value`?",
        ],
    );
}

#[test]
fn connection_that_may_reach_nothing_is_a_mistake_with_what_to_approve() {
    is_wrong(
        &ECHO.replace("grant.origins = [\"https://localhost:8443\"]\n", ""),
        &["wharf.toml:1:13 connection.one: may reach nothing, connector `http-echo-credential` asks for \
           https://localhost:8443; if that is approved, add origins = [\"https://localhost:8443\"] under \
           [connection.one.grant]"],
    );
}

#[test]
fn flows_are_checked_against_the_manifests() {
    let flow = "[flow.f]
from = { connection = \"one\", feed = \"order\" }
to = { connection = \"one\", entity = \"order\", action = \"create\" }
";
    let ended = site(&format!("{ECHO}{flow}")).run(&["validate"]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("wharf.toml:7:30 flow.f.from.feed: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("wharf.toml:8:"), "{}", ended.stderr);
}

#[test]
fn inspect_shows_identity_abilities_and_requests() {
    let site = site("");
    let ended = site.run(&["inspect", "connectors/http-echo-credential.wasm"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for expected in ["digest    sha256:", "contract  0.1.0", "origin of config.base_url", "base_url  required"] {
        assert!(ended.stdout.contains(expected), "{expected}: {}", ended.stdout);
    }
    let (code, value) = site.json(&["inspect", "connectors/http-echo-credential.wasm"]);
    assert_eq!(code, 0);
    assert_eq!(value["manifest"]["credentials"][0]["name"], "token");
    assert_eq!(value["digest"].as_str().unwrap().len(), 64);
    let (code, value) = site.json(&["inspect", "wharf.toml"]);
    assert_eq!((code, &value["error"]["place"]), (4, &json!("wharf.toml")));
    assert_eq!(site.run(&["inspect", "none.wasm"]).code, 2);
}

#[test]
fn writes_that_may_duplicate_are_labelled() {
    let site = Site::new("");
    site.install("poison-batch");
    let (_, value) = site.json(&["inspect", "connectors/poison-batch.wasm"]);
    let blind = value["manifest"]["writes"].as_array().unwrap().iter().any(|write| write["verifiable"] == false);
    assert_eq!(!value["may_duplicate"].as_array().unwrap().is_empty(), blind);
}
