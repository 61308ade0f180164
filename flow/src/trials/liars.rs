//! Connectors that do not tell the truth. Each is caught and named; nothing is lost or doubled.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wharf_host::model::{
    Action, Applied, Cause, Cursor, Document, Instant, Item, LimitScope, Outcome, Page, ToldBy, Verdict,
};
use wharf_host::surroundings::Clock;

use super::remote::Fate;
use super::world::{World, order, world, world_of};
use crate::{DifferenceKind, Error, HoldScope, ItemState};

fn applied(id: &str) -> Applied {
    Applied { id: id.into(), revision: None, number: None }
}

fn each_once(world: &World) {
    let effects = world.target.effects();
    assert!(effects.values().all(|count| *count == 1), "{effects:?}");
}

#[test]
fn create_without_an_id_is_not_believed_and_asked_about() {
    for outcome in [Outcome::Applied(applied("")), Outcome::AlreadyApplied(applied("")), Outcome::NothingToDo] {
        let world = world().with_orders(2);
        let told = outcome.clone();
        world.target.script(move |_, before| if before == 0 { Fate::Says(told.clone()) } else { Fate::Applied });
        let report = world.run_to_the_end();
        assert_eq!((report.totals.done, world.target.written().len()), (2, 2), "{outcome:?}");
        each_once(&world);
        let story = &world.ledger().why("shop", "order", "o1").unwrap()[0];
        let said = story.events.iter().find(|event| event.what == "outcome-unknown").unwrap();
        assert!(said.detail.contains("does not keep the contract"), "{said:?}");
    }
}

#[test]
fn create_without_an_id_at_a_remote_that_cannot_be_asked_parks() {
    let world = world_of(false, 1).with_orders(1);
    world.target.script(|_, _| Fate::Says(Outcome::Applied(applied(""))));
    assert_eq!(world.run().parked["outcome-unknown"], 1);
    assert_eq!(world.target.total_applies(), 1);
}

#[test]
fn write_that_sent_nothing_is_not_believed() {
    let world = world().with_orders(1);
    world.target.script(|_, _| Fate::SaysIdly(Outcome::Applied(applied("made-up"))));
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, report.totals.parked), (0, 1));
    let group = &world.ledger().parked().unwrap()[0];
    assert_eq!(group.cause, "internal");
    assert!(group.message.contains("sent nothing that writes"), "{}", group.message);
}

#[test]
fn connector_that_says_applied_and_writes_nothing_is_caught_by_a_check() {
    let mut world = world().with_orders(12);
    world.settings.check_one_in = 4;
    let mut number = 0;
    world.target.script(move |_, _| {
        number += 1;
        Fate::Says(Outcome::Applied(applied(&format!("made-up-{number}"))))
    });
    let report = world.run();
    assert!(report.totals.parked >= 1, "{report:?}");
    let hold = report.holds.iter().find(|hold| matches!(hold.scope, HoldScope::Writes(..))).unwrap();
    assert_eq!(hold.cause, "contract-changed");
    assert!(hold.message.contains("said that it wrote") && hold.message.contains("not there"), "{}", hold.message);
    let before = world.target.total_applies();
    world.shop.put("o13", order(13));
    world.run();
    assert_eq!(world.target.total_applies(), before, "nothing more is given to it");
}

/// Every success of a new flow is asked about until the remote has shown one.
fn with_usual_checks(mut world: World) -> World {
    world.settings.check_one_in = crate::Settings::default().check_one_in;
    world
}

#[test]
fn new_flow_does_not_believe_its_connector_before_the_remote_showed_a_document() {
    let world = with_usual_checks(world().with_orders(40));
    let mut number = 0;
    world.target.script(move |_, _| {
        number += 1;
        Fate::Says(Outcome::Applied(applied(&format!("made-up-{number}"))))
    });
    let mut report = world.run();
    for _ in 0..5 {
        world.time.advance(Duration::from_secs(600));
        report = world.run();
    }
    assert_eq!(report.totals.done, 0, "nothing counts as done that is not there: {report:?}");
    assert_eq!(report.totals.parked + report.totals.waiting, 40);
    let hold = report.holds.iter().find(|hold| matches!(hold.scope, HoldScope::Writes(..))).unwrap();
    assert!(hold.message.contains("said that it wrote"), "{}", hold.message);
}

