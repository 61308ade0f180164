//! Items that come again.

use std::sync::Arc;

use wharf_host::model::{Action, Cause};

use super::remote::{Fate, Remote, manifest};
use super::world::{order, spec, world};
use crate::{Endpoint, ItemState, RunReport, Runner};

fn changed(number: usize, total: &str) -> serde_json::Value {
    let mut order = order(number);
    order["total"] = total.into();
    order
}

#[test]
fn item_that_comes_again_unchanged_is_nothing() {
    let world = world().with_orders(4);
    world.run();
    for number in 1..=4 {
        world.shop.put(&format!("o{number}"), order(number));
    }
    let report = world.run();
    assert_eq!((report.read, report.unchanged, report.done), (0, 4, 0));
    assert_eq!(world.target.total_applies(), 4);
}

#[test]
fn item_that_changed_while_parked_is_tried_again_with_the_new_document() {
    let world = world().with_orders(1);
    world.target.script(|intent, _| {
        let document: serde_json::Value = intent.document.parse().unwrap();
        if document["total"] == "10.50" {
            Fate::Fails(Cause::InvalidRecord { violations: Vec::new() })
        } else {
            Fate::Applied
        }
    });
    assert_eq!(world.run().parked["invalid-record"], 1);
    world.shop.put("o1", changed(1, "11.00"));
    let report = world.run();
    assert_eq!((report.done, report.totals.parked), (1, 0));
    assert_eq!(world.target.written()[0].document["total"], "11.00");
    assert!(world.ledger().parked().unwrap().is_empty());
}

#[test]
fn item_that_changed_before_it_was_sent_is_written_once_as_it_is_now() {
    let world = world().with_orders(1);
    world.target.script(|_, before| match before {
        0 => Fate::Fails(Cause::Precondition { state: "closed".into() }),
        _ => Fate::Applied,
    });
    assert_eq!(world.run().waiting, 1);
    world.shop.put("o1", changed(1, "12.00"));
    let report = world.run();
    assert_eq!((report.done, report.waiting), (1, 0));
    let written = world.target.written();
    assert_eq!((written.len(), written[0].document["total"].as_str()), (1, Some("12.00")));
}

#[test]
fn create_is_not_repeated_when_the_item_changes_afterwards() {
    let world = world().with_orders(1);
    world.run();
    world.shop.put("o1", changed(1, "13.00"));
    let report = world.run();
    assert_eq!((report.read, report.done), (1, 0));
    assert_eq!(world.target.written().len(), 1);
    let story = &world.ledger().why("shop", "order", "o1").unwrap()[0];
    assert!(story.events.iter().any(|event| event.what == "changed-after-done"), "{story:?}");
}

#[test]
fn upsert_follows_changes_and_knows_its_document() {
    let mut world = world().with_orders(1);
    world.spec.target.action = Action::Upsert;
    world.run();
    world.shop.put("o1", changed(1, "13.00"));
    assert_eq!(world.run().done, 1);
    world.shop.put("o1", changed(1, "14.00"));
    assert_eq!(world.run().done, 1);
    let written = world.target.written();
    let targets: Vec<_> = written.iter().map(|written| written.target.as_deref()).collect();
    assert_eq!(targets, [None, Some("target-1"), Some("target-1")]);
    assert_eq!(written[2].document["total"], "14.00");
    assert_eq!(world.ledger().why("shop", "order", "o1").unwrap()[0].effects.len(), 3);
}

#[test]
fn id_at_one_target_is_not_taken_for_that_at_another() {
    let mut world = world().with_orders(1);
    world.spec.target.action = Action::Upsert;
    world.run();
    let other = Remote::new(manifest("other", true, 1), &world.time);
    let mut endpoints = world.endpoints();
    endpoints.insert("other".into(), Arc::clone(&other) as Arc<dyn Endpoint>);
    world.spec.target.connection = "other".into();
    for (total, target) in [("13.00", None), ("14.00", Some("other-1"))] {
        world.shop.put("o1", changed(1, total));
        let ledger = world.ledger();
        let runner =
            Runner::new(world.spec.clone(), endpoints.clone(), ledger.clone(), world.settings.clone()).unwrap();
        assert_eq!(world.time.drive(&[&ledger], || false, runner.run(&())).unwrap().unwrap().done, 1);
        assert_eq!(other.written().last().unwrap().target.as_deref(), target);
    }
}

#[test]
fn change_that_comes_while_the_outcome_is_unknown_is_written_after_it() {
    for (action, expected) in [(Action::Create, 1), (Action::Upsert, 2)] {
        let mut world = world().with_orders(1);
        world.spec.target.action = action;
        world.settings.settle = std::time::Duration::from_secs(1);
        world.target.script(|_, before| if before == 0 { Fate::AnswerLost } else { Fate::Applied });
        assert_eq!(world.run().waiting, 1);
        world.shop.put("o1", changed(1, "15.00"));
        world.run();
        assert_eq!(world.target.total_applies(), 1, "nothing is sent while it is unknown");
        world.time.advance(std::time::Duration::from_secs(60));
        let report = world.run();
        assert_eq!((report.totals.done, report.waiting), (1, 0), "{action:?}");
        assert_eq!(world.target.written().len(), expected, "{action:?}");
    }
}

#[test]
fn record_that_is_gone_at_the_source_is_filtered_by_name() {
    let world = world().with_orders(1);
    world.shop.state().items[0].deleted = true;
    let report = world.run();
    assert_eq!(report.filtered, [("deleted-at-source".to_owned(), 1)].into());
    assert_eq!(world.target.total_applies(), 0);
}

#[test]
fn filtered_item_that_changes_is_looked_at_again() {
    let world = world().with_everything();
    let mut cancelled = order(1);
    cancelled["status"] = "209".into();
    world.shop.put("o1", cancelled);
    assert_eq!(world.run().filtered["cancelled"], 1);
    world.shop.put("o1", order(1));
    assert_eq!(world.run().done, 1);
}

#[test]
fn two_flows_keep_the_same_item_apart() {
    let mut world = world().with_orders(2);
    world.run();
    let orders = world.spec.clone();
    world.spec = crate::FlowSpec { name: "copies".into(), ..spec() };
    let report: RunReport = world.run();
    assert_eq!((report.flow.as_str(), report.done), ("copies", 2));
    assert_eq!(world.target.effects().len(), 4, "each flow leaves its own text in the documents");
    let stories = world.ledger().why("shop", "order", "o1").unwrap();
    assert_eq!(stories.len(), 2);
    assert!(stories.iter().all(|story| story.state == ItemState::Done));
    world.spec = orders;
    assert_eq!(world.run().read, 0);
}

#[test]
fn equal_ids_of_different_entities_are_different_items() {
    let world = world().with_orders(1);
    world.shop.put("o1", order(1));
    world.shop.state().items[1].entity = "return".into();
    assert_eq!(world.run().done, 2);
}

#[test]
fn reading_goes_on_at_every_page_boundary() {
    for page in 1..=7 {
        let world = world().with_orders(7);
        world.shop.state().page = page;
        let report = world.run();
        assert_eq!((report.read, report.done), (7, 7), "pages of {page}");
        let starts: Vec<usize> = world.shop.state().pulls.iter().map(|(start, _)| start.unwrap_or(0)).collect();
        let expected: Vec<usize> = (0..starts.len()).map(|number| (number * page).min(7)).collect();
        assert_eq!(starts, expected, "pages of {page}");
    }
}
