//! Every attack of the table comes to nothing, through both imports, for the reason that it has to.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use wharf_contract_tests::attacks;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_attack_ends_with_its_named_cause_on_both_imports() {
    let rows = attacks::all().await.unwrap();
    let through = |import: &str| rows.iter().filter(|row| row.import == import).count();
    assert_eq!(through("http"), through("wasi:http"), "each import has to be attacked in the same ways");
    let broken: Vec<_> = rows.iter().filter(|row| !row.held()).collect();
    assert!(broken.is_empty(), "{} of {} do not hold:\n{broken:#?}", broken.len(), rows.len());
}