#[test]
fn honest_connector_is_asked_about_a_few_documents_and_then_believed() {
    let world = with_usual_checks(world().with_orders(300));
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, world.target.written().len()), (300, 300));
    let verifies = world.target.total_verifies();
    assert!((1..60).contains(&verifies), "{verifies} questions for 300 documents");
    let before = world.target.total_verifies();
    world.shop.put("o301", order(301));
    world.run_to_the_end();
    assert!(world.target.total_verifies() <= before + 1, "it is believed in the next run, too");
}

#[test]
fn remote_that_shows_documents_late_does_not_make_its_connector_a_liar() {
    let world = with_usual_checks(world().with_orders(5));
    let (time, shown) = (Arc::clone(&world.time), world.ledger().now().after(Duration::from_secs(30)));
    world.target.verify_script(move |_, _| (time.now() < shown).then_some(Ok(Verdict::Absent)));
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, world.target.written().len()), (5, 5));
    assert!(report.holds.is_empty(), "{report:?}");
    each_once(&world);
}

#[test]
fn create_that_is_there_already_is_not_believed_of_a_connector_that_asked_nobody() {
    let world = world().with_orders(3);
    world.target.script(|intent, _| Fate::SaysIdly(Outcome::AlreadyApplied(applied(&intent.correlation))));
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, report.totals.parked), (0, 3), "{report:?}");
    let group = &world.ledger().parked().unwrap()[0];
    assert!(group.message.contains("asked nobody"), "{}", group.message);
}

#[test]
fn create_that_was_answered_with_success_is_not_repeated_because_the_connector_says_that_it_failed() {
    let later = || Some(wharf_host::model::Instant(1));
    let causes = [
        Cause::Unavailable { until: None },
        Cause::Unavailable { until: later() },
        Cause::RateLimited { scope: LimitScope::Account, not_before: later(), told_by: ToldBy::Body },
        Cause::AuthExpired,
        Cause::Precondition { state: "locked".into() },
        Cause::Deadline { write_in_flight: false },
    ];
    for cause in causes {
        let world = world().with_orders(4);
        let told = cause.clone();
        world.target.script(move |_, _| Fate::Denies(told.clone()));
        let report = world.run_to_the_end();
        assert_eq!((report.totals.done, world.target.written().len()), (4, 4), "{cause:?}");
        each_once(&world);
    }
}

#[test]
fn honest_connector_passes_its_checks() {
    let mut world = world().with_orders(12).with_everything();
    world.settings.check_one_in = 1;
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, world.target.written().len()), (12, 12));
    assert!(world.target.total_verifies() >= 12);
    each_once(&world);
    let story = &world.ledger().why("shop", "order", "o1").unwrap()[0];
    assert_eq!(story.state, ItemState::Done);
}

#[test]
fn one_id_for_two_documents_is_not_believed() {
    let world = world().with_orders(4);
    world.target.script(|_, _| Fate::Says(Outcome::Applied(applied("1"))));
    let report = world.run();
    assert_eq!(report.totals.done, 1, "the first was believed: {report:?}");
    assert!(report.holds.iter().any(|hold| hold.message.contains("said that it wrote")), "{report:?}");
}

#[test]
fn one_id_for_two_documents_of_a_batch_is_not_believed() {
    let world = world_of(true, 4).with_orders(4);
    world.target.script(|_, _| Fate::Says(Outcome::Applied(applied("1"))));
    let report = world.run();
    assert!(report.totals.done <= 1, "{report:?}");
    assert!(report.holds.iter().any(|hold| hold.message.contains("said that it wrote")), "{report:?}");
}

fn page(items: &[&str], next: usize, caught_up: bool) -> Page {
    let item = |id: &&str| Item {
        entity: "order".into(),
        id: (*id).into(),
        revision: None,
        updated: None,
        deleted: false,
        document: Document::new(json!({ "id": id }).to_string()),
    };
    Page {
        items: items.iter().map(item).collect(),
        next: Cursor { version: 1, bytes: next.to_string().into_bytes() },
        caught_up,
    }
}

