//! What remotes tell leads to what polling alone leads to, only sooner.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wharf_host::model::{Action, Cause, Delivery, Instant, MissingKind, Verdict};
use wharf_host::store::{Store, WakeUp};

use super::remote::{Fate, Reading, Remote, manifest};
use super::world::{World, order, world};
use crate::{DeliveryOutcome, Ledger, Received, Schedule, Scheduler, Webhooks};

const HOUR: Duration = Duration::from_secs(3600);

/// A shop whose orders can be read one by one, and a flow that keeps the target up to date, once an hour.
fn told_world() -> World {
    let mut world = world();
    let mut shop = serde_json::to_value(manifest("shop", true, 1)).unwrap();
    shop["feeds"][0]["document"] = json!("common");
    shop["records"] = json!([{ "entity": "order", "get": true }]);
    world.shop = Remote::new(serde_json::from_value(shop).unwrap(), &world.time);
    world.spec.target.action = Action::Upsert;
    world.spec.schedule = Schedule::Every { interval: HOUR, jitter: Duration::ZERO };
    world
}

fn webhooks(world: &World, ledger: &Ledger) -> Webhooks {
    Webhooks::new(ledger.clone(), world.endpoints(), [&world.spec])
}

type Row<'a> = (&'a str, &'a str, &'a str, bool);

