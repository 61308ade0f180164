//! Writes of which nobody knows whether they took effect.

use std::sync::Arc;
use std::time::Duration;

use wharf_host::model::{Cause, Verdict};
use wharf_host::surroundings::Clock;

use super::remote::{Fate, failure};
use super::time::START;
use super::world::{world, world_of};
use crate::{IntentState, ItemState, Selector, UnknownOutcome};

#[test]
fn lost_answer_is_verified_and_not_repeated() {
    let world = world().with_orders(1).with_everything();
    world.target.script(|_, _| Fate::AnswerLost);
    let report = world.run();
    assert_eq!((report.done, report.waiting), (1, 0));
    assert_eq!((world.target.total_applies(), world.target.total_verifies()), (1, 1));
    let write_backs = world.shop.written();
    assert_eq!(write_backs[1].document["extra"]["number"], "found target-1", "the document found is what is told back");
    assert!(report.elapsed_ms >= 7_000, "the remote was given time: {} ms", report.elapsed_ms);
}

#[test]
fn lost_request_is_repeated_after_the_remote_said_twice_that_it_is_not_there() {
    let world = world().with_orders(1);
    world.target.script(|_, before| if before == 0 { Fate::RequestLost } else { Fate::Applied });
    let report = world.run_to_the_end();
    assert_eq!(report.totals.done, 1);
    assert_eq!((world.target.total_applies(), world.target.total_verifies()), (2, 2));
    assert_eq!(world.target.written().len(), 1);
    let story = &world.ledger().why("shop", "order", "o1").unwrap()[0];
    let asked = story.events.iter().filter(|event| event.what == "asked").count();
    assert_eq!((asked, story.state), (2, ItemState::Done));
}

#[test]
fn write_that_shows_up_late_is_found_by_the_second_question() {
    let world = world().with_orders(1);
    world.target.script(|_, _| Fate::AnswerLost);
    world.target.verify_script(|_, before| (before == 0).then_some(Ok(Verdict::Absent)));
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, world.target.written().len(), world.target.total_applies()), (1, 1, 1));
}

#[test]
fn remote_that_takes_half_a_minute_to_show_a_new_document_does_not_get_it_twice() {
    let world = world().with_orders(3);
    world.target.script(|_, _| Fate::AnswerLost);
    let (time, shown) = (Arc::clone(&world.time), world.ledger().now().after(Duration::from_secs(33)));
    world.target.verify_script(move |_, _| (time.now() < shown).then_some(Ok(Verdict::Absent)));
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, world.target.written().len(), world.target.total_applies()), (3, 3, 3));
}

#[test]
fn question_without_an_answer_parks_for_a_person() {
    let world = world().with_orders(1);
    world.target.script(|_, _| Fate::RequestLost);
    world.target.verify_script(|_, _| Some(Ok(Verdict::Inconclusive("the search is down".into()))));
    let report = world.run();
    assert_eq!(report.parked, [("outcome-unknown".to_owned(), 1)].into());
    world.time.advance(Duration::from_secs(3600));
    assert_eq!(world.run().parked.len(), 0, "nothing is tried by itself");
    assert_eq!(world.target.total_applies(), 1);
    let ledger = world.ledger();
    let group = &ledger.parked().unwrap()[0];
    let correlation = ledger.why("shop", "order", "o1").unwrap()[0].effects[0].correlation.clone();
    assert!(group.message.contains(&correlation) && group.message.contains("the search is down"), "{}", group.message);

    world.target.script(|_, _| Fate::Applied);
    let absent =
        Selector { cause: Some("outcome-unknown".into()), unknown: UnknownOutcome::Absent, ..Selector::default() };
    let released = world.time.drive(&[&ledger], || false, ledger.release(absent)).unwrap().unwrap();
    drop(ledger);
    assert_eq!(released, 1);
    assert_eq!(world.run().done, 1);
    assert_eq!(world.target.written().len(), 1);
}

