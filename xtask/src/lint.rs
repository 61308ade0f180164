//! Formatting and lints.

use anyhow::Result;

use crate::command;

/// Runs rustfmt in check mode and clippy with warnings as errors.
///
/// # Errors
/// When either finds something.
pub(crate) fn run() -> Result<()> {
    command::step("rustfmt", command::cargo().args(["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"];
    command::step("clippy", command::cargo().args(clippy))
}
