//! Reads the workspace's sources and dependency graph for the tests of the architecture.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// One source file: its path from the workspace's root, and its code.
pub struct Source {
    /// Path with forward slashes, e.g. `host/src/call.rs`.
    pub path: String,
    /// The text without comments, documentation, and `#[cfg(test)]` modules at the end of the file.
    pub code: String,
}

impl Source {
    /// Returns the numbers of the lines that contain `needle`, from 1.
    pub fn lines_with(&self, needle: &str) -> Vec<usize> {
        let hits = self.code.lines().enumerate().filter(|(_, line)| line.contains(needle));
        hits.map(|(index, _)| index + 1).collect()
    }
}

/// Returns the workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the Rust sources below a directory of the workspace.
///
/// # Errors
/// When there is none, or one cannot be read.
pub fn sources(directory: &str) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    collect(&root().join(directory), &mut found)?;
    if found.is_empty() {
        bail!("no Rust source below `{directory}`; was the room moved?");
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(directory: &Path, found: &mut Vec<Source>) -> Result<()> {
    let entries = std::fs::read_dir(directory).with_context(|| format!("cannot read `{}`", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path)?;
            let from_root = path.strip_prefix(root()).unwrap_or(&path);
            found.push(Source { path: from_root.to_string_lossy().replace('\\', "/"), code: code_of(&text) });
        }
    }
    Ok(())
}

/// Blanks comments and what follows the file's test module, keeping line numbers.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut in_tests = false;
    for line in text.lines() {
        in_tests |= line.starts_with("#[cfg(test)]");
        let comment = line.trim_start().starts_with("//");
        if !in_tests && !comment {
            code.push_str(line);
        }
        code.push('\n');
    }
    code
}

/// A package of the workspace and the packages of the workspace that it depends on, tests and builds left out.
pub struct Package {
    /// Name.
    pub name: String,
    /// Names of everything it depends on directly.
    pub dependencies: Vec<String>,
}

/// Returns the workspace's packages with their ordinary dependencies.
///
/// # Errors
/// When cargo does not answer.
pub fn packages() -> Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .context("cannot start `cargo metadata`")?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).context("`cargo metadata` is not JSON")?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    Ok(packages.iter().map(package_of).collect())
}

fn package_of(package: &serde_json::Value) -> Package {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let all = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ordinary = all.iter().filter(|dependency| dependency["kind"].is_null());
    Package { name: text(&package["name"]), dependencies: ordinary.map(|d| text(&d["name"])).collect() }
}
