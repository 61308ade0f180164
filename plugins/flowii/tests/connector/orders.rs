//! Making orders.

use flowii::Flowii;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, CORRELATION, intent, json_body, text_body};

use crate::support::{host, list, one, posts, sent};

const ORDER: &str = r#"{
    "id": "5001", "number": "BL 5001", "external_number": "SHOP-7", "currency": "EUR", "customer_note": "Please hurry",
    "created_at": "2026-07-01T07:30:00Z", "confirmed_at": "2026-01-15T12:00:00Z",
    "customer": {"kind": "company", "name": "ACME", "registration_number": "12345678"},
    "delivery": {"method": "Courier", "price_gross": "4.90"},
    "lines": [
        {"name": "Skrutka", "quantity": "10", "unit_price_gross": "53.75", "tax_rate": {"percent": "23", "code": "A"}},
        {"name": "Matica", "quantity": "0.5", "unit_price_net": "1.10", "tax_rate": {"percent": "0"}}]}"#;
const PARTNER: &str = r#"{"type": "partner", "id": "7", "attributes": {"name": "ACME", "ico": "12345678"}}"#;
const TYPES: &str = r#"{"type": "order-type", "id": "4", "attributes": {"name": "Top"}}"#;
const BOTH_ITEMS: &str = r#"{"type": "order-item", "id": "1", "attributes": {"name": "Skrutka", "quantity": 10}},
    {"type": "order-item", "id": "2", "attributes": {"name": "Matica", "quantity": 0.50}}"#;
const FIRST_ITEM: &str = r#"{"type": "order-item", "id": "1", "attributes": {"name": "Skrutka ", "quantity": 10.0}}"#;
const MADE: &str = r#"{"type": "order", "id": "900", "attributes": {"serial-nr": "Z20260001"}}"#;
const SEARCH: &str = "GET /orders?filter[created-from]=1768392000&page[size]=100&page[number]=0";

fn create() -> Intent {
    intent("order", Action::Create, ORDER)
}

fn ours() -> String {
    format!(
        r#"{{"type": "order", "id": "900", "attributes": {{"serial-nr": "Z20260001", "description": "Ref: {CORRELATION}\nx"}}}}"#
    )
}

#[test]
fn an_order_is_made_for_its_partner_with_its_items_inside() {
    let host = host("")
        .answer(list(PARTNER))
        .answer(list(""))
        .answer(list(TYPES))
        .answer(one(201, MADE))
        .answer(list(BOTH_ITEMS))
        .install();
    let Ok(Outcome::Applied(applied)) = Flowii::apply(&create()) else { panic!("not applied") };
    assert_eq!((applied.id.as_str(), applied.number.as_deref()), ("900", Some("Z20260001")));
    assert_eq!(
        sent(&host),
        [
            "GET /partners?filter[search-text]=12345678&page[size]=100&page[number]=0",
            SEARCH,
            "GET /ordertypes",
            "POST /orders",
            "GET /orders/900/items?page[size]=100&page[number]=0",
        ]
    );
    assert_eq!(
        text_body(&host.requests()[3]),
        r#"{"data":{"type":"order","attributes":{"accepted":"2026-01-15T13:00:00","created":"2026-07-01T09:30:00","description":"Ref: wh7m2k4q9x3c5v8b\nOrder: SHOP-7\nCurrency: EUR\nCustomer's note: Please hurry\nDelivery: Courier, 4.90","name":"BL 5001"},"relationships":{"items":{"data":[{"type":"order-item","attributes":{"name":"Skrutka","quantity":10,"unit-price":43.6992,"vat-rate":23}},{"type":"order-item","attributes":{"name":"Matica","quantity":0.5,"unit-price":1.10,"vat-rate":0}}]},"partner":{"data":{"type":"partner","id":"7"}},"type":{"data":{"type":"order-type","id":"4"}}}}}"#
    );
}

