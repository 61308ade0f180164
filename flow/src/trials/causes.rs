//! Causes drive behaviour.

use std::time::Duration;

use wharf_host::model::{Action, Cause, LimitScope, MissingMapping, ToldBy, Violation};

use super::remote::Fate;
use super::world::{World, order, world, world_of};
use crate::{DependencyRule, EffectKind, Hold, HoldScope, RunEvent, Selector};

fn held(world: &World) -> Vec<Hold> {
    let events = world.events.all().into_iter();
    events.filter_map(|event| if let RunEvent::Held(hold) = event { Some(hold) } else { None }).collect()
}

fn document_of(intent: &wharf_host::model::Intent) -> serde_json::Value {
    intent.document.parse().unwrap()
}

#[test]
fn value_without_a_mapping_parks_and_releases_itself_when_it_is_mapped() {
    let mut world = world().with_everything();
    for (number, rate) in ["23", "8", "8", "5"].into_iter().enumerate() {
        let mut order = order(number);
        order["rate"] = rate.into();
        world.shop.put(&format!("o{number}"), order);
    }
    let report = world.run();
    assert_eq!((report.done, report.parked["mapping-missing"]), (1, 3));
    let groups = world.ledger().parked().unwrap();
    let keys: Vec<_> = groups.iter().map(|group| (group.place.as_str(), group.key.as_str(), group.items)).collect();
    assert_eq!(keys, [("vat-rate", "8", 2), ("vat-rate", "5", 1)]);
    assert_eq!(groups[0].samples, [("order".to_owned(), "o1".to_owned()), ("order".to_owned(), "o2".to_owned())]);

    world.spec.tables.get_mut("vat").unwrap().entries.insert("8".into(), "2".into());
    world.time.advance(Duration::from_secs(60));
    let report = world.run();
    assert_eq!((report.done, report.read, report.totals.parked), (2, 0, 1), "only those that are mapped now go on");
    assert!(report.parked.is_empty(), "the other one was not even looked at");
}

#[test]
fn mapping_that_the_target_misses_is_tried_again_when_the_definition_changes() {
    let mut world = world().with_orders(1);
    let missing = MissingMapping { reference_list: "currency".into(), value: "PLN".into() };
    let mut fixed = false;
    world.target.script(move |intent, _| {
        fixed |= document_of(intent).get("currency").is_some();
        if fixed { Fate::Applied } else { Fate::Fails(Cause::MappingMissing { missing: vec![missing.clone()] }) }
    });
    assert_eq!(world.run().parked["mapping-missing"], 1);
    world.time.advance(Duration::from_secs(60));
    world.run();
    assert_eq!(world.target.total_applies(), 1, "it is not tried again for nothing");
    world.spec.mapping = vec![("currency".into(), crate::Rule::constant("4"))];
    assert_eq!(world.run().done, 1);
}

#[test]
fn correction_that_a_process_died_over_lets_go_what_it_corrects_all_the_same() {
    let mut points = 0;
    for point in 2.. {
        let mut world = world().with_orders(2);
        world.target.script(|intent, _| match document_of(intent).get("currency") {
            Some(_) => Fate::Applied,
            None => Fate::Fails(Cause::InvalidRecord { violations: Vec::new() }),
        });
        assert_eq!(world.run().parked["invalid-record"], 2);
        world.spec.mapping = vec![("currency".into(), crate::Rule::constant("4"))];
        if !world.run_until_crash(point) {
            break;
        }
        world.run_to_the_end();
        assert_eq!(world.target.written().len(), 2, "it died at {point}");
        points += 1;
    }
    assert!(points > 8, "only {points} moments were tried");
}

#[test]
fn refused_document_parks_and_the_others_go_on() {
    let world = world_of(true, 4).with_orders(8);
    world.target.script(|intent, _| match document_of(intent)["id"].as_str() {
        Some("o3") => {
            let violation = Violation { path: "/total".into(), code: "negative".into(), message: "no".into() };
            Fate::Fails(Cause::InvalidRecord { violations: vec![violation] })
        }
        _ => Fate::Applied,
    });
    let report = world.run();
    assert_eq!((report.done, report.parked["invalid-record"]), (7, 1));
    let group = &world.ledger().parked().unwrap()[0];
    assert_eq!((group.place.as_str(), group.key.as_str()), ("/total", "negative"));
}

