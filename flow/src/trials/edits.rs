//! Edits that serving connectors hand over are written like every other document.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wharf_host::lookups::{Edit, Lookups, Receipt};
use wharf_host::model::{Action, Cause, Document, Failure};

use super::remote::Fate;
use super::world::{World, world};
use crate::{Doors, GrantedLookups, GrantedSource, Ledger, Scheduler};

fn source() -> GrantedSource {
    GrantedSource {
        name: "erp".into(),
        role: "customers".into(),
        connection: "target".into(),
        entity: "order".into(),
        actions: vec![Action::Update, Action::Create],
        timeout: Duration::from_secs(2),
    }
}

fn edit(id: Option<&str>, name: &str) -> Edit {
    let action = if id.is_some() { Action::Update } else { Action::Create };
    Edit { action, id: id.map(str::to_owned), document: Document::new(json!({ "name": name }).to_string()) }
}

/// Serves the flows of edits on a ledger while `during` goes on, and returns what it gives.
fn serving<T>(world: &World, ledger: &Ledger, during: impl AsyncFnOnce(&GrantedLookups) -> T) -> T {
    let doors = Arc::new(Doors::default());
    let _open = doors.open(world.endpoints(), Some((ledger.clone(), world.settings.clone())));
    let lookups = GrantedLookups::new("shop", vec![source()], doors);
    let runners: Vec<crate::Runner> = GrantedLookups::edit_flows("shop", &[source()])
        .into_iter()
        .map(|spec| crate::Runner::new(spec, world.endpoints(), ledger.clone(), world.settings.clone()).unwrap())
        .collect();
    let scheduler = Scheduler::new(ledger.clone(), world.settings.clone());
    let mut given = None;
    let until = async { given = Some(during(&lookups).await) };
    let both =
        futures::future::select(Box::pin(scheduler.serve(&runners, &(), std::future::pending())), Box::pin(until));
    drop(world.time.drive(&[ledger], || false, both));
    given.unwrap()
}

const WAIT: Duration = Duration::from_secs(2);

#[test]
fn edit_is_written_and_who_made_it_hears_as_what() {
    let world = world();
    let ledger = world.ledger();
    let (update, create) = serving(&world, &ledger, async |lookups: &GrantedLookups| {
        let update = lookups.submit("erp", edit(Some("77"), "Ana"), WAIT).await.unwrap();
        (update, lookups.submit("erp", edit(None, "Rui"), WAIT).await.unwrap())
    });
    assert!(matches!(&update, Receipt::Done(applied) if applied.id == "77"), "{update:?}");
    assert!(matches!(&create, Receipt::Done(_)), "{create:?}");
    let written = world.target.written();
    assert_eq!(written[0].target.as_deref(), Some("77"));
    assert_eq!(written[0].document, json!({ "name": "Ana" }));
    assert_eq!((written.len(), &written[1].target), (2, &None));
}

#[test]
fn edit_that_was_made_before_is_made_again() {
    let world = world();
    let ledger = world.ledger();
    serving(&world, &ledger, async |lookups: &GrantedLookups| {
        for name in ["Ana", "Rui", "Ana", "Ana"] {
            lookups.submit("erp", edit(Some("77"), name), WAIT).await.unwrap();
        }
    });
    let names: Vec<_> = world.target.written().iter().map(|written| written.document["name"].clone()).collect();
    assert_eq!(names, ["Ana", "Rui", "Ana", "Ana"]);
}

#[test]
fn edit_that_is_refused_is_told_so_and_not_made_later() {
    let world = world();
    world.target.script(|_, _| Fate::Fails(Cause::InvalidRecord { violations: Vec::new() }));
    let ledger = world.ledger();
    let refused: Failure = serving(&world, &ledger, async |lookups: &GrantedLookups| {
        lookups.submit("erp", edit(Some("77"), "Ana"), WAIT).await.unwrap_err()
    });
    assert_eq!(refused.cause.code(), "invalid-record");
    assert!(ledger.parked().unwrap().is_empty());
    world.target.script(|_, _| Fate::Applied);
    serving(&world, &ledger, async |_: &GrantedLookups| {
        world.settings.sleep.until(ledger.now().after(Duration::from_secs(3600)), ledger.clock().as_ref()).await;
    });
    assert!(world.target.written().is_empty());
}

#[test]
fn slow_edit_is_accepted_goes_on_and_is_not_doubled_by_another_try() {
    let world = world();
    world.target.script(|_, _| Fate::Slow(Duration::from_secs(10)));
    let ledger = world.ledger();
    let receipts = serving(&world, &ledger, async |lookups: &GrantedLookups| {
        let first = lookups.submit("erp", edit(None, "Ana"), WAIT).await.unwrap();
        let again = lookups.submit("erp", edit(None, "Ana"), WAIT).await.unwrap();
        world.settings.sleep.until(ledger.now().after(Duration::from_secs(60)), ledger.clock().as_ref()).await;
        (first, again)
    });
    assert!(matches!(&receipts, (Receipt::Accepted(one), Receipt::Accepted(two)) if one == two), "{receipts:?}");
    assert_eq!(world.target.written().len(), 1);
}

#[test]
fn another_edit_of_a_record_waits_for_the_one_before() {
    let world = world();
    world.target.script(|_, _| Fate::Slow(Duration::from_secs(10)));
    let ledger = world.ledger();
    let busy = serving(&world, &ledger, async |lookups: &GrantedLookups| {
        lookups.submit("erp", edit(Some("77"), "Ana"), WAIT).await.unwrap();
        lookups.submit("erp", edit(Some("77"), "Rui"), WAIT).await.unwrap_err()
    });
    assert_eq!(busy.cause, Cause::Precondition { state: "edit-under-way".into() });
}

#[test]
fn edit_whose_answer_was_lost_is_looked_for_before_it_is_repeated() {
    let world = world();
    world.target.script(|_, before| if before == 0 { Fate::AnswerLost } else { Fate::Applied });
    let ledger = world.ledger();
    let receipt = serving(&world, &ledger, async |lookups: &GrantedLookups| {
        lookups.submit("erp", edit(None, "Ana"), Duration::from_secs(600)).await.unwrap()
    });
    assert!(matches!(receipt, Receipt::Done(_)), "{receipt:?}");
    assert_eq!((world.target.written().len(), world.target.total_verifies()), (1, 1));
}

#[test]
fn connections_behind_the_doors_are_given_back_when_the_doors_are_closed() {
    let (world, doors) = (world(), Arc::new(Doors::default()));
    let endpoints = world.endpoints();
    let shop = Arc::clone(endpoints.get("shop").unwrap());
    let users = Arc::strong_count(&shop);
    let lookups = GrantedLookups::new("shop", vec![source()], Arc::clone(&doors));
    let open = doors.open(endpoints, None);
    assert_eq!(lookups.sources().len(), 1);
    drop(open);
    assert!(lookups.sources().is_empty());
    assert_eq!(Arc::strong_count(&shop), users - 1, "the map of endpoints is gone");
}