fn delivery(token: &str, events: &[Row<'_>]) -> Delivery {
    Delivery {
        method: "POST".into(),
        path: "/".into(),
        headers: vec![("x-token".into(), token.into()), ("authorization".into(), "Basic c2VjcmV0".into())],
        body: serde_json::to_vec(events).unwrap(),
    }
}

fn tell(world: &World, ledger: &Ledger, events: &[Row<'_>]) -> Received {
    let webhooks = webhooks(world, ledger);
    let delivery = delivery("good", events);
    world.time.drive(&[ledger], || false, webhooks.receive("shop", &delivery)).unwrap().unwrap()
}

/// Runs once for what was told.
fn run_told(world: &World) -> crate::RunReport {
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    world.time.drive(&[&ledger], || false, runner.run_told(None, world.events.as_ref())).unwrap().unwrap()
}

fn pulls(world: &World) -> usize {
    world.shop.state().pulls.len()
}

/// The last document that the target has of each order.
fn final_state(world: &World) -> BTreeMap<String, Value> {
    let id = |document: &Value| document["id"].to_string();
    world.target.written().into_iter().map(|written| (id(&written.document), written.document)).collect()
}

fn count(ledger: &Ledger, outcome: DeliveryOutcome) -> u64 {
    let counts = ledger.deliveries().unwrap();
    counts.iter().find(|count| count.outcome == outcome).map_or(0, |count| count.count)
}

#[test]
fn told_order_is_written_within_a_second_and_the_feed_is_left_alone() {
    let world = told_world().with_orders(2);
    let ledger = world.ledger();
    let runners = [world.runner(&ledger)];
    let scheduler = Scheduler::new(ledger.clone(), world.settings.clone());
    let sleep = |seconds| world.settings.sleep.until(after(&ledger, seconds), ledger.clock().as_ref());
    let told = async {
        sleep(60).await;
        world.shop.put("o3", order(3));
        let before = pulls(&world);
        let webhooks = webhooks(&world, &ledger);
        webhooks.receive("shop", &delivery("good", &[("e1", "order", "o3", false)])).await.unwrap();
        sleep(1).await;
        assert_eq!(world.target.written().len(), 3, "it took longer than a second");
        assert_eq!(pulls(&world), before);
    };
    world.time.drive(&[&ledger], || false, scheduler.serve(&runners, &(), told)).unwrap().unwrap();
}

fn after(ledger: &Ledger, seconds: u64) -> Instant {
    ledger.now().after(Duration::from_secs(seconds))
}

#[test]
fn told_record_carries_in_its_story_how_it_came() {
    let world = told_world();
    world.run();
    world.shop.put("o1", order(1));
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o1", false)]);
    drop(ledger);
    assert_eq!(run_told(&world).done, 1);
    let story = world.ledger().why("shop", "order", "o1").unwrap();
    let told = story.iter().flat_map(|story| &story.events).any(|event| event.what == "told");
    assert!(told, "{story:?}");
}

#[test]
fn event_that_was_told_before_is_not_followed_again() {
    let world = told_world().with_orders(1);
    world.run();
    let ledger = world.ledger();
    let first = tell(&world, &ledger, &[("e1", "order", "o1", false), ("e2", "order", "o1", false)]);
    assert_eq!(first, Received::Accepted { events: 2, new: 2 });
    drop(ledger);
    run_told(&world);
    let ledger = world.ledger();
    assert_eq!(tell(&world, &ledger, &[("e2", "order", "o1", false)]), Received::Accepted { events: 1, new: 0 });
    assert_eq!(count(&ledger, DeliveryOutcome::Repeated), 1);
    drop(ledger);
    run_told(&world);
    assert_eq!(world.shop.state().gets.len(), 1, "two events of one record are one reading");
}

#[test]
fn forged_deliveries_are_counted_and_do_not_push_out_the_others() {
    let world = told_world().with_orders(1);
    world.run();
    let ledger = world.ledger();
    let webhooks = webhooks(&world, &ledger);
    tell(&world, &ledger, &[("e1", "order", "o1", false)]);
    let forged = delivery("guess", &[("e2", "order", "o1", false)]);
    let flood = futures::future::join_all((0..2_000).map(|_| webhooks.receive("shop", &forged)));
    for received in world.time.drive(&[&ledger], || false, flood).unwrap() {
        assert_eq!(received.unwrap(), Received::Rejected("the token is wrong".into()));
    }
    let commits = ledger.writer().faults.commits.load(Ordering::SeqCst);
    assert!(commits < 200, "2,000 deliveries shared {commits} commits");
    assert_eq!(count(&ledger, DeliveryOutcome::Rejected), 2_000);
    let rows: i64 = ledger.reader().query_row("SELECT count(*) FROM deliveries", [], |row| row.get(0)).unwrap();
    assert!(rows < 1_100, "{rows} rows are kept");
    let accepted = "SELECT count(*) FROM deliveries WHERE outcome = 'accepted'";
    let accepted: i64 = ledger.reader().query_row(accepted, [], |row| row.get(0)).unwrap();
    assert_eq!(accepted, 1);
    assert_eq!(ledger.hints_waiting().unwrap(), 1);
}

#[test]
fn credentials_of_a_delivery_are_not_kept() {
    let world = told_world();
    world.run();
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o1", false)]);
    let headers: String = ledger.reader().query_row("SELECT headers FROM deliveries", [], |row| row.get(0)).unwrap();
    assert!(headers.contains("x-token") && !headers.contains("c2VjcmV0"), "{headers}");
}

#[test]
fn delivery_that_breaks_the_connector_is_to_be_sent_again() {
    let world = told_world();
    world.run();
    let ledger = world.ledger();
    let webhooks = webhooks(&world, &ledger);
    let broken = Delivery { body: b"broken".to_vec(), ..delivery("good", &[]) };
    let received = world.time.drive(&[&ledger], || false, webhooks.receive("shop", &broken)).unwrap().unwrap();
    assert!(matches!(received, Received::Failed(_)), "{received:?}");
    assert_eq!(count(&ledger, DeliveryOutcome::Failed), 1);
}

#[test]
fn flow_that_never_ran_reads_its_feed_when_it_is_told_of_something() {
    let mut world = told_world();
    world.spec.schedule = Schedule::Manual;
    world.serve_for(Duration::from_secs(60), &());
    world.shop.put("o1", order(1));
    assert_eq!(pulls(&world), 0);
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o1", false)]);
    drop(ledger);
    world.serve_for(Duration::from_secs(60), &());
    assert_eq!(world.target.written().len(), 1);
    // Of a flow that read another feed so far, this one is read from its start.
    world.shop.put("o2", order(2));
    let ledger = world.ledger();
    let older = ledger.write(|tx| Ok(tx.execute("UPDATE flows SET feed = 'older'", [])?));
    world.time.drive(&[&ledger], || false, older).unwrap().unwrap();
    tell(&world, &ledger, &[("e2", "order", "o2", false)]);
    drop(ledger);
    world.serve_for(Duration::from_secs(60), &());
    assert_eq!(world.target.written().len(), 2);
}

#[test]
fn flow_that_was_told_before_it_ran_is_still_known_as_one_that_goes_on_with_another() {
    let mut world = told_world().with_orders(2);
    world.run();
    world.spec.name = "renamed".into();
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o1", false)]);
    assert_eq!(ledger.predecessor(&world.spec, &["renamed"]).unwrap().as_deref(), Some("orders"));
    world.time.drive(&[&ledger], || false, ledger.rename_flow("orders", "renamed")).unwrap().unwrap();
    let report = world.run_on(&ledger).unwrap();
    assert_eq!((report.totals.done, world.target.written().len()), (2, 2), "nothing is written again");
}

#[test]
fn event_of_an_entity_that_no_flow_reads_is_recorded_as_such() {
    let world = told_world();
    world.run();
    let ledger = world.ledger();
    assert_eq!(tell(&world, &ledger, &[("e1", "parcel", "p1", false)]), Received::Accepted { events: 1, new: 1 });
    let detail: String = ledger.reader().query_row("SELECT detail FROM deliveries", [], |row| row.get(0)).unwrap();
    assert!(detail.contains("no flow reads `parcel`"), "{detail}");
    assert_eq!(ledger.hints_waiting().unwrap(), 0);
}

#[test]
fn what_the_feed_leaves_out_does_not_come_by_webhook() {
    let mut world = told_world();
    world.spec.source.filter = vec![("status".into(), "205".into())];
    world.run();
    let before = pulls(&world);
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o1", false)]);
    drop(ledger);
    run_told(&world);
    assert!(world.shop.state().gets.is_empty());
    assert_eq!(pulls(&world), before + 1, "the feed itself is asked");
    assert_eq!(world.ledger().hints_waiting().unwrap(), 0);
    run_told(&world);
    assert_eq!(pulls(&world), before + 1, "and not again");
}

#[test]
fn record_from_before_the_start_is_asked_of_the_feed_and_a_known_one_is_read() {
    let mut world = told_world().with_orders(1);
    world.spec.source.since = Some(world.ledger().now());
    world.run();
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o1", false), ("e2", "order", "old", false)]);
    drop(ledger);
    let before = pulls(&world);
    run_told(&world);
    assert_eq!(world.shop.state().gets, ["o1"]);
    assert_eq!(pulls(&world), before + 1);
}

#[test]
fn record_that_is_gone_is_filed_whichever_event_comes_first() {
    for events in [[("e1", false), ("e2", true)], [("e2", true), ("e1", false)]] {
        let world = told_world().with_orders(1);
        world.run();
        world.shop.remove("o1");
        let ledger = world.ledger();
        for (key, deleted) in events {
            tell(&world, &ledger, &[(key, "order", "o1", deleted)]);
        }
        drop(ledger);
        run_told(&world);
        let told = world.ledger().why("shop", "order", "o1").unwrap();
        assert_eq!(told[0].state, crate::ItemState::Filtered);
        let polled = told_world().with_orders(1);
        polled.run();
        polled.shop.remove("o1");
        polled.run();
        assert_eq!(polled.ledger().why("shop", "order", "o1").unwrap()[0].state, told[0].state);
    }
}

#[test]
fn record_that_is_told_of_before_it_is_shown_is_read_again_until_it_is() {
    for (shown_after, done) in [(4, 1), (usize::MAX, 0)] {
        let world = told_world().with_orders(1);
        world.run();
        world.shop.put("o2", order(2));
        world.shop.get_script(move |_, number| {
            let kind = MissingKind::Subject;
            let missing = Cause::NotFound { kind, entity: "order".into(), key: "o2".into() };
            if number < shown_after { Reading::Fails(missing) } else { Reading::Now }
        });
        let ledger = world.ledger();
        tell(&world, &ledger, &[("e1", "order", "o2", false)]);
        drop(ledger);
        let reports: Vec<_> = (0..6).map(|_| run_told(&world)).collect();
        assert_eq!(reports.iter().map(|report| report.done).sum::<u64>(), done);
        assert_eq!(world.shop.state().gets.len(), 5, "then it is believed that there is none");
        assert_eq!(world.ledger().hints_waiting().unwrap(), 0);
    }
}

#[test]
fn reading_that_fails_is_tried_again_and_does_not_hold_the_feed_up() {
    let world = told_world().with_orders(1);
    world.shop.get_script(|_, number| match number {
        0..3 => Reading::Fails(Cause::Deadline { write_in_flight: false }),
        _ => Reading::Now,
    });
    world.run();
    world.shop.put("o2", order(2));
    world.shop.put("o3", order(3));
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o2", false)]);
    let start = ledger.now();
    let runner = world.runner(&ledger);
    let report = world.time.drive(&[&ledger], || false, runner.run(&())).unwrap().unwrap();
    assert_eq!(report.done, 2);
    assert_eq!(world.shop.state().gets.len(), 4);
    assert!(ledger.now().since(start) >= Duration::from_secs(10), "it waits between attempts");
    assert_eq!(ledger.hints_waiting().unwrap(), 0);
}

#[test]
fn credential_that_was_refused_pauses_and_keeps_the_hint() {
    let world = told_world().with_orders(1);
    world.run();
    world.shop.put("o2", order(2));
    world.shop.get_script(|_, number| if number == 0 { Reading::Fails(Cause::AuthRevoked) } else { Reading::Now });
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o2", false)]);
    drop(ledger);
    assert_eq!(run_told(&world).done, 0);
    assert_eq!(run_told(&world).done, 0);
    assert_eq!(world.shop.state().gets.len(), 1, "nobody calls with a dead credential");
    let ledger = world.ledger();
    assert_eq!(world.time.drive(&[&ledger], || false, ledger.resume("shop")).unwrap().unwrap(), 1);
    drop(ledger);
    assert_eq!(run_told(&world).done, 1);
}

#[test]
fn record_that_cannot_be_read_by_itself_is_left_to_the_feed() {
    let world = told_world().with_orders(1);
    world.run();
    world.shop.put("o2", order(2));
    world.shop.get_script(|_, _| Reading::Fails(Cause::TooLarge { bytes: 1 }));
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o2", false)]);
    drop(ledger);
    assert_eq!(run_told(&world).done, 1);
    assert_eq!(world.ledger().hints_waiting().unwrap(), 0);
}

#[test]
fn reading_that_comes_late_does_not_undo_what_the_feed_brought() {
    let world = told_world().with_orders(1);
    world.run();
    let newest = json!({ "id": "o1", "status": "newest" });
    world.shop.put("o1", json!({ "id": "o1", "status": "older" }));
    // The first reading leaves with the older state, and arrives after the feed brought the newest.
    let (shop, document) = (Arc::clone(&world.shop), newest.clone());
    let changed = AtomicBool::new(false);
    world.shop.pull_script(move |_, _| {
        if !changed.swap(true, Ordering::SeqCst) {
            let (shop, document) = (Arc::clone(&shop), document.clone());
            // The remote is locked while it answers.
            std::thread::spawn(move || shop.put("o1", document));
        }
        None
    });
    world.shop.get_script(|_, number| if number == 0 { Reading::Late(Duration::from_secs(20)) } else { Reading::Now });
    let ledger = world.ledger();
    tell(&world, &ledger, &[("e1", "order", "o1", false)]);
    drop(ledger);
    world.shop.state().page = 100;
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    let poll_at = Some(after(&ledger, 10));
    world.time.drive(&[&ledger], || false, runner.run_told(poll_at, &())).unwrap().unwrap();
    drop((runner, ledger));
    world.run();
    assert_eq!(world.target.written().last().unwrap().document, newest);
}

#[test]
fn process_that_dies_between_a_webhook_and_its_effect_loses_and_doubles_nothing() {
    let mut stop_at = 2;
    loop {
        let mut world = told_world();
        world.spec.target.action = Action::Create;
        world.run();
        world.shop.put("o1", order(1));
        let ledger = world.ledger();
        tell(&world, &ledger, &[("e1", "order", "o1", false)]);
        drop(ledger);
        let crashed = {
            let ledger = world.ledger();
            let faults = Arc::clone(&ledger.writer().faults);
            faults.stop_at.store(stop_at, Ordering::SeqCst);
            let stopped = || faults.stopped.load(Ordering::SeqCst);
            let runner = world.runner(&ledger);
            drop(world.time.drive(&[&ledger], stopped, runner.run_told(None, &())));
            stopped()
        };
        world.time.advance(Duration::from_secs(60));
        run_told(&world);
        world.time.advance(HOUR);
        run_told(&world);
        assert_eq!(world.target.written().len(), 1, "stopped at {stop_at}");
        assert_eq!(world.ledger().hints_waiting().unwrap(), 0, "stopped at {stop_at}");
        if !crashed {
            assert!(stop_at > 8, "only {stop_at} points");
            return;
        }
        stop_at += 1;
    }
}

/// A generator that gives the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = crate::schedule::mix(self.0.wrapping_add(0x9e37_79b9));
        self.0 % sides
    }
}