#[test]
fn poison_item_is_found_by_halves() {
    let world = world_of(true, 8).with_orders(8);
    let poison = |intent: &wharf_host::model::Intent| document_of(intent)["id"] == "o6";
    // The connector breaks on the poison when it reads the batch, in one case after it wrote what comes before.
    world.target.script(move |intent, _| {
        if poison(intent) { Fate::CallFails(Cause::Internal { detail: "trap".into() }) } else { Fate::Applied }
    });
    world.shop.state().page = 8;
    let report = world.run_to_the_end();
    assert_eq!((report.totals.done, report.totals.parked), (7, 1));
    let effects = world.target.effects();
    assert!(effects.values().all(|count| *count == 1), "{effects:?}");
    assert_eq!(world.ledger().parked().unwrap()[0].samples, [("order".to_owned(), "o6".to_owned())]);
}

#[test]
fn rate_limit_holds_the_connection_and_costs_no_attempt() {
    let world = world().with_orders(6);
    let until = world.ledger().now().after(Duration::from_secs(20));
    let time = std::sync::Arc::clone(&world.time);
    world.target.script(move |_, _| {
        use wharf_host::surroundings::Clock;
        if time.now() < until {
            let told_by = ToldBy::Text;
            return Fate::Fails(Cause::RateLimited { scope: LimitScope::Account, not_before: Some(until), told_by });
        }
        Fate::Applied
    });
    let report = world.run();
    assert_eq!((report.done, report.waiting), (6, 0), "the run waited for the end of the limit");
    let holds = held(&world);
    assert_eq!((holds.len(), holds[0].until), (1, Some(until)), "told once: {holds:?}");
    for number in 1..=6 {
        let story = &world.ledger().why("shop", "order", &format!("o{number}")).unwrap()[0];
        assert_eq!(story.effects[0].attempts, 0, "o{number}");
    }
    assert!(world.target.total_applies() <= 6 + 4, "nobody calls while it is held: {}", world.target.total_applies());
}

#[test]
fn limit_that_is_over_already_does_not_let_everybody_call_at_once() {
    let world = world().with_orders(2);
    let limit = || Cause::RateLimited {
        scope: LimitScope::Account,
        not_before: Some(wharf_host::model::Instant(1)),
        told_by: ToldBy::Body,
    };
    world.target.script(move |_, before| if before < 5 { Fate::Fails(limit()) } else { Fate::Applied });
    world.shop.pull_script(move |number, _| (number < 5).then(limit));
    let report = world.run();
    assert_eq!(report.done, 2);
    assert!(report.elapsed_ms >= 9_000, "{} ms for ten refusals", report.elapsed_ms);
}

#[test]
fn limit_that_is_far_away_is_left_to_the_next_run() {
    let world = world().with_orders(2);
    let until = world.ledger().now().after(Duration::from_secs(3600));
    world.shop.pull_script(move |number, _| {
        let told_by = ToldBy::Header;
        (number == 0).then_some(Cause::RateLimited { scope: LimitScope::Credential, not_before: Some(until), told_by })
    });
    let report = world.run();
    assert_eq!((report.read, report.next_due), (0, Some(until)));
    assert_eq!(world.run().read, 0, "the hold is durable");
    world.time.advance(Duration::from_secs(3600));
    assert_eq!(world.run().done, 2);
}

#[test]
fn refused_credential_pauses_everything_on_it_until_it_is_replaced() {
    let mut world = world().with_orders(5);
    world.settings.credential_marks = [("target".to_owned(), "old".to_owned())].into();
    world.target.script(|_, _| Fate::Fails(Cause::AuthRevoked));
    let report = world.run();
    assert_eq!((report.done, report.parked.len(), report.waiting), (0, 0, 5));
    assert_eq!(held(&world).len(), 1, "one alert");
    let calls = world.target.total_applies();
    world.time.advance(Duration::from_secs(7200));
    world.run();
    assert_eq!(world.target.total_applies(), calls, "the dead credential is not used again");
    world.target.script(|_, _| Fate::Applied);
    world.settings.credential_marks.insert("target".into(), "new".into());
    assert_eq!(world.run().done, 5, "every order goes on where it stood");
}