#[test]
fn the_plan_is_the_first_request_and_sends_nothing() {
    for (more, document, entity) in [
        ("", ORDER, "order"),
        (r#""order_type_id": "4""#, r#"{"customer": {"name": "A"}}"#, "order"),
        (
            r#""invoice_correlation_attribute": "description""#,
            r#"{"partner": {"name": "A"}, "issued_on": "2026-02-01"}"#,
            "invoice",
        ),
    ] {
        let host = host(more).answer(Answer::lost()).install();
        let intent = intent(entity, Action::Create, document);
        let plan = Flowii::plan(&intent).unwrap();
        assert!(host.requests().is_empty());
        assert!(plan.notes.iter().any(|note| note.contains("POST /")), "{:?}", plan.notes);
        assert!(Flowii::apply(&intent).is_err());
        let first = host.only_request();
        assert_eq!(
            (plan.method, plan.url, plan.body.as_str()),
            (first.method.clone(), first.url.clone(), text_body(&first))
        );
    }
}

#[test]
fn an_unknown_partner_is_a_dependency_and_nothing_is_written() {
    let near = PARTNER.replace("12345678", "123456789");
    let host = host("").answer(list(&near)).install();
    let failure = Flowii::apply(&create()).unwrap_err();
    let Cause::DependencyMissing(missing) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((missing.entity.as_str(), missing.key.as_str()), ("partner", "12345678"));
    assert_eq!(posts(&host), 0);
}

#[test]
fn an_order_that_is_there_is_not_made_again() {
    let host = host("").answer(list(PARTNER)).answer(list(&ours())).answer(list(BOTH_ITEMS)).install();
    let outcome = Flowii::apply(&create()).unwrap();
    assert!(matches!(outcome, Outcome::AlreadyApplied(applied) if applied.number.as_deref() == Some("Z20260001")));
    assert_eq!(posts(&host), 0);
}

#[test]
fn an_order_left_half_done_gets_the_items_that_it_lacks() {
    let host = host("")
        .answer(list(PARTNER))
        .answer(list(&ours()))
        .answer(list(FIRST_ITEM))
        .answer(one(201, r#"{"id": "2"}"#))
        .install();
    assert!(matches!(Flowii::apply(&create()), Ok(Outcome::Applied(_))));
    assert_eq!(posts(&host), 1);
    let post = &host.requests()[3];
    assert!(post.url.starts_with("https://crm.example/orders/900/items"));
    assert_eq!(json_body(post)["data"]["attributes"]["name"], "Matica");
}

#[test]
fn items_that_were_ignored_inside_the_order_are_added_one_by_one() {
    let host = host(r#""order_type_id": "4""#)
        .answer(list(PARTNER))
        .answer(list(""))
        .answer(one(201, MADE))
        .answer(list(""))
        .answer(one(201, r#"{"id": "1"}"#))
        .answer(one(201, r#"{"id": "2"}"#))
        .install();
    assert!(matches!(Flowii::apply(&create()), Ok(Outcome::Applied(_))));
    assert_eq!(posts(&host), 3);
}

#[test]
fn items_go_where_the_configuration_says() {
    let one_by_one = host(r#""order_type_id": "4", "items_in": "endpoint""#)
        .answer(list(PARTNER))
        .answer(list(""))
        .answer(one(201, MADE))
        .answer(list(""))
        .answer(one(201, r#"{"id": "1"}"#))
        .answer(Answer::lost())
        .install();
    assert_eq!(Flowii::apply(&create()).unwrap_err().cause(), &Cause::OutcomeUnknown);
    assert!(!text_body(&one_by_one.requests()[2]).contains("items"));
    drop(one_by_one);
    let inside = host(r#""order_type_id": "4", "items_in": "inline", "unit_prices": "gross""#)
        .answer(list(PARTNER))
        .answer(list(""))
        .answer(one(201, MADE))
        .install();
    assert!(matches!(Flowii::apply(&create()), Ok(Outcome::Applied(_))));
    assert_eq!(inside.requests().len(), 3);
    assert!(text_body(&inside.requests()[2]).contains(r#""unit-price":53.75"#));
}

#[test]
fn a_flowii_without_a_list_of_items_took_them_with_the_order() {
    let host = host("")
        .answer(list(PARTNER))
        .answer(list(""))
        .answer(list(TYPES))
        .answer(one(201, MADE))
        .answer(Answer::json(404, "{}"))
        .install();
    assert!(matches!(Flowii::apply(&create()), Ok(Outcome::Applied(_))));
    assert_eq!(posts(&host), 1);
}

#[test]
fn optional_parts_that_are_refused_are_left_out() {
    let pointed = r#"{"errors": [{"source": {"pointer": "/data/relationships/company-data"}}]}"#;
    for refusal in [r#"{"errors": [{"detail": "unknown"}]}"#, pointed] {
        let host =
            host(r#""order_type_id": "4", "company_data_id": "1", "correlation_field_id": "2", "items_in": "inline""#)
                .answer(list(PARTNER))
                .answer(list(""))
                .answer(Answer::json(422, refusal))
                .answer(one(201, MADE))
                .install();
        assert!(matches!(Flowii::apply(&create()), Ok(Outcome::Applied(_))));
        let bodies: Vec<bool> =
            host.requests()[2..].iter().map(|request| text_body(request).contains("company-data")).collect();
        assert_eq!(bodies, [true, false]);
        assert!(text_body(&host.requests()[3]).contains("items"));
    }
}

#[test]
fn a_refusal_of_anything_else_is_not_sent_again() {
    let body = r#"{"errors": [{"title": "Validation failed", "detail": "partner is required", "source": {"pointer": "/data/relationships/partner"}}]}"#;
    let host = host(r#""order_type_id": "4", "company_data_id": "1""#)
        .answer(list(PARTNER))
        .answer(list(""))
        .answer(Answer::json(422, body))
        .install();
    let failure = Flowii::apply(&create()).unwrap_err();
    let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!(found[0].path, "/customer");
    assert_eq!(posts(&host), 1);
}

#[test]
fn no_order_is_sent_twice_after_an_unknown_outcome() {
    for answer in [Answer::lost(), Answer::json(500, ""), Answer::html(200, "<html>"), one(201, "{}")] {
        let host = host(r#""order_type_id": "4""#).answer(list(PARTNER)).answer(list("")).answer(answer).install();
        assert_eq!(Flowii::apply(&create()).unwrap_err().cause(), &Cause::OutcomeUnknown);
        assert_eq!(posts(&host), 1);
    }
    let host =
        host(r#""order_type_id": "4""#).answer(list(PARTNER)).answer(list("")).answer(Answer::json(429, "")).install();
    assert!(matches!(Flowii::apply(&create()).unwrap_err().cause(), Cause::RateLimited(_)));
    assert_eq!(posts(&host), 1);
}

#[test]
fn an_order_is_verified_by_its_correlation_and_its_items() {
    let longer = ours().replace(CORRELATION, &format!("{CORRELATION}x"));
    let cases: [(Vec<Answer>, Option<&str>); 4] = [
        (vec![list(&ours()), list(BOTH_ITEMS)], Some("900")),
        (vec![list(&ours()), list(FIRST_ITEM)], None),
        (vec![list(&longer)], None),
        (vec![list("")], None),
    ];
    for (answers, expected) in cases {
        let count = answers.len();
        let host = answers.into_iter().fold(host(""), |host, answer| host.answer(answer)).install();
        match Flowii::verify(&create()).unwrap() {
            Verdict::Found(applied) => assert_eq!(Some(applied.id.as_str()), expected),
            Verdict::Absent => assert_eq!(expected, None),
            Verdict::Inconclusive(why) => panic!("{why}"),
        }
        assert_eq!(host.requests().len(), count);
        assert_eq!(posts(&host), 0);
    }
}

#[test]
fn a_list_too_long_to_read_decides_nothing() {
    let mut next = 0;
    let respond = move |_: &_| {
        next += 1;
        Answer::json(
            200,
            format!(
                r#"{{"data": [{{"id": "{next}", "attributes": {{"description": ""}}}}], "links": {{"next": "x"}}}}"#
            ),
        )
    };
    let host = host(r#""search_pages": 3"#).respond(respond).install();
    assert!(matches!(Flowii::verify(&create()), Ok(Verdict::Inconclusive(_))));
    assert_eq!(host.requests().len(), 3);
}

#[test]
fn a_list_without_descriptions_is_looked_behind() {
    let host = host(r#""items_in": "inline""#)
        .answer(list(r#"{"type": "order", "id": "900", "attributes": {"serial-nr": "Z1"}}"#))
        .answer(one(200, &ours()))
        .install();
    assert!(matches!(Flowii::verify(&create()), Ok(Verdict::Found(_))));
    assert_eq!(sent(&host)[1], "GET /orders/900");
}

#[test]
fn an_order_of_another_without_a_description_is_not_read() {
    let rows = r#"{"type": "order", "id": "1", "attributes": {"serial-nr": "Z1"}}, {"type": "order", "id": "2", "attributes": {"description": "x"}}"#;
    let host = host("").answer(list(rows)).install();
    assert!(matches!(Flowii::verify(&create()), Ok(Verdict::Absent)));
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn a_number_that_does_not_come_with_the_answer_is_read() {
    let host = host(r#""order_type_id": "4", "items_in": "inline""#)
        .answer(list(PARTNER))
        .answer(list(""))
        .answer(one(201, r#"{"type": "order", "id": "900"}"#))
        .answer(one(200, MADE))
        .install();
    let Ok(Outcome::Applied(applied)) = Flowii::apply(&create()) else { panic!("not applied") };
    assert_eq!(applied.number.as_deref(), Some("Z20260001"));
    assert_eq!(sent(&host)[3], "GET /orders/900");
}

#[test]
fn what_cannot_be_sent_is_refused_before_a_request() {
    for (document, list) in [
        (r#"{"customer": {"name": ""}}"#, None),
        (r#"{"customer": {"name": "A"}, "created_at": "yesterday"}"#, None),
        (r#"{"customer": {"name": "A"}, "lines": [{"name": "x", "quantity": "1", "unit_price_gross": "1"}]}"#, None),
        (
            r#"{"customer": {"name": "A"}, "lines": [{"name": "x", "quantity": "1", "tax_rate": {"code": "exempt"}}]}"#,
            Some("vat-rate"),
        ),
    ] {
        let host = host("").install();
        let intent = intent("order", Action::Create, document);
        for failure in [Flowii::plan(&intent).unwrap_err(), Flowii::apply(&intent).unwrap_err()] {
            match (failure.cause(), list) {
                (Cause::InvalidRecord(_), None) => {}
                (Cause::MappingMissing(missing), Some(list)) => assert_eq!(missing[0].reference_list, list),
                (cause, _) => panic!("{cause:?}"),
            }
        }
        assert!(host.requests().is_empty());
    }
}
