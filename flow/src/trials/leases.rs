//! Two processes on one ledger never both act.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::{join, select};
use wharf_host::model::{Action, Cause};

use super::remote::Fate;
use super::world::world;
use crate::{DependencyRule, Error, LedgerError};

#[test]
fn second_process_is_told_who_runs_the_flow() {
    let world = world().with_orders(6);
    world.target.script(|_, _| Fate::Slow(Duration::from_secs(5)));
    let (first, second) = (world.ledger(), world.ledger());
    let (one, two) = (world.runner(&first), world.runner(&second));
    let both = join(one.run(&()), two.run(&()));
    let (one, two) = world.time.drive(&[&first, &second], || false, both).unwrap();
    let results = [one, two];
    let done: Vec<_> = results.iter().flatten().collect();
    assert_eq!((done.len(), done[0].done), (1, 6));
    let refused = results.iter().find_map(|result| result.as_ref().err()).unwrap();
    assert_eq!(refused.code(), "flow-held");
    assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
    assert!(world.target.effects().values().all(|count| *count == 1));
}

#[test]
fn lease_lasts_as_long_as_the_run() {
    let world = world().with_orders(3);
    world.target.script(|_, _| Fate::Slow(Duration::from_secs(55)));
    let (first, second) = (world.ledger(), world.ledger());
    let (one, two) = (world.runner(&first), world.runner(&second));
    let late = async {
        // The lease of 30 s has been renewed by then.
        world.settings.sleep.until(second.now().after(Duration::from_secs(50)), second.clock().as_ref()).await;
        two.run(&()).await
    };
    let (one, two) = world.time.drive(&[&first, &second], || false, join(one.run(&()), late)).unwrap();
    assert_eq!(one.unwrap().done, 3);
    assert!(matches!(two, Err(Error::Held { .. })), "{two:?}");
}

#[test]
fn process_that_stalled_cannot_commit_and_nothing_is_doubled() {
    let mut world = world().with_orders(9);
    world.spec.concurrency = NonZeroU32::MIN;
    let stalled = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stalled);
    world.target.script(move |_, _| {
        // The first call of the first process never comes back until much later.
        if flag.swap(true, Ordering::SeqCst) { Fate::Applied } else { Fate::Slow(Duration::from_secs(300)) }
    });
    let first = world.ledger();
    let one = world.runner(&first);
    let mut running = Box::pin(one.run(&()));
    let seen = || stalled.load(Ordering::SeqCst);
    assert!(world.time.drive(&[&first], seen, &mut running).is_none(), "it hangs in its first call");
    // The process is stopped: its lease is not renewed any more. After it has run out, another one takes over.
    world.time.advance(Duration::from_secs(31));
    let second = world.ledger();
    let report = world.run_on(&second).unwrap();
    assert!((1..=4).contains(&report.waiting), "what may still be on its way is not asked about yet: {report:?}");
    assert_eq!(world.target.total_verifies(), 0);
    // The stalled process comes back, and finds out.
    let result = world.time.drive(&[&first, &second], || false, running).unwrap();
    assert!(matches!(result, Err(Error::Fenced { .. })), "{result:?}");
    world.time.advance(Duration::from_secs(300));
    drop(one);
    let report = world.run_on(&second).unwrap();
    assert_eq!(report.totals.done, 9);
    let effects = world.target.effects();
    assert!(effects.values().all(|count| *count == 1), "{effects:?}");
}

