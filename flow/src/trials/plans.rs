//! Plans, and definitions that cannot run.

use std::collections::BTreeMap;

use super::remote::manifest;
use super::world::{order, world};
use crate::{FilterRule, Rule, Schedule};

#[test]
fn plan_shows_what_a_run_would_do_and_changes_nothing() {
    let world = world().with_everything();
    for number in 1..=6 {
        let mut order = order(number);
        match number {
            2 => order["status"] = "209".into(),
            3 | 4 => order["rate"] = "8".into(),
            _ => {}
        }
        world.shop.put(&format!("o{number}"), order);
    }
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    let plan = world.time.drive(&[&ledger], || false, runner.plan(100)).unwrap().unwrap();
    assert_eq!((plan.read, plan.writes.len(), plan.more), (6, 3, false));
    assert_eq!(plan.filtered, [("cancelled".to_owned(), 1)].into());
    assert_eq!(plan.parked, [("mapping-missing".to_owned(), 2)].into());
    assert_eq!((plan.unmapped[0].value.as_str(), plan.unmapped[0].items), ("8", 2));
    assert!(plan.writes[0].preview.as_ref().unwrap().body.contains(r#""rate":"3""#));
    assert_eq!(world.target.total_applies(), 0);
    assert!(ledger.status().unwrap().flows.is_empty(), "the ledger knows nothing of it");

    let short = world.time.drive(&[&ledger], || false, runner.plan(2)).unwrap().unwrap();
    assert_eq!((short.read, short.more), (2, true));
    drop((runner, ledger));
    assert_eq!(world.run().done, 3);
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    let plan = world.time.drive(&[&ledger], || false, runner.plan(100)).unwrap().unwrap();
    assert_eq!((plan.read, plan.writes.len()), (0, 0), "after a run there is nothing to do");
}

#[test]
fn every_mistake_of_a_definition_is_named_with_its_place() {
    let manifests: BTreeMap<_, _> =
        [("shop".to_owned(), manifest("shop", true, 1)), ("target".to_owned(), manifest("target", true, 1))].into();
    let mut spec = world().with_everything().spec;
    assert_eq!(spec.check(&manifests), []);
    spec.source.feed = "parcels".into();
    spec.target.entity = "invoice".into();
    spec.filters.push(FilterRule { rule: "cancelled".into(), when: "order.status".into() });
    spec.mapping.push(("a..b".into(), Rule::from_path("id")));
    spec.mapping.push(("c".into(), Rule::from_path("id").in_table("colour")));
    spec.write_backs[0].connection = "warehouse".into();
    spec.write_backs[1].target = None;
    spec.tables.get_mut("vat").unwrap().reference_list = Some("taxes".into());
    let problems = spec.check(&manifests);
    let places: Vec<String> = problems.iter().map(|problem| problem.path.join("/")).collect();
    for place in [
        "from/feed",
        "to",
        "drop/1/rule",
        "drop/1/when",
        "map/a..b",
        "map/c",
        "write_back/0/connection",
        "write_back/1",
        "table/vat/reference_list",
    ] {
        assert!(places.iter().any(|found| found == place), "{place} is not among {problems:#?}");
    }
    let feed = problems.iter().find(|problem| problem.path == ["from", "feed"]).unwrap();
    assert_eq!(feed.message, "connector `shop` has no feed `parcels`; use `orders`");
}

#[test]
fn schedule_does_not_count_as_another_definition() {
    let mut world = world().with_orders(1);
    world.run();
    world.spec.schedule = Schedule::Every { interval: std::time::Duration::from_secs(60), jitter: Default::default() };
    let ledger = world.ledger();
    let (one, two) = (world.runner(&ledger), {
        world.spec.mapping.push(("note".into(), Rule::constant("x")));
        world.runner(&ledger)
    });
    assert_ne!(one.definition_digest(), two.definition_digest());
    world.spec.mapping.clear();
    world.spec.schedule = Schedule::Manual;
    assert_eq!(world.runner(&ledger).definition_digest(), one.definition_digest());
}
