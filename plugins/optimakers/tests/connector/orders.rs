//! Making orders, finding them again, and moving them on.

use optimakers::Optimakers;
use wharf_sdk::failure::Cause;
use wharf_sdk::http::Effect;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, CORRELATION, FakeHost, json_body, text_body};

use crate::support::{BASE, MAPPED, VAT, host, intent, list, page, sent, writes};

const ORDER: &str = r#"{
    "id": "5001", "external_number": "SHOP-7", "status": "202", "currency": "PLN",
    "created_at": "2026-02-01T08:00:00Z", "deadline": "2026-07-01T10:00:00Z",
    "customer": {"name": "Jan Kowalski", "login": "jan", "email": "jan@x.pl"},
    "delivery": {"method": "Kurier", "price_gross": "15.5",
        "address": {"name": "Jan", "street": "Prosta 1", "postcode": "00-001", "city": "Warszawa", "country": "PL"}},
    "payment": {"method": "Przelew", "cash_on_delivery": false},
    "customer_note": "Proszę szybko", "internal_note": "VIP",
    "extra": {"extra_field_1": "A1", "extra_field_2": 7},
    "lines": [
        {"product_id": "99", "sku": "KUB-1", "name": "Kubek", "quantity": "2", "unit_price_gross": "53.75", "tax_rate": {"percent": "23"}},
        {"name": "Książka", "quantity": "3", "unit_price_gross": "10", "tax_rate": {"percent": "8.0", "code": "B"}},
        {"name": "Rada", "quantity": "0.5", "unit_price_net": "100.00", "tax_rate": {"code": "exempt"}}]}"#;
const CUSTOMER: &str = r#"{"id": 33, "name": "Jan Kowalski", "attributes": [{"attributeId": 21, "value": "jan"}]}"#;
const MADE: &str = r#"{"id": 3000001201, "number": "ZAM/12/2026"}"#;
const LINES: &str = r#"[{"name": "Książka", "quantity": 3.0, "netPrice": 9.26, "vatRateId": 4},
    {"name": "Kubek", "quantity": 2, "netPrice": 43.7, "vatRateId": 3}, {"name": "Rada", "quantity": 0.50, "netPrice": 100, "vatRateId": "5"}]"#;

fn create() -> Intent {
    intent("order", Action::Create, None, ORDER)
}

fn there(note: &str, lines: &str) -> String {
    format!(
        r#"{{"id": 3000001201, "number": "ZAM/12/2026", "externalNumber": "BL-5001", "statusId": 9, "customerId": 33,
        "currencyId": 1, "note": "{note}", "items": {lines}}}"#
    )
}

fn ours() -> String {
    there(&format!(r"Ref: {CORRELATION}\nVIP"), "[]")
}

/// Starts with the answers up to the question for the order.
fn up_to_order(config: &str) -> FakeHost {
    host(config).answer(list(VAT)).answer(list(CUSTOMER))
}

