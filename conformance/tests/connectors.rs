//! Our own connectors keep the laws, all of them, as `wharf verify` tries them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

use std::path::Path;

use wharf_conformance::{Report, Scenario, verify};

/// Laws of which every connector has cases.
const TRIED: [&str; 12] = ["L1", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10", "L11", "L13", "L14"];

async fn tried(connector: &str) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(connector).join("conformance.toml");
    let (scenario, text) = Scenario::read(&path).unwrap();
    let component = wharf_test_support::component(connector).unwrap();
    verify(&component, scenario, &text, &[], &|law| println!("{connector}: {law}")).await.unwrap()
}

async fn keeps_the_laws(connector: &str) -> Report {
    keeps(connector, &TRIED).await
}

async fn keeps(connector: &str, laws: &[&str]) -> Report {
    let report = tried(connector).await;
    let broken: Vec<_> = report.laws.iter().filter(|law| law.broken > 0).collect();
    assert!(broken.is_empty(), "{connector}: {broken:#?}");
    for law in laws {
        assert!(report.law(law).unwrap().cases > 0, "{connector}: {law} was not tried");
    }
    report
}

#[tokio::test]
async fn baselinker_keeps_the_laws() {
    keeps_the_laws("baselinker").await;
}

#[tokio::test]
async fn flowii_keeps_the_laws() {
    keeps_the_laws("flowii").await;
}

#[tokio::test]
async fn optimakers_keeps_the_laws_and_its_webhooks_too() {
    let report = keeps_the_laws("optimakers").await;
    assert!(report.law("L12").unwrap().cases > 0, "L12 was not tried");
}

#[tokio::test]
async fn operand_keeps_the_laws() {
    keeps_the_laws("operand").await;
}

#[tokio::test]
async fn erpconnector_keeps_the_laws() {
    keeps_the_laws("erpconnector").await;
}

#[tokio::test]
async fn smartspace_keeps_the_laws_of_reading() {
    keeps("smartspace", &["L1", "L3", "L4", "L5", "L13"]).await;
}
