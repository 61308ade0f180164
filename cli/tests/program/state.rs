//! Commands that look into the ledger.

use serde_json::json;

use crate::Site;

const FILE: &str = "[connection.one]
connector = \"http-echo-credential\"
config = { base_url = \"https://localhost:1\" }
grant.origins = [\"https://localhost:1\"]
";

fn site() -> Site {
    let site = Site::new(FILE);
    site.install("http-echo-credential");
    site
}

#[test]
fn nothing_is_parked_at_first() {
    let site = site();
    assert_eq!(site.json(&["parked"]), (0, json!({ "parked": [], "holds": [] })));
    assert_eq!(site.json(&["release", "--cause", "invalid-record"]), (0, json!({ "released": 0, "lifted": 0 })));
    let ended = site.run(&["release", "one/order/1"]);
    assert_eq!(ended.stdout, "nothing like that is parked; `wharf parked` lists what is\n");
}

#[test]
fn document_that_nothing_has_seen_is_said_to_be_so() {
    let site = site();
    let (code, value) = site.json(&["why", "one/order/FV/1"]);
    assert_eq!(code, 1);
    let expected = json!({
        "document": { "connection": "one", "entity": "order", "id": "FV/1" },
        "stories": [],
        "not_seen_by": [],
    });
    assert_eq!(value, expected);
    let ended = site.run(&["why", "one/order/1"]);
    let text = "no flow has seen one/order/1\nno flow reads connection one; add a [flow.NAME] with it in `from`\n";
    assert_eq!(ended.stdout, text);
}

#[test]
fn run_and_plan_of_nothing_are_fine_and_serve_wants_a_schedule() {
    let site = site();
    assert_eq!(site.json(&["run"]), (0, json!({ "flows": [], "errors": [] })));
    assert_eq!(site.json(&["plan"]), (0, json!({ "flows": [] })));
    let (code, value) = site.json(&["serve"]);
    assert_eq!((code, &value["error"]["code"]), (3, &json!("no-schedule")));
}

#[test]
fn state_that_cannot_be_opened_ends_with_6() {
    let site = site();
    site.write("wharf.toml", &format!("[wharf]\nstate = \"none/wharf.sqlite\"\n{FILE}"));
    let (code, value) = site.json(&["parked"]);
    assert_eq!((code, &value["error"]["code"]), (6, &json!("ledger-open")), "{value}");
    site.write("wharf.toml", &format!("[wharf]\nstate = \"wharf.toml\"\n{FILE}"));
    assert_eq!(site.run(&["parked"]).code, 6);
}

#[test]
fn logs_are_json_lines_on_stderr_with_json() {
    let site = site();
    let ended = site.run(&["--json", "--log", "info", "validate"]);
    assert!(ended.stderr.lines().count() > 0);
    for line in ended.stderr.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["level"].is_string(), "{line}");
    }
}
