//! Tables, and how a file gets to the current ones.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

use super::{Result, cannot_open, place};
use crate::problem::LedgerError;

/// "WHRF": marks the file as ours.
const APPLICATION_ID: i64 = 0x5748_5246;

/// One step per schema version; the step at index n leads from version n to n + 1.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/v1.sql"),
    include_str!("schema/v2.sql"),
    include_str!("schema/v3.sql"),
    include_str!("schema/v4.sql"),
    include_str!("schema/v5.sql"),
];

/// What is noted in a file about who brought it to its schema.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Bytes of write-ahead log that stay on the disk after a checkpoint.
const LOG_BYTES: i64 = 64 << 20;

pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<()> {
    refuse_foreign(connection, path)?;
    connection.pragma_update(None, "page_size", place::PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    connection.pragma_update(None, "wal_autocheckpoint", place::checkpoint_pages(path))?;
    connection.pragma_update(None, "foreign_keys", false)?;
    migrate(connection, path)
}

fn refuse_foreign(connection: &Connection, path: &Path) -> Result<()> {
    let failed = |error| cannot_open(path, &error);
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application == APPLICATION_ID || (application == 0 && tables == 0) {
        return Ok(());
    }
    Err(LedgerError::Foreign { path: path.display().to_string() })
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? == known {
        // Nobody has to wait for whoever writes.
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        let program = program(&tx).unwrap_or_else(|| "a newer wharf".to_owned());
        return Err(LedgerError::Newer { path: path.display().to_string(), found, program, known });
    }
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(step)?;
    }
    if found == 0 {
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.execute("INSERT INTO installation (id) VALUES (?1)", [Uuid::now_v7().to_string()])?;
    }
    if found < known {
        tx.execute("UPDATE installation SET program = ?1", [PROGRAM])?;
        tx.pragma_update(None, "user_version", known)?;
    }
    tx.commit()?;
    // The id of the installation is in every correlation text. Whoever removes the log must not make everything unknown; where
    // others are at the file, the next who opens it alone copies the log.
    let copied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    drop(copied);
    Ok(())
}

/// The program that brought a file to its schema, where that can be read.
fn program(connection: &Connection) -> Option<String> {
    let version: String = connection.query_row("SELECT program FROM installation", [], |row| row.get(0)).ok()?;
    Some(format!("wharf {version}"))
}

pub(super) fn installation(connection: &Connection) -> Result<String> {
    Ok(connection.query_row("SELECT id FROM installation", [], |row| row.get(0))?)
}
