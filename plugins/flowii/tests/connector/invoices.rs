//! Making invoices.

use flowii::Flowii;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, CORRELATION, intent, text_body};

use crate::support::{host, list, one, posts};

const INVOICE: &str = r#"{"number": "FV20260001", "issued_on": "2026-02-01", "partner": {"name": "ACME", "registration_number": "12345678"},
    "lines": [{"name": "x", "quantity": "1", "unit_price_net": "5.00", "tax_rate": {"percent": "23"}}]}"#;
const PARTNER: &str = r#"{"type": "partner", "id": "7", "attributes": {"name": "ACME", "ico": "12345678"}}"#;
const MARKED: &str = r#""invoice_correlation_attribute": "description""#;

fn create() -> Intent {
    intent("invoice", Action::Create, INVOICE)
}

fn there(partner: &str, attributes: &str) -> String {
    format!(
        r#"{{"type": "document", "id": "1", "attributes": {{"type": 4, {attributes}}},
            "relationships": {{"partner": {{"data": {{"type": "partner", "id": "{partner}"}}}}}}}}"#
    )
}

fn verified(more: &str, row: &str) -> &'static str {
    let _host = host(more).answer(list(PARTNER)).answer(list(row)).install();
    match Flowii::verify(&create()).unwrap() {
        Verdict::Found(_) => "found",
        Verdict::Absent => "absent",
        Verdict::Inconclusive(_) => "inconclusive",
    }
}

#[test]
fn an_invoice_is_made_for_its_partner_with_its_variable_symbol() {
    let host = host("")
        .answer(list(PARTNER))
        .answer(list(""))
        .answer(one(201, &there("7", r#""serial-nr": "1/26""#)))
        .install();
    let Ok(Outcome::Applied(applied)) = Flowii::apply(&create()) else { panic!("not applied") };
    assert_eq!((applied.id.as_str(), applied.number.as_deref()), ("1", Some("1/26")));
    assert_eq!(
        text_body(&host.requests()[2]),
        r#"{"data":{"type":"document","attributes":{"issued-date":"2026-02-01T00:00:00","serial-nr":"FV20260001","type":4,"variable-symbol":"20260001"},"relationships":{"items":{"data":[{"type":"document-item","attributes":{"name":"x","quantity":1,"unit-price":5.00,"vat-rate":23}}]},"partner":{"data":{"type":"partner","id":"7"}}}}}"#
    );
}

#[test]
fn number_that_the_answer_leaves_out_is_read_and_one_that_cannot_be_read_loses_no_invoice() {
    let bare = r#"{"type": "document", "id": "1"}"#;
    for (answer, number) in
        [(one(200, &there("7", r#""serial-nr": "1/26""#)), Some("1/26")), (Answer::json(500, "{}"), None)]
    {
        let host = host("").answer(list(PARTNER)).answer(list("")).answer(one(201, bare)).answer(answer).install();
        let Ok(Outcome::Applied(applied)) = Flowii::apply(&create()) else { panic!("not applied") };
        assert_eq!((applied.id.as_str(), applied.number.as_deref()), ("1", number));
        assert!(host.requests()[3].url.contains("/documents/1?"));
    }
}

#[test]
fn with_an_attribute_for_it_an_invoice_is_found_by_its_correlation() {
    let ours = there("7", &format!(r#""serial-nr": "9", "description": "Ref: {CORRELATION}""#));
    let taken = there("7", r#""serial-nr": "FV20260001", "description": "x""#);
    let other = there("7", r#""serial-nr": "9", "variable-symbol": "20260001""#);
    let made = host(MARKED).answer(list(PARTNER)).answer(list(&other)).answer(one(201, &ours)).install();
    assert!(matches!(Flowii::apply(&create()), Ok(Outcome::Applied(_))));
    assert!(text_body(&made.requests()[2]).contains(&format!(r#""description":"Ref: {CORRELATION}""#)));
    drop(made);
    let known = host(MARKED).answer(list(PARTNER)).answer(list(&ours)).install();
    assert!(matches!(Flowii::apply(&create()), Ok(Outcome::AlreadyApplied(_))));
    assert_eq!(posts(&known), 0);
    drop(known);
    let _refused = host(MARKED).answer(list(PARTNER)).answer(list(&taken)).install();
    assert!(matches!(Flowii::apply(&create()).unwrap_err().cause(), Cause::Conflict(_)));
    drop(_refused);
    assert_eq!([&ours, &taken, &other].map(|row| verified(MARKED, row)), ["found", "inconclusive", "absent"]);
}

#[test]
fn without_one_an_invoice_is_found_by_partner_and_symbol_and_a_day_alone_decides_nothing() {
    let day = r#""issued-date": "2026-02-01T00:00:00""#;
    for (row, expected) in [
        (there("7", r#""variable-symbol": "20260001""#), "found"),
        (there("7", r#""serial-nr": "FV20260001""#), "found"),
        (there("8", r#""variable-symbol": "20260001""#), "absent"),
        (there("8", r#""serial-nr": "FV20260001""#), "inconclusive"),
        (there("7", &format!(r#"{day}, "variable-symbol": "7""#)), "absent"),
        (there("7", day), "inconclusive"),
        (there("7", r#""issued-date": "2026-02-02T00:00:00""#), "absent"),
        (there("7", r#""serial-nr": "9""#), "inconclusive"),
    ] {
        assert_eq!(verified("", &row), expected, "{row}");
    }
    assert_eq!(verified("", ""), "absent");
}

#[test]
fn an_invoice_of_the_same_symbol_is_a_conflict_and_one_of_the_same_day_is_not() {
    let same = there("7", r#""variable-symbol": "20260001""#);
    let refused = host("").answer(list(PARTNER)).answer(list(&same)).install();
    let failure = Flowii::apply(&create()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Conflict(conflict) if conflict.existing_id.as_deref() == Some("1")));
    assert_eq!(posts(&refused), 0);
    drop(refused);
    let alike = there("7", r#""issued-date": "2026-02-01T00:00:00""#);
    let _made = host("").answer(list(PARTNER)).answer(list(&alike)).answer(one(201, &same)).install();
    assert!(matches!(Flowii::apply(&create()), Ok(Outcome::Applied(_))));
}

#[test]
fn a_lost_answer_is_unknown_and_an_invoice_without_its_partner_was_not_made() {
    let host_ = host("").answer(list(PARTNER)).answer(list("")).answer(Answer::lost()).install();
    assert_eq!(Flowii::apply(&create()).unwrap_err().cause(), &Cause::OutcomeUnknown);
    assert_eq!(posts(&host_), 1);
    drop(host_);
    let alone = host("").answer(list("")).answer(list("")).install();
    assert!(matches!(Flowii::verify(&create()), Ok(Verdict::Absent)));
    assert!(matches!(Flowii::apply(&create()).unwrap_err().cause(), Cause::DependencyMissing(_)));
    assert_eq!(posts(&alone), 0);
}
