//! Tasks, events and business cases.

use flowii::Flowii;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, CORRELATION, intent, text_body};

use crate::support::{host, list, one, posts, sent};

const TASK: &str = r#"{"caption": "Call", "description": "back", "deadline": "2026-07-01T08:00:00Z", "order_id": "9"}"#;
const EVENT: &str = r#"{"caption": "Fair", "start": "2026-02-01T09:00:00Z", "user_ids": ["12"]}"#;
const CASE: &str = r#"{"name": "Deal", "amount": "10.50", "probability": "40", "partner_id": "7", "state": "41"}"#;
const KINDS: [(&str, &str, &str); 3] =
    [("task", TASK, "tasks"), ("event", EVENT, "events"), ("business-case", CASE, "businesscases")];

fn change(entity: &str, document: &str) -> Intent {
    Intent { target: Some("5".to_owned()), ..intent(entity, Action::Update, document) }
}

#[test]
fn each_kind_is_sent_as_flowii_has_it_and_leaves_its_correlation() {
    let cases = [
        r#"{"data":{"type":"task","attributes":{"caption":"Call","deadline":"2026-07-01T10:00:00","description":"Ref: wh7m2k4q9x3c5v8b\nback"},"relationships":{"activities":{"data":[{"type":"activity","attributes":{"deadline":"2026-07-01T10:00:00","state":4},"relationships":{"activity-type":{"data":{"type":"activity-type","id":"21"}},"user":{"data":{"type":"user","id":"12"}}}},{"type":"activity","attributes":{"deadline":"2026-07-01T10:00:00","state":4},"relationships":{"activity-type":{"data":{"type":"activity-type","id":"21"}},"user":{"data":{"type":"user","id":"13"}}}}]},"order":{"data":{"type":"order","id":"9"}}}}}"#,
        r#"{"data":{"type":"event","attributes":{"caption":"Fair","description":"Ref: wh7m2k4q9x3c5v8b","start":"2026-02-01T10:00:00"},"relationships":{"users":{"data":[{"type":"user","id":"12"}]}}}}"#,
        r#"{"data":{"type":"business-case","attributes":{"amount":10.50,"description":"Ref: wh7m2k4q9x3c5v8b","name":"Deal","probability":40},"relationships":{"partner":{"data":{"type":"partner","id":"7"}},"state":{"data":{"type":"business-case-state","id":"41"}}}}}"#,
    ];
    for ((entity, document, path), body) in KINDS.into_iter().zip(cases) {
        let host = host(r#""activity_type_id": "21", "responsible_user_ids": ["12", "13"]"#)
            .answer(one(201, r#"{"type": "x", "id": "5", "attributes": {"serial-nr": "N5"}}"#))
            .install();
        let intent = intent(entity, Action::Create, document);
        let plan = Flowii::plan(&intent).unwrap();
        let Ok(Outcome::Applied(applied)) = Flowii::apply(&intent) else { panic!("not applied") };
        assert_eq!((applied.id.as_str(), applied.number.as_deref()), ("5", Some("N5")));
        assert_eq!(sent(&host), [format!("POST /{path}")]);
        let post = host.only_request();
        assert_eq!(text_body(&post), body);
        assert_eq!((plan.url, plan.body.as_str()), (post.url.clone(), body));
    }
}

#[test]
fn the_first_activity_type_is_found_and_the_partner_is_looked_up() {
    let document = r#"{"caption": "Call", "partner": {"name": "ACME", "registration_number": "12345678"}}"#;
    let partner = r#"{"type": "partner", "id": "7", "attributes": {"name": "ACME", "ico": "12345678"}}"#;
    let found = host("")
        .answer(list(partner))
        .answer(list(r#"{"type": "activity-type", "id": "21", "attributes": {"name": "Task"}}"#))
        .answer(one(201, r#"{"id": "5"}"#))
        .install();
    assert!(matches!(Flowii::apply(&intent("task", Action::Create, document)), Ok(Outcome::Applied(_))));
    let body = text_body(&found.requests()[2]).to_owned();
    assert!(body.contains(r#""partner":{"data":{"type":"partner","id":"7"}}"#), "{body}");
    assert!(body.contains(r#"{"type":"activity","attributes":{"state":4},"relationships":{"activity-type""#), "{body}");
    drop(found);
    let missing = host("").answer(list("")).install();
    let failure = Flowii::apply(&intent("task", Action::Create, document)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::DependencyMissing(_)), "{failure:?}");
    assert_eq!(posts(&missing), 0);
}

#[test]
fn the_plan_is_the_first_request() {
    let partner = r#"{"caption": "Call", "start": "2026-02-01T09:00:00Z", "partner": {"name": "A"}}"#;
    for (more, entity, document) in [
        ("", "task", TASK),
        (r#""activity_type_id": "21""#, "task", TASK),
        (r#""check_before_create": true"#, "event", EVENT),
        ("", "event", EVENT),
        ("", "event", partner),
        ("", "business-case", CASE),
    ] {
        let host = host(more).answer(Answer::lost()).install();
        let intent = intent(entity, Action::Create, document);
        let plan = Flowii::plan(&intent).unwrap();
        assert!(host.requests().is_empty());
        Flowii::apply(&intent).unwrap_err();
        let first = host.only_request();
        assert_eq!(
            (plan.method, plan.url, plan.body.as_str()),
            (first.method.clone(), first.url.clone(), text_body(&first)),
            "{entity} {more}"
        );
    }
}

#[test]
fn what_cannot_be_sent_is_refused_before_a_request() {
    for (entity, action, document, path) in [
        ("task", Action::Create, r#"{"caption": " "}"#, "/caption"),
        ("task", Action::Create, r#"{"caption": "A", "deadline": "soon"}"#, "/deadline"),
        ("task", Action::Create, r#"{"caption": "A", "activities": [{"deadline": "x"}]}"#, "/activities/0/deadline"),
        ("task", Action::Create, r#"{"caption": "A", "partner": {"name": ""}}"#, "/partner/name"),
        ("task", Action::Update, r#"{"activities": [{"state": 1}]}"#, "/activities"),
        ("event", Action::Create, r#"{"caption": "A"}"#, "/start"),
        ("business-case", Action::Create, r#"{"name": "A"}"#, "/partner_id"),
        ("business-case", Action::Create, r#"{"name": "A", "partner_id": "7", "amount": 1}"#, "/amount"),
    ] {
        let host = host("").install();
        let intent = Intent { target: Some("5".to_owned()), ..intent(entity, action, document) };
        for failure in [Flowii::plan(&intent).unwrap_err(), Flowii::apply(&intent).unwrap_err()] {
            assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == path), "{failure:?}");
        }
        assert!(host.requests().is_empty());
    }
}

#[test]
fn a_lost_answer_is_unknown_and_verified_by_the_correlation() {
    for (entity, document, path) in KINDS {
        let lost = host(r#""activity_type_id": "21""#).answer(Answer::lost()).install();
        let intent = intent(entity, Action::Create, document);
        assert_eq!(Flowii::apply(&intent).unwrap_err().cause(), &Cause::OutcomeUnknown);
        assert_eq!(posts(&lost), 1);
        drop(lost);
        let ours = format!(r#"{{"id": "5", "attributes": {{"description": "Ref: {CORRELATION}\nx"}}}}"#);
        let longer = ours.replace(CORRELATION, &format!("{CORRELATION}x"));
        for (rows, found) in [(ours, true), (longer, false), (String::new(), false)] {
            let host = host("").answer(list(&rows)).install();
            match Flowii::verify(&intent).unwrap() {
                Verdict::Found(applied) => assert!(found && applied.id == "5"),
                Verdict::Absent => assert!(!found),
                Verdict::Inconclusive(why) => panic!("{why}"),
            }
            assert_eq!(sent(&host), [format!("GET /{path}?page[size]=100&page[number]=0")]);
        }
    }
}

#[test]
fn where_it_is_wanted_it_is_looked_for_before_it_is_made() {
    let ours = format!(r#"{{"id": "5", "attributes": {{"description": "Ref: {CORRELATION}"}}}}"#);
    let host = host(r#""check_before_create": true, "items_in": "inline""#).answer(list(&ours)).install();
    let outcome = Flowii::apply(&intent("event", Action::Create, EVENT)).unwrap();
    assert!(matches!(outcome, Outcome::AlreadyApplied(applied) if applied.id == "5"));
    assert_eq!(posts(&host), 0);
}

#[test]
fn a_change_has_only_what_the_document_says_and_keeps_the_correlation() {
    let there = format!(
        r#"{{"type": "task", "id": "5", "attributes": {{"caption": "Call", "description": "Ref: {CORRELATION}\nback"}}}}"#
    );
    let changed = host("").answer(one(200, &there)).answer(one(200, &there)).install();
    let intent = change("task", r#"{"description": "again", "deadline": "2026-02-01T09:00:00Z"}"#);
    assert!(matches!(Flowii::apply(&intent), Ok(Outcome::Applied(_))));
    assert_eq!(
        text_body(&changed.requests()[1]),
        r#"{"data":{"type":"task","id":"5","attributes":{"deadline":"2026-02-01T10:00:00","description":"Ref: wh7m2k4q9x3c5v8b\nagain"}}}"#
    );
    assert_eq!(changed.requests()[1].effect, wharf_sdk::http::Effect::IdempotentWrite);
    drop(changed);
    let same = host("").answer(one(200, &there)).answer(one(200, &there)).answer(one(200, &there)).install();
    let intent = change("task", r#"{"caption": "Call", "description": "back"}"#);
    assert_eq!(Flowii::apply(&intent).unwrap(), Outcome::NothingToDo);
    assert!(matches!(Flowii::verify(&intent), Ok(Verdict::Found(_))));
    assert!(matches!(Flowii::verify(&change("task", r#"{"caption": "Write"}"#)), Ok(Verdict::Absent)));
    assert!(same.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn what_a_change_is_about_may_be_gone() {
    let _host = host("").answer(Answer::json(404, "{}")).install();
    let failure = Flowii::apply(&change("event", r#"{"caption": "X"}"#)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::NotFound(missing) if missing.key == "5"), "{failure:?}");
}
