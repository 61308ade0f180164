//! Both sides of a conflict: what was to be written, and what is there.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Lease, Ledger, Result};
use crate::report::Conflict;

impl Ledger {
    /// Notes what stands in the way of an intent.
    pub(crate) async fn note_conflict(
        &self,
        lease: &Lease,
        intent: i64,
        existing_id: String,
        theirs: Option<Vec<u8>>,
    ) -> Result<()> {
        self.write_under(lease, move |tx| {
            tx.prepare_cached("INSERT OR REPLACE INTO conflicts (intent, existing_id, theirs) VALUES (?1, ?2, ?3)")?
                .execute(params![intent, existing_id, theirs])?;
            Ok(())
        })
        .await
    }
}

const SIDES: &str = "
    SELECT c.existing_id, c.theirs, coalesce(d.body, s.body)
    FROM conflicts c JOIN intents t ON t.n = c.intent
    LEFT JOIN intent_documents d ON d.intent = t.n
    LEFT JOIN item_documents s ON s.item = t.item
    WHERE t.state = 'parked' AND t.cause = 'conflict'";

/// Returns both sides of an intent that is parked for a conflict, by the intent's id.
pub(super) fn of_intent(connection: &Connection, id: &str, item: i64) -> Result<Option<Conflict>> {
    let mut statement = connection.prepare_cached(&format!("{SIDES} AND t.item = ?1 AND t.id = ?2"))?;
    Ok(statement.query_row(params![item, id], load).optional()?)
}

/// Returns both sides of an item that is parked for a conflict.
pub(super) fn of_item(connection: &Connection, item: i64) -> Result<Option<Conflict>> {
    let mut statement = connection.prepare_cached(&format!("{SIDES} AND t.item = ?1 ORDER BY t.n DESC LIMIT 1"))?;
    Ok(statement.query_row([item], load).optional()?)
}

fn load(row: &Row<'_>) -> rusqlite::Result<Conflict> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Conflict {
        existing_id: row.get(0)?,
        theirs: row.get::<_, Option<Vec<u8>>>(1)?.map(text),
        ours: row.get::<_, Option<Vec<u8>>>(2)?.map(text).unwrap_or_default(),
    })
}
