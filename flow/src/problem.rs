//! What is wrong with a flow's definition, and the errors of running one.

use std::fmt;

use serde::Serialize;
use wharf_host::model::Instant;

/// One mistake in a flow's definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Keys from the flow's table down to the mistake, as the installation file spells them: `["map", "lines[].sku"]`.
    /// Entries of a list are their index, from 0.
    pub path: Vec<String>,
    /// One sentence, lower case, that names the thing in backticks and ends with the fix.
    pub message: String,
}

impl Problem {
    pub(crate) fn new<const N: usize>(path: [&str; N], message: impl Into<String>) -> Self {
        Self { path: path.iter().map(|key| (*key).to_owned()).collect(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.join("."), self.message)
    }
}

/// Why a flow could not be run, planned or looked into.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ledger failed; nothing that was not committed before counts.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Somebody else runs the flow.
    #[error("flow `{flow}` is run by {holder} until {until} at least; wait for it, or stop that process", until = utc(*until))]
    Held {
        /// Name of the flow.
        flow: String,
        /// Who: process id and machine.
        holder: String,
        /// When the lease ends unless it is renewed.
        until: Instant,
    },
    /// The lease was taken by somebody else while this run was under way. Nothing was committed after that.
    #[error(
        "flow `{flow}` was taken over by another process; this run stopped and committed nothing since, look for two schedulers on one ledger"
    )]
    Fenced {
        /// Name of the flow.
        flow: String,
    },
    /// The definition has mistakes.
    #[error("flow `{flow}` cannot run: {}", list(.problems))]
    Definition {
        /// Name of the flow.
        flow: String,
        /// Every mistake found.
        problems: Vec<Problem>,
    },
    /// A backfill could not go on. What it read is kept.
    #[error(
        "the backfill of flow `{flow}` stopped after {pages} pages: {reason}; what was read is kept, the same command goes on from there"
    )]
    Stopped {
        /// Name of the flow.
        flow: String,
        /// Pages that were read.
        pages: u64,
        /// Why it stopped.
        reason: String,
    },
    /// A call failed in a way that stops the whole command.
    #[error(transparent)]
    Call(#[from] wharf_host::Error),
}

impl Error {
    /// Returns the stable code, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Held { .. } => "flow-held",
            Self::Fenced { .. } => "fenced",
            Self::Definition { .. } => "flow-definition",
            Self::Stopped { .. } => "backfill-stopped",
            Self::Call(error) => error.code(),
        }
    }
}

/// Why the ledger did not do it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file cannot be opened or made.
    #[error("ledger `{path}` cannot be opened: {reason}; check that the directory exists and may be written")]
    Open {
        /// Path of the file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// A copy of the file cannot be written.
    #[error(
        "backup `{path}` cannot be written: {reason}; name another file, in a directory with room that may be written"
    )]
    Copy {
        /// Path of the copy.
        path: String,
        /// What is in the way.
        reason: String,
    },
    /// The file is something else.
    #[error("`{path}` is a database of another program; name another file as `state`")]
    Foreign {
        /// Path of the file.
        path: String,
    },
    /// The file was written by a newer program.
    #[error(
        "ledger `{path}` has schema {found} of {program}, and this is wharf {version} that knows schemas up to {known}; use the newer program, nothing was changed",
        version = env!("CARGO_PKG_VERSION")
    )]
    Newer {
        /// Path of the file.
        path: String,
        /// Schema of the file.
        found: i64,
        /// Program that brought the file to that schema.
        program: String,
        /// Newest schema that this program knows.
        known: i64,
    },
    /// A read or a write failed. What was committed before is safe.
    #[error(
        "ledger failed: {reason}; what was committed before is safe, check disk space and the file, then run again"
    )]
    Storage {
        /// What the database said.
        reason: String,
    },
    /// The disk, or the room that the file may take, is full.
    #[error(
        "the disk of the ledger is full: {reason}; everything up to the last commit is safe and nothing was sent that is not recorded, free some space and run again"
    )]
    Full {
        /// What the database said.
        reason: String,
    },
    /// Another program keeps the file locked.
    #[error(
        "the ledger is kept locked by another program: {reason}; what was committed before is safe, end what that program does with the file, then run again"
    )]
    Locked {
        /// What the database said.
        reason: String,
    },
    /// The file may not be written.
    #[error(
        "the ledger may only be read: {reason}; nothing was changed, make the file and its directory writable by this user"
    )]
    ReadOnly {
        /// What the database said.
        reason: String,
    },
    /// The file is damaged.
    #[error(
        "the ledger is damaged: {reason}; nothing was written since, put a backup in its place (`wharf backup` makes them): documents that were written after it are found again at their targets"
    )]
    Damaged {
        /// What the database said.
        reason: String,
    },
    /// The file is not where it was, or another one is there.
    #[error(
        "ledger `{path}` was removed or replaced while it was in use; nothing was sent since: put it back, or a backup of it, and start again"
    )]
    Gone {
        /// Path of the file.
        path: String,
    },
    /// The lease of the run is somebody else's now.
    #[error("the lease was taken by another process")]
    Fenced,
    /// The ledger was closed while the request was under way.
    #[error("the ledger is closed")]
    Closed,
    /// There is nothing of that name.
    #[error("{0}")]
    NotFound(String),
    /// What was asked for would not be right; why, and what would be.
    #[error("{0}")]
    Refused(String),
}

impl LedgerError {
    /// Returns the stable code, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "ledger-open",
            Self::Copy { .. } => "backup-unwritable",
            Self::Foreign { .. } => "ledger-foreign",
            Self::Newer { .. } => "ledger-newer",
            Self::Storage { .. } => "ledger-storage",
            Self::Full { .. } => "ledger-full",
            Self::Locked { .. } => "ledger-locked",
            Self::ReadOnly { .. } => "ledger-read-only",
            Self::Damaged { .. } => "ledger-damaged",
            Self::Gone { .. } => "ledger-gone",
            Self::Fenced => "fenced",
            Self::Closed => "ledger-closed",
            Self::NotFound(_) => "not-found",
            Self::Refused(_) => "refused",
        }
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseCorrupt, DiskFull, NotADatabase, PermissionDenied, ReadOnly,
        };
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(DiskFull) => Self::Full { reason },
            Some(DatabaseBusy) => Self::Locked { reason },
            Some(ReadOnly | PermissionDenied | CannotOpen) => Self::ReadOnly { reason },
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged { reason },
            _ => Self::Storage { reason },
        }
    }
}

/// Writes an instant the way people read it, in UTC to the second.
pub(crate) fn utc(instant: Instant) -> String {
    let millis = i64::try_from(instant.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| "the end of time".to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}