#[test]
fn release_asks_once_more_unless_a_person_knows() {
    let world = world().with_orders(1);
    world.target.script(|_, _| Fate::AnswerLost);
    world.target.verify_script(|_, before| (before == 0).then_some(Ok(Verdict::Inconclusive("busy".into()))));
    assert_eq!(world.run().parked.len(), 1);
    let ledger = world.ledger();
    world.time.drive(&[&ledger], || false, ledger.release(Selector::default())).unwrap().unwrap();
    drop(ledger);
    assert_eq!(world.run().done, 1);
    assert_eq!((world.target.total_applies(), world.target.written().len()), (1, 1));
}

#[test]
fn remote_that_cannot_be_asked_parks_at_once() {
    let world = world_of(false, 1).with_orders(3);
    world.target.script(|intent, _| {
        if intent.document.as_bytes().starts_with(br#"{"customer":{"key":"ann","name":"Ann"},"id":"o2""#) {
            Fate::RequestLost
        } else {
            Fate::Applied
        }
    });
    let report = world.run();
    assert_eq!((report.done, report.parked["outcome-unknown"]), (2, 1));
    assert_eq!(world.target.total_verifies(), 0);
}

#[test]
fn crash_on_a_remote_that_cannot_be_asked_parks_only_what_was_on_its_way() {
    let mut world = world_of(false, 1).with_orders(9);
    world.spec.concurrency = std::num::NonZeroU32::MIN.saturating_add(1);
    world.target.script(|intent, _| {
        let third = std::str::from_utf8(intent.document.as_bytes()).unwrap().contains(r#""o3""#);
        if third { Fate::CrashAfter } else { Fate::Applied }
    });
    assert!(world.run_until_crash(0));
    let report = world.run();
    assert!(world.target.effects().values().all(|count| *count == 1));
    assert!(world.target.written().len() >= 8, "at most the other one on its way was not written");
    assert!(report.totals.parked <= 2 && report.totals.parked >= 1, "{report:?}");
    assert_eq!(report.totals.parked + report.totals.done, 9);
}

#[test]
fn call_that_broke_off_after_writing_is_verified() {
    for cause in [
        Cause::Deadline { write_in_flight: true },
        Cause::Internal { detail: "trap".into() },
        Cause::MemoryExceeded { limit_bytes: 1 },
    ] {
        let world = world_of(true, 4).with_orders(4);
        let told = cause.clone();
        world
            .target
            .script(move |_, before| if before == 0 { Fate::CallFailsAfter(told.clone()) } else { Fate::Applied });
        let report = world.run_to_the_end();
        assert_eq!(report.totals.done, 4, "{cause:?}");
        assert!(world.target.effects().values().all(|count| *count == 1), "{cause:?}: {:?}", world.target.effects());
    }
}

#[test]
fn connector_that_calls_a_lost_answer_a_refusal_is_not_believed() {
    let world = world().with_orders(1);
    world.target.script(|_, before| match before {
        0 => Fate::Lies(Cause::Unavailable { until: None }),
        _ => Fate::Applied,
    });
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, world.target.written().len()), (1, 1));
}

#[test]
fn question_that_fails_is_asked_again_and_costs_no_repeat() {
    let world = world().with_orders(1);
    world.target.script(|_, _| Fate::AnswerLost);
    world.target.verify_script(|_, before| (before < 4).then(|| Err(failure(Cause::Unavailable { until: None }))));
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, world.target.total_applies()), (1, 1));
    assert!(world.target.total_verifies() >= 5);
}

#[test]
fn write_that_is_never_there_is_not_repeated_for_ever() {
    let world = world().with_orders(1);
    world.target.script(|_, _| Fate::RequestLost);
    let report = world.run_to_the_end();
    assert_eq!(report.totals.parked, 1);
    assert!(world.target.total_applies() <= 6, "{} times", world.target.total_applies());
}

#[test]
fn question_after_a_crash_comes_after_the_delay() {
    let mut world = world().with_orders(1);
    world.spec.verify_after = Duration::from_secs(7);
    world.target.script(|_, _| Fate::CrashAfter);
    assert!(world.run_until_crash(0));
    let before = world.ledger().now();
    world.run();
    let ledger = world.ledger();
    let effect = &ledger.why("shop", "order", "o1").unwrap()[0].effects[0];
    assert_eq!(effect.state, IntentState::Applied);
    assert!(effect.settled.unwrap().since(before) >= Duration::from_secs(7));
    assert!(effect.sent.unwrap().0 >= START);
}
