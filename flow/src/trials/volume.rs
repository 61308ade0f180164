//! Many documents.

use super::world::{order, world, world_of};
use crate::spec::FilterRule;

#[test]
fn documents_go_in_parallel_up_to_the_limit_and_share_commits() {
    let world = world().with_orders(200);
    world.shop.state().page = 100;
    let ledger = world.ledger();
    world.target.script(|_, _| super::remote::Fate::Slow(std::time::Duration::from_millis(10)));
    let report = world.run_on(&ledger).unwrap();
    assert_eq!(report.done, 200);
    assert_eq!(world.target.state().most_in_flight, 4);
    let commits = ledger.writer().faults.commits.load(std::sync::atomic::Ordering::SeqCst);
    assert!(commits < 300, "{commits} commits for 200 documents and their 400 changes of state");
}

#[test]
fn what_a_rule_filters_is_filed_with_its_page() {
    let mut world = world().with_orders(200);
    world.shop.state().page = 100;
    world.spec.filters.push(FilterRule { rule: "all".into(), when: "doc.id != ''".into() });
    let ledger = world.ledger();
    let report = world.run_on(&ledger).unwrap();
    assert_eq!(report.filtered["all"], 200);
    assert_eq!(ledger.why("shop", "order", "o7").unwrap()[0].under.as_deref(), Some("all"));
    let commits = ledger.writer().faults.commits.load(std::sync::atomic::Ordering::SeqCst);
    assert!(commits < 20, "{commits} commits for 2 pages");
}

#[test]
fn calls_take_as_many_intents_as_the_connector_allows() {
    let world = world_of(true, 25).with_orders(100);
    world.shop.state().page = 100;
    assert_eq!(world.run().done, 100);
    let batches = world.target.state().batches.clone();
    assert!(batches.iter().all(|size| *size <= 25) && batches.len() <= 8, "{batches:?}");
}

#[test]
fn done_items_keep_no_document() {
    let world = world().with_orders(20).with_everything();
    world.run();
    let ledger = world.ledger();
    for table in ["item_documents", "intent_documents", "next_documents"] {
        let left: i64 =
            ledger.reader().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
}

#[test]
fn reading_stops_while_too_much_waits() {
    let mut world = world().with_orders(50);
    world.settings.backlog = 10;
    world.target.script(|_, _| super::remote::Fate::Fails(wharf_host::model::Cause::AuthRevoked));
    let report = world.run();
    // Ten wait, and up to sixteen were taken up before the first was refused; pages are of five.
    assert!(report.read <= 35, "{} items were read while nothing could be written", report.read);
    world.shop.put("o51", order(51));
    assert_eq!(world.run().read, 0);
}
