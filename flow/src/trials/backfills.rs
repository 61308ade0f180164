//! Windows of a feed that are read again.

use std::time::Duration;

use wharf_host::model::{Cause, Cursor, Document, Instant, Item};
use wharf_host::surroundings::Clock;

use super::remote::Fate;
use super::time::START;
use super::world::{World, order, world};
use crate::ledger::{BackfillPage, Taken};
use crate::{BackfillReport, Error, FilterRule, Ledger, Selector, UnknownOutcome};

/// Orders of so many days, one a day, the first at the start of time.
fn days(count: usize) -> World {
    let world = world();
    for number in 1..=count {
        world.shop.put_at(&format!("o{number}"), order(number), Some(day(number - 1)));
    }
    world
}

fn day(number: usize) -> Instant {
    Instant(START).after(Duration::from_secs(86_400 * u64::try_from(number).unwrap()))
}

fn backfill(world: &World, from: usize, to: usize) -> Result<BackfillReport, Error> {
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    let work = runner.backfill(day(from), day(to), "ann", world.events.as_ref());
    world.time.drive(&[&ledger], || false, work).unwrap()
}

fn cursor(world: &World) -> Option<Vec<u8>> {
    world.ledger().feed_state("orders").unwrap().cursor.map(|cursor| cursor.bytes)
}

/// A connector of another version that can do nothing with a cursor of before, at these readings.
fn lose_place(world: &World, readings: impl Fn(usize) -> bool + Send + 'static) {
    let lost = || Cause::Unsupported { capability: "migrate-cursor".into() };
    world.shop.pull_script(move |number, _| readings(number).then(lost));
}

#[test]
fn feed_whose_place_an_upgrade_lost_is_read_from_its_start() {
    let world = world().with_orders(3);
    world.run();
    world.shop.put("o4", order(4));
    let before = world.shop.state().pulls.len();
    lose_place(&world, move |number| number == before);
    let report = world.run();
    assert_eq!((report.done, report.unchanged, report.holds.len()), (1, 3, 0), "{report:?}");
    assert_eq!((world.target.written().len(), world.shop.state().pulls[before + 1].0), (4, None));
    // Who says so of the start, too, is stopped.
    lose_place(&world, |_| true);
    assert_eq!(world.run().holds.len(), 1);
}

#[test]
fn backfill_whose_place_an_upgrade_lost_reads_its_window_from_the_start() {
    let world = days(10);
    world.shop.state().page = 3;
    world.run();
    let before = world.shop.state().pulls.len();
    lose_place(&world, move |number| number == before + 2);
    let report = backfill(&world, 0, 10).unwrap();
    assert!(report.status.ended.is_some(), "{report:?}");
    assert_eq!(world.shop.state().pulls[before + 3].0, None);
    assert_eq!(world.target.written().len(), 10);
}

#[test]
fn what_a_flow_left_out_comes_once_it_asks_for_it() {
    let mut world = days(6);
    world.spec.source.since = Some(day(4));
    assert_eq!(world.run().done, 2);
    assert_eq!(world.run().read, 0);
    assert!(world.shop.state().pulls.last().unwrap().0.is_some(), "it goes on where it was");
    // Behind the cursor is what was left out.
    world.spec.source.since = Some(day(2));
    let report = world.run();
    assert_eq!((report.done, report.unchanged, world.target.written().len()), (2, 2, 4));
    world.spec.source.filter = vec![("status".into(), "201".into()), ("status".into(), "205".into())];
    let pulls = world.shop.state().pulls.len();
    assert_eq!((world.run().unchanged, world.run().unchanged), (4, 0), "once, and then it goes on");
    assert_eq!(world.shop.state().pulls[pulls].0, None, "a place among other records says nothing");
    world.spec.source.filter.reverse();
    assert_eq!(world.run().unchanged, 0);
}

#[test]
fn backfill_reads_its_window_and_leaves_the_live_cursor_alone() {
    let mut world = days(20);
    world.spec.source.since = Some(day(15));
    assert_eq!(world.run().done, 5);
    let before = cursor(&world);
    let report = backfill(&world, 3, 10).unwrap();
    assert_eq!((report.status.news, report.run.unwrap().done), (7, 7));
    assert!(report.status.ended.is_some() && report.holds.is_empty());
    assert_eq!(cursor(&world), before);
    assert!(world.shop.state().windows.contains(&(Some(day(3)), Some(day(10)))));
    assert_eq!(world.target.written().len(), 12);
    let report = backfill(&world, 3, 10).unwrap();
    assert_eq!((report.status.news, report.run.unwrap().done), (0, 0), "again, it finds nothing to do");
    assert!(world.target.effects().values().all(|count| *count == 1));
}