fn feed_is_stopped(world: &World, why: &str) {
    let report = world.run();
    let hold = report.holds.iter().find(|hold| hold.scope == HoldScope::Feed("orders".into())).unwrap();
    assert!(hold.message.contains(why), "{}", hold.message);
    let pulls = world.shop.state().pulls.len();
    world.time.advance(Duration::from_secs(3600));
    world.run();
    assert_eq!(world.shop.state().pulls.len(), pulls, "it is not read again");
}

#[test]
fn same_page_for_ever_stops_the_feed() {
    let world = world();
    world.shop.page_script(|number| Some(page(&["o1", "o2"], number + 1, false)));
    feed_is_stopped(&world, "same page");
    // While the first is recorded eight may be read, and eight more while those are, however fast the disk is.
    let pulls = world.shop.state().pulls.len();
    assert!(pulls <= 18, "{pulls}");
    assert_eq!(world.target.written().len(), 2, "what it reported is worked on, once");
}

#[test]
fn cursor_that_leads_back_stops_the_feed() {
    for caught_up in [false, true] {
        let world = world();
        world.shop.page_script(move |number| {
            Some(match number {
                0 => page(&["o1"], 10, false),
                1 => page(&["o2"], 20, false),
                _ => page(&["o3"], 10, caught_up),
            })
        });
        feed_is_stopped(&world, "leads back");
        assert_eq!(world.target.written().len(), 2);
    }
}

#[test]
fn feed_that_sweeps_begins_anew_where_its_round_began() {
    let world = world();
    world.shop.page_script(|number| {
        Some(match number % 3 {
            0 => page(&["o1"], 10, false),
            1 => page(&["o2"], 20, false),
            // The end of each round is the beginning of the next.
            _ => page(&["o3"], 0, true),
        })
    });
    for round in 1..=3 {
        let report = world.run();
        assert!(report.holds.is_empty(), "round {round}: {:?}", report.holds);
        assert_eq!(world.shop.state().pulls.len(), 3 * round, "round {round}");
        world.time.advance(Duration::from_secs(3600));
    }
    assert_eq!(world.target.written().len(), 3, "what is swept again is known");
}

#[test]
fn feed_that_is_at_its_end_stays_where_it_is() {
    let world = world();
    world.shop.page_script(|_| Some(page(&["o1", "o2"], 10, true)));
    for _ in 0..5 {
        let report = world.run();
        assert!(report.holds.is_empty(), "{report:?}");
    }
    assert_eq!(world.target.written().len(), 2);
}

#[test]
fn cursor_of_one_connection_is_never_shown_to_another() {
    let mut world = world().with_orders(3);
    world.run();
    assert_eq!(world.shop.state().pulls.first().unwrap().0, None);
    // Another flow on a feed of the same name.
    world.spec.name = "theirs".into();
    (world.spec.source.connection, world.spec.target.connection) = ("target".into(), "shop".into());
    world.target.put("t1", order(1));
    world.run();
    assert_eq!(world.target.state().pulls.first().unwrap().0, None);
}

#[test]
fn flow_that_is_turned_to_another_system_does_not_take_its_documents_for_those_of_the_first() {
    let mut world = world();
    let turn = |world: &mut World| {
        let (source, target) = (&mut world.spec.source.connection, &mut world.spec.target.connection);
        std::mem::swap(source, target);
    };
    // One that has brought nothing yet may be turned.
    world.run();
    turn(&mut world);
    world.target.put("o1", order(1));
    assert_eq!(world.run().done, 1);
    turn(&mut world);
    world.shop.put("o1", order(1));
    let refused = world.try_run().unwrap_err();
    assert!(matches!(&refused, Error::Definition { .. }), "{refused}");
    assert!(refused.to_string().contains("call the connection `target` again"), "{refused}");
    turn(&mut world);
    world.target.put("o2", order(2));
    assert_eq!(world.run().done, 1, "its place in the feed is kept");
}

