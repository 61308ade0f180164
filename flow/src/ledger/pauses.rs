//! What a person stopped: flows, connections, credentials. Nothing but a person lets them go on.

use rusqlite::{Connection, Row, params};
use wharf_host::model::Instant;

use super::holds::StoredHold;
use super::{Ledger, Result, loaded, stored};
use crate::report::{Hold, HoldScope, PauseScope};

/// Code under which pauses are listed among the causes of holds.
const PAUSED: &str = "paused";

impl Ledger {
    /// Stops a flow, a connection or a credential until [`unpause`](Self::unpause); false when it was stopped already, and
    /// then the new reason takes the place of the old one. Runs under way notice before their next call.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub async fn pause(&self, scope: PauseScope, reason: &str, who: &str) -> Result<bool> {
        let (now, reason, who) = (self.now(), reason.to_owned(), who.to_owned());
        self.write(move |tx| put(tx, &scope, &reason, &who, now)).await
    }

    /// Lets go on what was paused; false when it was not.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub async fn unpause(&self, scope: PauseScope) -> Result<bool> {
        self.write(move |tx| {
            let (scope, name) = key(&scope);
            Ok(tx.execute("DELETE FROM pauses WHERE scope = ?1 AND name = ?2", [scope, name])? > 0)
        })
        .await
    }
}

fn key(scope: &PauseScope) -> (&'static str, &str) {
    match scope {
        PauseScope::Flow(name) => ("flow", name),
        PauseScope::Connection(name) => ("connection", name),
        PauseScope::Credential(name) => ("credential", name),
    }
}

fn put(tx: &Connection, scope: &PauseScope, reason: &str, who: &str, now: Instant) -> Result<bool> {
    let (scope, name) = key(scope);
    let known = tx.prepare_cached("SELECT 1 FROM pauses WHERE scope = ?1 AND name = ?2")?.exists([scope, name])?;
    tx.execute(
        "INSERT INTO pauses (scope, name, reason, who, since) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET reason = excluded.reason, who = excluded.who",
        params![scope, name, reason, who, stored(now)],
    )?;
    Ok(!known)
}

/// Returns the pauses as holds.
pub(super) fn rows(connection: &Connection) -> Result<Vec<StoredHold>> {
    let mut statement =
        connection.prepare_cached("SELECT scope, name, reason, who, since FROM pauses ORDER BY since, scope, name")?;
    let rows = statement.query_map([], load)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn load(row: &Row<'_>) -> rusqlite::Result<StoredHold> {
    let (word, name): (String, String) = (row.get(0)?, row.get(1)?);
    let (reason, who): (String, String) = (row.get(2)?, row.get(3)?);
    let message = format!("{reason}; `wharf resume --{word} {name}` lets it go on");
    let scope = match word.as_str() {
        "flow" => HoldScope::Flow(name),
        "credential" => HoldScope::Credential(name),
        _ => HoldScope::Connection(name),
    };
    let hold =
        Hold { scope, cause: PAUSED.to_owned(), message, since: loaded(row.get(4)?), until: None, who: Some(who) };
    Ok(StoredHold { hold, streak: 0, mark: None })
}
