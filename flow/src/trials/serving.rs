//! Flows and wake-ups that run when they are due.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wharf_host::model::Cause;
use wharf_host::store::{Store, WakeUp};
use wharf_host::surroundings::Clock;

use super::remote::Fate;
use super::world::{World, order, world, world_of};
use crate::ledger::Taken;
use crate::{Ledger, Rule, Schedule, Scheduler, Selector, ServeEvent, ServeObserver, Table};

fn daily() -> Schedule {
    Schedule::Every { interval: Duration::from_secs(86_400), jitter: Duration::ZERO }
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl ServeObserver for Log {
    fn event(&self, event: &ServeEvent<'_>) {
        let line = match event {
            ServeEvent::Ended { report, .. } => format!("done {}", report.done),
            ServeEvent::Woken { name, failure, .. } => format!("woken {name} {}", failure.is_some()),
            ServeEvent::Failed { code, .. } => format!("failed {code}"),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

#[test]
fn flow_runs_when_it_is_due_and_goes_back_for_what_was_left_for_later() {
    let mut world = world().with_orders(2);
    world.spec.schedule = Schedule::Every { interval: Duration::from_secs(300), jitter: Duration::ZERO };
    world.target.script(|_, before| match before {
        0 => Fate::Fails(Cause::Deadline { write_in_flight: false }),
        1..4 => Fate::Fails(Cause::Precondition { state: "closed".into() }),
        _ => Fate::Applied,
    });
    let log = Log::default();
    world.serve_for(Duration::from_secs(4 * 3600), &log);
    assert_eq!(world.target.written().len(), 2);
    let runs = log.0.lock().unwrap().len();
    assert!((48..70).contains(&runs), "{runs} runs in four hours");
    let pulls = world.shop.state().pulls.len();
    assert!(pulls <= runs + 1, "{pulls} pulls");
}

#[test]
fn wake_up_is_called_when_it_is_due_also_after_a_restart() {
    let world = world();
    let put = |name: &str, seconds: u64, every_seconds| WakeUp {
        connection: "shop".into(),
        name: name.into(),
        due: world.ledger().now().after(Duration::from_secs(seconds)),
        every_seconds,
        payload: format!("for {name}"),
    };
    let (once, often) = (put("once", 60, None), put("often", 30, Some(30)));
    let strange = WakeUp { connection: "gone".into(), ..put("nobody", 10, None) };
    {
        let ledger = world.ledger();
        for wake_up in [once.clone(), often, strange] {
            world.time.drive(&[&ledger], || false, ledger.put_wake_up(wake_up)).unwrap().unwrap();
        }
    }
    let ledger = world.ledger();
    let runners = [world.runner(&ledger)];
    let scheduler = Scheduler::new(ledger.clone(), world.settings.clone());
    let end = world.settings.sleep.until(ledger.now().after(Duration::from_secs(125)), ledger.clock().as_ref());
    let log = Log::default();
    world.time.drive(&[&ledger], || false, scheduler.serve(&runners, &log, end)).unwrap().unwrap();
    let woken = world.shop.state().woken.clone();
    let count = |name: &str| woken.iter().filter(|(woken, _)| woken == name).count();
    assert_eq!((count("once"), count("often")), (1, 4), "{woken:?}");
    assert_eq!(woken[0].1, "for often");
    let left = world.time.drive(&[&ledger], || false, ledger.wake_ups("shop")).unwrap().unwrap();
    assert_eq!(left.iter().map(|wake_up| wake_up.name.as_str()).collect::<Vec<_>>(), ["often"]);
    assert!(log.0.lock().unwrap().contains(&"woken nobody true".to_owned()));
}

#[test]
fn flow_that_somebody_else_runs_is_tried_again_later() {
    let mut world = world().with_orders(1);
    world.spec.schedule = Schedule::Every { interval: Duration::from_secs(60), jitter: Duration::ZERO };
    world.target.script(|_, before| if before == 0 { Fate::Slow(Duration::from_secs(100)) } else { Fate::Applied });
    let (first, second) = (world.ledger(), world.ledger());
    let other = world.runner(&first);
    let runners = [world.runner(&second)];
    let scheduler = Scheduler::new(second.clone(), world.settings.clone());
    let log = Log::default();
    let end = world.settings.sleep.until(second.now().after(Duration::from_secs(120)), second.clock().as_ref());
    let both = futures::future::join(other.run(&()), async {
        world.settings.sleep.until(second.now().after(Duration::from_secs(1)), second.clock().as_ref()).await;
        world.shop.put("o2", order(2));
        scheduler.serve(&runners, &log, end).await
    });
    let (one, two) = world.time.drive(&[&first, &second], || false, both).unwrap();
    two.unwrap();
    assert!(one.is_ok(), "{one:?}");
    assert!(log.0.lock().unwrap().contains(&"failed flow-held".to_owned()));
    assert!(world.target.effects().values().all(|count| *count == 1));
}

#[test]
fn told_to_stop_it_lets_calls_end_and_starts_nothing_more() {
    for verifiable in [true, false] {
        let mut world = world_of(verifiable, 1).with_orders(40);
        world.spec.schedule = daily();
        world.target.script(|_, _| Fate::Slow(Duration::from_secs(5)));
        world.serve_for(Duration::from_secs(7), &());
        let stopped = world.target.written().len();
        assert!((1..40).contains(&stopped), "{stopped} were written");
        let applied = world.target.total_applies();
        assert_eq!(applied, stopped, "every call that was made has ended");
        // The next process goes on with what is left, and does not wait for the schedule.
        world.serve_for(Duration::from_secs(120), &());
        assert_eq!(world.target.written().len(), 40);
        assert!(world.target.effects().values().all(|count| *count == 1));
        assert_eq!(world.target.total_applies(), 40, "what waited for its turn was not taken for sent");
    }
}

#[test]
fn call_that_takes_longer_than_the_farewell_is_asked_about_at_the_next_start() {
    let mut world = world().with_orders(1);
    world.spec.schedule = daily();
    world.target.script(|_, before| if before == 0 { Fate::Slow(Duration::from_secs(50)) } else { Fate::Applied });
    let start = world.time.now();
    world.serve_for(Duration::from_secs(7), &());
    assert!(world.time.now().since(start) < Duration::from_secs(20), "it waited for the call");
    assert_eq!((world.target.total_verifies(), world.target.written().len()), (0, 0));
    // The remote may be at it for as long as a call may take.
    world.serve_for(Duration::from_secs(50), &());
    assert_eq!((world.target.total_verifies(), world.target.written().len()), (0, 0));
    world.serve_for(Duration::from_secs(600), &());
    assert!(world.target.total_verifies() > 0);
    assert_eq!(world.target.written().len(), 1);
}

#[test]
fn mapping_that_was_added_lets_a_served_flow_go_on_before_its_schedule() {
    let mut world = world().with_orders(3);
    world.spec.schedule = daily();
    world.spec.mapping.push(("rate".into(), Rule::from_path("rate").in_table("rate")));
    world.spec.tables.insert("rate".into(), Table::default());
    assert_eq!(world.run().totals.parked, 3);
    world.spec.tables.insert("rate".into(), Table { entries: [("23".into(), "7".into())].into(), ..Table::default() });
    let pulls = world.shop.state().pulls.len();
    world.serve_for(Duration::from_secs(60), &());
    assert_eq!((world.target.written().len(), world.shop.state().pulls.len()), (3, pulls));
}

#[test]
fn what_a_mapping_frees_does_not_wait_for_the_schedule_because_somebody_else_runs_the_flow() {
    let mut world = world().with_orders(3);
    world.spec.schedule = daily();
    world.spec.mapping.push(("rate".into(), Rule::from_path("rate").in_table("rate")));
    world.spec.tables.insert("rate".into(), Table::default());
    assert_eq!(world.run().totals.parked, 3);
    world.spec.tables.insert("rate".into(), Table { entries: [("23".into(), "7".into())].into(), ..Table::default() });
    let (first, second) = (world.ledger(), world.ledger());
    let runners = [world.runner(&second)];
    let scheduler = Scheduler::new(second.clone(), world.settings.clone());
    let log = Log::default();
    let sleep =
        |seconds| world.settings.sleep.until(second.now().after(Duration::from_secs(seconds)), second.clock().as_ref());
    let elsewhere = async {
        let Taken::Ours { lease, .. } = first.take("orders", Duration::from_secs(300)).await.unwrap() else {
            panic!("nobody had it")
        };
        sleep(25).await;
        drop(lease);
    };
    let served = async {
        sleep(1).await;
        scheduler.serve(&runners, &log, sleep(60)).await
    };
    let (_, served) = world.time.drive(&[&first, &second], || false, futures::future::join(elsewhere, served)).unwrap();
    served.unwrap();
    let log = log.0.lock().unwrap();
    assert_eq!(world.target.written().len(), 3, "{log:?}");
    assert!((1..5).contains(&log.iter().filter(|line| *line == "failed flow-held").count()), "{log:?}");
}

/// Serves a flow for a minute, and does something from another process in the middle of it.
fn serve_and_meanwhile(world: &World, meanwhile: impl AsyncFnOnce(&Ledger)) -> Log {
    let (first, second) = (world.ledger(), world.ledger());
    let runners = [world.runner(&second)];
    let scheduler = Scheduler::new(second.clone(), world.settings.clone());
    let log = Log::default();
    let sleep =
        |seconds| world.settings.sleep.until(second.now().after(Duration::from_secs(seconds)), second.clock().as_ref());
    let elsewhere = async {
        sleep(30).await;
        meanwhile(&first).await;
    };
    let both = futures::future::join(elsewhere, scheduler.serve(&runners, &log, sleep(60)));
    let ((), served) = world.time.drive(&[&first, &second], || false, both).unwrap();
    served.unwrap();
    log
}

#[test]
fn what_a_person_lets_go_on_does_not_wait_for_the_schedule_of_a_served_flow() {
    for schedule in [daily(), Schedule::Manual] {
        for forbidden in [false, true] {
            let mut world = world().with_orders(3);
            world.spec.schedule = schedule.clone();
            world.target.script(move |_, before| match (before, forbidden) {
                (0, true) => Fate::Fails(Cause::Forbidden { permission: None }),
                (0, false) => Fate::Fails(Cause::InvalidRecord { violations: Vec::new() }),
                _ => Fate::Applied,
            });
            world.run();
            let log = serve_and_meanwhile(&world, async |ledger| {
                ledger.release(Selector::default()).await.unwrap();
            });
            let log = log.0.lock().unwrap();
            assert_eq!(world.target.written().len(), 3, "{log:?}");
            assert!(log.len() <= 4, "what is held starts no runs: {log:?}");
        }
    }
}

#[test]
fn credential_that_is_replaced_lets_a_served_flow_go_on_that_has_no_schedule() {
    let mut world = world().with_orders(1);
    let replaced = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&replaced);
    let mark = move || [("target".to_owned(), now.load(Ordering::SeqCst).to_string())].into();
    world.settings.live_credential_marks = Some(Arc::new(mark));
    world.target.script(|_, before| if before == 0 { Fate::Fails(Cause::AuthRevoked) } else { Fate::Applied });
    world.run();
    let log = serve_and_meanwhile(&world, async |_| replaced.store(true, Ordering::SeqCst));
    assert_eq!(world.target.written().len(), 1, "{:?}", log.0.lock().unwrap());
}

#[test]
fn wake_up_is_not_started_any_more_while_the_program_ends() {
    let world = world();
    let ledger = world.ledger();
    for name in ["one", "two", "three"] {
        let due = ledger.now().after(Duration::from_secs(10));
        let wake_up =
            WakeUp { connection: "shop".into(), name: name.into(), due, every_seconds: None, payload: "".into() };
        world.time.drive(&[&ledger], || false, ledger.put_wake_up(wake_up)).unwrap().unwrap();
    }
    let runners = [world.runner(&ledger)];
    let scheduler = Scheduler::new(ledger.clone(), world.settings.clone());
    // Told to stop while the first of them is recorded.
    let stop = std::future::poll_fn(|_| match world.shop.state().woken.is_empty() {
        true => std::task::Poll::Pending,
        false => std::task::Poll::Ready(()),
    });
    world.time.drive(&[&ledger], || false, scheduler.serve(&runners, &(), stop)).unwrap().unwrap();
    assert_eq!(world.shop.state().woken.len(), 1);
    let left = world.time.drive(&[&ledger], || false, ledger.wake_ups("shop")).unwrap().unwrap();
    assert_eq!(left.len(), 2, "the others are there for the next start");
}

#[test]
fn page_that_is_under_way_does_not_hold_the_end_of_the_program_up() {
    let mut world = world().with_orders(2);
    world.spec.schedule = daily();
    world.shop.state().pull_time = Duration::from_secs(30);
    let start = world.time.now();
    world.serve_for(Duration::from_secs(5), &());
    assert!(world.time.now().since(start) < Duration::from_secs(6));
    world.serve_for(Duration::from_secs(60), &());
    assert_eq!(world.target.written().len(), 2);
}

#[test]
fn feed_that_was_not_read_to_its_end_is_read_on_by_the_next_process() {
    let mut world = world().with_orders(40);
    (world.spec.schedule, world.settings.backlog) = (daily(), 5);
    world.shop.state().page = 5;
    world.target.script(|_, _| Fate::Slow(Duration::from_secs(1)));
    world.serve_for(Duration::from_secs(2), &());
    let known = world.ledger().status().unwrap().flows[0].totals;
    assert!((1..40).contains(&(known.done + known.waiting)), "{known:?}");
    world.serve_for(Duration::from_secs(600), &());
    assert_eq!(world.target.written().len(), 40);
    // Once it was read to its end it waits for its schedule again.
    let pulls = world.shop.state().pulls.len();
    world.serve_for(Duration::from_secs(600), &());
    assert_eq!(world.shop.state().pulls.len(), pulls);
}

#[test]
fn retry_of_a_flow_without_a_schedule_is_made_after_a_restart() {
    let world = world().with_orders(2);
    assert_eq!(world.spec.schedule, Schedule::Manual);
    world.target.script(|_, before| match before {
        0..2 => Fate::Fails(Cause::Precondition { state: "closed".into() }),
        _ => Fate::Applied,
    });
    assert_eq!(world.run().waiting, 2);
    let pulls = world.shop.state().pulls.len();
    world.serve_for(Duration::from_secs(2 * 3600), &());
    assert_eq!(world.target.written().len(), 2);
    assert!(world.shop.state().pulls.len() > pulls, "what waits longer is made by whole runs");
    world.serve_for(Duration::from_secs(600), &());
    assert_eq!(world.target.total_applies(), 6);
}