#[test]
fn record_without_an_id_stops_the_feed() {
    let world = world();
    world.shop.page_script(|_| Some(page(&["o1", ""], 10, true)));
    feed_is_stopped(&world, "without an id");
    assert_eq!(world.target.written().len(), 0, "the page is not taken in part");
}

#[test]
fn made_up_id_that_verify_repeats_is_not_believed_for_two_documents() {
    for batch in [1, 4] {
        let world = world_of(true, batch).with_orders(4);
        world.target.script(|_, _| Fate::Says(Outcome::Applied(applied("1"))));
        world.target.verify_script(|_, _| Some(Ok(Verdict::Found(applied("1")))));
        let report = world.run_to_the_end();
        assert_eq!((report.totals.done, report.parked["outcome-unknown"]), (1, 3), "{report:?}");
        let group = &world.ledger().parked().unwrap()[0];
        assert!(group.message.contains("finds `1` for two documents"), "{}", group.message);
    }
}

#[test]
fn connector_that_finds_what_nobody_wrote_is_stopped_and_binds_nothing() {
    let there = Cause::Conflict { existing_id: Some("1".into()), same_content: Some(true) };
    let fates = [Fate::Says(Outcome::AlreadyApplied(applied("1"))), Fate::Fails(there), Fate::RequestLost];
    for fate in fates {
        // Its remote does not know the filter, and gives the first document of all whatever is asked for.
        let world = with_usual_checks(world().with_orders(4));
        let told = fate.clone();
        world.target.script(move |_, _| told.clone());
        world.target.verify_script(|_, _| Some(Ok(Verdict::Found(applied("1")))));
        let report = world.run();
        assert_eq!(report.totals.done, 0, "{fate:?}: {report:?}");
        let hold = report.holds.iter().find(|hold| matches!(hold.scope, HoldScope::Writes(..))).unwrap();
        assert!(hold.message.contains("nobody wrote"), "{fate:?}: {}", hold.message);
    }
}

#[test]
fn connector_that_came_to_find_what_nobody_wrote_binds_one_document_at_most() {
    let world = world().with_orders(4);
    world.target.script(|_, _| Fate::Says(Outcome::AlreadyApplied(applied("1"))));
    world.target.verify_script(|_, _| Some(Ok(Verdict::Found(applied("1")))));
    let report = world.run();
    assert_eq!(report.totals.done, 1, "nobody asked before a second one was the same: {report:?}");
    assert!(report.holds.iter().any(|hold| hold.message.contains("nobody wrote")), "{report:?}");
}

#[test]
fn documents_that_are_one_and_the_same_at_the_target_are_bound_to_it() {
    let world = with_usual_checks(world().with_orders(4));
    world.target.put("1", order(1));
    let there = Cause::Conflict { existing_id: Some("1".into()), same_content: Some(true) };
    world.target.script(move |_, _| Fate::Fails(there.clone()));
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, report.holds.len()), (4, 0), "{report:?}");
}

#[test]
fn document_that_has_the_number_of_another_is_not_taken_for_it() {
    for fate in [Fate::Says(Outcome::AlreadyApplied(applied("target-1"))), Fate::RequestLost] {
        let world = world().with_orders(1);
        assert_eq!(world.run().done, 1);
        // Another order of the same number; the connector looks for the number, and not for its own text.
        world.shop.put("o2", order(1));
        let told = fate.clone();
        world.target.script(move |_, _| told.clone());
        world.target.verify_script(|intent, _| match intent.document.as_bytes() {
            b"{}" => Some(Ok(Verdict::Absent)),
            _ => Some(Ok(Verdict::Found(applied("target-1")))),
        });
        let report = world.run();
        assert_eq!((report.totals.done, report.totals.parked), (1, 1), "{fate:?}: {report:?}");
        let group = &world.ledger().parked().unwrap()[0];
        assert_eq!(group.cause, "outcome-unknown");
        assert!(group.message.contains("`target-1`, which another document was made into"), "{}", group.message);
    }
}

