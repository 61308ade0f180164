//! What people decide: pauses, retries, skipped documents, writes that they looked after.

use std::time::Duration;

use wharf_host::model::{Cause, Verdict};

use super::remote::Fate;
use super::world::{World, order, world};
use crate::{HoldScope, ItemState, Ledger, LedgerError, PauseScope, RunEvent, Selector, SkipReport, UnknownOutcome};

fn now<T>(world: &World, ledger: &Ledger, work: impl Future<Output = Result<T, LedgerError>>) -> T {
    world.time.drive(&[ledger], || false, work).unwrap().unwrap()
}

fn document(id: &str) -> Selector {
    Selector { document: Some(("shop".into(), "order".into(), id.into())), ..Selector::default() }
}

fn skip(world: &World, selector: Selector) -> SkipReport {
    let ledger = world.ledger();
    now(world, &ledger, ledger.skip(selector, "paid twice", "ann"))
}

#[test]
fn pause_stops_flow_connection_and_credential_and_outlives_the_process() {
    let scopes = [
        PauseScope::Flow("orders".into()),
        PauseScope::Connection("target".into()),
        PauseScope::Credential("env TOKEN".into()),
    ];
    for scope in scopes {
        let mut world = world().with_orders(3);
        world.settings.credentials = [("target".to_owned(), vec!["env TOKEN".to_owned()])].into();
        let ledger = world.ledger();
        assert!(now(&world, &ledger, ledger.pause(scope.clone(), "stocktaking", "ann")));
        drop(ledger);
        let report = world.run();
        assert_eq!((report.done, world.target.total_applies()), (0, 0), "{scope:?}");
        assert_eq!((report.holds.len(), report.holds[0].who.as_deref()), (1, Some("ann")), "{scope:?}: {report:?}");
        assert!(report.holds[0].message.contains("stocktaking") && report.holds[0].message.contains("wharf resume"));
        let ledger = world.ledger();
        // Releasing what is parked or held by a cause does not undo what a person stopped.
        now(&world, &ledger, ledger.release(Selector::default()));
        now(&world, &ledger, ledger.resume("target"));
        drop(ledger);
        assert_eq!(world.run().done, 0, "{scope:?}");
        let ledger = world.ledger();
        assert!(now(&world, &ledger, ledger.unpause(scope.clone())));
        assert!(!now(&world, &ledger, ledger.unpause(scope)));
        drop(ledger);
        assert_eq!(world.run().done, 3);
    }
}

#[test]
fn paused_flow_reads_nothing_and_asks_nothing() {
    let world = world().with_orders(2);
    world.target.script(|_, _| Fate::CrashAfter);
    assert!(world.run_until_crash(0));
    let ledger = world.ledger();
    now(&world, &ledger, ledger.pause(PauseScope::Flow("orders".into()), "audit", "ann"));
    drop(ledger);
    let pulls = world.shop.state().pulls.len();
    world.run();
    assert_eq!((world.shop.state().pulls.len(), world.target.total_verifies()), (pulls, 0));
}

#[test]
fn running_process_notices_a_pause() {
    let mut world = world().with_orders(20);
    world.spec.concurrency = std::num::NonZeroU32::MIN;
    world.target.script(|_, _| Fate::Slow(Duration::from_secs(2)));
    let (running, other) = (world.ledger(), world.ledger());
    let runner = world.runner(&running);
    let pause = async {
        world.settings.sleep.until(other.now().after(Duration::from_secs(5)), other.clock().as_ref()).await;
        other.pause(PauseScope::Connection("target".into()), "too loud", "ann").await
    };
    let both = futures::future::join(runner.run(&()), pause);
    let (report, paused) = world.time.drive(&[&running, &other], || false, both).unwrap();
    assert!(paused.unwrap());
    let report = report.unwrap();
    assert!(report.done >= 1 && report.done <= 4, "{report:?}");
    assert_eq!(report.waiting, 20 - report.done);
}

