//! What would arrive, asked before anything is written, and what follows a document that is gone.

use std::sync::{Arc, Mutex};

use wharf_host::manifest::Manifest;
use wharf_host::model::{Action, Instant};

use super::remote::{Remote, manifest};
use super::world::{World, order, world};
use crate::{Readiness, Rule};

fn readiness(world: &World, last: u32, most: u32) -> Readiness {
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    world.time.drive(&[&ledger], || false, runner.readiness(last, Instant(0), most)).unwrap().unwrap()
}

/// Twelve orders: one is cancelled, three have a rate without a mapping, one of them among the last five.
fn shop() -> World {
    let world = world().with_everything();
    for number in 1..=12 {
        let mut order = order(number);
        match number {
            2 => order["status"] = "209".into(),
            3 | 4 | 11 => order["rate"] = "8".into(),
            _ => {}
        }
        world.shop.put(&format!("o{number}"), order);
    }
    world
}

#[test]
fn the_last_documents_are_judged_and_nothing_is_written_or_remembered() {
    let world = shop();
    let all = readiness(&world, 100, 1000);
    assert_eq!((all.read, all.looked_at, all.ready, all.more), (12, 12, 8, false));
    assert_eq!(all.filtered, [("cancelled".to_owned(), 1)].into());
    assert_eq!(all.parked, [("mapping-missing".to_owned(), 3)].into());
    let missing: Vec<_> = all.missing.iter().map(|gap| (&*gap.table, &*gap.value, gap.items)).collect();
    assert_eq!(missing, [("vat-rate", "8", 3)]);

    let last = readiness(&world, 5, 1000);
    assert_eq!((last.read, last.looked_at, last.ready), (12, 5, 4));
    let short = readiness(&world, 100, 7);
    assert_eq!((short.read, short.more), (7, true));
    assert_eq!(world.target.total_applies(), 0);
    assert!(world.ledger().status().unwrap().flows.is_empty(), "the ledger knows nothing of it");
}

#[test]
fn what_was_written_is_judged_all_the_same_and_the_cursor_stays() {
    let mut world = shop();
    assert_eq!(world.run().done, 8);
    world.spec.tables.get_mut("vat").unwrap().entries.insert("8".into(), "4".into());
    assert_eq!(readiness(&world, 100, 1000).ready, 11);
    assert_eq!(world.run().read, 0, "the feed goes on where it was");
}

#[test]
fn deleted_document_takes_with_it_what_was_written_of_it() {
    for on_delete in [None, Some(Action::Delete)] {
        let mut world = world().with_orders(2);
        world.spec.target.action = Action::Upsert;
        world.spec.on_delete = on_delete;
        let actions = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&actions);
        world.target.script(move |intent, _| {
            seen.lock().unwrap().push((intent.action, intent.target.clone()));
            super::remote::Fate::Applied
        });
        world.run();
        world.shop.remove("o1");
        // Of this one nothing was ever written.
        world.shop.remove("o9");
        let report = world.run();
        let deleted = on_delete.map(|action| (action, Some("target-1".to_owned())));
        let seen: Vec<_> = actions.lock().unwrap().iter().skip(2).cloned().collect();
        assert_eq!(seen, deleted.clone().into_iter().collect::<Vec<_>>());
        let filtered = if deleted.is_some() { 1 } else { 2 };
        assert_eq!(report.filtered, [("deleted-at-source".to_owned(), filtered)].into());
        assert_eq!(world.run().done, 0, "it is deleted once");
    }
}

#[test]
fn flow_that_makes_documents_cannot_delete_them() {
    let mut world = world();
    world.spec.on_delete = Some(Action::Delete);
    let manifests = world.endpoints().iter().map(|(name, one)| (name.clone(), one.manifest().clone())).collect();
    let problems = world.spec.check(&manifests);
    let texts: Vec<String> = problems.iter().map(|problem| problem.path.join("/")).collect();
    assert_eq!(texts, ["on_delete"], "{problems:?}");
}

/// The target's orders have a shape of their own.
fn own_shape() -> Manifest {
    let mut manifest = manifest("target", true, 1);
    manifest.writes[0].schema = Some(serde_json::json!({ "type": "object" }));
    manifest
}

#[test]
fn document_of_a_shape_of_its_own_may_name_what_it_changes() {
    for (manifest, done) in [(own_shape(), 1), (manifest("target", true, 1), 0)] {
        let mut world = world().with_orders(1);
        world.target = Remote::new(manifest, &world.time);
        world.spec.target.action = Action::Update;
        world.spec.mapping = vec![("sku".into(), Rule::from_path("id"))];
        let report = world.run();
        assert_eq!((report.done, report.totals.parked), (done, 1 - done));
        assert!(world.target.written().iter().all(|written| written.target.is_none()));
    }
}