#[test]
fn document_that_is_said_to_be_there_already_and_is_not_is_not_believed() {
    let there = |id: &str| Cause::Conflict { existing_id: Some(id.into()), same_content: Some(true) };
    let fates = [Fate::Says(Outcome::AlreadyApplied(applied("made-up"))), Fate::Fails(there("made-up"))];
    for fate in fates {
        let world = with_usual_checks(world().with_orders(4));
        let told = fate.clone();
        world.target.script(move |_, _| told.clone());
        let report = world.run();
        assert_eq!(report.totals.done, 0, "{fate:?}: {report:?}");
        assert!(report.holds.iter().any(|hold| hold.message.contains("does not have it as that")), "{report:?}");
    }
}

#[test]
fn one_document_that_is_said_to_be_what_several_intents_made_is_not_believed() {
    let world = world().with_orders(4);
    world.target.put("1", order(1));
    world.target.script(|_, _| Fate::Says(Outcome::AlreadyApplied(applied("1"))));
    let report = world.run();
    assert_eq!(report.totals.done, 1, "{report:?}");
    assert!(report.holds.iter().any(|hold| hold.message.contains("does not have it as that")), "{report:?}");
}

#[test]
fn documents_of_a_ledger_that_was_lost_are_found_again() {
    let world = with_usual_checks(world().with_orders(40));
    let mut written = std::collections::BTreeMap::new();
    world.target.script(move |intent, before| match before {
        0 => {
            written.insert(intent.correlation.clone(), written.len() + 1);
            Fate::AnswerLost
        }
        _ => Fate::Says(Outcome::AlreadyApplied(applied(&format!("target-{}", written[&intent.correlation])))),
    });
    // Every question is answered wrongly until each was sent once more.
    world.target.verify_script(|_, before| (before < 2).then_some(Ok(Verdict::Absent)));
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, report.holds.len(), world.target.written().len()), (40, 0, 40), "{report:?}");
}

#[test]
fn connector_that_takes_the_place_of_an_honest_one_is_not_believed_on_its_account() {
    let world = with_usual_checks(world().with_orders(3));
    let upgraded = |version: &str| {
        let ledger = world.ledger();
        let note = ledger.note_connector("target", "target", version, 1);
        world.time.drive(&[&ledger], || false, note).unwrap().unwrap();
    };
    upgraded("1.0.0");
    assert_eq!(world.run_to_the_end().totals.done, 3);
    world.time.advance(Duration::from_secs(60));
    upgraded("1.1.0");
    let mut number = 0;
    world.target.script(move |_, _| {
        number += 1;
        Fate::Says(Outcome::Applied(applied(&format!("made-up-{number}"))))
    });
    for number in 4..=43 {
        world.shop.put(&format!("o{number}"), order(number));
    }
    let mut report = world.run();
    for _ in 0..5 {
        world.time.advance(Duration::from_secs(600));
        report = world.run();
    }
    assert_eq!(report.totals.done, 3, "nothing counts as done that is not there: {report:?}");
    assert!(report.holds.iter().any(|hold| hold.message.contains("said that it wrote")), "{report:?}");
}

#[test]
fn remote_that_was_set_up_again_and_gives_its_ids_anew_is_believed() {
    let world = world().with_orders(3);
    world.run_to_the_end();
    world.target.state().written.clear();
    for number in 4..=6 {
        world.shop.put(&format!("o{number}"), order(number));
    }
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, report.totals.parked), (6, 0), "{report:?}");
}

/// Two orders that were written as `target-1` and `target-2`, the first of which has changed since.
fn changed_order(action: Action) -> World {
    let mut world = world().with_orders(2);
    world.spec.target.action = action;
    world.run_to_the_end();
    let mut changed = order(1);
    changed["total"] = "12.00".into();
    world.shop.put("o1", changed);
    world
}

fn id_of(world: &World, order: &str) -> Option<String> {
    let story = world.ledger().why("shop", "order", order).unwrap();
    story[0].effects.iter().rfind(|effect| effect.id.is_some()).and_then(|effect| effect.id.clone())
}

