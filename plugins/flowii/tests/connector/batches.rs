//! Several intents in one call.

use flowii::Flowii;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, FakeHost, intent, text_body};

use crate::support::{host, list, one, posts, sent};

const PARTNER: &str = r#"{"type": "partner", "id": "7", "attributes": {"name": "ACME", "ico": "12345678"}}"#;
const CONFIG: &str = r#""order_type_id": "4", "items_in": "inline""#;

fn order(number: u32, day: u32) -> Intent {
    let document = format!(
        r#"{{"number": "{number}", "created_at": "2026-02-{day:02}T10:00:00Z", "customer": {{"name": "ACME", "registration_number": "12345678"}}}}"#
    );
    Intent { correlation: format!("wh{number}"), ..intent("order", Action::Create, &document) }
}

fn orders(count: u32) -> Vec<Intent> {
    (1..=count).map(|number| order(number, 20 - number)).collect()
}

/// A FLOWii that has the order `wh2` and makes others; the n-th POST gets another answer.
fn flowii(config: &str, special: Option<(usize, Answer)>) -> FakeHost {
    let mut posts = 0;
    host(config).respond(move |request| {
        if request.url.contains("/partners") {
            return list(PARTNER);
        }
        if request.method == "GET" {
            return list(
                r#"{"type": "order", "id": "902", "attributes": {"serial-nr": "Z2", "description": "Ref: wh2"}}"#,
            );
        }
        posts += 1;
        match &special {
            Some((which, answer)) if *which == posts => answer.clone(),
            _ => one(
                201,
                &format!(r#"{{"type": "order", "id": "{}", "attributes": {{"serial-nr": "Z"}}}}"#, 910 + posts),
            ),
        }
    })
}

fn words(outcomes: &[wharf_sdk::Result<Outcome>]) -> Vec<String> {
    let word = |outcome: &wharf_sdk::Result<Outcome>| match outcome {
        Ok(Outcome::Applied(applied)) => format!("made {}", applied.id),
        Ok(Outcome::AlreadyApplied(applied)) => format!("there {}", applied.id),
        Ok(Outcome::NothingToDo) => "nothing".to_owned(),
        Err(failure) => match failure.cause() {
            Cause::OutcomeUnknown => "unknown".to_owned(),
            Cause::RateLimited(_) => "limited".to_owned(),
            Cause::InvalidRecord(_) => "invalid".to_owned(),
            Cause::DependencyMissing(_) => "waits".to_owned(),
            other => panic!("{other:?}"),
        },
    };
    outcomes.iter().map(word).collect()
}

#[test]
fn the_list_of_orders_is_read_once_for_a_batch_from_the_earliest_of_them() {
    let host = flowii(CONFIG, None).install();
    let outcomes = Flowii::apply_batch(&orders(3));
    assert_eq!(words(&outcomes), ["made 911", "there 902", "made 912"]);
    let asked = sent(&host);
    let lists: Vec<&String> = asked.iter().filter(|line| line.starts_with("GET /orders?")).collect();
    // 2026-02-16T10:00:00Z, a day before the earliest.
    assert_eq!(lists, ["GET /orders?filter[created-from]=1771236000&page[size]=100&page[number]=0"]);
    assert_eq!(asked.len(), 3 + 1 + 2);
}

#[test]
fn one_order_that_fails_does_not_hold_the_others() {
    let mut batch = orders(4);
    batch[0].document = r#"{"customer": {"name": ""}}"#.to_owned();
    let host = flowii(CONFIG, Some((1, Answer::lost()))).install();
    assert_eq!(words(&Flowii::apply_batch(&batch)), ["invalid", "there 902", "unknown", "made 912"]);
    assert_eq!(posts(&host), 2);
}

#[test]
fn after_a_failure_that_stops_the_connection_nothing_is_sent() {
    let stopped = flowii(CONFIG, Some((2, Answer::json(429, "")))).install();
    assert_eq!(words(&Flowii::apply_batch(&orders(5))), ["made 911", "there 902", "limited", "limited", "limited"]);
    assert_eq!(posts(&stopped), 2);
    drop(stopped);
    let host = host(CONFIG).answer(list(PARTNER)).answer(list(PARTNER)).answer(Answer::json(429, "")).install();
    assert_eq!(words(&Flowii::apply_batch(&orders(2))), ["limited", "limited"]);
    assert_eq!(posts(&host), 0);
}

#[test]
fn an_order_without_a_time_has_the_whole_list_read() {
    let mut batch = orders(2);
    batch[1].document = r#"{"customer": {"name": "ACME", "registration_number": "12345678"}}"#.to_owned();
    let host = flowii(CONFIG, None).install();
    assert_eq!(words(&Flowii::apply_batch(&batch)), ["made 911", "there 902"]);
    assert_eq!(sent(&host)[2], "GET /orders?page[size]=100&page[number]=0");
}

#[test]
fn without_looking_before_no_list_is_read() {
    let host = flowii(&format!(r#"{CONFIG}, "check_before_create": false"#), None).install();
    assert_eq!(words(&Flowii::apply_batch(&orders(2))), ["made 911", "made 912"]);
    assert_eq!(sent(&host).iter().filter(|line| line.starts_with("GET /orders")).count(), 0);
    assert!(text_body(&host.requests()[2]).contains("Ref: wh1"));
}

#[test]
fn a_batch_is_verified_by_one_reading_of_the_list() {
    let host = flowii(CONFIG, None).install();
    let verdicts: Vec<bool> = Flowii::verify_batch(&orders(3))
        .into_iter()
        .map(|verdict| matches!(verdict.unwrap(), Verdict::Found(_)))
        .collect();
    assert_eq!(verdicts, [false, true, false]);
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn a_batch_of_tasks_has_one_result_for_each() {
    let task = |number: u32| Intent {
        correlation: format!("wh{number}"),
        ..intent("task", Action::Create, &format!(r#"{{"caption": "Call {number}"}}"#))
    };
    let made = host(r#""activity_type_id": "21""#).respond(|_| one(201, r#"{"id": "5"}"#)).install();
    assert_eq!(words(&Flowii::apply_batch(&[task(1), task(2)])), ["made 5", "made 5"]);
    assert_eq!(posts(&made), 2);
    drop(made);
    let rows = r#"{"id": "5", "attributes": {"description": "Ref: wh2"}}"#;
    let host = host("").answer(list(rows)).install();
    let found: Vec<_> = Flowii::verify_batch(&[task(1), task(2)]).into_iter().map(Result::unwrap).collect();
    assert!(matches!(found.as_slice(), [Verdict::Absent, Verdict::Found(_)]), "{found:?}");
    assert_eq!(host.requests().len(), 1);
}
