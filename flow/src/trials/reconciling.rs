//! Both sides of a window compared; documents that no flow has seen.

use std::time::Duration;

use wharf_host::model::{Cause, Instant};

use super::remote::Fate;
use super::time::START;
use super::world::{World, order, world};
use crate::{Asked, DifferenceKind, Explanation, Presence, ReconcileReport};

fn hours(number: u64) -> Instant {
    Instant(START).after(Duration::from_secs(3_600 * number))
}

fn orders(count: usize) -> World {
    let world = world();
    for number in 1..=count {
        world.shop.put_at(&format!("o{number}"), order(number), Some(hours(1)));
    }
    world
}

fn reconcile(world: &World) -> ReconcileReport {
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    world.time.drive(&[&ledger], || false, runner.reconcile(hours(0), hours(48))).unwrap().unwrap()
}

fn explain(world: &World, id: &str) -> Explanation {
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    world.time.drive(&[&ledger], || false, runner.explain("order", id)).unwrap().unwrap()
}

#[test]
fn sides_that_agree_have_one_count_and_one_digest() {
    let world = orders(12);
    world.run();
    let applies = world.target.total_applies();
    let report = reconcile(&world);
    assert!(report.agrees, "{report:?}");
    assert_eq!((report.read, report.source.count, report.target.count), (12, 12, 12));
    assert_eq!((&report.source.digest, report.asked), (&report.target.digest, Asked::OneByOne));
    assert_eq!(world.target.total_applies(), applies, "only reads are sent");
}

#[test]
fn every_difference_is_named_by_its_id() {
    let world = orders(6);
    world.target.script(|intent, _| {
        let document: serde_json::Value = intent.document.parse().unwrap();
        match document["id"].as_str() {
            Some("o2") => Fate::Fails(Cause::InvalidRecord { violations: Vec::new() }),
            Some("o3") => Fate::Fails(Cause::Precondition { state: "locked".into() }),
            _ => Fate::Applied,
        }
    });
    world.run();
    let gone = world.ledger().why("shop", "order", "o5").unwrap()[0].effects[0].id.clone().unwrap();
    world.target.remove_written(&gone);
    world.shop.put_at("o7", order(7), Some(hours(2)));
    let report = reconcile(&world);
    assert!(!report.agrees);
    let found: Vec<_> = report.differences.iter().map(|one| (one.id.as_str(), one.what)).collect();
    assert_eq!(
        found,
        [
            ("o2", DifferenceKind::Parked),
            ("o3", DifferenceKind::Waiting),
            ("o5", DifferenceKind::Missing),
            ("o7", DifferenceKind::NotRead)
        ]
    );
    assert_eq!((report.source.count, report.target.count), (7, 3));
    assert_ne!(report.source.digest, report.target.digest);
    assert_eq!((report.ledger.done, report.ledger.parked, report.not_in_ledger), (4, 1, 1));
}

#[test]
fn what_a_rule_filtered_is_no_difference() {
    let mut world = orders(3);
    world.spec.filters = vec![crate::FilterRule { rule: "o2".into(), when: "doc.id == 'o2'".into() }];
    world.run();
    let report = reconcile(&world);
    assert!(report.agrees, "{report:?}");
    assert_eq!((report.read, report.source.count, report.ledger.filtered), (3, 2, 1));
}

#[test]
fn document_that_was_not_picked_up_is_explained() {
    let mut world = orders(1);
    world.spec.source.filter = vec![("status".into(), "999".into())];
    world.spec.source.since = Some(hours(5));
    world.run();
    let mut late = order(9);
    late["status"] = "5".into();
    world.shop.state().items.clear();
    world.shop.put_at("o9", late, Some(hours(2)));
    let explanation = explain(&world, "o9");
    assert_eq!(explanation.presence, Presence::There);
    let text = explanation.reasons.join("\n");
    for part in ["reads from", "its `status` is `5`", "`999`"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    let explanation = explain(&world, "o8");
    assert_eq!(explanation.presence, Presence::Absent);
    assert!(explanation.reasons[0].contains("no `order` with the id `o8`"), "{explanation:?}");
}

#[test]
fn document_before_the_cursor_gets_the_command_that_reads_it() {
    let world = orders(1);
    world.time.advance(Duration::from_secs(3_600 * 24));
    world.run();
    let mut old = world.shop.state().items[0].clone();
    old.id = "o0".into();
    world.shop.state().items.insert(0, old);
    let explanation = explain(&world, "o0");
    let text = explanation.reasons.join("\n");
    assert!(text.contains("the cursor is past it") && text.contains("wharf backfill orders --from"), "{text}");
    world.shop.put_at("o5", order(5), Some(hours(30)));
    assert!(explain(&world, "o5").reasons.join("\n").contains("the next run brings it"));
}
