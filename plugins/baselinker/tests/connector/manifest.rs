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
    assert_eq!(
        feeds,
        [
            "orders",
            "raw-orders",
            "unconfirmed-orders",
            "journal",
            "order-returns",
            "invoices",
            "raw-invoices",
            "receipts",
            "payments",
            "packages",
            "products",
            "product-stock",
            "product-prices",
            "external-products"
        ]
    );
    let writes = manifest["writes"].as_array().unwrap();
    assert!(writes.iter().all(|write| write["verifiable"] == true), "nothing may be doubled");
    let batches: Vec<_> = writes.iter().map(|write| (write["entity"].as_str().unwrap(), &write["batch"])).collect();
    assert_eq!(
        batches,
        [
            ("order", &json!(1)),
            ("order-status", &json!(100)),
            ("order-line", &json!(1)),
            ("payment", &json!(1)),
            ("package", &json!(1)),
            ("product", &json!(1)),
            ("product-stock", &json!(1000)),
            ("product-price", &json!(1000)),
            ("external-stock", &json!(1000))
        ]
    );
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
        (
            "inventory",
            json!({"inventories": [{"inventory_id": 307, "name": "Main", "is_default": true}]}),
            vec![("307", None, "Main")],
        ),
        (
            "product-category",
            json!({"categories": [{"category_id": "3", "name": "Mugs", "parent_id": 0}]}),
            vec![("3", None, "Mugs")],
        ),
        ("manufacturer", json!({"manufacturers": [{"manufacturer_id": 7, "name": "Acme"}]}), vec![("7", None, "Acme")]),
        ("product-tag", json!({"tags": [{"name": "new"}]}), vec![("new", None, "new")]),
        (
            "product-attribute",
            json!({"extra_fields": [{"extra_field_id": 75, "name": "Shelf", "editor_type": "text"}]}),
            vec![("75", Some("text"), "Shelf")],
        ),
        ("order-return-status", json!({"statuses": [{"id": 9, "name": "New"}]}), vec![("9", None, "New")]),
        (
            "return-reason",
            json!({"return_reasons": [{"return_reason_id": 4, "name": "Too small"}, {"id": "5", "name": "Broken"}]}),
            vec![("4", None, "Too small"), ("5", None, "Broken")],
        ),
        (
            "return-item-status",
            json!({"order_return_product_statuses": {"0": {"status_id": 2, "name": "Taken back"}}}),
            vec![("2", None, "Taken back")],
        ),
        (
            "external-storage",
            json!({"storages": [{"storage_id": "shop_2444", "name": "Shop", "methods": []}]}),
            vec![("shop_2444", None, "Shop")],
        ),
        ("courier", json!({"couriers": [{"code": "dpd", "name": "DPD"}]}), vec![("dpd", None, "DPD")]),
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
        .answer(success(json!({"inventories": [{"inventory_id": 307, "name": "Main"}]})))
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
fn an_inventory_that_is_not_there_is_a_warning_of_the_check() {
    let answers = [json!({"statuses": []}), json!({"orders": []}), json!({"sources": []}), json!({"logs": []})];
    let host = FakeHost::new().config(r#"{"inventory_id": 8}"#);
    let host = answers.into_iter().fold(host, |host, answer| host.answer(success(answer)));
    let _host = host.answer(success(json!({"inventories": [{"inventory_id": 307, "name": "Main"}]}))).install();
    let steps = baselinker::BaseLinker::check();
    let last = steps.last().expect("steps");
    assert_eq!((last.name.as_str(), last.state), ("read inventories", StepState::Warning));
    assert!(last.detail.contains("there is no inventory `8`"), "{last:?}");
}

#[test]
fn what_the_account_offers_is_found_for_the_configuration() {
    let _host = FakeHost::new()
        .answer(success(json!({"sources": {"personal": {"0": "Phone", "5": "Fair"}, "shop": {"1": "Shop"}}})))
        .answer(success(json!({"inventories": [{"inventory_id": 307, "name": "Main"}]})))
        .answer(success(json!({"price_groups": [{"price_group_id": "105", "name": "Retail", "currency": "PLN"}]})))
        .answer(success(json!({"warehouses": [
            {"warehouse_type": "bl", "warehouse_id": 205, "name": "Main"},
            {"warehouse_type": "shop", "warehouse_id": 23, "name": "Shop"}
        ]})))
        .install();
    let found = baselinker::BaseLinker::discover().expect("choices").to_json();
    assert_eq!(
        serde_json::from_str::<Value>(&found).expect("JSON"),
        json!({
            "custom_source_id": [{"value": 0, "label": "Phone"}, {"value": 5, "label": "Fair"}],
            "inventory_id": [{"value": 307, "label": "Main"}],
            "price_group_id": [{"value": 105, "label": "Retail"}],
            "warehouse": [{"value": "bl_205", "label": "Main"}]
        })
    );
}
