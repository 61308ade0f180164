//! The JSON Schemas of the common documents, written from the Rust types.

use anyhow::Result;

use crate::command;

/// Writes `documents/schemas/*.json`. The same test that checks them writes them when it is told to.
///
/// # Errors
/// When the test cannot be built or a file cannot be written.
pub(crate) fn write() -> Result<()> {
    let mut cargo = command::cargo();
    cargo.args(["test", "--quiet", "--package", "wharf-documents", "schema_files_are_current"]);
    command::step("write documents/schemas", cargo.env("WHARF_WRITE_SCHEMAS", "1"))
}
