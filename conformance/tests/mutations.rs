//! A law proves itself: with a promise of the runner broken on purpose, it fails. Run with `--features mutation`.
#![cfg(feature = "mutation")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

use std::path::Path;

use wharf_conformance::{Report, Scenario, verify};
use wharf_flow::mutation::{Mutation, set};

async fn tried_with(mutation: Mutation, law: &str) -> Report {
    // A feed that reads everything again each time would make up for a lost page.
    let connector = if law == "L4" { "baselinker" } else { "erpconnector" };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(connector).join("conformance.toml");
    let (mut scenario, text) = Scenario::read(&path).unwrap();
    scenario.writes.truncate(1);
    let component = wharf_test_support::component(connector).unwrap();
    set(mutation);
    let report = verify(&component, scenario, &text, &[law.to_owned()], &|_| {}).await;
    set(Mutation::None);
    report.unwrap()
}

fn broken(report: &Report) -> Vec<&'static str> {
    report.laws.iter().filter(|law| law.broken > 0).map(|law| law.law).collect()
}

/// One test, because the promise is broken in the whole process.
#[tokio::test]
async fn every_broken_promise_breaks_its_law() {
    for (mutation, law) in [
        (Mutation::CursorEarly, "L4"),
        (Mutation::NoVerify, "L9"),
        (Mutation::SwappedOrder, "L8"),
        (Mutation::LostFence, "L8"),
    ] {
        let whole = tried_with(Mutation::None, law).await;
        assert!(whole.is_kept(), "{:#?}", whole.laws);
        let report = tried_with(mutation, law).await;
        assert!(broken(&report).contains(&law), "{mutation:?} went unnoticed by {law}: {:?}", broken(&report));
        println!("{mutation:?}: {:?}", report.law(law).unwrap().first);
    }
}
