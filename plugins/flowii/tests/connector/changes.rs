//! Changing orders.

use flowii::Flowii;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, intent, text_body};

use crate::support::{host, one, sent};

const THERE: &str = r#"{"type": "order", "id": "9", "attributes": {"name": "BL 1", "description": "Ref: wh12\nCurrency: EUR\nDelivery: Courier"},
    "relationships": {"state": {"data": {"type": "order-state", "id": "11"}}, "custom-field-string-values": {"data": [
    {"type": "custom-field-string-value", "id": "5", "attributes": {"value": "red"}, "relationships": {"custom-field": {"data": {"type": "custom-field", "id": "61"}}}},
    {"type": "custom-field-string-value", "id": "6", "attributes": {"value": "wh12"}, "relationships": {"custom-field": {"data": {"type": "custom-field", "id": "62"}}}}]}}}"#;

fn change(action: Action, document: &str) -> Intent {
    Intent { target: Some("9".to_owned()), ..intent("order", action, document) }
}

#[test]
fn a_change_has_only_what_the_document_says_and_keeps_the_rest_of_the_description() {
    let host = host("").answer(one(200, THERE)).answer(one(200, THERE)).install();
    let document = r#"{"customer": {"name": ""}, "status": "12", "deadline": "2026-02-01T09:00:00Z",
        "delivery": {"method": "Courier", "tracking_number": "T1"}}"#;
    let intent = change(Action::Update, document);
    let plan = Flowii::plan(&intent).unwrap();
    assert!(matches!(Flowii::apply(&intent), Ok(Outcome::Applied(applied)) if applied.id == "9"));
    assert_eq!(sent(&host), ["GET /orders/9", "PATCH /orders/9"]);
    assert_eq!(plan.url, host.requests()[0].url);
    assert_eq!(
        text_body(&host.requests()[1]),
        r#"{"data":{"type":"order","id":"9","attributes":{"deadline":"2026-02-01T10:00:00","description":"Ref: wh12\nCurrency: EUR\nDelivery: Courier, T1"},"relationships":{"state":{"data":{"type":"order-state","id":"12"}}}}}"#
    );
}

#[test]
fn a_transition_moves_the_order_to_another_state() {
    let moved = host("").answer(one(200, THERE)).answer(one(200, THERE)).install();
    assert!(matches!(Flowii::apply(&change(Action::Transition, r#"{"status": "12"}"#)), Ok(Outcome::Applied(_))));
    assert!(text_body(&moved.requests()[1]).contains(r#""state":{"data":{"type":"order-state","id":"12"}}"#));
    drop(moved);
    let there = host("").answer(one(200, THERE)).answer(one(200, THERE)).install();
    assert_eq!(Flowii::apply(&change(Action::Transition, r#"{"status": "11"}"#)).unwrap(), Outcome::NothingToDo);
    assert!(matches!(Flowii::verify(&change(Action::Transition, r#"{"status": "12"}"#)), Ok(Verdict::Absent)));
    let failure = Flowii::apply(&change(Action::Transition, "{}")).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/status"));
    assert_eq!(there.requests().len(), 2);
}

#[test]
fn changed_custom_fields_go_with_those_that_are_there_and_are_left_out_where_they_are_refused() {
    let document = r#"{"status": "12", "extra": {"custom_fields": {"61": "blue"}}}"#;
    for refusal in [
        r#"{"errors": [{"detail": "no"}]}"#,
        r#"{"errors": [{"source": {"pointer": "/data/relationships/custom-field-string-values"}}]}"#,
    ] {
        let host =
            host("").answer(one(200, THERE)).answer(Answer::json(422, refusal)).answer(one(200, THERE)).install();
        assert!(matches!(Flowii::apply(&change(Action::Update, document)), Ok(Outcome::Applied(_))));
        let first = text_body(&host.requests()[1]).to_owned();
        assert!(first.contains(r#"{"value":"blue"}"#) && first.contains(r#"{"value":"wh12"}"#), "{first}");
        let second = text_body(&host.requests()[2]).to_owned();
        assert!(!second.contains("custom-field") && second.contains(r#""id":"12""#), "{second}");
    }
    let same = host("").answer(one(200, THERE)).install();
    let document = r#"{"extra": {"custom_fields": {"61": "red"}}}"#;
    assert_eq!(Flowii::apply(&change(Action::Update, document)).unwrap(), Outcome::NothingToDo);
    assert_eq!(same.requests().len(), 1);
}

#[test]
fn a_refusal_of_anything_else_and_what_cannot_be_changed_are_told_by_their_places() {
    let refused = host("")
        .answer(one(200, THERE))
        .answer(Answer::json(
            422,
            r#"{"errors": [{"title": "bad", "source": {"pointer": "/data/attributes/deadline"}}]}"#,
        ))
        .install();
    let document = r#"{"deadline": "2026-02-01T09:00:00Z", "extra": {"custom_fields": {"61": "blue"}}}"#;
    let failure = Flowii::apply(&change(Action::Update, document)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/deadline"), "{failure:?}");
    assert_eq!(refused.requests().len(), 2);
    drop(refused);
    let host = host("").install();
    for (document, path) in [
        (r#"{"lines": [{"name": "x", "quantity": "1"}]}"#, "/lines"),
        (r#"{"created_at": "2026-02-01T09:00:00Z"}"#, "/created_at"),
        (r#"{"deadline": "soon"}"#, "/deadline"),
    ] {
        let failure = Flowii::apply(&change(Action::Update, document)).unwrap_err();
        assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == path), "{failure:?}");
    }
    assert!(host.requests().is_empty());
}
