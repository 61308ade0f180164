//! Windows of the past: read again by `backfill`, and compared at both sides by `reconcile`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_demo::{Installation, Systems, Target};

const FLOW: &str = "orders-to-crm";

/// The shop's orders were confirmed one after the other from just before nine on.
const START: &str = "2025-10-09T08:00:00Z";
const MIDDLE: &str = "2025-10-09T09:20:00Z";
const END: &str = "2025-10-11T00:00:00Z";

/// A shop whose flow to the CRM reads only what was confirmed in the second half.
struct Stage {
    systems: Systems,
    installation: Installation,
    _directory: TempDir,
}

impl Stage {
    fn new(orders: u32, seed: u64, arguments: &[&str]) -> Self {
        let target = Target::of_this_program().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let systems = Systems::start(&target, directory.path(), orders, seed, arguments).unwrap();
        let installation = Installation::write(&target, directory.path(), &systems).unwrap();
        let file = std::fs::read_to_string(installation.file()).unwrap();
        let everything = r#"from = { connection = "shop", feed = "orders" }"#;
        let since = everything.replace(" }", &format!(", since = \"{MIDDLE}\" }}"));
        let changed = file.replacen(everything, &since, 1);
        assert_ne!(changed, file);
        std::fs::write(installation.file(), changed).unwrap();
        Self { systems, installation, _directory: directory }
    }

    fn count(&self, system: &str, pointer: &str) -> u64 {
        self.systems.ask(system, "counts").unwrap().pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
    }

    fn created(&self) -> u64 {
        self.count("flowii", "/state/records/orders/created")
    }

    fn expected(&self, what: &str) -> u64 {
        self.systems.number(&format!("/expected/{what}")).unwrap()
    }

    /// Runs the flow until nothing of it is on its way.
    fn run(&self) -> Value {
        for _ in 0..10 {
            let report = self.installation.json(&["run", FLOW], &[0, 1]).unwrap();
            if report["flows"][0]["totals"]["waiting"] == 0 {
                return report["flows"][0].clone();
            }
        }
        panic!("the flow does not come to its end");
    }

    /// Runs the flow with nothing new to read; returns how many pages of orders were asked for.
    fn idle_run(&self) -> u64 {
        let asked = || self.count("baselinker", "/requests/by_operation/getOrders");
        let before = asked();
        let report = self.run();
        assert_eq!((&report["read"], &report["done"]), (&json!(0), &json!(0)), "{report}");
        asked() - before
    }

    fn window(&self, command: &str, from: &str, to: &str, exits: &[i32]) -> Value {
        self.installation.json(&[command, FLOW, "--from", from, "--to", to], exits).unwrap()
    }

    fn reconcile(&self) -> Value {
        self.window("reconcile", START, END, &[0, 1])
    }

    fn parked(&self) -> u64 {
        self.expected("unmapped_vat") + self.expected("unknown_country")
    }
}

/// Returns the ids of the differences of a kind.
fn differences<'r>(report: &'r Value, what: &str) -> Vec<&'r str> {
    let all = report["differences"].as_array().unwrap().iter();
    all.filter(|one| one["what"] == what).map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn backfill_brings_what_came_before_leaves_the_live_cursor_alone_and_doubles_nothing() {
    let stage = Stage::new(140, 31, &[]);
    stage.run();
    let (first, all) = (stage.created(), stage.expected("done"));
    assert!(first > 20 && first + 20 < all, "{first} of {all} were confirmed in the second half");
    let pages = stage.idle_run();

    // Half of it twice: what is known is left alone.
    stage.window("backfill", MIDDLE, END, &[0, 1]);
    assert_eq!(stage.created(), first);
    let brought = stage.window("backfill", START, MIDDLE, &[0, 1]);
    stage.run();
    assert_eq!(stage.created(), all, "{brought}");
    assert!(brought["ended"].is_number() || brought["ended"].is_string(), "{brought}");
    assert_eq!(stage.idle_run(), pages, "the flow reads on where it was");

    let again = stage.window("backfill", START, END, &[0, 1]);
    assert_eq!((&again["run"]["done"], stage.created()), (&json!(0), all), "{again}");
    let handed_over = stage.systems.number("/statuses/handed_over").unwrap();
    assert_eq!(stage.count("baselinker", &format!("/state/orders_by_status/{handed_over}")), all);
}

