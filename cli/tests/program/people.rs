//! What people decide, and what they are told.

use serde_json::json;

use crate::Site;

const FILE: &str = "[wharf]
keep_done = \"90d\"

[connection.one]
connector = \"http-echo-credential\"
config = { base_url = \"https://localhost:1\" }
grant.origins = [\"https://localhost:1\"]
credential.token.value = { env = \"TOKEN\" }

[connection.two]
connector = \"http-echo-credential\"
config = { base_url = \"https://localhost:1\" }
grant.origins = [\"https://localhost:1\"]
credential.token.value = { env = \"TOKEN\" }
";

fn site() -> Site {
    let site = Site::new(FILE);
    site.install("http-echo-credential");
    site
}

#[test]
fn pause_is_shown_until_it_is_resumed() {
    let site = site();
    let pause = ["pause", "--connection", "one", "--reason", "stocktaking"];
    assert_eq!(site.json(&pause), (0, json!({ "paused": { "connection": "one" }, "news": true })));
    assert_eq!(site.json(&pause).1["news"], json!(false));
    let (code, status) = site.json(&["status"]);
    assert_eq!((code, status["alerts"][0]["cause"].as_str()), (1, Some("paused")));
    assert_eq!(status["holds"][0]["scope"], json!({ "connection": "one" }));
    let shown = site.run(&["status"]).stdout;
    assert!(shown.contains("stocktaking") && shown.contains("wharf resume --connection one"), "{shown}");
    assert_eq!(site.run(&["parked"]).code, 1);
    let resume = ["resume", "--connection", "one"];
    assert_eq!(site.json(&resume), (0, json!({ "resumed": { "connection": "one" }, "news": true })));
    assert_eq!(site.json(&resume).1["news"], json!(false));
    assert_eq!(site.json(&["status"]).0, 0);
}

#[test]
fn slots_with_the_same_source_are_one_credential() {
    let site = site();
    let (code, paused) = site.json(&["pause", "--credential", "two/token", "--reason", "leaked"]);
    assert_eq!((code, &paused["paused"]), (0, &json!({ "credential": "one/token" })));
    let (code, error) = site.json(&["pause", "--credential", "one/password", "--reason", "leaked"]);
    assert_eq!((code, &error["error"]["fix"]), (2, &json!("known are `token`")), "{error}");
    assert_eq!(site.json(&["pause", "--credential", "token", "--reason", "x"]).0, 2);
}

#[test]
fn pause_and_skip_want_a_reason_and_one_scope() {
    let site = site();
    for arguments in [
        &["pause", "--connection", "one"][..],
        &["pause", "--connection", "one", "--reason", " "],
        &["pause", "--reason", "x"],
        &["pause", "--connection", "one", "--credential", "one/token", "--reason", "x"],
        &["skip", "one/order/1"],
        &["skip", "one/order/1", "--reason", ""],
        &["skip", "--cause", "outcome-unknown", "--reason", "x", "--i-have-checked", "absent"],
        &["skip", "--reason", "x"],
        &["retry"],
        &["resolve", "one/order/1"],
        &["backfill", "orders", "--from", "yesterday"],
        &["reconcile", "ordes", "--from", "2026-01-01"],
    ] {
        let (code, error) = site.json(arguments);
        assert_eq!(code, 2, "{arguments:?}: {error}");
    }
}

#[test]
fn nothing_to_decide_about_is_said_to_be_so() {
    let site = site();
    assert_eq!(site.json(&["retry", "one/order/1"]), (0, json!({ "retried": 0, "why_not": [] })));
    let skipped = json!({ "skipped": 0, "ended": 0, "refused": [] });
    assert_eq!(site.json(&["skip", "one/order/1", "--reason", "x"]), (0, skipped));
    let (code, error) = site.json(&["resolve", "one/order/1", "--i-have-checked", "absent"]);
    assert_eq!((code, &error["error"]["code"]), (2, &json!("not-found")));
    let (code, error) = site.json(&["retry", "tow/order/1"]);
    assert_eq!((code, &error["error"]["code"]), (2, &json!("usage")));
}

#[test]
fn backup_is_a_state_to_go_on_from_and_overwrites_nothing() {
    let site = site();
    site.json(&["pause", "--connection", "one", "--reason", "before the move"]);
    let (code, backup) = site.json(&["backup", "copy.sqlite"]);
    assert_eq!(code, 0);
    assert!(backup["bytes"].as_u64().unwrap() > 0);
    let (code, error) = site.json(&["backup", "copy.sqlite"]);
    assert_eq!((code, &error["error"]["code"]), (6, &json!("backup-unwritable")), "{error}");
    site.write("wharf.toml", &FILE.replace("[wharf]", "[wharf]\nstate = \"copy.sqlite\""));
    assert_eq!(
        site.json(&["status"]).1["alerts"][0]["message"].as_str().unwrap().split(';').next(),
        Some("before the move")
    );
}
