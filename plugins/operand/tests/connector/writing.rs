//! Writing to a receivable what became of it.

use operand::Operand;
use wharf_sdk::failure::Cause;
use wharf_sdk::http::Effect;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, FakeHost, text_body};

use crate::support::{host, sent};

const DOCUMENT: &str = r#"{"invoice_number": "2026001", "bank_slip_url": "https://b.example/1", "paid_on": "2026-02-05", "paid_value": "1234.50"}"#;
const BEFORE: &str = r#"{"records": {"id": 31, "invoiceNumber": "", "bankSlipUrl": null, "paymentDate": "0000-00-00 00:00:00", "paidValue": "0,00"}}"#;
const AFTER: &str = r#"{"records": {"id": 31, "invoiceNumber": 2026001, "bankSlipUrl": "https://b.example/1",
    "paymentDate": "2026-02-05 00:00:00", "paidValue": "1.234,50", "updatedAt": "2026-02-05 10:00:00"}}"#;

fn intent(action: Action, target: Option<&str>, document: &str) -> Intent {
    Intent {
        id: "0197".to_owned(),
        entity: "invoice".to_owned(),
        action,
        target: target.map(str::to_owned),
        expected_revision: None,
        correlation: "wh7m2k4q9x3c5v8b".to_owned(),
        document: document.to_owned(),
    }
}

fn update() -> Intent {
    intent(Action::Update, Some("receivable:31"), DOCUMENT)
}

fn answers(bodies: &[(u16, &str)]) -> FakeHost {
    bodies.iter().fold(host(""), |host, (status, body)| host.answer(Answer::json(*status, *body)))
}

#[test]
fn a_receivable_is_read_changed_and_read_again() {
    let host = answers(&[(200, BEFORE), (200, "{}"), (200, AFTER)]).install();
    let Ok(Outcome::Applied(applied)) = Operand::apply(&update()) else { panic!("not applied") };
    assert_eq!((applied.id.as_str(), applied.number.as_deref()), ("receivable:31", Some("2026001")));
    assert_eq!(applied.revision.as_deref(), Some("1770296400000"));
    let path = "/beta/finance/receivables/31";
    assert_eq!(sent(&host), [format!("GET {path}"), format!("PUT {path}"), format!("GET {path}")]);
    let put = &host.requests()[1];
    assert_eq!(put.effect, Effect::IdempotentWrite);
    assert_eq!(
        text_body(put),
        r#"{"invoiceNumber":"2026001","bankSlipUrl":"https://b.example/1","paymentDate":"2026-02-05","paidValue":1234.50}"#
    );
}

#[test]
fn a_second_time_there_is_nothing_to_do() {
    let host = answers(&[(200, AFTER)]).install();
    assert_eq!(Operand::apply(&update()), Ok(Outcome::NothingToDo));
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn an_operand_without_write_back_is_told_so() {
    for status in [404, 405, 501] {
        let host = answers(&[(200, BEFORE), (status, "")]).install();
        let failure = Operand::apply(&update()).unwrap_err();
        assert!(matches!(failure.cause(), Cause::Unsupported(what) if what == "write-back"), "{failure:?}");
        assert!(failure.message().contains("reading works without"), "{}", failure.message());
        assert_eq!(host.requests().len(), 2);
    }
    let _host = answers(&[(200, BEFORE), (200, "{}"), (200, BEFORE)]).install();
    let failure = Operand::apply(&update()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Unsupported(_)));
    assert!(failure.message().contains("`invoiceNumber`"), "{}", failure.message());
}

#[test]
fn an_answer_from_something_on_the_way_does_not_say_that_there_is_no_write_back() {
    let page = "<html><body>Bad gateway</body></html>";
    for put in [Answer::html(200, page), Answer::empty(200), Answer::json(200, r#""surprise""#)] {
        let host = host("").answer(Answer::json(200, BEFORE)).answer(put).answer(Answer::json(200, BEFORE)).install();
        let failure = Operand::apply(&update()).unwrap_err();
        assert!(!matches!(failure.cause(), Cause::Unsupported(_)), "{failure:?}");
        assert_eq!(host.requests().len(), 3);
    }
}

#[test]
fn a_receivable_that_is_not_there_is_no_missing_route() {
    let _host = answers(&[(404, "{}")]).install();
    assert!(matches!(Operand::apply(&update()).unwrap_err().cause(), Cause::NotFound(_)));
}

#[test]
fn a_lost_answer_is_asked_after() {
    let host = host("").answer(Answer::json(200, BEFORE)).answer(Answer::lost()).install();
    // The same again leaves the same, so nothing has to be unknown.
    assert_eq!(Operand::apply(&update()).unwrap_err().cause(), &Cause::Unavailable(None));
    host.answer(Answer::json(200, AFTER));
    assert!(matches!(Operand::verify(&update()), Ok(Verdict::Found(applied)) if applied.id == "receivable:31"));
    host.answer(Answer::json(200, BEFORE));
    assert_eq!(Operand::verify(&update()), Ok(Verdict::Absent));
}

#[test]
fn the_plan_is_the_first_request_and_sends_nothing() {
    let host = host("").answer(Answer::lost()).install();
    let plan = Operand::plan(&update()).unwrap();
    assert!(host.requests().is_empty());
    assert!(plan.notes[1].contains(r#"{"invoiceNumber":"2026001","#), "{:?}", plan.notes);
    assert!(Operand::apply(&update()).is_err());
    let first = host.only_request();
    assert_eq!(
        (plan.method, plan.url, plan.body.as_str()),
        (first.method.clone(), first.url.clone(), text_body(&first))
    );
}

#[test]
fn documents_and_targets_that_cannot_be_used_are_named() {
    let host = host("").install();
    for (document, path) in [
        ("{}", ""),
        (r#"{"paid_on": "5.2.2026"}"#, "/paid_on"),
        (r#"{"paid_value": 5}"#, "/paid_value"),
        (r#"{"note": "x"}"#, "/note"),
    ] {
        let failure = Operand::apply(&intent(Action::Update, Some("receivable:31"), document)).unwrap_err();
        let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(found[0].path, path, "{found:?}");
    }
    let payable = Operand::apply(&intent(Action::Update, Some("payable:31"), DOCUMENT)).unwrap_err();
    assert!(matches!(payable.cause(), Cause::Unsupported(_)));
    let nobody = Operand::apply(&intent(Action::Update, None, DOCUMENT)).unwrap_err();
    assert!(matches!(nobody.cause(), Cause::InvalidRecord(_)));
    let created = Operand::plan(&intent(Action::Create, None, DOCUMENT)).unwrap_err();
    assert!(matches!(created.cause(), Cause::Unsupported(_)));
    assert!(host.requests().is_empty());
}

#[test]
fn a_refused_body_is_an_invalid_record() {
    let _host = answers(&[(200, BEFORE), (400, r#"{"error":"value"}"#)]).install();
    assert!(matches!(Operand::apply(&update()).unwrap_err().cause(), Cause::InvalidRecord(_)));
}
