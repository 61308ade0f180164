//! Every cause of the contract, in a whole run: what it does to the document that it comes up for, and to the others.

use wharf_host::model::{Cause, LimitScope, MissingKind, ToldBy};

use super::remote::Fate;
use super::world::{World, world};
use crate::{HoldScope, RunReport};

/// What is left after one run when the second of three documents fails for a cause, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It is parked, and the others are done.
    Parked,
    /// It waits for its next attempt, and the others are done.
    Waiting,
    /// Everything on the connection waits, until a time or for a person.
    Connection,
    /// That kind of write waits for a person.
    Writes,
    /// It is done all the same.
    Done,
}

fn missing(kind: MissingKind) -> Cause {
    Cause::NotFound { kind, entity: "order".into(), key: "1".into() }
}

fn limited() -> Cause {
    // Far enough that no run waits for it.
    let not_before = Some(wharf_host::model::Instant(super::time::START + 86_400_000));
    Cause::RateLimited { scope: LimitScope::Account, not_before, told_by: ToldBy::Header }
}

fn table() -> Vec<(Cause, Left)> {
    let text = String::new;
    vec![
        (Cause::ConfigInvalid { violations: Vec::new() }, Left::Connection),
        (Cause::AuthExpired, Left::Connection),
        (Cause::AuthRevoked, Left::Connection),
        (Cause::Forbidden { permission: None }, Left::Writes),
        (limited(), Left::Connection),
        (Cause::OutcomeUnknown, Left::Parked),
        (Cause::Conflict { existing_id: Some("7".into()), same_content: Some(true) }, Left::Done),
        (Cause::Conflict { existing_id: Some("7".into()), same_content: Some(false) }, Left::Parked),
        (Cause::Conflict { existing_id: None, same_content: None }, Left::Parked),
        (missing(MissingKind::Endpoint), Left::Writes),
        (missing(MissingKind::Subject), Left::Parked),
        (missing(MissingKind::Referenced), Left::Parked),
        (Cause::InvalidRecord { violations: Vec::new() }, Left::Parked),
        (Cause::MappingMissing { missing: Vec::new() }, Left::Parked),
        (Cause::Precondition { state: "period-closed".into() }, Left::Waiting),
        (Cause::DependencyMissing { entity: "partner".into(), key: "9".into() }, Left::Parked),
        (Cause::Unsupported { capability: text() }, Left::Writes),
        (Cause::ContractChanged { detail: text(), sample: text() }, Left::Writes),
        (Cause::TooLarge { bytes: 9 }, Left::Parked),
        (Cause::Internal { detail: text() }, Left::Parked),
        (Cause::Deadline { write_in_flight: false }, Left::Waiting),
        (Cause::MemoryExceeded { limit_bytes: 1 }, Left::Parked),
        (Cause::EgressDenied { rule: text(), target: text() }, Left::Parked),
        (Cause::WouldWrite, Left::Parked),
    ]
}

/// Fails the second of three documents; it is the only one under way when it fails, so that nobody else is at fault.
fn failing(cause: &Cause) -> (World, RunReport) {
    let mut world = world().with_orders(3);
    world.spec.concurrency = std::num::NonZeroU32::MIN;
    world.settings.settle = std::time::Duration::from_secs(120);
    let told = cause.clone();
    world.target.script(move |intent, _| {
        let document: serde_json::Value = intent.document.parse().unwrap();
        match (document["id"].as_str(), &told) {
            (Some("o2"), Cause::OutcomeUnknown) => Fate::RequestLost,
            (Some("o2"), cause) => Fate::Fails(cause.clone()),
            _ => Fate::Applied,
        }
    });
    let mut report = world.run();
    if *cause == Cause::OutcomeUnknown || matches!(cause, Cause::Internal { .. }) {
        report = world.run_to_the_end();
    }
    (world, report)
}

fn left(report: &RunReport) -> Left {
    let of_connection = |scope: &HoldScope| *scope == HoldScope::Connection("target".into());
    let totals = &report.totals;
    match (report.holds.first().map(|hold| &hold.scope), totals.done, totals.parked, totals.waiting) {
        (Some(scope), ..) if of_connection(scope) => Left::Connection,
        (Some(HoldScope::Writes(..)), ..) => Left::Writes,
        (None, 3, 0, 0) => Left::Done,
        (None, 2, 1, 0) => Left::Parked,
        (None, 2, 0, 1) => Left::Waiting,
        other => panic!("{other:?}: {report:?}"),
    }
}

#[test]
fn every_cause_of_a_write_leaves_what_the_table_says_and_loses_nothing() {
    for (cause, expected) in table() {
        let (world, report) = failing(&cause);
        assert_eq!(left(&report), expected, "{cause:?}: {report:?}");
        let totals = report.totals;
        assert_eq!(totals.done + totals.parked + totals.waiting, 3, "{cause:?}");
        let doubled = world.target.effects().into_iter().find(|(_, count)| *count > 1);
        assert_eq!(doubled, None, "{cause:?}");
        // Once the cause is gone and a person lets everything go on, everything is done.
        world.target.script(|_, _| Fate::Applied);
        world.time.advance(std::time::Duration::from_secs(2 * 86_400));
        let ledger = world.ledger();
        world.time.drive(&[&ledger], || false, ledger.resume("target")).unwrap().unwrap();
        world.time.drive(&[&ledger], || false, ledger.release(crate::Selector::default())).unwrap().unwrap();
        drop(ledger);
        let report = world.run_to_the_end();
        assert_eq!(report.totals.done, 3, "{cause:?}: {report:?}");
        assert!(world.target.effects().values().all(|count| *count == 1), "{cause:?}");
    }
}

#[test]
fn every_cause_of_reading_leaves_the_cursor_where_it_was() {
    for (cause, _) in table() {
        let world = world().with_orders(12);
        let told = cause.clone();
        world.shop.pull_script(move |number, _| (number >= 1).then(|| told.clone()));
        let report = world.run();
        assert_eq!((report.read, report.done), (5, 5), "{cause:?}: what was read is worked on");
        let cursor = world.ledger().feed_state("orders").unwrap().cursor.unwrap();
        assert_eq!(cursor.bytes, b"5", "{cause:?}");
        world.shop.pull_script(|_, _| None);
        world.time.advance(std::time::Duration::from_secs(2 * 86_400));
        let ledger = world.ledger();
        world.time.drive(&[&ledger], || false, ledger.resume("shop")).unwrap().unwrap();
        drop(ledger);
        let report = world.run_to_the_end();
        assert_eq!(report.totals.done, 12, "{cause:?}");
    }
}
