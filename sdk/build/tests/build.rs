//! Directories that make no connector, each with the sentence that says what to do.
#![allow(clippy::expect_used, reason = "a test fails where it stands")]

use std::fs;
use std::path::Path;

use wharf_build::{BuildError, Options, Step, build};

/// Makes a package without dependencies, so that building it takes a moment and no registry.
fn package(directory: &Path, lib: &str, source: &str) {
    let manifest =
        format!("[package]\nname = \"not-a-shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{lib}\n[workspace]\n");
    fs::create_dir_all(directory.join("src")).expect("a directory");
    fs::write(directory.join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(directory.join("src/lib.rs"), source).expect("a source");
}

/// Builds what is in `directory`, and returns the error and what was reported on the way.
fn failed(directory: &Path) -> (BuildError, Vec<String>) {
    let mut steps = Vec::new();
    let options = Options::new(directory.join("out"));
    let error =
        build(directory, &options, &mut |step: Step<'_>| steps.push(step.to_string())).expect_err("no component");
    (error, steps)
}

#[test]
fn a_directory_without_a_manifest_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let (error, _) = failed(directory.path());
    assert!(matches!(error, BuildError::NoManifest(_)), "{error}");
    assert!(error.to_string().ends_with("name the directory of a connector"), "{error}");
}

#[test]
fn a_library_that_makes_no_module_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    package(directory.path(), "", "");
    let (error, _) = failed(directory.path());
    assert!(matches!(error, BuildError::NoModule(_)), "{error}");
    assert!(error.to_string().contains("crate-type"), "{error}");
}

#[test]
fn a_module_that_is_no_connector_is_refused_and_nothing_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    package(directory.path(), "[lib]\ncrate-type = [\"cdylib\"]", "");
    let (error, steps) = failed(directory.path());
    assert!(matches!(error, BuildError::NoConnector(ref name) if name == "not-a-shop"), "{error}");
    assert!(steps.iter().any(|step| step == "encoding not-a-shop"), "{steps:?}");
    assert_eq!(fs::read_dir(directory.path().join("out")).expect("a directory").count(), 0);
}

#[test]
fn what_the_compiler_says_is_in_the_error() {
    let directory = tempfile::tempdir().expect("a directory");
    package(directory.path(), "[lib]\ncrate-type = [\"cdylib\"]", "fn broken() -> u8 { \"text\" }");
    let (error, _) = failed(directory.path());
    assert!(matches!(error, BuildError::Compile(_)), "{error}");
    assert!(error.to_string().contains("mismatched types"), "{error}");
}

#[test]
fn a_package_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    package(directory.path(), "[lib]\ncrate-type = [\"cdylib\"]", "");
    let options = Options::new(directory.path().join("out")).package("other");
    let error = build(directory.path(), &options, &mut |_| ()).expect_err("no package");
    assert!(error.to_string().contains("`other`"), "{error}");
}