#[test]
fn person_lifts_a_pause() {
    let world = world().with_orders(1);
    world.target.script(|_, before| if before == 0 { Fate::Fails(Cause::AuthRevoked) } else { Fate::Applied });
    world.run();
    let ledger = world.ledger();
    assert_eq!(ledger.status().unwrap().holds[0].scope, HoldScope::Connection("target".into()));
    assert_eq!(world.time.drive(&[&ledger], || false, ledger.resume("target")).unwrap().unwrap(), 1);
    drop(ledger);
    assert_eq!(world.run().done, 1);
}

#[test]
fn kind_of_write_that_is_forbidden_stops_alone() {
    let world = world().with_orders(3).with_everything();
    world.shop.script(|_, _| Fate::Fails(Cause::Forbidden { permission: Some("setOrderStatus".into()) }));
    let report = world.run();
    assert_eq!((report.waiting, world.target.written().len()), (3, 3), "orders still arrive");
    assert!(matches!(&report.holds[0].scope, HoldScope::Writes(name, _, Action::Transition) if name == "shop"));
    world.shop.script(|_, _| Fate::Applied);
    let ledger = world.ledger();
    let forbidden = Selector { cause: Some("forbidden".into()), ..Selector::default() };
    world.time.drive(&[&ledger], || false, ledger.release(forbidden)).unwrap().unwrap();
    drop(ledger);
    assert_eq!(world.run().done, 3);
}

#[test]
fn feed_that_changed_its_shape_stops_and_keeps_its_place() {
    let world = world().with_orders(12);
    let changed = Cause::ContractChanged { detail: "no `orders`".into(), sample: "<html>".into() };
    world.shop.pull_script(move |number, _| (number == 1).then(|| changed.clone()));
    let report = world.run();
    assert_eq!((report.read, report.done), (5, 5), "what was read is worked on");
    assert_eq!(report.holds[0].scope, HoldScope::Feed("orders".into()));
    assert_eq!(world.run().read, 0);
    let ledger = world.ledger();
    world.time.drive(&[&ledger], || false, ledger.release(Selector::default())).unwrap().unwrap();
    drop(ledger);
    assert_eq!(world.run().done, 7);
}

#[test]
fn remote_that_is_down_is_left_alone_and_parks_nothing() {
    let world = world().with_orders(40);
    let back = world.ledger().now().after(Duration::from_secs(6 * 3600));
    let time = std::sync::Arc::clone(&world.time);
    world.target.script(move |_, _| {
        use wharf_host::surroundings::Clock;
        if time.now() < back { Fate::Fails(Cause::Unavailable { until: None }) } else { Fate::Applied }
    });
    for _ in 0..72 {
        let report = world.run();
        assert!(report.totals.parked == 0, "{report:?}");
        world.time.advance(Duration::from_secs(300));
    }
    let calls = world.target.total_applies();
    assert!(calls < 400, "{calls} calls in six hours");
    let report = world.run_to_the_end();
    assert_eq!(report.totals.done, 40);
}

#[test]
fn document_that_alone_is_unavailable_parks_in_the_end() {
    let world = world().with_orders(3);
    world.target.script(|intent, _| match document_of(intent)["id"].as_str() {
        Some("o2") => Fate::Fails(Cause::Unavailable { until: None }),
        _ => Fate::Applied,
    });
    for number in 4..30 {
        world.shop.put(&format!("o{number}"), order(number));
        world.run();
        world.time.advance(Duration::from_secs(900));
    }
    let report = world.run();
    assert_eq!((report.totals.done, report.totals.parked), (28, 1));
}