#[test]
fn refused_credential_stops_every_connection_that_cannot_do_without_it() {
    let mut world = world().with_orders(3).with_everything();
    let both = |name: &str| (name.to_owned(), vec!["env TOKEN".to_owned()]);
    world.settings.credentials = [both("shop"), both("target")].into();
    let marks = |mark: &str| [("shop".to_owned(), mark.to_owned()), ("target".to_owned(), mark.to_owned())].into();
    world.settings.credential_marks = marks("old");
    world.target.script(|_, _| Fate::Fails(Cause::AuthRevoked));
    let report = world.run();
    let scopes: Vec<_> = report.holds.iter().map(|hold| hold.scope.clone()).collect();
    for name in ["shop", "target"] {
        assert!(scopes.contains(&HoldScope::Connection(name.into())), "{scopes:?}");
    }
    world.target.script(|_, _| Fate::Applied);
    world.settings.credential_marks = marks("new");
    assert_eq!(world.run().done, 3, "both go on with the new secret");
}

#[test]
fn retry_makes_what_waits_for_later_due_now() {
    let world = world().with_orders(1);
    let locked = || Fate::Fails(Cause::Precondition { state: "locked".into() });
    world.target.script(move |_, before| if before == 0 { locked() } else { Fate::Applied });
    assert_eq!(world.run().waiting, 1);
    assert_eq!(world.run().done, 0, "it waits for ten minutes");
    let ledger = world.ledger();
    assert_eq!(now(&world, &ledger, ledger.retry(document("o9"), "ann")), 0);
    assert_eq!(now(&world, &ledger, ledger.retry(document("o1"), "ann")), 1);
    drop(ledger);
    assert_eq!(world.run().done, 1);
    let events = &world.ledger().why("shop", "order", "o1").unwrap()[0].events;
    assert!(events.iter().any(|event| event.what == "retried" && event.detail.contains("ann")), "{events:?}");
}

#[test]
fn retry_lets_parked_documents_go_on_and_does_not_hurry_questions() {
    let mut world = world().with_orders(2);
    world.spec.verify_after = Duration::from_secs(600);
    world.target.script(|intent, before| {
        match (intent.document.as_bytes().windows(4).any(|part| part == b"\"o1\""), before) {
            (true, 0) => Fate::Fails(Cause::InvalidRecord { violations: Vec::new() }),
            (false, 0) => Fate::AnswerLost,
            _ => Fate::Applied,
        }
    });
    let report = world.run();
    assert_eq!((report.totals.parked, report.waiting), (1, 1));
    let due = report.next_due;
    let ledger = world.ledger();
    assert_eq!(now(&world, &ledger, ledger.retry(Selector::default(), "ann")), 1, "only the parked one");
    drop(ledger);
    let report = world.run();
    assert_eq!((report.done, report.next_due), (1, due), "the question keeps its time");
}

#[test]
fn skipped_document_ends_as_filtered_with_who_and_why() {
    let world = world().with_orders(2);
    world.target.script(|_, _| Fate::Fails(Cause::InvalidRecord { violations: Vec::new() }));
    assert_eq!(world.run().totals.parked, 2);
    let report = skip(&world, document("o1"));
    assert_eq!((report.skipped, report.ended, report.refused.len()), (1, 0, 0));
    let story = world.ledger().why("shop", "order", "o1").unwrap().remove(0);
    assert_eq!((story.state, story.under.as_deref()), (ItemState::Filtered, Some("skipped: paid twice")));
    let event = story.events.iter().find(|event| event.what == "skipped").unwrap();
    assert_eq!(event.detail, "ann: paid twice");
    world.target.script(|_, _| Fate::Applied);
    let ledger = world.ledger();
    now(&world, &ledger, ledger.release(Selector::default()));
    drop(ledger);
    let report = world.run();
    assert_eq!((report.done, report.totals.filtered, report.totals.parked), (1, 1, 0), "the skipped one stays");
    let again = skip(&world, document("o1"));
    assert!(again.refused[0].2.contains("filtered already"), "{again:?}");
    assert!(skip(&world, document("o2")).refused[0].2.contains("done"));
}

#[test]
fn skip_wants_a_reason() {
    let world = world().with_orders(1);
    world.run();
    let ledger = world.ledger();
    let refused = world.time.drive(&[&ledger], || false, ledger.skip(document("o1"), "  ", "ann")).unwrap();
    assert_eq!(refused.unwrap_err().code(), "refused");
}

