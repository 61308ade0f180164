//! A copy of the ledger, made while it is in use.

use std::fs::File;
use std::path::Path;

use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
use rusqlite::OpenFlags;

use super::{Result, cannot_open, open_file};
use crate::problem::LedgerError;

/// Writes one consistent copy: everything up to the last commit, and nothing of the one under way. Where that fails, nothing
/// is left in its place.
pub(super) fn write(from: &Path, to: &Path) -> Result<()> {
    let failed = |reason: String| LedgerError::Copy { path: to.display().to_string(), reason };
    if to.exists() {
        return Err(failed("there is a file of that name, and it is not overwritten".to_owned()));
    }
    let name = to.to_str().ok_or_else(|| failed("its name is not UTF-8".to_owned()))?;
    copy(from, to, name, &failed).inspect_err(|_| {
        // A part of a copy must not be taken for one; if it cannot be removed either, the reason is the same.
        drop(std::fs::remove_file(to));
    })
}

fn copy(from: &Path, to: &Path, name: &str, failed: &impl Fn(String) -> LedgerError) -> Result<()> {
    let connection = open_file(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|error| match error.sqlite_error_code() {
        // Only what is read can be damaged: the copy is new.
        Some(DatabaseCorrupt | NotADatabase) => cannot_open(from, &error),
        _ => failed(error.to_string()),
    })?;
    let copy = File::open(to).and_then(|file| file.sync_all());
    copy.map_err(|error| failed(error.to_string()))
}