/// Has a remote find a document only in the state that the intent wants.
fn tell_states_apart(remote: &Remote) {
    let written: Arc<Mutex<HashSet<Vec<u8>>>> = Arc::default();
    let known = Arc::clone(&written);
    remote.script(move |intent, _| {
        written.lock().unwrap().insert(intent.document.as_bytes().to_vec());
        Fate::Applied
    });
    remote.verify_script(move |intent, _| {
        let known = known.lock().unwrap().contains(intent.document.as_bytes());
        (!known).then_some(Ok(Verdict::Absent))
    });
}

#[test]
fn whatever_happens_to_the_webhooks_the_end_is_that_of_polling_alone() {
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let (told, polled) = (told_world(), told_world());
        tell_states_apart(&told.target);
        for world in [&told, &polled] {
            world.run();
        }
        let mut late: Vec<(String, String, bool)> = Vec::new();
        for step in 0..60_u64 {
            let id = format!("o{}", dice.roll(12));
            let gone = dice.roll(9) == 0;
            let document = json!({ "id": id, "step": step });
            for world in [&told, &polled] {
                if gone { world.shop.remove(&id) } else { world.shop.put(&id, document.clone()) }
            }
            late.push((format!("e{step}"), id, gone));
            let ledger = told.ledger();
            // Dropped, late and out of order, twice, forged.
            while dice.roll(3) > 0 && !late.is_empty() {
                let place = usize::try_from(dice.roll(u64::try_from(late.len()).unwrap())).unwrap();
                let (key, id, gone) = late.remove(place);
                if dice.roll(3) == 0 {
                    continue;
                }
                for _ in 0..=dice.roll(2) {
                    tell(&told, &ledger, &[(&key, "order", &id, gone)]);
                }
                let forged = delivery("guess", &[("forged", "order", &id, true)]);
                let webhooks = webhooks(&told, &ledger);
                told.time.drive(&[&ledger], || false, webhooks.receive("shop", &forged)).unwrap().unwrap();
            }
            drop(ledger);
            match dice.roll(6) {
                0 => drop(told.run()),
                // A run that is broken off somewhere.
                1 => drop(told.run_until_crash(usize::try_from(2 + dice.roll(12)).unwrap())),
                2 => {}
                _ => drop(run_told(&told)),
            }
        }
        for world in [&told, &polled] {
            world.run_to_the_end();
            world.time.advance(HOUR);
            world.run_to_the_end();
        }
        // Of a record that is gone, polling may have written a state that nobody told of in time.
        let live = |world: &World| {
            let mut state = final_state(world);
            let items = &world.shop.state().items;
            state.retain(|id, _| {
                items.iter().rfind(|item| id.contains(&format!("\"{}\"", item.id))).is_some_and(|item| !item.deleted)
            });
            state
        };
        assert_eq!(live(&told), live(&polled), "seed {seed}");
        let state =
            |world: &World, id: &str| world.ledger().why("shop", "order", id).unwrap().first().map(|story| story.state);
        for number in 0..12 {
            let id = format!("o{number}");
            assert_eq!(state(&told, &id), state(&polled, &id), "{id}, seed {seed}");
        }
    }
}

