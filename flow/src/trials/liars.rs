//! Connectors that do not tell the truth. Each is caught and named; nothing is lost or doubled.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wharf_host::model::{Applied, Cause, Cursor, Document, Item, LimitScope, Outcome, Page, ToldBy, Verdict};
use wharf_host::surroundings::Clock;

use super::remote::Fate;
use super::world::{World, order, world, world_of};
use crate::{HoldScope, ItemState};

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
fn record_without_an_id_stops_the_feed() {
    let world = world();
    world.shop.page_script(|_| Some(page(&["o1", ""], 10, true)));
    feed_is_stopped(&world, "without an id");
    assert_eq!(world.target.written().len(), 0, "the page is not taken in part");
}
