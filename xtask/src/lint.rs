//! Formatting, lints and dependencies.

use anyhow::Result;

use crate::command;

/// Runs rustfmt in check mode, clippy with warnings as errors, and cargo-deny where it is there.
///
/// # Errors
/// When either finds something.
pub(crate) fn run() -> Result<()> {
    command::step("rustfmt", command::cargo().args(["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"];
    command::step("clippy", command::cargo().args(clippy))?;
    dependencies()
}

/// Runs cargo-deny where it is installed, by the rules of `deny.toml`; says so where it is not.
fn dependencies() -> Result<()> {
    let installed = command::cargo().args(["deny", "--version"]).output().is_ok_and(|output| output.status.success());
    if !installed {
        eprintln!(
            "cargo-deny is not installed, so `deny.toml` is not held: `cargo install cargo-deny --locked` installs it"
        );
        return Ok(());
    }
    command::step("cargo-deny", command::cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}