#[test]
fn change_that_is_told_of_as_one_of_another_document_is_not_believed() {
    for verify_lies in [false, true] {
        let world = changed_order(Action::Upsert);
        let (first, second) = (id_of(&world, "o1").unwrap(), id_of(&world, "o2").unwrap());
        let told = Outcome::Applied(applied(&second));
        let found = applied(if verify_lies { &second } else { &first });
        world.target.script(move |_, _| Fate::Says(told.clone()));
        world.target.verify_script(move |_, _| Some(Ok(Verdict::Found(found.clone()))));
        let report = world.run_to_the_end();
        let story = &world.ledger().why("shop", "order", "o1").unwrap()[0];
        let said = story.events.iter().any(|event| event.detail.contains("another document"));
        assert!(said, "{:#?}", story.events);
        assert_eq!(id_of(&world, "o1").unwrap(), first, "the next change goes to the document that it is");
        assert_eq!(report.totals.parked, u64::from(verify_lies));
    }
}

#[test]
fn change_that_a_remote_which_was_set_up_again_wrote_under_an_old_id_is_believed() {
    let world = changed_order(Action::Upsert);
    let second = id_of(&world, "o2").unwrap();
    let (told, found) = (Outcome::Applied(applied(&second)), applied(&second));
    world.target.script(move |_, _| Fate::Says(told.clone()));
    // The document is there; the one that had its id before is not.
    world.target.verify_script(move |intent, _| match intent.document.as_bytes() {
        b"{}" => Some(Ok(Verdict::Absent)),
        _ => Some(Ok(Verdict::Found(found.clone()))),
    });
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, report.totals.parked), (2, 0), "{report:?}");
    assert_eq!(id_of(&world, "o1").unwrap(), second);
}

#[test]
fn made_up_id_of_a_change_is_not_taken() {
    let mut world = changed_order(Action::Upsert);
    world.spec.target.action = Action::Update;
    let first = id_of(&world, "o1").unwrap();
    world.target.script(|_, _| Fate::Says(Outcome::Applied(applied("made-up"))));
    world.run_to_the_end();
    assert_eq!(id_of(&world, "o1").unwrap(), first);
}

/// Reads two pages, and then goes on with the feed as if it had read everything.
fn feed_that_skips_ahead() -> World {
    let world = world();
    for number in 1..=9 {
        world.shop.put_at(&format!("o{number}"), order(number), Some(hours(1)));
    }
    world.shop.page_script(|number| match number {
        0 => Some(page(&["o1", "o2"], 2, false)),
        1 => Some(page(&[], 9, true)),
        _ => None,
    });
    world.run_to_the_end();
    assert_eq!(world.target.written().len(), 2, "the live feed shows no more");
    world
}

fn hours(number: u64) -> Instant {
    Instant(super::time::START).after(Duration::from_secs(3_600 * number))
}

fn reconcile(world: &World) -> crate::ReconcileReport {
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    world.time.drive(&[&ledger], || false, runner.reconcile(hours(0), hours(48))).unwrap().unwrap()
}

#[test]
fn what_a_cursor_skipped_is_named_by_reconcile_and_brought_by_a_backfill() {
    let world = feed_that_skips_ahead();
    let report = reconcile(&world);
    let skipped: Vec<_> = report.differences.iter().filter(|one| one.what == DifferenceKind::NotRead).collect();
    assert_eq!((report.agrees, skipped.len(), report.not_in_ledger), (false, 7, 7), "{report:?}");
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    let backfill = runner.backfill(hours(0), hours(48), "ann", &());
    world.time.drive(&[&ledger], || false, backfill).unwrap().unwrap();
    assert_eq!(world.target.written().len(), 9);
    drop((runner, ledger));
    assert!(reconcile(&world).agrees);
}

#[test]
fn feed_that_skips_in_every_window_too_is_shown_by_the_count_of_its_source() {
    let world = feed_that_skips_ahead();
    world.shop.page_script(|_| Some(page(&["o1", "o2"], 9, true)));
    let report = reconcile(&world);
    assert_eq!((report.read, report.counted, report.agrees), (2, Some(9), false), "{report:?}");
}
