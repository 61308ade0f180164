//! What is found broken is told by its law and its first case, and the other laws are tried all the same.
#![allow(clippy::unwrap_used, reason = "a step that cannot be done has failed the test")]

use std::path::Path;

use wharf_conformance::{Report, Scenario, verify};

/// Tries laws on a connector, by a scenario in which something was changed.
async fn tried(change: impl FnOnce(&mut Scenario), laws: &[&str]) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/erpconnector/conformance.toml");
    let (mut scenario, text) = Scenario::read(&path).unwrap();
    scenario.writes.truncate(1);
    scenario.feeds.truncate(1);
    change(&mut scenario);
    let component = wharf_test_support::component("erpconnector").unwrap();
    let laws: Vec<String> = laws.iter().map(|law| (*law).to_owned()).collect();
    verify(&component, scenario, &text, &laws, &|_| {}).await.unwrap()
}

fn seen(report: &Report, law: &str) -> String {
    report.law(law).unwrap().first.as_ref().map(|first| format!("{}: {}", first.case, first.seen)).unwrap_or_default()
}

#[tokio::test]
async fn write_that_is_not_there_breaks_each_law_of_writing_and_the_others_are_tried() {
    let change = |scenario: &mut Scenario| scenario.writes[0].counted.push("no document says this".to_owned());
    let report = tried(change, &["L6", "L7", "L8", "L10"]).await;
    assert!(seen(&report, "L7").contains("0 documents are there"), "{}", seen(&report, "L7"));
    assert!(seen(&report, "L8").contains("undisturbed: 0 documents are there"), "{}", seen(&report, "L8"));
    assert!(!report.law("L8").unwrap().first.as_ref().unwrap().requests.is_empty(), "the trace is there");
    for law in ["L6", "L10"] {
        let law = report.law(law).unwrap();
        assert!(law.cases > 0 && law.broken == 0, "{law:?}");
    }
}

#[tokio::test]
async fn feed_that_leaves_records_out_every_time_is_told_by_their_number() {
    let report = tried(|scenario| scenario.feeds[0].records = Some(1_000_000), &["L4"]).await;
    assert!(seen(&report, "L4").contains("the scenario says 1000000 records"), "{}", seen(&report, "L4"));
    assert_eq!(report.law("L4").unwrap().broken, 1);
}
