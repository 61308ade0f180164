//! What the connector says of itself, its check and its lists.

use serde_json::{Value, json};
use wharf_sdk::setup::StepState;
use wharf_sdk::{Describe, References, Setup};
use wharf_sdk_testing::{Answer, FakeHost};

use crate::shop::call;

fn success(payload: Value) -> Answer {
    let mut body = payload;
    body["status"] = "SUCCESS".into();
    Answer::json(200, body.to_string())
}

#[test]
fn the_manifest_asks_for_one_origin_and_one_token() {
    let manifest: Value = serde_json::from_str(&baselinker::BaseLinker::manifest().to_json()).expect("JSON");
    assert_eq!(manifest["hosts"][0], json!({"origin": "https://api.baselinker.com", "methods": ["POST"]}));
    assert_eq!(manifest["hosts"][1]["origin"], json!({"config": "base_url"}));
    assert_eq!(manifest["credentials"][0]["scheme"], json!({"type": "header", "name": "X-BLToken"}));
    assert_eq!(
        manifest["budgets"],
        json!([{"name": "default", "calls": 90, "seconds": 60, "calls_from_config": "calls_per_minute"}])
    );
    let feeds: Vec<_> =
        manifest["feeds"].as_array().unwrap().iter().map(|feed| feed["name"].as_str().unwrap()).collect();
    assert_eq!(feeds, ["orders", "raw-orders", "unconfirmed-orders", "journal"]);
    assert_eq!(manifest["writes"][0]["verifiable"], true);
    let properties = &manifest["config"]["schema"]["properties"];
    assert_eq!(properties["base_url"]["default"], "https://api.baselinker.com");
    assert_eq!(properties["calls_per_minute"]["default"], 90);
    assert_eq!(manifest["config"]["schema"].get("required"), None, "every key has a default");
}

#[test]
fn mistakes_in_the_configuration_are_found_with_their_places() {
    for (config, paths) in [
        ("{}", vec![]),
        (r#"{"base_url": "https://127.0.0.1:8443"}"#, vec![]),
        (r#"{"base_url": "api.baselinker.com", "block_time_zone": "Mars"}"#, vec!["/base_url", "/block_time_zone"]),
        (r#"{"correlation_field": "phone"}"#, vec!["/correlation_field"]),
        (r#"{"base_uri": "x"}"#, vec!["/base_uri"]),
    ] {
        let found = baselinker::BaseLinker::validate_config(config);
        assert_eq!(found.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), paths, "{config}");
    }
    assert!(baselinker::BaseLinker::migrate_config(7, "{}").is_err());
}

#[test]
fn every_request_goes_to_the_one_address_with_the_token_named() {
    for (config, url) in [
        ("{}", "https://api.baselinker.com/connector.php"),
        (r#"{"base_url": "https://127.0.0.1:8443/"}"#, "https://127.0.0.1:8443/connector.php"),
        (r#"{"base_url": "https://proxy.example/connector.php"}"#, "https://proxy.example/connector.php"),
    ] {
        let host = FakeHost::new().config(config).answer(success(json!({"statuses": []}))).install();
        baselinker::BaseLinker::page("order-status", None).expect("a page");
        let request = host.only_request();
        assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", url));
        assert_eq!(request.credential.as_deref(), Some("token"));
        assert_eq!(request.effect, wharf_sdk::http::Effect::Read);
        assert_eq!(request.headers, [("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned())]);
        assert_eq!(call(&request), ("getOrderStatusList".to_owned(), json!({})));
    }
}

#[test]
fn lists_are_read_with_their_quirks() {
    for (list, payload, expected) in [
        (
            "order-status",
            json!({"statuses": [{"id": 201, "name": "New", "name_for_customer": "Taken", "color": "#fff"}, {"id": "5", "name": "X"}]}),
            vec![("201", Some("Taken"), "New"), ("5", None, "X")],
        ),
        (
            "order-source",
            json!({"sources": {"personal": ["Phone"], "shop": {"8235": "Shop A"}, "allegro": []}}),
            vec![("personal:0", Some("personal"), "Phone"), ("shop:8235", Some("shop"), "Shop A")],
        ),
        ("order-source", json!({"sources": []}), vec![]),
        (
            "attribute",
            json!({"extra_fields": [{"extra_field_id": 11, "name": "Gift", "editor_type": "text"}]}),
            vec![("11", Some("text"), "Gift")],
        ),
        (
            "warehouse",
            json!({"warehouses": [{"warehouse_type": "bl", "warehouse_id": 205, "name": "Main"}]}),
            vec![("bl_205", None, "Main")],
        ),
        (
            "price-list",
            json!({"price_groups": [{"price_group_id": 105, "name": "Retail", "currency": "PLN"}]}),
            vec![("105", Some("PLN"), "Retail")],
        ),
        (
            "document-series",
            json!({"series": [{"id": "3", "type": "INVOICE", "name": "FV"}]}),
            vec![("3", Some("INVOICE"), "FV")],
        ),
    ] {
        let _host = FakeHost::new().answer(success(payload)).install();
        let page = baselinker::BaseLinker::page(list, None).expect(list);
        let found: Vec<_> =
            page.references.iter().map(|one| (one.id.as_str(), one.code.as_deref(), one.label.as_str())).collect();
        assert_eq!((found, page.next), (expected, None), "{list}");
    }
    let _host = FakeHost::new().install();
    assert!(baselinker::BaseLinker::page("colour", None).is_err());
}

#[test]
fn the_check_goes_step_by_step() {
    let host = FakeHost::new()
        .answer(success(json!({"statuses": [{"id": 1, "name": "New"}]})))
        .answer(success(json!({"orders": []})))
        .answer(success(json!({"sources": []})))
        .answer(success(json!({"logs": []})))
        .install();
    let steps = baselinker::BaseLinker::check();
    assert!(steps.iter().all(|step| step.state == StepState::Ok), "{steps:?}");
    assert!(steps[3].detail.contains("switch the journal on"));
    host.start_call();
    host.answer(Answer::json(200, r#"{"status":"ERROR","error_code":"ERROR_BAD_TOKEN","error_message":""}"#));
    let steps = baselinker::BaseLinker::check();
    assert_eq!((steps[0].state, steps[1].state), (StepState::Failed, StepState::Skipped));
    assert!(steps[0].hint.as_deref().is_some_and(|hint| hint.contains("My account")));
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn personal_sources_are_offered_for_new_orders() {
    let sources = json!({"sources": {"personal": {"0": "Phone", "5": "Fair"}, "shop": {"1": "Shop"}}});
    let _host = FakeHost::new().answer(success(sources)).install();
    let found = baselinker::BaseLinker::discover().expect("choices").to_json();
    assert_eq!(found, r#"{"custom_source_id":[{"value":0,"label":"Phone"},{"value":5,"label":"Fair"}]}"#);
}
