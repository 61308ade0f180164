//! Who holds leases: this process, as others see it.
//!
//! An owner keeps a lock on a file of its own beside the ledger for as long as it lives. The system lets go of the
//! lock when the process ends, however it ends, so that a lease of a dead owner can be taken at once instead of
//! waiting until it runs out.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::Result;
use crate::problem::LedgerError;

pub(crate) struct Owner {
    id: String,
    label: String,
    lock_path: PathBuf,
    ledger_path: PathBuf,
    _lock: File,
}

impl Owner {
    /// Makes an owner, and removes what owners left behind that were killed, but for those in `holding`, who have leases.
    pub(super) fn new(ledger_path: &Path, holding: &[String]) -> Result<Self> {
        // Two names of one file must not make two sets of locks.
        let ledger_path = &std::fs::canonicalize(ledger_path).unwrap_or_else(|_| ledger_path.to_owned());
        sweep(ledger_path, holding);
        let id = Uuid::now_v7().simple().to_string();
        let lock_path = lock_path(ledger_path, &id);
        let lock = lock_new(&lock_path)
            .map_err(|error| LedgerError::Open { path: lock_path.display().to_string(), reason: error.to_string() })?;
        let label = format!("process {}", std::process::id());
        Ok(Self { id, label, lock_path, ledger_path: ledger_path.clone(), _lock: lock })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Removes the lock file.
    pub(super) fn leave(&self) {
        // Best effort: who finds the file later finds it unlocked.
        drop(std::fs::remove_file(&self.lock_path));
    }

    /// Tells whether another owner's process has ended for certain. False also when that cannot be told.
    pub(crate) fn is_gone(&self, other: &str) -> bool {
        other != self.id && is_unlocked(&lock_path(&self.ledger_path, other))
    }
}

/// Tells whether nobody holds the lock file. One that is not there tells nothing: who has leases keeps it, so somebody else
/// removed it.
fn is_unlocked(path: &Path) -> bool {
    File::options().write(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

fn sweep(ledger_path: &Path, holding: &[String]) {
    let Some(directory) = ledger_path.parent() else { return };
    let prefix = lock_name(ledger_path, "");
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(id) = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes()) else { continue };
        if !holding.iter().any(|owner| owner.as_bytes() == id) && is_unlocked(&entry.path()) {
            // Best effort: a file that stays behind only costs its name.
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

fn lock_name(ledger_path: &Path, id: &str) -> OsString {
    let mut name = ledger_path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".owner-{id}"));
    name
}

fn lock_path(ledger_path: &Path, id: &str) -> PathBuf {
    ledger_path.with_file_name(lock_name(ledger_path, id))
}

fn lock_new(path: &Path) -> std::io::Result<File> {
    let file = File::options().write(true).create_new(true).open(path)?;
    file.try_lock()?;
    Ok(file)
}