#[test]
fn process_that_stalled_does_not_make_what_another_flow_made_in_its_place() {
    let mut world = world().with_orders(2);
    world.spec.concurrency = NonZeroU32::MIN;
    world.spec.dependencies =
        vec![DependencyRule { entity: "partner".into(), action: Action::Create, from: "customer".into(), key: None }];
    let (mut partner_is_there, mut hangs) = (false, true);
    let missing = || Fate::Fails(Cause::DependencyMissing { entity: "partner".into(), key: "ann".into() });
    world.target.script(move |intent, _| {
        if intent.entity == "partner" {
            partner_is_there = true;
            return Fate::Applied;
        }
        let is_second = intent.document.as_bytes().windows(2).any(|two| two == b"o2");
        match (partner_is_there, is_second && std::mem::take(&mut hangs)) {
            (_, true) => Fate::Slow(Duration::from_secs(300)),
            (true, _) => Fate::Applied,
            (false, _) => missing(),
        }
    });
    let (first, second) = (world.ledger(), world.ledger());
    let one = world.runner(&first);
    let mut running = Box::pin(one.run(&()));
    let is_marked = || {
        let marked = "SELECT 1 FROM intents WHERE kind = 'dependency' AND state = 'sent'";
        world.target.state().in_flight > 0 && second.reader().prepare(marked).unwrap().exists([]).unwrap()
    };
    assert!(world.time.drive(&[&first], is_marked, &mut running).is_none(), "it hangs before it makes the partner");
    // Another flow needs the same partner, and takes over making it once the first is gone by all appearances.
    world.spec.name = "theirs".into();
    assert_eq!(world.run_on(&second).unwrap().done, 0);
    world.time.advance(Duration::from_secs(31));
    for _ in 0..3 {
        world.run_on(&second).unwrap();
        world.time.advance(Duration::from_secs(60));
    }
    let partners = || world.target.written().iter().filter(|written| written.entity == "partner").count();
    assert_eq!(partners(), 1);
    drop(world.time.drive(&[&first, &second], || false, running).unwrap());
    assert_eq!(partners(), 1, "the first comes back, and leaves it alone");
}

#[test]
fn lease_of_a_process_that_was_killed_is_free_at_once() {
    let world = world().with_orders(2);
    let crashed = AtomicBool::new(false);
    world.target.script(
        move |_, _| {
            if crashed.swap(true, Ordering::SeqCst) { Fate::Applied } else { Fate::CrashBefore }
        },
    );
    assert!(world.run_until_crash(0));
    let before = world.ledger().now();
    let report = world.run();
    assert_eq!(report.totals.done, 2);
    assert!(world.ledger().now().since(before) < Duration::from_secs(60));
}

#[test]
fn lease_of_a_process_whose_lock_file_was_removed_is_waited_for() {
    let world = world().with_orders(1);
    world.target.script(|_, before| if before == 0 { Fate::Slow(Duration::from_secs(20)) } else { Fate::Applied });
    let first = world.ledger();
    let one = world.runner(&first);
    let mut running = Box::pin(one.run(&()));
    let is_called = || world.target.state().in_flight > 0;
    assert!(world.time.drive(&[&first], is_called, &mut running).is_none());
    let directory = world.path().parent().unwrap().to_owned();
    let files = || std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    for file in files().filter(|file| file.to_string_lossy().contains(".owner-")) {
        std::fs::remove_file(file).unwrap();
    }
    let second = world.ledger();
    assert!(matches!(world.run_on(&second), Err(Error::Held { .. })), "it lives, whatever became of its file");
    assert_eq!(world.time.drive(&[&first, &second], || false, running).unwrap().unwrap().done, 1);
}

#[test]
fn run_that_is_dropped_gives_its_lease_back() {
    let world = world().with_orders(2);
    world.target.script(|_, before| if before == 0 { Fate::Slow(Duration::from_secs(40)) } else { Fate::Applied });
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    let soon = world.settings.sleep.until(ledger.now().after(Duration::from_secs(5)), ledger.clock().as_ref());
    let run = Box::pin(runner.run(&()));
    let ended = world.time.drive(&[&ledger], || false, select(run, soon)).unwrap();
    drop(ended);
    let report = world.run_on(&ledger).unwrap();
    assert_eq!((report.totals.done, world.target.written().len()), (2, 2));
}

#[test]
fn newer_and_foreign_files_are_refused_by_name() {
    let world = world();
    drop(world.ledger());
    let connection = rusqlite::Connection::open(world.path()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let newer = crate::Ledger::open(world.path(), Arc::clone(&world.time) as _).err().unwrap();
    assert!(matches!(newer, LedgerError::Newer { found: 99, .. }), "{newer}");

    let foreign = world.path().with_file_name("other.sqlite");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let error = crate::Ledger::open(&foreign, Arc::clone(&world.time) as _).err().unwrap();
    assert_eq!(error.code(), "ledger-foreign");
    std::fs::write(&foreign, "not a database, and long enough to be told from an empty file").unwrap();
    let error = crate::Ledger::open(&foreign, Arc::clone(&world.time) as _).err().unwrap();
    assert_eq!(error.code(), "ledger-damaged");
    let nowhere = world.path().join("missing/wharf.sqlite");
    assert_eq!(crate::Ledger::open(nowhere, Arc::clone(&world.time) as _).err().unwrap().code(), "ledger-open");
}