#[test]
fn backfill_that_was_killed_goes_on_with_the_same_command() {
    let stage = Stage::new(140, 32, &[]);
    stage.run();
    let (first, all) = (stage.created(), stage.expected("done"));
    for more in [1, 8, 20] {
        let mut command = stage.installation.command(&["backfill", FLOW, "--from", START, "--to", MIDDLE]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while process.try_wait().unwrap().is_none() && stage.created() < first + more {
            std::thread::sleep(Duration::from_millis(2));
        }
        process.kill().unwrap();
        process.wait().unwrap();
    }
    stage.window("backfill", START, MIDDLE, &[0, 1]);
    stage.run();
    let report = stage.reconcile();
    assert_eq!((stage.created(), differences(&report, "not-read")), (all, Vec::new()), "{report}");
}

#[test]
fn reconcile_counts_both_sides_and_names_every_difference_by_its_id() {
    let stage = Stage::new(90, 33, &["--no-faults"]);
    stage.run();
    let created = stage.created();
    let report = stage.reconcile();
    let wanted = stage.expected("read") - stage.expected("cancelled");
    assert_eq!((&report["read"], &report["counted"]), (&json!(stage.expected("read")), &json!(stage.expected("read"))));
    assert_eq!(report["target"]["count"], created);
    assert_ne!(report["source"]["digest"], report["target"]["digest"]);
    let unread = differences(&report, "not-read").len() as u64;
    assert!(unread > 10, "{report}");
    assert_eq!(unread, report["not_in_ledger"].as_u64().unwrap());

    // What a backfill leaves over is what is parked, on one side only.
    stage.window("backfill", START, MIDDLE, &[0, 1]);
    stage.run();
    let report = stage.reconcile();
    assert_eq!((&report["source"]["count"], &report["target"]["count"]), (&json!(wanted), &json!(stage.created())));
    assert_eq!(differences(&report, "parked").len() as u64, stage.parked());
    assert_eq!(report["differences"].as_array().unwrap().len() as u64, stage.parked(), "{report}");

    // A person removes an order in the CRM: it is named by the ids of both sides.
    let orders = stage.systems.ask("flowii", "documents").unwrap();
    let order = orders.as_array().unwrap().iter().find(|document| document["table"] == "orders").unwrap();
    let id: u64 = order["id"].as_str().unwrap().parse().unwrap();
    stage.systems.command("flowii", &json!({ "remove": { "table": "orders", "id": id } })).unwrap();
    let report = stage.reconcile();
    let [missing] = differences(&report, "missing").try_into().unwrap();
    let story = stage.installation.json(&["why", &format!("shop/order/{missing}")], &[0, 1]).unwrap();
    assert!(story.to_string().contains(&id.to_string()), "{story}");
    let named = report["differences"].as_array().unwrap().iter().find(|one| one["what"] == "missing").unwrap();
    assert_eq!(named["target"], id.to_string());
    assert_eq!(report["agrees"], false);
}

#[test]
fn window_without_a_difference_agrees_with_one_digest_on_both_sides() {
    let stage = Stage::new(40, 34, &["--no-faults"]);
    let file = std::fs::read_to_string(stage.installation.file()).unwrap();
    let unmapped = stage.systems.number("/vat_rates/unmapped").unwrap();
    let mapped = file
        .replace(r#"{ "23" = "23","#, &format!(r#"{{ "{unmapped}" = "{unmapped}", "23" = "23","#))
        .replace(r#"{ "PL" = "PL","#, r#"{ "XX" = "PL", "PL" = "PL","#);
    std::fs::write(stage.installation.file(), mapped).unwrap();
    stage.run();
    let report = stage.window("reconcile", MIDDLE, END, &[0]);
    assert_eq!((&report["agrees"], &report["source"]), (&json!(true), &report["target"]), "{report}");
    assert_eq!(report["target"]["count"], stage.created());
}