#[test]
fn document_that_was_written_keeps_its_target_when_the_rest_is_skipped() {
    let world = world().with_orders(1).with_everything();
    world.shop.script(|_, _| Fate::Fails(Cause::InvalidRecord { violations: Vec::new() }));
    assert_eq!(world.run().totals.parked, 1);
    let report = skip(&world, document("o1"));
    assert_eq!((report.skipped, report.ended), (0, 1));
    let story = world.ledger().why("shop", "order", "o1").unwrap().remove(0);
    assert_eq!(story.state, ItemState::Done);
    assert!(story.effects[0].id.is_some());
    // The source changes it: it is not written a second time.
    let mut changed = order(1);
    changed["total"] = "99.00".into();
    world.shop.put("o1", changed);
    world.run();
    assert_eq!(world.target.written().len(), 1);
}

/// One order whose write nobody can tell anything of.
fn unknown_world() -> World {
    let world = world().with_orders(1).with_everything();
    world.target.script(|_, _| Fate::AnswerLost);
    world.target.verify_script(|_, _| Some(Ok(Verdict::Inconclusive("the search is down".into()))));
    assert_eq!(world.run().parked["outcome-unknown"], 1);
    world
}

#[test]
fn unknown_outcome_is_not_skipped_unless_somebody_looked() {
    let world = unknown_world();
    let report = skip(&world, document("o1"));
    assert!(report.skipped == 0 && report.refused[0].2.contains("--i-have-checked"), "{report:?}");
    let report = skip(&world, Selector { cause: Some("outcome-unknown".into()), ..Selector::default() });
    assert_eq!((report.skipped, report.refused.len()), (0, 1));

    let absent = Selector { unknown: UnknownOutcome::Absent, ..document("o1") };
    assert_eq!(skip(&world, absent).skipped, 1);
    let world = unknown_world();
    let found = Selector { unknown: UnknownOutcome::Found("T-7".into()), ..document("o1") };
    assert_eq!(skip(&world, found).ended, 1);
    let story = world.ledger().why("shop", "order", "o1").unwrap().remove(0);
    assert_eq!((story.state, story.effects[0].id.as_deref()), (ItemState::Done, Some("T-7")));
    assert_eq!(world.run().totals.done, 1);
    assert_eq!((world.target.written().len(), world.shop.written().len()), (1, 0), "nothing was told back");
}

#[test]
fn write_that_is_under_way_is_not_skipped() {
    let world = world().with_orders(1);
    world.target.script(|_, _| Fate::CrashAfter);
    assert!(world.run_until_crash(0));
    let absent = Selector { unknown: UnknownOutcome::Absent, ..document("o1") };
    let report = skip(&world, absent);
    assert!(report.skipped == 0 && report.refused[0].2.contains("under way"), "{report:?}");
}

#[test]
fn person_who_found_the_document_binds_it_and_the_rest_goes_on() {
    let world = unknown_world();
    let ledger = world.ledger();
    let found = Selector { unknown: UnknownOutcome::Found("target-1".into()), ..document("o1") };
    assert_eq!(now(&world, &ledger, ledger.resolve(found, "ann")), 1);
    drop(ledger);
    let report = world.run();
    assert_eq!((report.done, world.target.total_applies()), (1, 1));
    assert_eq!(world.shop.written().len(), 2, "its write-backs follow");
    let story = world.ledger().why("target", "order", "target-1").unwrap().remove(0);
    assert!(story.events.iter().any(|event| event.detail.contains("ann looked and found it as `target-1`")));
}

#[test]
fn person_who_found_nothing_has_it_repeated_once() {
    let world = unknown_world();
    let ledger = world.ledger();
    let absent = Selector { unknown: UnknownOutcome::Absent, ..document("o1") };
    assert_eq!(now(&world, &ledger, ledger.resolve(absent.clone(), "ann")), 1);
    let again = world.time.drive(&[&ledger], || false, ledger.resolve(absent, "ann")).unwrap();
    assert_eq!(again.unwrap_err().code(), "not-found", "it is not resolved twice");
    drop(ledger);
    world.target.script(|_, _| Fate::Applied);
    world.run();
    assert_eq!(world.target.total_applies(), 2);
}

