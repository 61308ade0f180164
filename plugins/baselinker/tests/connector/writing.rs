//! Creating and changing orders.

use serde_json::{Value, json};
use wharf_sdk::failure::Cause;
use wharf_sdk::http::Effect;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, FakeHost, text_body};

use crate::shop::{Order, Shop, Sorting, call};

const CORRELATION: &str = "whabcdef234567";

fn intent(action: Action, document: &Value) -> Intent {
    Intent {
        id: "1".to_owned(),
        entity: "order".to_owned(),
        action,
        target: (action != Action::Create).then(|| "5001".to_owned()),
        expected_revision: None,
        correlation: CORRELATION.to_owned(),
        document: document.to_string(),
    }
}

fn success(payload: &str) -> Answer {
    Answer::json(200, format!(r#"{{"status":"SUCCESS"{payload}}}"#))
}

fn new_order() -> Value {
    json!({
        "status": "201", "created_at": "2026-01-01T10:00:00Z", "currency": "PLN", "source": "personal:5",
        "customer": {
            "kind": "company", "name": "Lis sp. z o.o.", "tax_number": "676", "email": "a@example.org", "phone": "600",
            "address": {"street": "Prosta 3", "postcode": "30-003", "city": "Kraków", "country": "PL"}
        },
        "wants_invoice": true,
        "delivery": {"method": "Kurier", "price_gross": "15.50", "address": {"name": "Ewa Lis", "street": "Długa 1"}},
        "payment": {"method": "Przelew", "paid": "138.50"},
        "customer_note": "a+b & c", "internal_note": "note",
        "lines": [
            {"name": "Kubek", "product_id": "77", "sku": "KB", "quantity": "2.00", "unit_price_gross": "53.75",
             "tax_rate": {"percent": "23"}, "extra": {"storage_id": 11, "weight": 0.4}},
            {"name": "Net", "quantity": "1", "unit_price_net": "12.60", "tax_rate": {"percent": "23"}},
            {"name": "Free", "quantity": "1", "unit_price_gross": "0.00", "tax_rate": {"code": "reverse-charge"}}
        ]
    })
}

fn planned(intent: &Intent) -> (String, Value, wharf_sdk::Preview) {
    let preview = baselinker::BaseLinker::plan(intent).expect("a plan");
    let request = wharf_sdk::host::RawRequest {
        method: preview.method.clone(),
        url: preview.url.clone(),
        headers: Vec::new(),
        body: Some(wharf_sdk::host::RawBody::Text(preview.body.clone())),
        credential: None,
        effect: Effect::Read,
        budget: None,
        keep: false,
    };
    let (method, parameters) = call(&request);
    (method, parameters, preview)
}

#[test]
fn a_transition_sets_the_fields_first_and_then_the_status() {
    let host = FakeHost::new().answer(success("")).answer(success("")).install();
    let document = json!({"status": "205", "extra": {"extra_field_2": "F/1", "order_page": "x"}});
    let intent = intent(Action::Transition, &document);
    let (method, _, preview) = planned(&intent);
    assert_eq!(method, "setOrderFields");
    assert_eq!(preview.notes, [r#"then `setOrderStatus`: {"order_id":5001,"status_id":205}"#]);
    let Outcome::Applied(applied) = baselinker::BaseLinker::apply(&intent).expect("done") else { panic!("applied") };
    assert_eq!((applied.id.as_str(), applied.number.as_deref()), ("5001", Some("5001")));
    let requests = host.requests();
    assert_eq!((text_body(&requests[0]), requests[0].url.as_str()), (preview.body.as_str(), preview.url.as_str()));
    assert_eq!(call(&requests[0]), ("setOrderFields".to_owned(), json!({"order_id": 5001, "extra_field_2": "F/1"})));
    assert_eq!(call(&requests[1]), ("setOrderStatus".to_owned(), json!({"order_id": 5001, "status_id": 205})));
    assert!(requests.iter().all(|request| request.effect == Effect::IdempotentWrite));
}

#[test]
fn a_transition_of_the_status_alone_is_one_call() {
    let host = FakeHost::new().answer(success("")).install();
    let intent = intent(Action::Transition, &json!({"status": "205"}));
    baselinker::BaseLinker::apply(&intent).expect("done");
    assert_eq!(text_body(&host.only_request()), planned(&intent).2.body);
}

#[test]
fn an_update_sends_only_what_the_document_has() {
    let document = json!({
        "customer": {"name": "", "email": "b@example.org"}, "internal_note": "",
        "delivery": {"price_gross": "9.90", "address": {"city": "Brno"}, "pickup_point": {"id": "P1"}},
        "payment": {"cash_on_delivery": true, "paid": "20.00"}, "status": "9",
        "extra": {"custom_extra_fields": {"11": "x"}, "star": 3, "payment_comment": "cash"}
    });
    let host = FakeHost::new().answer(success("")).answer(success("")).answer(success("")).install();
    let intent = intent(Action::Update, &document);
    let preview = planned(&intent).2;
    baselinker::BaseLinker::apply(&intent).expect("done");
    let requests = host.requests();
    assert_eq!(text_body(&requests[0]), preview.body);
    assert_eq!(
        call(&requests[0]).1,
        json!({
            "order_id": 5001, "email": "b@example.org", "payment_method_cod": true, "delivery_price": 9.90,
            "delivery_point_id": "P1", "delivery_city": "Brno", "admin_comments": "",
            "custom_extra_fields": {"11": "x"}, "star": 3
        })
    );
    assert!(text_body(&requests[0]).contains("%22delivery_price%22%3A9.90%2C"), "prices are exact");
    let paid = json!({"order_id": 5001, "payment_done": 20.00, "payment_comment": "cash"});
    assert_eq!(call(&requests[1]), ("setOrderPayment".to_owned(), paid));
    assert_eq!(call(&requests[2]).0, "setOrderStatus");
}

#[test]
fn changes_that_cannot_be_are_refused_with_their_places() {
    let _host = FakeHost::new().install();
    for (action, document, expected) in [
        (Action::Update, json!({"currency": "EUR", "created_at": "x"}), vec!["/created_at", "/currency"]),
        (Action::Update, json!({"internal_note": "x".repeat(201)}), vec!["/internal_note"]),
        (Action::Update, json!({"extra": {"star": "many"}}), vec!["/extra/star"]),
        (Action::Update, json!({"extra": {"custom_extra_fields": [1]}}), vec!["/extra/custom_extra_fields"]),
        (Action::Update, json!({}), vec![""]),
        (Action::Transition, json!({}), vec!["/status"]),
    ] {
        let intent = intent(action, &document);
        let failures = [
            baselinker::BaseLinker::plan(&intent).map(|_| ()).expect_err("refused"),
            baselinker::BaseLinker::apply(&intent).map(|_| ()).expect_err("refused"),
        ];
        for failure in failures {
            let Cause::InvalidRecord(violations) = failure.cause() else { panic!("{failure:?}") };
            assert_eq!(violations.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), expected, "{document}");
        }
    }
    let unmapped = baselinker::BaseLinker::plan(&intent(Action::Transition, &json!({"status": "paid"})));
    let Cause::MappingMissing(values) = unmapped.expect_err("unmapped").cause().clone() else { panic!("mapping") };
    assert_eq!((values[0].reference_list.as_str(), values[0].value.as_str()), ("order-status", "paid"));
    assert!(baselinker::BaseLinker::plan(&intent(Action::Delete, &json!({}))).is_err());
}

#[test]
fn a_change_is_verified_by_what_the_order_has() {
    let shop = Shop::new([Order::new(5001, 1_000)
        .with("order_status_id", "205")
        .with("extra_field_2", "F/1")
        .with("payment_method_cod", "1")
        .with("delivery_price", 9.9)
        .with("payment_done", "20.00")
        .with("custom_extra_fields", json!({"11": "x"}))]);
    let _host = shop.install("{}");
    for (action, document, done) in [
        (Action::Transition, json!({"status": "205"}), true),
        (Action::Transition, json!({"status": "204"}), false),
        (Action::Transition, json!({"status": "205", "extra": {"extra_field_2": "F/1"}}), true),
        (Action::Transition, json!({"status": "205", "extra": {"extra_field_2": "F/2"}}), false),
        (
            Action::Update,
            json!({"delivery": {"price_gross": "9.90"}, "payment": {"cash_on_delivery": true, "paid": "20"}}),
            true,
        ),
        (Action::Update, json!({"delivery": {"price_gross": "9.91"}}), false),
        (Action::Update, json!({"extra": {"custom_extra_fields": {"11": "x", "12": ""}}}), true),
        (Action::Update, json!({"extra": {"custom_extra_fields": {"11": "y"}}}), false),
        (Action::Update, json!({"internal_note": ""}), true),
    ] {
        let verdict = baselinker::BaseLinker::verify(&intent(action, &document)).expect("a verdict");
        assert_eq!(
            matches!(&verdict, Verdict::Found(applied) if applied.id == "5001"),
            done,
            "{document}: {verdict:?}"
        );
        assert_eq!(verdict == Verdict::Absent, !done);
    }
    let mut gone = intent(Action::Transition, &json!({"status": "205"}));
    gone.target = Some("9".to_owned());
    assert_eq!(baselinker::BaseLinker::verify(&gone).expect("a verdict"), Verdict::Absent);
}

#[test]
fn a_new_order_is_sent_as_planned_with_its_correlation() {
    let host = FakeHost::new().answer(success(r#","orders":[]"#)).answer(success(r#","order_id":"5002""#)).install();
    let intent = intent(Action::Create, &new_order());
    let preview = planned(&intent).2;
    assert_eq!(baselinker::BaseLinker::plan(&intent).expect("again"), preview, "plans are pure");
    assert_eq!(
        baselinker::BaseLinker::apply(&intent).expect("done"),
        Outcome::Applied(wharf_sdk::Applied::new("5002").number("5002"))
    );
    let requests = host.requests();
    assert_eq!((requests[0].effect, call(&requests[0]).0.as_str()), (Effect::Read, "getOrders"));
    assert_eq!(text_body(&requests[0]), preview.body, "the plan shows the first request, which is a look-up");
    assert_eq!(requests[1].effect, Effect::Write);
    let (method, parameters) = call(&requests[1]);
    let [looks, adds] = preview.notes.as_slice() else { panic!("{:?}", preview.notes) };
    assert_eq!(looks, "looks whether the order is there already");
    let written = adds.strip_prefix("unless it is: `addOrder`: ").expect("the write is in the notes");
    assert_eq!(serde_json::from_str::<Value>(written).expect("JSON"), parameters);
    assert_eq!(method, "addOrder");
    assert_eq!(
        parameters,
        json!({
            "order_status_id": 201, "custom_source_id": 5, "date_add": 1_767_261_600, "currency": "PLN",
            "payment_method": "Przelew", "payment_method_cod": false, "paid": true, "user_comments": "a+b & c",
            "email": "a@example.org", "phone": "600", "invoice_nip": "676", "want_invoice": true,
            "delivery_method": "Kurier", "delivery_price": 15.50, "delivery_fullname": "Ewa Lis",
            "delivery_address": "Długa 1", "invoice_company": "Lis sp. z o.o.", "invoice_address": "Prosta 3",
            "invoice_postcode": "30-003", "invoice_city": "Kraków", "invoice_country_code": "PL",
            "extra_field_1": CORRELATION, "admin_comments": "note",
            "products": [
                {"storage": "db", "storage_id": 11, "product_id": "77", "name": "Kubek", "sku": "KB",
                 "price_brutto": 53.75, "tax_rate": 23, "quantity": 2, "weight": 0.4},
                {"storage": "db", "name": "Net", "price_brutto": 15.50, "tax_rate": 23, "quantity": 1},
                {"storage": "db", "name": "Free", "price_brutto": 0.00, "tax_rate": -0.03, "quantity": 1}
            ]
        })
    );
}

#[test]
fn without_the_look_up_the_plan_is_the_order_itself() {
    let host =
        FakeHost::new().config(r#"{"check_before_create": false}"#).answer(success(r#","order_id":"5002""#)).install();
    let intent = intent(Action::Create, &new_order());
    let preview = planned(&intent).2;
    baselinker::BaseLinker::apply(&intent).expect("done");
    assert_eq!(text_body(&host.only_request()), preview.body);
    assert!(preview.notes.is_empty());
}

#[test]
fn an_order_that_is_there_is_not_added_again() {
    let created = 1_767_261_600;
    for (config, field, value) in [
        ("{}", "extra_field_1", CORRELATION.to_owned()),
        (r#"{"correlation_field": "extra_field_2"}"#, "extra_field_2", CORRELATION.to_owned()),
        (r#"{"correlation_field": "admin_comments"}"#, "admin_comments", format!("note [{CORRELATION}]")),
    ] {
        let shop = Shop::new([
            Order { added: created, ..Order::new(7, 0) }.with(field, value),
            Order { added: created, ..Order::new(8, created) }.with(field, format!("{CORRELATION}x")),
        ]);
        let _host = shop.install(config);
        let intent = intent(Action::Create, &new_order());
        let there = wharf_sdk::Applied::new("7").number("7");
        assert_eq!(
            baselinker::BaseLinker::apply(&intent).expect("there"),
            Outcome::AlreadyApplied(there.clone()),
            "{config}"
        );
        assert_eq!(baselinker::BaseLinker::verify(&intent).expect("a verdict"), Verdict::Found(there));
    }
}

#[test]
fn a_new_order_is_searched_where_it_must_be() {
    let created = 1_767_261_600;
    let many = |email: &str| {
        let email = email.to_owned();
        (1..=250).map(move |id| Order { added: created, ..Order::new(id, created) }.with("email", email.clone()))
    };
    let shop = Shop::new(many("x@example.org"));
    let host = shop.install(r#"{"search_pages": 2}"#);
    assert_eq!(
        baselinker::BaseLinker::verify(&intent(Action::Create, &new_order())).expect("a verdict"),
        Verdict::Absent
    );
    let (_, asked) = call(&host.only_request());
    assert_eq!((&asked["filter_email"], &asked["get_unconfirmed_orders"]), (&"a@example.org".into(), &true.into()));
    assert_eq!(asked["date_from"], created - 86_400);
    let mut without_email = new_order();
    without_email["customer"]["email"] = Value::Null;
    let verdict = baselinker::BaseLinker::verify(&intent(Action::Create, &without_email)).expect("a verdict");
    let Verdict::Inconclusive(why) = verdict else { panic!("{verdict:?}") };
    assert!(why.contains("search_pages"), "{why}");
}

#[test]
fn a_search_that_cannot_see_everything_is_inconclusive() {
    let created = 1_767_261_600;
    for sorting in [Sorting::NeverById, Sorting::IdFromIgnored] {
        let orders = (1..=250)
            .map(|id| Order { added: created, ..Order::new(id, created + 1_000 - id) }.with("email", "a@example.org"));
        let shop = Shop::new(orders).sorted(sorting);
        let _host = shop.install("{}");
        let verdict = baselinker::BaseLinker::verify(&intent(Action::Create, &new_order())).expect("a verdict");
        assert!(matches!(verdict, Verdict::Inconclusive(_)), "{sorting:?}: {verdict:?}");
    }
}

#[test]
fn a_lost_answer_to_addorder_is_unknown_and_verify_decides() {
    let host = FakeHost::new().config(r#"{"check_before_create": false}"#).answer(Answer::lost()).install();
    let intent = intent(Action::Create, &new_order());
    let failure = baselinker::BaseLinker::apply(&intent).expect_err("lost");
    assert_eq!(failure.cause(), &Cause::OutcomeUnknown);
    assert_eq!(host.requests().len(), 1, "nothing is sent twice");
    host.answer(Answer::html(502, "<html>"));
    let failure = baselinker::BaseLinker::verify(&intent).expect_err("down");
    assert_eq!(failure.cause(), &Cause::Unavailable(None));
}

#[test]
fn what_is_missing_in_a_new_order_is_named() {
    let _host = FakeHost::new().install();
    let broken = |path: &str, value: Value| {
        let mut order = new_order();
        *order.pointer_mut(path).expect(path) = value;
        order
    };
    let mut reserved = new_order();
    reserved["extra"] = json!({"extra_field_1": "mine"});
    for (document, path, code) in [
        (broken("/status", Value::Null), "/status", "required"),
        (broken("/created_at", Value::Null), "/created_at", "required"),
        (broken("/created_at", json!("yesterday")), "/created_at", "not-a-time"),
        (broken("/currency", Value::Null), "/currency", "required"),
        (broken("/lines", json!([])), "/lines", "required"),
        (broken("/lines/0/unit_price_gross", Value::Null), "/lines/0/unit_price_gross", "required"),
        (broken("/lines/1/tax_rate", Value::Null), "/lines/1/unit_price_gross", "required"),
        (broken("/lines/0/tax_rate", Value::Null), "/lines/0/tax_rate", "required"),
        (broken("/lines/0/quantity", json!("1.5")), "/lines/0/quantity", "not-whole"),
        (broken("/payment/paid", json!("1.00")), "/payment/paid", "partly-paid"),
        (broken("/delivery/method", json!("x".repeat(31))), "/delivery/method", "too-long"),
        (reserved, "/extra/extra_field_1", "reserved"),
    ] {
        let failure = baselinker::BaseLinker::plan(&intent(Action::Create, &document)).expect_err(path);
        let Cause::InvalidRecord(violations) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!((violations[0].path.as_str(), violations[0].code.as_str()), (path, code));
    }
    for (document, list, value) in [
        (broken("/status", json!("new")), "order-status", "new"),
        (broken("/source", json!("shop:7")), "order-source", "shop:7"),
        (broken("/lines/0/tax_rate", json!({"code": "odd"})), "vat-rate", "odd"),
    ] {
        let failure = baselinker::BaseLinker::plan(&intent(Action::Create, &document)).expect_err(list);
        let Cause::MappingMissing(values) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!((values[0].reference_list.as_str(), values[0].value.as_str()), (list, value));
    }
}