#[test]
fn backfill_goes_on_after_a_kill_where_it_was() {
    for point in (2..40).step_by(3) {
        let mut world = days(23);
        world.spec.source.since = Some(day(22));
        assert_eq!(world.run().done, 1);
        let before = cursor(&world);
        let ledger = world.ledger();
        let faults = std::sync::Arc::clone(&ledger.writer().faults);
        faults.stop_at.store(point, std::sync::atomic::Ordering::SeqCst);
        let stopped = || faults.stopped.load(std::sync::atomic::Ordering::SeqCst);
        let runner = world.runner(&ledger);
        let ended = world.time.drive(&[&ledger], stopped, runner.backfill(day(0), day(22), "ann", &()));
        let crashed = ended.is_none();
        drop((runner, ledger));
        let report = backfill(&world, 0, 22).unwrap();
        if crashed {
            assert_eq!(report.status.items, 22, "killed at {point}: pages are read once");
        }
        assert_eq!(world.run_to_the_end().totals.done, 23, "killed at {point}");
        assert!(world.target.effects().values().all(|count| *count == 1), "killed at {point}");
        assert_eq!(cursor(&world), before, "killed at {point}");
    }
}

#[test]
fn backfill_looks_again_at_what_a_rule_filtered_and_not_at_what_a_person_skipped() {
    let mut world = days(3);
    world.spec.filters = vec![FilterRule { rule: "small".into(), when: "doc.total == '10.50'".into() }];
    assert_eq!(world.run().totals.filtered, 3);
    assert_eq!(backfill(&world, 0, 5).unwrap().run.unwrap().done, 0, "the rule is the same");
    world.spec.filters.clear();
    assert_eq!(world.run().done, 0, "another rule does not read anything by itself");
    assert_eq!(backfill(&world, 0, 5).unwrap().run.unwrap().done, 3);
}

/// Records a page of a backfill that was asked for then; returns how much of it was news.
fn commit(world: &World, ledger: &Ledger, item: Item, asked: Instant) -> u64 {
    let work = async {
        let Taken::Ours { lease, .. } = ledger.take("orders (backfill)", Duration::from_secs(30)).await.unwrap() else {
            panic!("nobody else backfills")
        };
        let backfill = ledger.open_backfill(&lease, "orders", (day(0), day(1)), "ann").await.unwrap();
        let page = BackfillPage {
            backfill: backfill.n,
            flow: backfill.flow,
            items: vec![item],
            next: Cursor { version: 1, bytes: b"1".to_vec() },
            caught_up: true,
            follows_changes: true,
            asked,
        };
        ledger.commit_backfill(&lease, page).await.unwrap().status.news
    };
    world.time.drive(&[ledger], || false, work).unwrap()
}

#[test]
fn page_that_is_older_than_what_was_read_meanwhile_changes_nothing() {
    let mut world = days(1);
    world.spec.target.action = wharf_host::model::Action::Upsert;
    world.run();
    let old = world.shop.state().items[0].clone();
    let mut changed = order(1);
    changed["total"] = "12.00".into();
    world.time.advance(Duration::from_secs(10));
    world.shop.put_at("o1", changed, Some(day(0)));
    world.run();
    let ledger = world.ledger();
    let news = |asked| commit(&world, &ledger, old.clone(), asked);
    let now = ledger.now();
    assert_eq!(news(Instant(now.0 - 5_000)), 0, "it was asked for before the change was read");
    assert_eq!(news(Instant(now.0 + 1)), 1, "it was asked for afterwards");
}

