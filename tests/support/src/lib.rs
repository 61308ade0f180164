//! Where tests find built components, and damaged copies of what they read.
//!
//! `cargo xtask components` builds the connectors of `plugins/` and the guest programs of `tests/guests` into
//! `target/components`. `WHARF_COMPONENTS` names another directory, e.g. that of an earlier release.

pub mod damage;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Returns the path of a component by its name, e.g. `baselinker` or `http-get`.
///
/// Fails when it is not built, with the command that builds it.
pub fn component_path(name: &str) -> anyhow::Result<PathBuf> {
    let path = directory().join(format!("{}.wasm", name.replace('_', "-")));
    anyhow::ensure!(
        path.is_file(),
        "the component `{name}` is not at `{}`; run `cargo xtask components` first",
        path.display()
    );
    Ok(path)
}

/// Returns the bytes of a component by its name; fails like [`component_path`].
pub fn component(name: &str) -> anyhow::Result<Vec<u8>> {
    let path = component_path(name)?;
    fs::read(&path).with_context(|| format!("the component `{}` cannot be read", path.display()))
}

/// Returns the directory that components are in.
pub fn directory() -> PathBuf {
    if let Some(directory) = env::var_os("WHARF_COMPONENTS") {
        return PathBuf::from(directory);
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let built = target.into_iter().chain([workspace.join("target")]).map(|target| target.join("components"));
    let mut candidates = built.collect::<Vec<_>>().into_iter();
    let first = candidates.find(|directory| directory.is_dir());
    first.unwrap_or_else(|| workspace.join("target/components"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    #[test]
    fn a_component_that_is_not_built_names_the_command() {
        let error = component_path("no-such-connector").expect_err("not built").to_string();
        assert!(error.contains("no-such-connector.wasm"), "{error}");
        assert!(error.contains("run `cargo xtask components` first"), "{error}");
    }
}
