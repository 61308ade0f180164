//! Our own connectors keep the laws: here those that take seconds; `wharf verify` tries all, also each fault of the catalogue
//! at each request.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

use std::path::Path;

use wharf_conformance::{Report, Scenario, verify};

const SHORT: [&str; 9] = ["L1", "L2", "L3", "L6", "L7", "L8", "L9", "L10", "L13"];

async fn tried(connector: &str) -> Report {
    let only = SHORT.map(str::to_owned);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(connector).join("conformance.toml");
    let (scenario, text) = Scenario::read(&path).unwrap();
    let component = wharf_test_support::component(connector).unwrap();
    verify(&component, scenario, &text, &only, &|law| println!("{connector}: {law}")).await.unwrap()
}

async fn keeps_the_laws(connector: &str) {
    let report = tried(connector).await;
    let broken: Vec<_> = report.laws.iter().filter(|law| law.broken > 0).collect();
    assert!(broken.is_empty(), "{connector}: {broken:#?}");
    for law in ["L1", "L3", "L6", "L7", "L8", "L9", "L10", "L13"] {
        assert!(report.law(law).unwrap().cases > 0, "{connector}: {law} was not tried");
    }
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
async fn erpconnector_keeps_the_laws() {
    keeps_the_laws("erpconnector").await;
}
