//! Which connector each connection had last, and for which version of its shape its configuration was written.

use rusqlite::{OptionalExtension, params};

use super::{Ledger, Result, stored};

/// Effects that are looked at to see whether a connector has worked. Where others had so many since, it shows once more
/// that it does.
const LOOKED_AT: u32 = 1_000;

impl Ledger {
    /// Returns the version of the connector's configuration that the configuration of a connection was written for when it
    /// was used last; none for a connection that never was.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn config_version(&self, connection: &str) -> Result<Option<u32>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT config_version FROM connectors WHERE connection = ?1")?;
        Ok(statement.query_row([connection], |row| row.get(0)).optional()?)
    }

    /// Tells whether one of the newest effects took place on a connection with the connector that it has now.
    pub(crate) fn has_worked(&self, connection: &str) -> Result<bool> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT 1 FROM (SELECT connection, state, settled FROM intents ORDER BY n DESC LIMIT ?2)
             WHERE connection = ?1 AND state = 'applied'
               AND settled >= coalesce((SELECT since FROM connectors WHERE connection = ?1), 0) LIMIT 1",
        )?;
        Ok(statement.exists(params![connection, LOOKED_AT])?)
    }

    /// Notes which connector a connection has, and for which version its configuration is written. Writes only what is
    /// news.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub async fn note_connector(&self, connection: &str, name: &str, version: &str, config_version: u32) -> Result<()> {
        let known = {
            let reader = self.reader();
            let mut statement = reader.prepare_cached(
                "SELECT 1 FROM connectors WHERE connection = ?1 AND name = ?2 AND version = ?3 AND config_version = ?4",
            )?;
            statement.exists(params![connection, name, version, config_version])?
        };
        if known {
            return Ok(());
        }
        let (now, connection, name, version) = (self.now(), connection.to_owned(), name.to_owned(), version.to_owned());
        self.write(move |tx| {
            tx.execute(
                "INSERT OR REPLACE INTO connectors (connection, name, version, config_version, since)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![connection, name, version, config_version, stored(now)],
            )?;
            Ok(())
        })
        .await
    }
}
