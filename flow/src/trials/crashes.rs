//! A process that ends at any moment loses nothing and doubles nothing.

use wharf_host::model::{Action, Cause};

use super::remote::Fate;
use super::world::{World, order, world};
use crate::{DependencyRule, RunReport};

/// Orders of every kind: plain ones, a cancelled one, one without a rate, one that needs a partner first, one whose
/// answer is lost, one whose request is lost.
fn busy_world() -> World {
    let mut world = world().with_everything();
    world.spec.dependencies =
        vec![DependencyRule { entity: "partner".into(), action: Action::Create, from: "customer".into(), key: None }];
    for number in 1..=7 {
        let mut order = order(number);
        match number {
            2 => order["status"] = "209".into(),
            3 => order["rate"] = "8".into(),
            _ => {}
        }
        world.shop.put(&format!("o{number}"), order);
    }
    let mut partner_is_there = false;
    world.target.script(move |intent, before| {
        let document: serde_json::Value = intent.document.parse().unwrap();
        partner_is_there |= intent.entity == "partner";
        match (document["id"].as_str(), before) {
            (Some("o4" | "o5"), _) if !partner_is_there => {
                Fate::Fails(Cause::DependencyMissing { entity: "partner".into(), key: "ann".into() })
            }
            (Some("o6"), 0) => Fate::AnswerLost,
            (Some("o7"), 0) => Fate::RequestLost,
            _ => Fate::Applied,
        }
    });
    world
}

fn assert_whole(world: &World, report: &RunReport, when: &str) {
    let totals = (report.totals.done, report.totals.filtered, report.totals.parked, report.totals.waiting);
    assert_eq!(totals, (5, 1, 1, 0), "{when}");
    let target = world.target.effects();
    assert!(target.values().all(|count| *count == 1), "{when}: something was doubled: {target:?}");
    assert_eq!(target.len(), 6, "{when}: five orders and one partner: {target:?}");
    let shop = world.shop.effects();
    assert!(shop.values().all(|count| *count == 1), "{when}: a write-back was doubled: {shop:?}");
    assert_eq!(shop.len(), 10, "{when}: two write-backs for each order");
    for written in world.shop.written() {
        assert_eq!(written.target.as_deref(), written.target.as_deref().filter(|id| id.starts_with('o')), "{when}");
    }
}

#[test]
fn without_a_crash_every_item_ends_once() {
    let world = busy_world();
    let report = world.run_to_the_end();
    assert_whole(&world, &report, "without a crash");
    let before = (world.target.total_applies(), world.shop.total_applies());
    let again = world.run();
    assert_eq!((again.read, again.done, again.waiting), (0, 0, 0), "a second run does nothing");
    assert_eq!((world.target.total_applies(), world.shop.total_applies()), before);
}

#[test]
fn crash_before_or_after_any_commit_loses_and_doubles_nothing() {
    let mut points = 0;
    for point in 2.. {
        let world = busy_world();
        if !world.run_until_crash(point) {
            break;
        }
        let report = world.run_to_the_end();
        let moment = if point % 2 == 0 { "before" } else { "after" };
        assert_whole(&world, &report, &format!("crash {moment} commit {}", point / 2));
        points += 1;
    }
    assert!(points > 20, "only {points} moments were tried");
}

#[test]
fn crash_around_any_effect_loses_and_doubles_nothing() {
    for after in [false, true] {
        for place in (0..20).filter(|place| place % 10 < 8) {
            let world = busy_world();
            let fate = if after { Fate::CrashAfter } else { Fate::CrashBefore };
            let target = place < 10;
            let remote = if target { &world.target } else { &world.shop };
            let inner = std::mem::replace(&mut remote.state().script, Box::new(|_, _| Fate::Applied));
            let (mut inner, mut seen) = (inner, 0);
            remote.script(move |intent, before| {
                let told = inner(intent, before);
                seen += 1;
                if seen == place % 10 + 1 { fate.clone() } else { told }
            });
            let crashed = world.run_until_crash(0);
            let report = world.run_to_the_end();
            assert_eq!(report.totals.waiting, 0);
            let when = format!("crash {} call {place}", if after { "after" } else { "in" });
            if !crashed {
                continue;
            }
            let doubled =
                |effects: &std::collections::BTreeMap<String, usize>| effects.values().any(|count| *count > 1);
            assert!(!doubled(&world.target.effects()) && !doubled(&world.shop.effects()), "{when}");
            assert_eq!(report.totals.done, 5, "{when}: {report:?}");
            assert_eq!(world.shop.effects().len(), 10, "{when}");
        }
    }
}

#[test]
fn crashes_one_after_the_other_lose_and_double_nothing() {
    for stride in [3, 4, 6, 9] {
        let world = busy_world();
        let mut crashes = 0;
        while world.run_until_crash(2 + stride) && crashes < 200 {
            crashes += 1;
            world.time.advance(std::time::Duration::from_secs(90));
        }
        let report = world.run_to_the_end();
        assert_whole(&world, &report, &format!("{crashes} crashes, {stride} half commits apart"));
    }
}

#[test]
fn cursor_never_moves_past_items_that_are_not_recorded() {
    for point in 2..30 {
        let world = world().with_orders(23);
        if !world.run_until_crash(point) {
            break;
        }
        let ledger = world.ledger();
        let cursor = ledger.feed_state("orders").unwrap().cursor;
        let read: usize = cursor.map_or(0, |cursor| String::from_utf8(cursor.bytes).unwrap().parse().unwrap());
        let recorded: i64 = ledger.reader().query_row("SELECT count(*) FROM items", [], |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(recorded).unwrap(), read, "crash at {point}");
        drop(ledger);
        let report = world.run_to_the_end();
        assert_eq!(report.totals.done, 23);
        let pulled: Vec<_> = world.shop.state().pulls.iter().map(|(start, _)| *start).collect();
        assert!(pulled.contains(&Some(read)) || read == 0, "reading went on at {read}: {pulled:?}");
    }
}
