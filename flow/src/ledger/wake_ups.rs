//! Wake-ups that connectors asked for.

use std::time::Duration;

use rusqlite::{Connection, Row, params};
use wharf_host::model::Instant;
use wharf_host::store::{KeptToken, Store, StoreUnavailable, WakeUp};

use super::{Ledger, Result, kept, loaded, stored};

/// A wake-up that is due, with the failures so far.
pub(crate) struct DueWakeUp {
    pub(crate) wake_up: WakeUp,
    pub(crate) attempts: u32,
}

#[async_trait::async_trait]
impl Store for Ledger {
    async fn put_wake_up(&self, wake_up: WakeUp) -> std::result::Result<(), StoreUnavailable> {
        self.write(move |tx| put(tx, &wake_up)).await.map_err(unavailable)
    }

    async fn remove_wake_up(&self, connection: &str, name: &str) -> std::result::Result<bool, StoreUnavailable> {
        let (connection, name) = (connection.to_owned(), name.to_owned());
        let removed = self.write(move |tx| {
            Ok(tx.execute("DELETE FROM wake_ups WHERE connection = ?1 AND name = ?2", [connection, name])?)
        });
        Ok(removed.await.map_err(unavailable)? > 0)
    }

    async fn wake_ups(&self, connection: &str) -> std::result::Result<Vec<WakeUp>, StoreUnavailable> {
        of_connection(&self.reader(), connection).map_err(unavailable)
    }

    async fn kept_token(
        &self,
        connection: &str,
        slot: &str,
    ) -> std::result::Result<Option<KeptToken>, StoreUnavailable> {
        kept::of_slot(&self.reader(), connection, slot).map_err(unavailable)
    }

    async fn keep_token(
        &self,
        connection: &str,
        slot: &str,
        kept: KeptToken,
    ) -> std::result::Result<bool, StoreUnavailable> {
        let (connection, slot) = (connection.to_owned(), slot.to_owned());
        self.write(move |tx| kept::put(tx, &connection, &slot, &kept)).await.map_err(unavailable)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn unavailable(error: crate::LedgerError) -> StoreUnavailable {
    StoreUnavailable(error.to_string())
}

impl Ledger {
    /// Returns the wake-ups that are due, the oldest first.
    pub(crate) fn due_wake_ups(&self) -> Result<Vec<DueWakeUp>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT connection, name, due, every_seconds, payload, attempts FROM wake_ups WHERE not_before <= ?1
             ORDER BY not_before LIMIT 100",
        )?;
        let rows = statement
            .query_map([stored(self.now())], |row| Ok(DueWakeUp { wake_up: wake_up(row)?, attempts: row.get(5)? }))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Tells whether a wake-up is still due: the same, and not put off.
    pub(crate) fn is_due(&self, wake_up: &WakeUp) -> Result<bool> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT 1 FROM wake_ups WHERE connection = ?1 AND name = ?2 AND due = ?3 AND not_before <= ?4",
        )?;
        let now = stored(self.now());
        Ok(statement.exists(params![wake_up.connection, wake_up.name, stored(wake_up.due), now])?)
    }

    /// Returns when the next wake-up is due.
    pub(crate) fn next_wake_up(&self) -> Result<Option<Instant>> {
        let next: Option<i64> =
            self.reader().prepare_cached("SELECT min(not_before) FROM wake_ups")?.query_row([], |row| row.get(0))?;
        Ok(next.map(loaded))
    }

    /// Records that a wake-up was delivered, unless the connector has put another in its place meanwhile.
    pub(crate) async fn woken(&self, wake_up: WakeUp) -> Result<()> {
        let now = self.now();
        self.write(move |tx| {
            match wake_up.every_seconds {
                None => tx.execute(
                    "DELETE FROM wake_ups WHERE connection = ?1 AND name = ?2 AND due = ?3",
                    params![wake_up.connection, wake_up.name, stored(wake_up.due)],
                )?,
                Some(seconds) => tx.execute(
                    "UPDATE wake_ups SET due = ?4, not_before = ?4, attempts = 0
                     WHERE connection = ?1 AND name = ?2 AND due = ?3",
                    params![
                        wake_up.connection,
                        wake_up.name,
                        stored(wake_up.due),
                        stored(next_due(wake_up.due, seconds, now))
                    ],
                )?,
            };
            Ok(())
        })
        .await
    }

    /// Records that a wake-up failed and when to try it again.
    pub(crate) async fn wake_later(&self, wake_up: WakeUp, not_before: Instant) -> Result<()> {
        self.write(move |tx| {
            tx.execute(
                "UPDATE wake_ups SET attempts = attempts + 1, not_before = ?4
                 WHERE connection = ?1 AND name = ?2 AND due = ?3",
                params![wake_up.connection, wake_up.name, stored(wake_up.due), stored(not_before)],
            )?;
            Ok(())
        })
        .await
    }
}

/// The first multiple of the period after `now`: what fell due more than once is called once.
fn next_due(due: Instant, every_seconds: u32, now: Instant) -> Instant {
    let period = u64::from(every_seconds.max(1)) * 1000;
    let missed = now.since(due).as_millis() / u128::from(period);
    let steps = u64::try_from(missed).unwrap_or(0) + 1;
    due.after(Duration::from_millis(period.saturating_mul(steps)))
}

fn put(tx: &Connection, wake_up: &WakeUp) -> Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO wake_ups (connection, name, due, every_seconds, payload, not_before)
         VALUES (?1, ?2, ?3, ?4, ?5, ?3)",
        params![wake_up.connection, wake_up.name, stored(wake_up.due), wake_up.every_seconds, wake_up.payload],
    )?;
    Ok(())
}

fn of_connection(connection: &Connection, name: &str) -> Result<Vec<WakeUp>> {
    let mut statement = connection
        .prepare_cached("SELECT connection, name, due, every_seconds, payload FROM wake_ups WHERE connection = ?1")?;
    let rows = statement.query_map([name], wake_up)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn wake_up(row: &Row<'_>) -> rusqlite::Result<WakeUp> {
    Ok(WakeUp {
        connection: row.get(0)?,
        name: row.get(1)?,
        due: loaded(row.get(2)?),
        every_seconds: row.get(3)?,
        payload: row.get(4)?,
    })
}
