//! A copy of the ledger, made while it is in use.

use std::fs::File;
use std::path::Path;

use rusqlite::OpenFlags;

use super::{Result, open_file};
use crate::problem::LedgerError;

/// Writes one consistent copy: everything up to the last commit, and nothing of the one under way.
pub(super) fn write(from: &Path, to: &Path) -> Result<()> {
    let failed = |reason: String| LedgerError::Open { path: to.display().to_string(), reason };
    if to.exists() {
        return Err(failed("there is a file of that name, and it is not overwritten".to_owned()));
    }
    let connection = open_file(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let name = to.to_str().ok_or_else(|| failed("its name is not UTF-8".to_owned()))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|error| failed(error.to_string()))?;
    let copy = File::open(to).and_then(|file| file.sync_all());
    copy.map_err(|error| failed(error.to_string()))
}