#[test]
fn alert_is_one_for_each_cause_with_its_age() {
    let world = world().with_orders(8);
    world
        .target
        .script(|_, _| Fate::Fails(Cause::Conflict { existing_id: Some("77".into()), same_content: Some(false) }));
    world.run();
    world.time.advance(Duration::from_secs(3600));
    let ledger = world.ledger();
    let status = ledger.status().unwrap();
    assert_eq!((status.alerts.len(), status.alerts[0].items, status.alerts[0].cause.as_str()), (1, 8, "conflict"));
    assert!(ledger.now().since(status.alerts[0].since) >= Duration::from_secs(3600));
    let held = world.events.all().into_iter().filter(|event| matches!(event, RunEvent::Held(_))).count();
    assert_eq!(held, 0, "parked documents hold nothing else");
}

#[test]
fn status_tells_how_far_behind_a_flow_is() {
    let world = world().with_orders(3);
    world.target.script(|_, _| Fate::Fails(Cause::Precondition { state: "locked".into() }));
    world.run();
    world.time.advance(Duration::from_secs(90));
    let status = world.ledger().status().unwrap();
    let flow = &status.flows[0];
    assert!(flow.lag_ms.unwrap() >= 90_000, "{flow:?}");
    assert_eq!((flow.totals.waiting, flow.may_duplicate), (3, false));
    assert!(flow.caught_up.is_some());
    let blind = super::world::world_of(false, 1).with_orders(1);
    blind.run();
    assert!(blind.ledger().status().unwrap().flows[0].may_duplicate);
}

#[test]
fn renamed_flow_is_known_again_and_goes_on_under_its_new_name() {
    let mut world = world().with_orders(3);
    world.run();
    world.spec.name = "renamed".into();
    let ledger = world.ledger();
    assert_eq!(ledger.predecessor(&world.spec, &["renamed"]).unwrap().as_deref(), Some("orders"));
    assert_eq!(ledger.predecessor(&world.spec, &["renamed", "orders"]).unwrap(), None, "both are in the file");
    let mut elsewhere = world.spec.clone();
    elsewhere.target.connection = "third".into();
    assert_eq!(ledger.predecessor(&elsewhere, &["renamed"]).unwrap(), None, "it writes to another connection");

    let rename = |from, to| world.time.drive(&[&ledger], || false, ledger.rename_flow(from, to)).unwrap();
    assert!(rename("nobody", "renamed").unwrap_err().to_string().contains("ever ran"));
    rename("orders", "renamed").unwrap();
    assert_eq!(ledger.predecessor(&world.spec, &["renamed"]).unwrap(), None);
    world.shop.put("o4", order(4));
    let report = world.run_on(&ledger).unwrap();
    assert_eq!((report.done, report.totals.done, world.target.written().len()), (1, 4, 4), "nothing is written again");
    assert!(rename("renamed", "renamed").unwrap_err().to_string().contains("run already"));
}

#[test]
fn document_that_was_parked_before_its_flow_was_renamed_is_found_again_by_the_same_text() {
    let mut world = world().with_orders(1);
    let mut calls = 0;
    world.target.script(move |_, _| {
        calls += 1;
        match calls {
            1 => Fate::Fails(Cause::Precondition { state: "locked".into() }),
            2 => Fate::AnswerLost,
            _ => Fate::Applied,
        }
    });
    assert_eq!(world.run().waiting, 1);
    // The change takes the place of what was refused, under the new name.
    let mut changed = order(1);
    changed["total"] = "12.00".into();
    world.shop.put("o1", changed);
    world.spec.name = "renamed".into();
    let ledger = world.ledger();
    now(&world, &ledger, ledger.rename_flow("orders", "renamed"));
    drop(ledger);
    let report = world.run_to_the_end();
    let effects = world.target.effects();
    assert_eq!((report.totals.done, effects.len(), effects.values().sum::<usize>()), (1, 1, 1), "{effects:?}");
}
