//! Who holds leases: this process, as others see it.
//!
//! An owner keeps a lock on a file of its own beside the ledger for as long as it lives. The system lets go of the
//! lock when the process ends, however it ends, so that a lease of a dead owner can be taken at once instead of
//! waiting until it runs out.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use uuid::Uuid;

use super::{Result, leases};
use crate::problem::LedgerError;

/// New files that are made at most, until one stays.
const ATTEMPTS: u32 = 100;

pub(crate) struct Owner {
    id: String,
    label: String,
    lock_path: PathBuf,
    ledger_path: PathBuf,
    _lock: File,
}

impl Owner {
    /// Makes an owner, and removes what owners left behind that were killed, but for those who have leases in `ledger`.
    pub(super) fn new(ledger_path: &Path, ledger: &Connection) -> Result<Self> {
        // Two names of one file must not make two sets of locks.
        let ledger_path = &std::fs::canonicalize(ledger_path).unwrap_or_else(|_| ledger_path.to_owned());
        sweep(ledger_path, ledger);
        let (id, lock) = lock_new(ledger_path)?;
        let (label, lock_path) = (format!("process {}", std::process::id()), lock_path(ledger_path, &id));
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

fn sweep(ledger_path: &Path, ledger: &Connection) {
    let Some(directory) = ledger_path.parent() else { return };
    let prefix = lock_name(ledger_path, "");
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let id = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        if let Some(id) = id.and_then(|id| std::str::from_utf8(id).ok()) {
            sweep_one(&entry.path(), id, ledger);
        }
    }
}

/// Removes the file of an owner who is gone and has no leases.
fn sweep_one(path: &Path, id: &str, ledger: &Connection) {
    // Asked with the lock in hand, which is kept until the file is gone: an owner whose lock is had takes no lease any
    // more, and one that is just being made notices that its file is not there.
    let Some(_lock) = File::options().write(true).open(path).ok().filter(|file| file.try_lock().is_ok()) else {
        return;
    };
    if leases::owners(ledger).is_ok_and(|owners| !owners.iter().any(|owner| owner == id)) {
        // Best effort: a file that stays behind only costs its name.
        drop(std::fs::remove_file(path));
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

/// Makes a file for a new owner and locks it.
fn lock_new(ledger_path: &Path) -> Result<(String, File)> {
    for _ in 0..ATTEMPTS {
        let id = Uuid::now_v7().simple().to_string();
        let path = lock_path(ledger_path, &id);
        let failed =
            |error: std::io::Error| LedgerError::Open { path: path.display().to_string(), reason: error.to_string() };
        let file = File::options().write(true).create_new(true).open(&path).map_err(failed)?;
        if is_kept(&file, &path).map_err(failed)? {
            return Ok((id, file));
        }
    }
    let reason = "other processes took each new one for a file that was left behind".to_owned();
    Err(LedgerError::Open { path: lock_path(ledger_path, "").display().to_string(), reason })
}

/// Locks a new file, and tells whether it stays. Before it is locked others may find it, take it for one that was left
/// behind, and remove it; nobody could tell that its owner is gone then, and its leases would have to run out.
fn is_kept(file: &File, path: &Path) -> std::io::Result<bool> {
    match file.try_lock() {
        // Who removes a file has its lock, so that it is gone by now or stays.
        Ok(()) => path.try_exists(),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_that_was_taken_for_one_left_behind_before_it_was_locked_is_not_kept() -> std::io::Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("file");
        let new = || File::options().write(true).create_new(true).open(&path);
        let (kept, other) = (new()?, File::options().write(true).open(&path)?);
        assert!(is_kept(&kept, &path)?);
        drop(kept);
        other.lock()?;
        assert!(
            !is_kept(&File::options().write(true).open(&path)?, &path)?,
            "somebody has its lock, and will remove it"
        );
        std::fs::remove_file(&path)?;
        let unlocked = new()?;
        std::fs::remove_file(&path)?;
        assert!(!is_kept(&unlocked, &path)?, "it was removed before it was locked");
        Ok(())
    }

    #[test]
    fn owners_that_begin_at_the_same_time_keep_their_files() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let ledger_path = directory.path().join("ledger");
        let begin = || {
            let ledger = Connection::open_in_memory()?;
            ledger.execute_batch("CREATE TABLE leases (flow, owner)")?;
            for _ in 0..200 {
                let owner = Owner::new(&ledger_path, &ledger)?;
                assert!(owner.lock_path.exists(), "it was taken for one that was left behind");
                owner.leave();
            }
            Ok(())
        };
        let ended: Vec<std::thread::Result<Result<()>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(begin)).collect();
            threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        for ended in ended {
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    }

    #[test]
    fn file_of_a_dead_owner_stays_while_it_has_leases() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let ledger_path = directory.path().join("ledger");
        let ledger = Connection::open_in_memory()?;
        ledger.execute_batch("CREATE TABLE leases (flow, owner); INSERT INTO leases VALUES ('orders', 'holding')")?;
        let paths = ["holding", "idle"].map(|id| lock_path(&ledger_path, id));
        for path in &paths {
            File::create(path)?;
        }
        let living = Owner::new(&ledger_path, &ledger)?;
        assert_eq!(paths.each_ref().map(|path| path.exists()), [true, false]);
        sweep(&ledger_path, &ledger);
        assert!(living.lock_path.exists(), "a living owner's file stays without leases too");
        Ok(())
    }
}