#[test]
fn order_that_is_locked_is_tried_again_hours_later() {
    let world = world().with_orders(1);
    world.target.script(|_, before| match before {
        0..4 => Fate::Fails(Cause::Precondition { state: "period-closed".into() }),
        _ => Fate::Applied,
    });
    let report = world.run();
    let due = report.next_due.unwrap().since(world.ledger().now());
    assert!(due > Duration::from_secs(240) && due <= Duration::from_secs(600), "{due:?}");
    assert_eq!(world.run().waiting, 1);
    for _ in 0..10 {
        world.time.advance(Duration::from_secs(3600));
        world.run();
    }
    assert_eq!(world.ledger().status().unwrap().flows[0].totals.done, 1);
}

#[test]
fn what_a_clock_that_was_ahead_put_off_goes_on_once_it_was_set_back() {
    let year = Duration::from_secs(365 * 86_400);
    let locked = || Cause::Precondition { state: "locked".into() };
    let limited = Cause::RateLimited { scope: LimitScope::Account, not_before: None, told_by: ToldBy::Body };
    for (pull, apply) in [(None, Some(locked())), (None, Some(limited)), (Some(locked()), None)] {
        let mut world = world().with_orders(2);
        world.settings.settle = Duration::from_secs(30);
        world.time.advance(year);
        let told = apply.clone();
        world.target.script(move |_, before| match told.clone().filter(|_| before == 0) {
            Some(cause) => Fate::Fails(cause),
            None => Fate::Applied,
        });
        let told = pull.clone();
        world.shop.pull_script(move |number, _| told.clone().filter(|_| number == 0));
        assert_eq!(world.run().done, 0, "{pull:?} {apply:?}");
        world.time.set_back(year);
        assert_eq!(world.run().done, 2, "{pull:?} {apply:?}");
    }
}

#[test]
fn same_content_that_is_there_already_is_bound() {
    let world = world().with_orders(2).with_everything();
    world.target.script(|intent, _| {
        let same = document_of(intent)["id"] == "o1";
        Fate::Fails(Cause::Conflict { existing_id: Some("77".into()), same_content: Some(same) })
    });
    let report = world.run();
    assert_eq!((report.done, report.parked["conflict"]), (1, 1));
    let story = &world.ledger().why("target", "order", "77").unwrap();
    assert_eq!((story.len(), story[0].id.as_str()), (1, "o1"), "found by the id that it was bound to");
}

#[test]
fn other_content_that_is_there_already_parks_with_both_sides() {
    let world = world().with_orders(1);
    world.target.put("77", serde_json::json!({ "id": "77", "total": "99.00" }));
    world
        .target
        .script(|_, _| Fate::Fails(Cause::Conflict { existing_id: Some("77".into()), same_content: Some(false) }));
    assert_eq!(world.run().parked["conflict"], 1);
    let ledger = world.ledger();
    let conflict = ledger.parked().unwrap().remove(0).conflict.unwrap();
    assert_eq!(conflict.existing_id, "77");
    assert!(conflict.ours.contains("10.50") && conflict.theirs.as_ref().unwrap().contains("99.00"), "{conflict:?}");
    let effect = ledger.why("shop", "order", "o1").unwrap().remove(0).effects.remove(0);
    assert_eq!(effect.conflict, Some(conflict));
    drop(ledger);
    world.target.script(|_, _| Fate::Applied);
    let ledger = world.ledger();
    world.time.drive(&[&ledger], || false, ledger.release(Selector::default())).unwrap().unwrap();
    drop(ledger);
    assert_eq!(world.run().done, 1);
    assert_eq!(world.ledger().why("shop", "order", "o1").unwrap()[0].effects[0].conflict, None);
}

#[test]
fn needed_document_that_another_made_meanwhile_with_other_content_is_there_all_the_same() {
    let world = with_dependency(world().with_orders(3));
    let mut asked = false;
    world.target.script(move |intent, _| {
        if intent.entity == "partner" {
            asked = true;
            return Fate::Fails(Cause::Conflict { existing_id: Some("77".into()), same_content: Some(false) });
        }
        match asked {
            true => Fate::Applied,
            false => Fate::Fails(Cause::DependencyMissing { entity: "partner".into(), key: "ann".into() }),
        }
    });
    let report = world.run();
    assert_eq!((report.done, report.totals.parked), (3, 0));
}