#[test]
fn page_leaves_alone_what_the_live_feed_brought_while_the_item_is_under_way() {
    for total in ["10.50", "11.00"] {
        let mut world = super::world::world_of(false, 1);
        world.shop.put_at("o1", order(1), Some(day(0)));
        world.spec.target.action = wharf_host::model::Action::Upsert;
        world.target.script(|_, before| if before == 0 { Fate::RequestLost } else { Fate::Applied });
        assert_eq!(world.run().parked["outcome-unknown"], 1);
        world.time.advance(Duration::from_secs(10));
        let asked = world.time.now();
        world.time.advance(Duration::from_secs(10));
        let with = |total: &str| serde_json::json!({ "id": "o1", "total": total });
        world.shop.put_at("o1", with("12.00"), Some(day(0)));
        world.run();
        let mut stale = world.shop.state().items[0].clone();
        if total != "10.50" {
            stale.document = Document::new(with(total).to_string());
        }
        let ledger = world.ledger();
        commit(&world, &ledger, stale, asked);
        let found = Selector {
            document: Some(("shop".into(), "order".into(), "o1".into())),
            unknown: UnknownOutcome::Found("target-1".into()),
            ..Selector::default()
        };
        world.time.drive(&[&ledger], || false, ledger.resolve(found, "ann")).unwrap().unwrap();
        drop(ledger);
        world.run_to_the_end();
        let written = world.target.written();
        assert_eq!(written.last().map(|last| last.document["total"].clone()), Some("12.00".into()), "{total}");
    }
}

#[test]
fn window_that_the_feed_cannot_read_is_refused() {
    let world = days(2);
    world.run();
    let error = backfill(&world, 2, 1).unwrap_err();
    assert!(error.to_string().contains("--from"), "{error}");
}

#[test]
fn backfill_that_is_stopped_says_so_and_goes_on_later() {
    let mut world = days(20);
    world.spec.source.since = Some(day(19));
    world.run();
    world.shop.pull_script(|number, _| (number == 6).then_some(Cause::Forbidden { permission: None }));
    let error = backfill(&world, 0, 19).unwrap_err();
    assert!(error.to_string().contains("goes on from there"), "{error}");
    let open = &world.ledger().status().unwrap().backfills[0];
    assert!(open.ended.is_none() && open.items > 0, "{open:?}");
    let report = backfill(&world, 0, 19).unwrap();
    assert_eq!(report.status.items, 19);
    assert_eq!(world.run_to_the_end().totals.done, 20);
}

#[test]
fn large_window_is_worked_off_in_parts() {
    let mut world = days(60);
    world.settings.backlog = 10;
    world.spec.source.since = Some(day(59));
    world.run();
    let report = backfill(&world, 0, 59).unwrap();
    assert_eq!((report.status.news, report.run.unwrap().done), (59, 59));
}

#[test]
fn paused_source_is_not_read() {
    let mut world = days(10);
    world.spec.source.since = Some(day(9));
    world.run();
    let ledger = world.ledger();
    let pause = ledger.pause(crate::PauseScope::Connection("shop".into()), "audit", "ann");
    world.time.drive(&[&ledger], || false, pause).unwrap().unwrap();
    drop(ledger);
    let pulls = world.shop.state().pulls.len();
    let report = backfill(&world, 0, 9).unwrap();
    assert!(report.status.ended.is_none() && report.holds.len() == 1, "{report:?}");
    assert_eq!(world.shop.state().pulls.len(), pulls);
}

#[test]
fn failures_on_the_way_are_waited_for() {
    let mut world = days(12);
    world.spec.source.since = Some(day(11));
    world.run();
    let mut left = 2;
    world.shop.pull_script(move |_, _| {
        left -= 1;
        (left >= 0).then_some(Cause::Deadline { write_in_flight: false })
    });
    world.target.script(|_, _| Fate::Applied);
    assert_eq!(backfill(&world, 0, 11).unwrap().status.news, 11);
}

#[test]
fn backfill_that_is_told_to_stop_does_not_wait_for_its_next_attempt() {
    let mut world = days(3);
    world.spec.source.since = Some(day(9));
    world.run();
    let ledger = world.ledger();
    let runner = world.runner(&ledger);
    let start = ledger.now();
    world.shop.pull_script(move |_, _| Some(Cause::Unavailable { until: Some(start.after(Duration::from_secs(20))) }));
    let stop = async {
        world.settings.sleep.until(start.after(Duration::from_secs(1)), ledger.clock().as_ref()).await;
        runner.drain();
    };
    let both = futures::future::join(runner.backfill(day(0), day(3), "ann", &()), stop);
    let (report, ()) = world.time.drive(&[&ledger], || false, both).unwrap();
    assert!(report.unwrap().status.ended.is_none());
    assert!(ledger.now().since(start) < Duration::from_secs(2));
}
