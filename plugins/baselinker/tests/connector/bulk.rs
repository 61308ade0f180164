//! Stock, prices and statuses of many records, and what is written to what belongs to orders.

use serde_json::{Value, json};
use wharf_sdk::failure::Cause;
use wharf_sdk::http::Effect;
use wharf_sdk::{Action, Applied, Intent, MissingKind, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, FakeHost, InstalledHost, text_body};

use crate::shop::call;

fn intent(entity: &str, action: Action, target: &str, document: &Value) -> Intent {
    Intent {
        id: "1".to_owned(),
        entity: entity.to_owned(),
        action,
        target: Some(target.to_owned()).filter(|target| !target.is_empty()),
        expected_revision: None,
        correlation: "whabc234".to_owned(),
        document: document.to_string(),
    }
}

fn stock(target: &str, quantity: &str) -> Intent {
    let document = json!({"stock": [{"warehouse": "bl_206", "quantity": quantity}]});
    intent("product-stock", Action::Update, target, &document)
}

fn success(payload: &str) -> Answer {
    Answer::json(200, format!(r#"{{"status":"SUCCESS"{payload}}}"#))
}

fn error(code: &str) -> Answer {
    Answer::json(200, json!({"status": "ERROR", "error_code": code, "error_message": ""}).to_string())
}

fn host() -> FakeHost {
    FakeHost::new().config(r#"{"inventory_id": 307}"#)
}

fn apply(intents: &[Intent]) -> Vec<wharf_sdk::Result<Outcome>> {
    baselinker::BaseLinker::apply_batch(intents)
}

/// Ids of the products of each call.
fn products(host: &InstalledHost) -> Vec<Vec<String>> {
    let keys = |request| call(request).1["products"].as_object().unwrap().keys().cloned().collect();
    host.requests().iter().map(keys).collect()
}

#[test]
fn a_warning_is_the_failure_of_one_product_whatever_shape_none_has() {
    for none in [r#""""#, "[]", "{}", "null"] {
        let host = host().answer(success(&format!(r#","counter":2,"warnings":{none}"#))).install();
        let intents = [stock("77", "5"), stock("78", "0.5")];
        let plan = baselinker::BaseLinker::plan_batch(&intents);
        assert_eq!(apply(&intents), [Ok(Outcome::applied("77")), Ok(Outcome::applied("78"))], "{none}");
        let request = host.only_request();
        assert_eq!(request.effect, Effect::IdempotentWrite);
        assert!(plan.iter().all(|plan| plan.as_ref().unwrap().body == text_body(&request)), "the plan is what is sent");
        assert_eq!(
            call(&request),
            (
                "updateInventoryProductsStock".to_owned(),
                json!({"inventory_id": 307, "products": {"77": {"bl_206": 5}, "78": {"bl_206": 0.5}}})
            )
        );
    }
    let warnings = r#","counter":1,"warnings":{"78":"Product not found","79":["Warehouse is locked"]}"#;
    let _host = host().answer(success(warnings)).install();
    let results = apply(&[stock("77", "5"), stock("78", "0"), stock("79", "1")]);
    assert_eq!(results[0], Ok(Outcome::applied("77")));
    let Err(missing) = &results[1] else { panic!("{results:?}") };
    let Cause::NotFound(subject) = missing.cause() else { panic!("{missing:?}") };
    assert_eq!((subject.kind, subject.key.as_str()), (MissingKind::Subject, "78"));
    let Err(other) = &results[2] else { panic!("{results:?}") };
    assert!(matches!(other.cause(), Cause::InvalidRecord(_)) && other.message().contains("Warehouse is locked"));
}

#[test]
fn a_call_has_at_most_1000_products_and_each_of_them_once() {
    let host = host().respond(|_| success(r#","counter":1,"warnings":"""#)).install();
    let mut intents: Vec<Intent> = (1..=1200).map(|id| stock(&id.to_string(), "1")).collect();
    intents.push(stock("5", "2"));
    intents.push(intent(
        "product-stock",
        Action::Update,
        "5",
        &json!({"inventory_id": "308", "stock": [{"warehouse": "bl_1", "quantity": "1"}]}),
    ));
    assert!(apply(&intents).iter().all(Result::is_ok));
    let calls = products(&host);
    assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 201, 1]);
    assert!(calls[1].contains(&"5".to_owned()), "the later quantity comes later");
    assert_eq!(call(&host.requests()[2]).1["inventory_id"], 308);
}

#[test]
fn a_product_that_is_set_twice_is_set_in_turn() {
    let host = host().respond(|_| success(r#","counter":1,"warnings":"""#)).install();
    assert!(apply(&[stock("7", "1"), stock("8", "1"), stock("7", "2")]).iter().all(Result::is_ok));
    assert_eq!(products(&host), [vec!["7".to_owned(), "8".to_owned()], vec!["7".to_owned()]]);
}

#[test]
fn a_refused_call_is_halved_until_the_product_to_blame_is_found() {
    let host = host()
        .respond(|request| match call(request).1["products"].get("37") {
            Some(_) => error("ERROR_ODD_PRODUCT"),
            None => success(r#","counter":1,"warnings":[]"#),
        })
        .install();
    let intents: Vec<Intent> = (1..=64).map(|id| stock(&id.to_string(), "1")).collect();
    let results = apply(&intents);
    let failed: Vec<usize> = (0..64).filter(|place| results[*place].is_err()).collect();
    assert_eq!(failed, [36]);
    assert_eq!(host.requests().len(), 13);
    // Where everything is refused the search ends, and all fail.
    let host = self::host().respond(|_| error("ERROR_ODD")).install();
    assert!(apply(&intents).iter().all(Result::is_err));
    assert!(host.requests().len() <= 41, "{} calls", host.requests().len());
}

#[test]
fn a_block_ends_a_batch_and_nothing_else_is_sent() {
    let host = host().answer(error("ERROR_BLOCKED_TOKEN")).install();
    let intents: Vec<Intent> = (1..=1500).map(|id| stock(&id.to_string(), "1")).collect();
    let results = apply(&intents);
    let limited = |result: &wharf_sdk::Result<Outcome>| matches!(result, Err(failure) if matches!(failure.cause(), Cause::RateLimited(_)));
    assert!(results.iter().all(limited));
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn products_are_found_by_their_stock_keeping_units() {
    let by_sku = |sku: &str| {
        let document =
            json!({"sku": sku, "prices": [{"price_list": "105", "net": "10.00"}], "tax_rate": {"percent": "23"}});
        intent("product-price", Action::Update, "", &document)
    };
    for many in [3, 30] {
        let host = host()
            .respond(|request| {
                let (method, asked) = call(request);
                let rows = (1..=20).map(|id| json!({"id": id, "sku": format!("S{id}")}));
                match (method.as_str(), asked.get("filter_sku"), asked["page"].as_u64()) {
                    ("getInventoryProductsList", Some(sku), _) => {
                        let rows: Vec<Value> = rows.filter(|row| row["sku"] == *sku).collect();
                        success(&format!(r#","products":{}"#, json!(rows)))
                    }
                    ("getInventoryProductsList", None, Some(1)) => {
                        success(&format!(r#","products":{}"#, json!(rows.collect::<Vec<_>>())))
                    }
                    ("getInventoryProductsList", ..) => success(r#","products":[]"#),
                    _ => success(r#","counter":1,"warnings":"""#),
                }
            })
            .install();
        let intents: Vec<Intent> = (1..=many).map(|id| by_sku(&format!("S{id}"))).collect();
        let plan = baselinker::BaseLinker::plan(&intents[0]).expect("a plan");
        let results = apply(&intents);
        assert_eq!(results[0], Ok(Outcome::applied("1")));
        let requests = host.requests();
        assert_eq!(requests.len(), if many == 3 { 4 } else { 3 }, "a search each, or the whole list");
        let last = call(requests.last().unwrap());
        assert_eq!(
            (last.0.as_str(), &last.1["products"]["1"]),
            ("updateInventoryProductsPrices", &json!({"105": 12.30}))
        );
        if many == 3 {
            assert_eq!(text_body(&requests[0]), plan.body);
        } else {
            let Err(missing) = &results[29] else { panic!("{results:?}") };
            assert!(missing.message().contains("`S30`"), "{missing}");
            assert!(matches!(missing.cause(), Cause::NotFound(missing) if missing.kind == MissingKind::Referenced));
        }
    }
}

#[test]
fn what_is_missing_in_a_bulk_write_is_named() {
    for (config, entity, target, document, path) in [
        ("{}", "product-stock", "77", json!({"stock": [{"warehouse": "bl_1", "quantity": "1"}]}), "/inventory_id"),
        (r#"{"inventory_id": 1}"#, "product-stock", "77", json!({"stock": [{"quantity": "1"}]}), "/stock/0/warehouse"),
        (r#"{"inventory_id": 1}"#, "product-stock", "77", json!({"stock": []}), ""),
        (
            r#"{"inventory_id": 1}"#,
            "product-stock",
            "",
            json!({"stock": [{"warehouse": "bl_1", "quantity": "1"}]}),
            "/product_id",
        ),
        (r#"{"inventory_id": 1}"#, "product-price", "77", json!({"prices": [{"gross": "1"}]}), "/prices/0/price_list"),
        (
            r#"{"inventory_id": 1}"#,
            "product-price",
            "77",
            json!({"prices": [{"price_list": "1", "net": "1"}]}),
            "/prices/0/gross",
        ),
    ] {
        let _host = FakeHost::new().config(config).install();
        let failure = baselinker::BaseLinker::plan(&intent(entity, Action::Update, target, &document)).expect_err(path);
        let Cause::InvalidRecord(violations) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(violations[0].path, path, "{document}");
    }
    let _host = host().install();
    let unmapped = json!({"stock": [{"warehouse": "Main", "quantity": "1"}]});
    let failure = baselinker::BaseLinker::plan(&intent("product-stock", Action::Update, "77", &unmapped));
    let Cause::MappingMissing(values) = failure.expect_err("unmapped").cause().clone() else { panic!("mapping") };
    assert_eq!((values[0].reference_list.as_str(), values[0].value.as_str()), ("warehouse", "Main"));
    assert!(baselinker::BaseLinker::plan(&intent("colour", Action::Update, "1", &json!({}))).is_err());
    assert!(baselinker::BaseLinker::apply(&intent("product-stock", Action::Delete, "1", &json!({}))).is_err());
}

#[test]
fn stock_is_verified_by_what_the_products_have() {
    let data = r#","products":{"77":{"stock":{"bl_206":"5"},"prices":[]},"78":{"stock":[]}}"#;
    let host = host().answer(success(data)).install();
    let verdicts = baselinker::BaseLinker::verify_batch(&[stock("77", "5.0"), stock("78", "5"), stock("79", "5")]);
    assert_eq!(verdicts, [Ok(Verdict::Found(Applied::new("77"))), Ok(Verdict::Absent), Ok(Verdict::Absent)]);
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn external_stock_is_rows_of_product_variant_and_quantity() {
    let host = FakeHost::new().answer(success(r#","counter":1,"warnings":{"b":"Product not found"}"#)).install();
    let document = json!({"quantity": "4"});
    let targets = ["shop_1:a", "shop_1:a:7", "shop_1:b"];
    let mut intents = targets.map(|target| intent("external-stock", Action::Update, target, &document));
    intents[1].target = None;
    intents[1].document = json!({"quantity": "4", "product": "shop_1:a:7"}).to_string();
    let results = apply(&intents);
    assert_eq!(
        call(&host.only_request()).1,
        json!({"storage_id": "shop_1", "products": [["a", 0, 4], ["a", "7", 4], ["b", 0, 4]]})
    );
    assert_eq!(results[1], Ok(Outcome::applied("shop_1:a:7")));
    assert!(results[2].is_err());
    for (target, document) in [("shop_1", json!({"quantity": "1"})), ("shop_1:a", json!({"quantity": "1.5"}))] {
        assert!(apply(&[intent("external-stock", Action::Update, target, &document)])[0].is_err(), "{target}");
    }
}

#[test]
fn orders_of_one_status_are_moved_by_one_call() {
    let to = |order: &str, status: &str| intent("order-status", Action::Transition, order, &json!({"status": status}));
    let host = FakeHost::new().respond(|_| success("")).install();
    let named = intent("order-status", Action::Transition, "", &json!({"status": "203", "order_id": "3"}));
    let intents = [to("1", "203"), to("2", "204"), named, to("1", "204"), to("4", "new")];
    let results = apply(&intents);
    let calls: Vec<(String, Value)> = host.requests().iter().map(call).collect();
    assert_eq!(
        calls,
        [
            ("setOrderStatuses".to_owned(), json!({"order_ids": [1, 3], "status_id": 203})),
            ("setOrderStatuses".to_owned(), json!({"order_ids": [2, 1], "status_id": 204})),
        ]
    );
    assert!(results[..4].iter().all(Result::is_ok));
    assert!(matches!(&results[4], Err(failure) if matches!(failure.cause(), Cause::MappingMissing(_))));
}

#[test]
fn an_order_that_is_moved_twice_is_moved_in_turn() {
    let host = FakeHost::new().respond(|_| success("")).install();
    let to = |order: &str, status: &str| intent("order-status", Action::Transition, order, &json!({"status": status}));
    apply(&[to("1", "203"), to("2", "204"), to("2", "203")]);
    let calls: Vec<Value> = host.requests().iter().map(|request| call(request).1).collect();
    assert_eq!(
        calls,
        [
            json!({"order_id": 1, "status_id": 203}),
            json!({"order_id": 2, "status_id": 204}),
            json!({"order_id": 2, "status_id": 203})
        ]
    );
}

#[test]
fn an_order_that_is_not_there_does_not_hold_the_others() {
    let host = FakeHost::new()
        .respond(|request| {
            let (method, asked) = call(request);
            if method == "setOrderStatuses" || asked["order_id"] == 2 { error("ERROR_ORDER_ID") } else { success("") }
        })
        .install();
    let to = |order: &str| intent("order-status", Action::Transition, order, &json!({"status": "203"}));
    let results = apply(&[to("1"), to("2"), to("3")]);
    assert_eq!([results[0].is_ok(), results[1].is_ok(), results[2].is_ok()], [true, false, true]);
    assert!(matches!(&results[1], Err(failure) if matches!(failure.cause(), Cause::NotFound(_))));
    assert_eq!(host.requests().len(), 4);
}

#[test]
fn a_new_line_carries_its_correlation_and_is_not_added_twice() {
    let document = json!({"order_id": "5001", "name": "Gift", "quantity": "1", "unit_price_net": "2.00",
                          "tax_rate": {"percent": "23"}, "extra": {"attributes": "red"}});
    let add = intent("order-line", Action::Create, "", &document);
    let empty = r#","orders":[{"order_id":5001,"products":[]}]"#;
    let there =
        r#","orders":[{"order_id":"5001","products":{"3":{"order_product_id":"9","attributes":"red [whabc234]"}}}]"#;
    let host = FakeHost::new()
        .answer(success(empty))
        .answer(success(r#","order_product_id":9"#))
        .answer(success(there))
        .answer(success(there))
        .install();
    let plan = baselinker::BaseLinker::plan(&add).expect("a plan");
    assert_eq!(apply(std::slice::from_ref(&add)), [Ok(Outcome::applied("5001:9"))]);
    let requests = host.requests();
    assert_eq!(text_body(&requests[0]), plan.body);
    assert_eq!(requests[1].effect, Effect::Write);
    assert_eq!(
        call(&requests[1]).1,
        json!({"order_id": 5001, "storage": "db", "name": "Gift", "attributes": "red [whabc234]", "price_brutto": 2.46,
               "tax_rate": 23, "quantity": 1})
    );
    assert_eq!(apply(std::slice::from_ref(&add)), [Ok(Outcome::AlreadyApplied(Applied::new("5001:9")))]);
    assert_eq!(baselinker::BaseLinker::verify(&add), Ok(Verdict::Found(Applied::new("5001:9"))));
}

#[test]
fn a_line_that_was_to_go_is_verified_by_its_absence() {
    let order = r#","orders":[{"order_id":5001,"products":[{"order_product_id":9,"quantity":"3"}]}]"#;
    let _host = FakeHost::new().respond(move |_| success(order)).install();
    for (action, target, document, done) in [
        (Action::Delete, "5001:9", json!({}), false),
        (Action::Delete, "5001:8", json!({}), true),
        (Action::Delete, "7:9", json!({}), true),
        (Action::Update, "5001:9", json!({"quantity": "3"}), true),
        (Action::Update, "5001:9", json!({"quantity": "2"}), false),
        (Action::Update, "5001:8", json!({"quantity": "3"}), false),
    ] {
        let verdict =
            baselinker::BaseLinker::verify(&intent("order-line", action, target, &document)).expect("a verdict");
        assert_eq!(verdict != Verdict::Absent, done, "{action:?} {target}");
    }
    let failure =
        baselinker::BaseLinker::plan(&intent("order-line", Action::Update, "9", &json!({}))).expect_err("no line");
    assert!(matches!(failure.cause(), Cause::NotFound(_)));
}

#[test]
fn a_payment_is_added_to_what_is_paid_once() {
    let document = json!({"order_id": "5001", "amount": "4.50", "currency": "PLN", "paid_at": "2026-01-01T10:00:00Z", "note": "VS 1"});
    let pay = intent("payment", Action::Create, "", &document);
    let order = r#","orders":[{"order_id":5001,"currency":"pln","payment_done":"10.00"}]"#;
    let host = FakeHost::new()
        .answer(success(order))
        .answer(success(r#","payments":[{"external_payment_id":"other"}]"#))
        .answer(success(""))
        .answer(success(order))
        .answer(success(r#","payments":[{"external_payment_id":"whabc234"}]"#))
        .install();
    let plan = baselinker::BaseLinker::plan(&pay).expect("a plan");
    assert_eq!(apply(std::slice::from_ref(&pay)), [Ok(Outcome::applied("5001:whabc234"))]);
    assert_eq!(apply(std::slice::from_ref(&pay)), [Ok(Outcome::AlreadyApplied(Applied::new("5001:whabc234")))]);
    let requests = host.requests();
    assert_eq!((requests.len(), text_body(&requests[0])), (5, plan.body.as_str()));
    assert_eq!(requests[2].effect, Effect::Write, "what is paid by others in between must not be replaced twice");
    assert_eq!(
        call(&requests[2]).1,
        json!({"order_id": 5001, "payment_done": 14.50, "payment_date": 1_767_261_600, "payment_comment": "VS 1",
               "external_payment_id": "whabc234"})
    );
    host.answer(success(r#","orders":[{"order_id":5001,"currency":"EUR"}]"#));
    let failure = apply(&[pay]).remove(0).expect_err("other money");
    assert!(failure.message().contains("convert it"), "{failure}");
}

#[test]
fn a_parcel_is_known_by_courier_and_number() {
    let document = json!({"order_id": "5001", "courier_code": "Cart", "package_number": "W1", "pickup_at": "2026-01-01T10:00:00Z"});
    let pack = intent("package", Action::Create, "", &document);
    let other = r#","packages":[{"package_id":1,"courier_package_nr":"W1","courier_code":"dpd"}]"#;
    let there = r#","packages":[{"package_id":"2","courier_package_nr":"w1","courier_code":"other","courier_other_name":"Cart"}]"#;
    let host = FakeHost::new()
        .answer(success(other))
        .answer(success(r#","package_id":2,"package_number":"W1""#))
        .answer(success(there))
        .answer(Answer::lost())
        .install();
    let two = || Applied::new("2").number("W1");
    assert_eq!(apply(std::slice::from_ref(&pack)), [Ok(Outcome::Applied(two()))]);
    assert_eq!(
        call(&host.requests()[1]).1,
        json!({"order_id": 5001, "courier_code": "Cart", "package_number": "W1", "pickup_date": 1_767_261_600})
    );
    assert_eq!(baselinker::BaseLinker::verify(&pack), Ok(Verdict::Found(two())));
    host.set_config(r#"{"check_before_create": false}"#);
    assert!(matches!(&apply(&[pack])[0], Err(failure) if failure.cause() == &Cause::OutcomeUnknown));
}

#[test]
fn a_new_product_is_known_by_its_stock_keeping_unit() {
    let document = json!({"name": "Mug", "sku": "KB", "prices": [{"price_list": "105", "gross": "53.75"}],
                          "extra": {"text_fields": {"extra_field_75": "clay"}}});
    let create = intent("product", Action::Create, "", &document);
    let none = r#","products":[]"#;
    let listed = r#","products":{"77":{"id":77,"sku":"KB"},"78":{"id":78,"sku":"KB-2"}}"#;
    let same = r#","products":{"77":{"sku":"KB","prices":{"105":"53.750"},"text_fields":{"name":"Mug","extra_field_75":"clay"}}}"#;
    let host = host()
        .answer(success(none))
        .answer(success(r#","product_id":77,"warnings":"""#))
        .answer(success(listed))
        .answer(success(listed))
        .answer(success(same))
        .install();
    assert_eq!(apply(std::slice::from_ref(&create)), [Ok(Outcome::applied("77"))]);
    assert_eq!(
        call(&host.requests()[1]),
        (
            "addInventoryProduct".to_owned(),
            json!({"inventory_id": 307, "sku": "KB", "prices": {"105": 53.75},
                   "text_fields": {"name": "Mug", "extra_field_75": "clay"}})
        )
    );
    assert_eq!(baselinker::BaseLinker::verify(&create), Ok(Verdict::Found(Applied::new("77"))));
    let failure = apply(&[create]).remove(0).expect_err("there");
    let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((conflict.existing_id.as_deref(), conflict.same_content), (Some("77"), Some(true)));
    let nameless = intent("product", Action::Upsert, "", &json!({"name": ""}));
    let failure = baselinker::BaseLinker::plan(&nameless).expect_err("nothing to go by");
    let Cause::InvalidRecord(violations) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!(violations.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["/name", "/sku"]);
}

#[test]
fn a_change_of_a_product_sends_what_the_document_has() {
    let host = host().respond(|_| success(r#","product_id":77,"warnings":[]"#)).install();
    let document = json!({"stock": [{"warehouse": "bl_206", "quantity": "5"}], "extra": {"height": "1.5"}});
    let change = intent("product", Action::Update, "77", &document);
    assert_eq!(apply(std::slice::from_ref(&change)), [Ok(Outcome::applied("77"))]);
    let request = host.only_request();
    assert_eq!(request.effect, Effect::IdempotentWrite);
    assert_eq!(baselinker::BaseLinker::plan(&change).expect("a plan").body, text_body(&request));
    assert_eq!(call(&request).1, json!({"product_id": 77, "inventory_id": 307, "stock": {"bl_206": 5}, "height": 1.5}));
    let removal = intent("product", Action::Delete, "77", &json!({}));
    assert_eq!(apply(&[removal]), [Ok(Outcome::applied("77"))]);
    assert_eq!(call(&host.requests()[1]), ("deleteInventoryProduct".to_owned(), json!({"product_id": 77})));
}
