//! What SECURITY.md says, held against the sources.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read the sources has failed")]

use wharf_architecture_tests::{root, sources};

/// Files with `unsafe`, how many times, and why.
const JUSTIFIED: [(&str, usize, &str); 2] = [
    ("host/src/cache.rs", 1, "the engine takes compiled code on trust; a keyed directory and a checksum come before"),
    (
        "cli/src/memory.rs",
        4,
        "an allocator that wipes what libraries leave behind; it passes everything on to the system's",
    ),
];

#[test]
fn every_claim_of_the_threat_model_names_a_test_that_exists() {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let mut claims = 0;
    for line in text.lines().filter(|line| line.starts_with("| ") && line.contains(".rs`: `")) {
        let shown_by = line.rsplit('|').nth(1).unwrap_or_default();
        let names: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        let [file, test] = names[..] else { panic!("no file and test in: {line}") };
        let source = std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("`{file}`: {error}"));
        let at = source.find(&format!("fn {test}(")).unwrap_or_else(|| panic!("`{file}` has no test `{test}`"));
        let before = source[..at].trim_end_matches("async ").trim_end();
        assert!(before.ends_with(']'), "`{test}` of `{file}` is no test");
        claims += 1;
    }
    let rows = text.lines().filter(|line| line.starts_with("| ")).count();
    assert_eq!(claims + 1, rows, "every row but the head names its test");
}

#[test]
fn unsafe_stands_where_it_is_justified_and_nowhere_else() {
    let mut found = Vec::new();
    for room in
        ["host/src", "flow/src", "sdk/src", "cli/src", "plugins", "documents/src", "xtask/src", "conformance/src"]
    {
        for source in sources(room).unwrap() {
            let count = source.code.matches("unsafe {").count() + source.code.matches("unsafe impl").count();
            if count > 0 {
                found.push((source.path, count));
            }
        }
    }
    let justified: Vec<_> = JUSTIFIED.iter().map(|(file, count, _)| ((*file).to_owned(), *count)).collect();
    assert_eq!(found, justified);
}