fn with_dependency(mut world: World) -> World {
    world.spec.dependencies =
        vec![DependencyRule { entity: "partner".into(), action: Action::Create, from: "customer".into(), key: None }];
    let mut partner_is_there = false;
    world.target.script(move |intent, _| {
        if intent.entity == "partner" {
            partner_is_there = true;
            return Fate::Applied;
        }
        match partner_is_there {
            true => Fate::Applied,
            false => Fate::Fails(Cause::DependencyMissing { entity: "partner".into(), key: "ann".into() }),
        }
    });
    world
}

#[test]
fn document_that_many_need_is_made_once() {
    let world = with_dependency(world_of(true, 5).with_orders(10));
    let report = world.run();
    assert_eq!((report.done, report.waiting), (10, 0));
    let partners: Vec<_> = world.target.written().into_iter().filter(|written| written.entity == "partner").collect();
    assert_eq!(partners.len(), 1);
    assert_eq!(partners[0].document["name"], "Ann", "made from the document's own part");
    let story = &world.ledger().why("shop", "order", "o1").unwrap()[0];
    let kinds: Vec<_> = story.effects.iter().map(|effect| effect.kind).collect();
    assert_eq!(kinds, [EffectKind::Target, EffectKind::Dependency]);
}

#[test]
fn document_that_cannot_be_made_parks_those_that_need_it_and_is_made_when_they_are_released() {
    let world = with_dependency(world().with_orders(3));
    let mut refused = true;
    world.target.script(move |intent, before| match (intent.entity.as_str(), before) {
        ("partner", 0) => Fate::Fails(Cause::InvalidRecord { violations: Vec::new() }),
        ("partner", _) => {
            refused = false;
            Fate::Applied
        }
        _ if refused => Fate::Fails(Cause::DependencyMissing { entity: "partner".into(), key: "ann".into() }),
        _ => Fate::Applied,
    });
    let report = world.run();
    assert_eq!(report.parked["dependency-missing"], 3);
    let ledger = world.ledger();
    let group = &ledger.parked().unwrap()[0];
    assert_eq!((group.place.as_str(), group.key.as_str(), group.items), ("partner", "ann", 3));
    assert!(group.message.contains("invalid-record"), "{}", group.message);
    world.time.drive(&[&ledger], || false, ledger.release(Selector::default())).unwrap().unwrap();
    drop(ledger);
    let report = world.run();
    assert_eq!((report.done, report.totals.parked), (3, 0));
    let partners = world.target.written().iter().filter(|written| written.entity == "partner").count();
    assert_eq!(partners, 1);
}

#[test]
fn connector_that_never_has_enough_documents_is_not_given_more() {
    let mut world = with_dependency(world().with_orders(1));
    let mut asked = 0;
    world.target.script(move |intent, _| {
        if intent.entity == "partner" {
            return Fate::Applied;
        }
        asked += 1;
        Fate::Fails(Cause::DependencyMissing { entity: "partner".into(), key: format!("made-up-{asked}") })
    });
    world.settings.settle = Duration::from_secs(3600);
    let report = world.run_to_the_end();
    assert_eq!((report.totals.parked, world.target.written().len()), (1, 300), "{report:?}");
    assert!(world.ledger().parked().unwrap()[0].message.contains("one after the other"));
}

#[test]
fn missing_document_without_a_rule_parks() {
    let world = world().with_orders(1);
    world.target.script(|_, _| Fate::Fails(Cause::DependencyMissing { entity: "company".into(), key: "1".into() }));
    assert_eq!(world.run().parked["dependency-missing"], 1);
}