#[test]
fn wake_up_is_called_by_one_of_two_processes() {
    let world = world();
    let (first, second) = (world.ledger(), world.ledger());
    let wake_up = WakeUp {
        connection: "shop".into(),
        name: "often".into(),
        due: after(&first, 30),
        every_seconds: Some(30),
        payload: String::new(),
    };
    world.time.drive(&[&first], || false, first.put_wake_up(wake_up)).unwrap().unwrap();
    let serve = |ledger: &Ledger| {
        let scheduler = Scheduler::new(ledger.clone(), world.settings.clone());
        let (ledger, runners, settings) = (ledger.clone(), [world.runner(ledger)], world.settings.clone());
        async move {
            let end = settings.sleep.until(after(&ledger, 125), ledger.clock().as_ref());
            scheduler.serve(&runners, &(), end).await
        }
    };
    let both = futures::future::join(serve(&first), serve(&second));
    let (one, two) = world.time.drive(&[&first, &second], || false, both).unwrap();
    one.unwrap();
    two.unwrap();
    assert_eq!(world.shop.state().woken.len(), 4);
}

#[test]
fn poll_comes_in_time_although_webhooks_never_end() {
    let mut world = told_world().with_orders(3);
    let interval = Duration::from_secs(600);
    world.spec.schedule = Schedule::Every { interval, jitter: Duration::ZERO };
    // Work never ends: the next webhook comes before the write that the one before led to is done.
    world.target.script(|_, _| Fate::Slow(Duration::from_secs(15)));
    let ledger = world.ledger();
    let runners = [world.runner(&ledger)];
    let scheduler = Scheduler::new(ledger.clone(), world.settings.clone());
    let end = after(&ledger, 1_500);
    let flood = async {
        let webhooks = webhooks(&world, &ledger);
        let mut number = 0;
        while ledger.now() < end {
            number += 1;
            world.settings.sleep.until(after(&ledger, 10), ledger.clock().as_ref()).await;
            let key = format!("e{number}");
            world.shop.put("o1", json!({ "id": "o1", "step": number }));
            webhooks.receive("shop", &delivery("good", &[(&key, "order", "o1", false)])).await.unwrap();
        }
    };
    world.time.drive(&[&ledger], || false, scheduler.serve(&runners, &(), flood)).unwrap().unwrap();
    let caught_up = world.ledger().status().unwrap().flows[0].caught_up.unwrap();
    assert!(end.since(caught_up) < interval, "{:?}", end.since(caught_up));
    assert!(pulls(&world) >= 3, "{}", pulls(&world));
}