#[test]
fn an_order_is_made_with_status_attributes_currency_rates_and_net_prices() {
    let host = up_to_order(MAPPED).answer(list("")).answer(Answer::json(201, MADE)).install();
    let Ok(Outcome::Applied(applied)) = Optimakers::apply(&create()) else { panic!("not applied") };
    assert_eq!((applied.id.as_str(), applied.number.as_deref()), ("3000001201", Some("ZAM/12/2026")));
    assert_eq!(
        sent(&host),
        [
            "GET /api/vat-rates?page=1&pageSize=100",
            "GET /api/customers?login=jan&page=1&pageSize=100",
            "GET /api/orders?externalNumber=BL-5001&page=1&pageSize=100",
            "POST /api/orders",
        ]
    );
    let post = &host.requests()[3];
    assert_eq!(post.effect, Effect::Write);
    assert_eq!(
        json_body(post),
        serde_json::json!({
            "externalNumber": "BL-5001", "statusId": 7, "customerId": 33, "currencyId": 1,
            "orderDate": "2026-02-01T09:00:00", "deadline": "2026-07-01T12:00:00",
            "note": format!("Ref: {CORRELATION}\nDelivery address: Jan, Prosta 1, 00-001 Warszawa, PL\nNote: VIP"),
            "items": [
                {"name": "Kubek", "quantity": 2, "netPrice": 43.70, "vatRateId": 3},
                {"name": "Książka", "quantity": 3, "netPrice": 9.26, "vatRateId": 4},
                {"name": "Rada", "quantity": 0.5, "netPrice": 100.00, "vatRateId": 5}],
            "attributes": [
                {"attributeId": 11, "value": "Kurier"}, {"attributeId": 12, "value": "15.50"},
                {"attributeId": 13, "value": "Przelew"}, {"attributeId": 14, "value": "A1"},
                {"attributeId": 15, "value": "7"}, {"attributeId": 16, "value": "Proszę szybko"}]
        })
    );
    assert!(text_body(post).contains(r#""netPrice":43.70"#), "prices keep their digits");
}

#[test]
fn what_has_no_attribute_goes_into_the_note() {
    let few =
        r#""vat_rates": {"23": 3, "8": 4, "exempt": 5}, "currencies": {"PLN": 1}, "customer_attribute_login": 21"#;
    let host = up_to_order(few).answer(list("")).answer(Answer::json(201, MADE)).install();
    Optimakers::apply(&create()).unwrap();
    let body = json_body(&host.requests()[3]);
    assert_eq!((&body["attributes"], &body["statusId"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert_eq!(
        body["note"],
        format!(
            "Ref: {CORRELATION}\nDelivery method: Kurier\nDelivery price: 15.50\nPayment method: Przelew\n\
             Additional field 1: A1\nAdditional field 2: 7\nCustomer's note: Proszę szybko\n\
             Delivery address: Jan, Prosta 1, 00-001 Warszawa, PL\nNote: VIP"
        )
    );
}

#[test]
fn the_plan_is_the_first_request_and_sends_nothing() {
    let host = host(MAPPED).answer(Answer::lost()).install();
    let plan = Optimakers::plan(&create()).unwrap();
    assert!(host.requests().is_empty());
    assert!(plan.notes.iter().any(|note| note.contains(r#""netPrice":43.70"#)), "{:?}", plan.notes);
    assert!(Optimakers::apply(&create()).is_err());
    let first = host.only_request();
    assert_eq!((plan.method, plan.url, plan.body), (first.method, first.url, String::new()));
}

#[test]
fn an_unknown_customer_is_a_dependency_by_login_or_e_mail_and_nothing_is_written() {
    let near = CUSTOMER.replace("\"jan\"", "\"jan2\"");
    for (config, rows, key) in [
        (MAPPED.to_owned(), near.as_str(), "jan"),
        (MAPPED.replace(r#""customer_attribute_login": 21,"#, ""), "", "jan@x.pl"),
    ] {
        let host = host(&config).answer(list(VAT)).answer(list(rows)).respond(|_| list("")).install();
        let failure = Optimakers::apply(&create()).unwrap_err();
        let Cause::DependencyMissing(missing) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!((missing.entity.as_str(), missing.key.as_str()), ("partner", key));
        assert_eq!(writes(&host), 0);
    }
    let nobody = ORDER.replace(r#", "login": "jan", "email": "jan@x.pl""#, "");
    let _host = host(MAPPED).answer(list(VAT)).install();
    let failure = Optimakers::apply(&intent("order", Action::Create, None, &nobody)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/customer"), "{failure:?}");
}

#[test]
fn values_without_a_mapping_are_all_told_at_once_before_anything_is_sent() {
    let document =
        ORDER.replace(r#""percent": "23""#, r#""percent": "5.00""#).replace("exempt", "np").replace("PLN", "HUF");
    let host = host(MAPPED).install();
    let failure = Optimakers::apply(&intent("order", Action::Create, None, &document)).unwrap_err();
    let Cause::MappingMissing(missing) = failure.cause() else { panic!("{failure:?}") };
    let found: Vec<_> = missing.iter().map(|one| (one.reference_list.as_str(), one.value.as_str())).collect();
    assert_eq!(found, [("vat-rate", "5"), ("vat-rate", "np"), ("currency", "HUF")]);
    assert!(host.requests().is_empty());
}

#[test]
fn a_flows_own_mapping_comes_before_the_configuration() {
    let document = ORDER
        .replace(r#""extra_field_2": 7"#, r#""extra_field_2": 7, "currency_id": "2", "status_id": 8"#)
        .replace(r#""tax_rate": {"percent": "23"}"#, r#""tax_rate": {"percent": "5"}, "extra": {"vat_rate_id": 3}"#);
    let host = up_to_order(MAPPED).answer(list("")).answer(Answer::json(201, MADE)).install();
    Optimakers::apply(&intent("order", Action::Create, None, &document)).unwrap();
    let body = json_body(&host.requests()[3]);
    assert_eq!((&body["currencyId"], &body["statusId"]), (&2.into(), &8.into()));
    assert_eq!(body["items"][0]["vatRateId"], 3);
    assert_eq!(body["items"][0]["netPrice"], 43.70, "net by the mapped rate of 23, not by the document's 5");
}

#[test]
fn a_rate_mapped_to_one_that_is_not_there_is_a_missing_mapping() {
    let host = host(MAPPED).answer(list(r#"{"id": 4, "value": 8}"#)).install();
    let failure = Optimakers::apply(&create()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::MappingMissing(missing) if missing[0].value == "23"), "{failure:?}");
    assert_eq!(failure.message(), "`23` is mapped to VAT rate 3, which Optimakers does not have; map it anew");
    assert_eq!(writes(&host), 0);
}

#[test]
fn a_document_that_lacks_something_is_refused_with_every_place() {
    for (document, paths) in [
        (ORDER.replace(r#""id": "5001", "external_number": "SHOP-7","#, ""), vec!["/number"]),
        (ORDER.replace(r#""currency": "PLN","#, ""), vec!["/currency"]),
        (ORDER.replace("2026-02-01T08:00:00Z", "yesterday"), vec!["/created_at"]),
        (ORDER.replace("2026-07-01T10:00:00Z", "2026-07-01"), vec!["/deadline"]),
        (
            ORDER.replace("\"Kubek\"", "\" \"").replace(r#", "tax_rate": {"code": "exempt"}"#, ""),
            vec!["/lines/0/name", "/lines/2/tax_rate"],
        ),
        (ORDER.replace(r#""unit_price_gross": "10", "#, ""), vec!["/lines/1/unit_price_gross"]),
        (ORDER.replace("\"A1\"", "[]"), vec!["/extra/extra_field_1"]),
        (r#"{"id": "1", "currency": "PLN", "customer": {"name": "A", "email": "a@x.pl"}}"#.to_owned(), vec!["/lines"]),
        (ORDER.replace("\"2\"", "\"two\""), vec!["/lines/0/quantity"]),
    ] {
        let host = host(MAPPED).install();
        let failure = Optimakers::apply(&intent("order", Action::Create, None, &document)).unwrap_err();
        let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(found.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), paths);
        assert!(host.requests().is_empty());
    }
}

#[test]
fn a_total_that_rounding_does_not_explain_is_refused_with_both_sums() {
    // Net and gross of the first line do not belong together.
    let document =
        ORDER.replace(r#""unit_price_gross": "53.75""#, r#""unit_price_gross": "53.75", "unit_price_net": "40.00""#);
    let create = intent("order", Action::Create, None, &document);
    let fake = host(MAPPED).answer(list(VAT)).install();
    let failure = Optimakers::apply(&create).unwrap_err();
    let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((found[0].path.as_str(), found[0].code.as_str()), ("/lines", "total-mismatch"));
    assert!(found[0].message.contains("is 137.50 in the document and 128.40 by"), "{}", found[0].message);
    assert_eq!(writes(&fake), 0);
    drop(fake);
    let fake = up_to_order(&format!(r#"{MAPPED}, "gross_tolerance": "9.10""#))
        .answer(list(""))
        .answer(Answer::json(201, MADE))
        .install();
    Optimakers::apply(&create).unwrap();
    assert_eq!(writes(&fake), 1);
}

#[test]
fn differences_of_rounding_are_accepted_unless_the_tolerance_is_smaller() {
    // 0.99 gross is 0.80 net, and that is 0.98 gross again: ten units are five cents and more off.
    let document = ORDER.replace("53.75", "0.99").replace(r#""quantity": "2""#, r#""quantity": "10""#);
    let create = intent("order", Action::Create, None, &document);
    let fake = up_to_order(MAPPED).answer(list("")).answer(Answer::json(201, MADE)).install();
    Optimakers::apply(&create).unwrap();
    drop(fake);
    let fake = host(&format!(r#"{MAPPED}, "gross_tolerance": "0.01""#)).answer(list(VAT)).install();
    assert!(Optimakers::apply(&create).unwrap_err().message().contains("39.90 in the document and 39.84 by"));
    drop(fake);
    let fake = up_to_order(&format!(r#"{MAPPED}, "gross_tolerance": "0.01", "net_price_places": 4"#))
        .answer(list(""))
        .answer(Answer::json(201, MADE))
        .install();
    Optimakers::apply(&create).unwrap();
    assert_eq!(json_body(&fake.requests()[3])["items"][0]["netPrice"], 0.8049);
}

#[test]
fn an_order_that_this_intent_made_is_not_made_again() {
    let host = up_to_order(MAPPED).answer(list(&ours())).install();
    let outcome = Optimakers::apply(&create()).unwrap();
    assert!(matches!(outcome, Outcome::AlreadyApplied(applied) if applied.number.as_deref() == Some("ZAM/12/2026")));
    assert_eq!(writes(&host), 0);
}

#[test]
fn an_order_of_the_same_number_is_adopted_when_it_says_the_same() {
    let other = LINES.replace("43.7", "43.8");
    for (found, same) in [
        (there("edited", LINES), true),
        (there("", &other), false),
        (there("", LINES).replace(r#""customerId": 33"#, r#""customerId": 34"#), false),
    ] {
        let host = up_to_order(MAPPED).answer(list(&found)).install();
        let failure = Optimakers::apply(&create()).unwrap_err();
        let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!((conflict.existing_id.as_deref(), conflict.same_content), (Some("3000001201"), Some(same)));
        assert_eq!(writes(&host), 0);
    }
}

#[test]
fn a_duplicate_that_only_the_server_sees_is_found_after_409() {
    for (rows, is_ours) in [(ours(), true), (there("", LINES), false)] {
        let host = up_to_order(MAPPED).answer(list("")).answer(Answer::json(409, "{}")).answer(list(&rows)).install();
        match Optimakers::apply(&create()) {
            Ok(Outcome::AlreadyApplied(applied)) => assert!(is_ours && applied.id == "3000001201"),
            Err(failure) => {
                assert!(!is_ours);
                assert!(
                    matches!(failure.cause(), Cause::Conflict(found) if found.same_content == Some(true)),
                    "{failure:?}"
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(writes(&host), 1);
    }
    let _host = up_to_order(MAPPED).answer(list("")).answer(Answer::json(409, "{}")).answer(list("")).install();
    let failure = Optimakers::apply(&create()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Conflict(found) if found.existing_id.is_none()), "{failure:?}");
}

#[test]
fn an_order_is_found_though_the_filter_is_ignored_and_it_is_on_another_page() {
    let stranger = |id: u32| format!(r#"{{"id": {id}, "externalNumber": "BL-500{id}"}}"#);
    let host = up_to_order(&format!(r#"{MAPPED}, "page_size": 2"#))
        .answer(page(&format!("{}, {}", stranger(2), stranger(3)), 3))
        .answer(page(&ours(), 3))
        .install();
    assert!(matches!(Optimakers::apply(&create()), Ok(Outcome::AlreadyApplied(_))));
    assert_eq!(writes(&host), 0);
}

#[test]
fn an_order_of_another_number_is_not_taken_for_this_one() {
    let stranger = there("", LINES).replace("BL-5001", "BL-50011");
    let host = up_to_order(MAPPED).answer(list(&stranger)).answer(Answer::json(201, MADE)).install();
    assert!(matches!(Optimakers::apply(&create()), Ok(Outcome::Applied(_))));
    assert_eq!(writes(&host), 1);
}

#[test]
fn a_search_that_cannot_tell_writes_nothing() {
    let host = up_to_order(&format!(r#"{MAPPED}, "page_size": 1, "search_pages": 1"#))
        .answer(page(r#"{"id": 2, "externalNumber": "BL-5002"}"#, 9))
        .install();
    // One row a page is enough for the rates and the customer of this account.
    let failure = Optimakers::apply(&create()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Precondition(code) if code == "search-too-long"), "{failure:?}");
    assert_eq!(writes(&host), 0);
}

#[test]
fn verify_tells_an_order_that_was_made_from_one_that_was_not() {
    let other = there("", "[]");
    for (rows, found) in [(ours(), true), (there("", LINES), true), (other, false), (String::new(), false)] {
        let host = up_to_order(MAPPED).answer(list(&rows)).install();
        let verdict = Optimakers::verify(&create()).unwrap();
        assert_eq!(matches!(verdict, Verdict::Found(applied) if applied.id == "3000001201"), found, "{rows}");
        assert_eq!(writes(&host), 0);
    }
    let _host = host(MAPPED).answer(list(VAT)).respond(|_| list("")).install();
    assert!(matches!(Optimakers::verify(&create()), Ok(Verdict::Absent)), "without a customer there is no order");
}

#[test]
fn an_answer_that_is_lost_is_an_unknown_outcome() {
    let _host = up_to_order(MAPPED).answer(list("")).answer(Answer::lost()).install();
    assert_eq!(Optimakers::apply(&create()).unwrap_err().cause(), &Cause::OutcomeUnknown);
}

#[test]
fn the_places_of_a_refused_order_are_those_of_the_document() {
    let problem = r#"{"title": "One or more validation errors occurred.", "status": 400,
        "errors": {"Items[1].VatRateId": ["Unknown."], "items": ["Too many."], "customerId": ["Locked."], "x": ["?"]}}"#;
    let _host = up_to_order(MAPPED).answer(list("")).answer(Answer::json(400, problem)).install();
    let failure = Optimakers::apply(&create()).unwrap_err();
    let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!(found.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["/lines/1", "/lines", "/customer", ""]);
}

#[test]
fn products_of_lines_are_looked_up_or_taken_as_given() {
    let by_code = format!(r#"{MAPPED}, "item_products": "by-code""#);
    let fake = up_to_order(&by_code)
        .answer(list(""))
        .answer(list(r#"{"id": 501, "code": "KUB-1"}"#))
        .answer(Answer::json(201, MADE))
        .install();
    Optimakers::apply(&create()).unwrap();
    assert_eq!(sent(&fake)[3], "GET /api/products?code=KUB-1&page=1&pageSize=100");
    let items = &json_body(&fake.requests()[4])["items"];
    assert_eq!((&items[0]["productId"], &items[1]["productId"]), (&501.into(), &serde_json::Value::Null));
    drop(fake);
    let fake = up_to_order(&by_code).answer(list("")).answer(list("")).install();
    let failure = Optimakers::apply(&create()).unwrap_err();
    assert!(
        matches!(failure.cause(), Cause::DependencyMissing(missing) if missing.entity == "product" && missing.key == "KUB-1")
    );
    assert_eq!(writes(&fake), 0);
    drop(fake);
    let as_given = format!(r#"{MAPPED}, "item_products": "as-given""#);
    let fake = up_to_order(&as_given).answer(list("")).answer(Answer::json(201, MADE)).install();
    Optimakers::apply(&create()).unwrap();
    assert_eq!(json_body(&fake.requests()[3])["items"][0]["productId"], 99);
    drop(fake);
    let _host = host(&as_given).install();
    let document = ORDER.replace("\"99\"", "\"a-9\"");
    let failure = Optimakers::apply(&intent("order", Action::Create, None, &document)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/lines/0/product_id"));
}

#[test]
fn an_order_is_moved_to_a_status_and_asked_for_it() {
    let move_to = |document: &str| intent("order", Action::Transition, Some("3000001201"), document);
    let fake = host(r#""paths": {"order_status": "/api/v2/order/{id}/state"}"#).answer(Answer::empty(204)).install();
    let plan = Optimakers::plan(&move_to(r#"{"status": "9"}"#)).unwrap();
    assert!(
        matches!(Optimakers::apply(&move_to(r#"{"status": "9"}"#)), Ok(Outcome::Applied(applied)) if applied.id == "3000001201")
    );
    let post = fake.only_request();
    assert_eq!(post.url, format!("{BASE}/api/v2/order/3000001201/state"));
    assert_eq!((text_body(&post), post.effect), (r#"{"statusId":9}"#, Effect::IdempotentWrite));
    assert_eq!((plan.url.as_str(), plan.body.as_str()), (post.url.as_str(), text_body(&post)));
    drop(fake);
    for (status, found) in [(9, true), (7, false)] {
        let _host = host("").answer(Answer::json(200, format!(r#"{{"id": 1, "statusId": {status}}}"#))).install();
        assert_eq!(matches!(Optimakers::verify(&move_to(r#"{"status": "9"}"#)), Ok(Verdict::Found(_))), found);
    }
    let fake = host("").answer(Answer::json(404, "{}")).install();
    assert!(matches!(Optimakers::apply(&move_to(r#"{"status": "9"}"#)).unwrap_err().cause(), Cause::NotFound(_)));
    fake.start_call();
    assert!(
        matches!(Optimakers::apply(&move_to(r#"{"status": "shipped"}"#)).unwrap_err().cause(), Cause::MappingMissing(missing) if missing[0].reference_list == "order-status")
    );
    assert!(matches!(Optimakers::apply(&move_to("{}")).unwrap_err().cause(), Cause::InvalidRecord(_)));
    assert!(fake.requests().is_empty());
}

#[test]
fn an_order_is_changed_and_keeps_the_line_by_which_it_is_found() {
    let update = intent(
        "order",
        Action::Update,
        Some("1201"),
        r#"{"internal_note": "new", "delivery": {"method": "Paczkomat"}, "deadline": "2026-02-02T08:00:00Z"}"#,
    );
    let now = r#"{"id": 1201, "note": "Ref: wh1\nold", "statusId": 7, "attributes": [{"attributeId": 11, "value": "Kurier"}, {"attributeId": 99, "value": "z"}]}"#;
    let fake = host(MAPPED).answer(Answer::json(200, now)).answer(Answer::json(200, "{}")).install();
    assert!(matches!(Optimakers::apply(&update), Ok(Outcome::Applied(_))));
    let written = text_body(&fake.requests()[1]).to_owned();
    assert_eq!(
        written,
        r#"{"attributes":[{"attributeId":99,"value":"z"},{"attributeId":11,"value":"Paczkomat"}],"deadline":"2026-02-02T09:00:00","id":1201,"note":"Ref: wh1\nnew","statusId":7}"#
    );
    drop(fake);
    let _host = host(MAPPED)
        .answer(Answer::json(200, written.clone()))
        .answer(Answer::json(200, now))
        .answer(Answer::json(200, written))
        .install();
    assert!(matches!(Optimakers::verify(&update), Ok(Verdict::Found(_))));
    assert!(matches!(Optimakers::verify(&update), Ok(Verdict::Absent)));
    assert!(matches!(Optimakers::apply(&update), Ok(Outcome::NothingToDo)));
}