#[test]
fn write_back_waits_for_the_target_and_for_the_one_before() {
    let world = world().with_orders(1).with_everything();
    world.shop.script(|intent, before| {
        let first = document_of(intent)["status"] == "205";
        if first && before == 0 { Fate::Fails(Cause::Deadline { write_in_flight: false }) } else { Fate::Applied }
    });
    let report = world.run();
    assert_eq!(report.done, 1);
    let statuses: Vec<_> = world.shop.written().iter().map(|written| written.document["status"].clone()).collect();
    assert_eq!(statuses, ["205", "206"]);
    assert_eq!(world.shop.written()[1].document["extra"]["number"], "N/1");
    let story = &world.ledger().why("shop", "order", "o1").unwrap()[0];
    assert_eq!(story.effects.len(), 3);
    assert!(story.effects[0].settled.unwrap() <= story.effects[1].sent.unwrap());
    assert!(story.effects[0].requests[0].contains("POST https://remote.example/orders -> 200"), "{story:?}");
}

#[test]
fn page_shrinks_around_what_is_too_large_and_grows_again() {
    let world = world().with_orders(64);
    world.shop.state().page = 1000;
    world.shop.pull_script(|_, bounds| (bounds.max_items > 20).then_some(Cause::TooLarge { bytes: 1 << 30 }));
    let report = world.run_to_the_end();
    assert_eq!(report.totals.done, 64);
    let sizes: Vec<u32> = world.shop.state().pulls.iter().map(|(_, size)| *size).collect();
    assert!(sizes.starts_with(&[500, 250, 125, 62, 31, 15, 30, 15]), "{sizes:?}");
}

#[test]
fn feed_that_goes_in_circles_is_stopped_and_named() {
    let world = world().with_orders(3);
    world.shop.state().page = 0;
    let report = world.run();
    assert_eq!(report.holds[0].scope, HoldScope::Feed("orders".into()));
    assert!(report.holds[0].message.contains("read already"), "{}", report.holds[0].message);
    assert!(world.shop.state().pulls.len() <= 2);
}

#[test]
fn needed_document_is_made_as_the_corrected_flow_says() {
    let mut world = world().with_orders(3);
    world.spec.dependencies =
        vec![DependencyRule { entity: "partner".into(), action: Action::Create, from: "customer".into(), key: None }];
    let mut there = false;
    world.target.script(move |intent, _| {
        if intent.entity == "partner" {
            there = document_of(intent)["name"] == "Ann Corrected";
            return if there { Fate::Applied } else { Fate::Fails(Cause::InvalidRecord { violations: Vec::new() }) };
        }
        if there {
            Fate::Applied
        } else {
            Fate::Fails(Cause::DependencyMissing { entity: "partner".into(), key: "ann".into() })
        }
    });
    assert_eq!(world.run().parked["dependency-missing"], 3);
    world.spec.mapping = vec![("customer.name".into(), crate::Rule::constant("Ann Corrected"))];
    let report = world.run();
    assert_eq!((report.done, report.totals.parked), (3, 0), "{:?}", world.ledger().parked().unwrap());
}

#[test]
fn needed_document_that_can_be_made_after_all_lets_everybody_go_on_who_needs_it() {
    let mut world = world().with_orders(3);
    world.spec.dependencies =
        vec![DependencyRule { entity: "partner".into(), action: Action::Create, from: "customer".into(), key: None }];
    let mut there = false;
    world.target.script(move |intent, _| {
        let missing = Cause::DependencyMissing { entity: "partner".into(), key: "ann".into() };
        match intent.entity.as_str() {
            "partner" if document_of(intent)["name"] == "" => {
                Fate::Fails(Cause::InvalidRecord { violations: Vec::new() })
            }
            "partner" => {
                there = true;
                Fate::Applied
            }
            _ if there => Fate::Applied,
            _ => Fate::Fails(missing),
        }
    });
    for number in 1..=3 {
        let mut nameless = order(number);
        nameless["customer"]["name"] = "".into();
        world.shop.put(&format!("o{number}"), nameless);
    }
    assert_eq!(world.run().parked["dependency-missing"], 3);
    world.shop.put("o2", order(2));
    let report = world.run();
    assert_eq!((report.done, report.totals.parked), (3, 0), "{:?}", world.ledger().parked().unwrap());
}
