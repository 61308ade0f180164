//! Old items that are done keep what finds their document again, and lose the details of their way.

use rusqlite::{Connection, params};
use wharf_host::model::Instant;

use super::{Lease, Ledger, Result, stored};

/// Items of one transaction: a few milliseconds, so that others do not wait for it.
const CHUNK: usize = 200;

impl Ledger {
    /// Removes the details of items that were done before then: events, requests, write-backs, which dependencies were
    /// waited for. What stays is one row each for the item and for its target: what the source calls it, its version,
    /// what the target calls it, and when. So it is still told apart, found by both names, and updated in place.
    /// Returns whether there may be more of them.
    pub(crate) async fn compact(&self, lease: &Lease, flow: i64, before: Instant) -> Result<bool> {
        self.write_under(lease, move |tx| {
            let items = old_items(tx, flow, before)?;
            items.iter().try_for_each(|item| compact(tx, *item))?;
            Ok(items.len() == CHUNK)
        })
        .await
    }
}

fn old_items(tx: &Connection, flow: i64, before: Instant) -> Result<Vec<i64>> {
    let mut statement = tx.prepare_cached(
        "SELECT n FROM items WHERE flow = ?1 AND state = 'done' AND compacted = 0 AND settled < ?2
         ORDER BY settled LIMIT ?3",
    )?;
    let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![flow, stored(before), limit], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn compact(tx: &Connection, item: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM waits WHERE intent IN (SELECT n FROM intents WHERE item = ?1)")?.execute([item])?;
    tx.prepare_cached("DELETE FROM conflicts WHERE intent IN (SELECT n FROM intents WHERE item = ?1)")?
        .execute([item])?;
    // Its target keeps one intent: the last that ended in a document.
    tx.prepare_cached(
        "DELETE FROM intents WHERE item = ?1 AND n IS NOT
             (SELECT max(n) FROM intents WHERE item = ?1 AND step = 0 AND result_id IS NOT NULL)",
    )?
    .execute([item])?;
    tx.prepare_cached("UPDATE intents SET requests = NULL, message = NULL, cause = NULL WHERE item = ?1")?
        .execute([item])?;
    tx.prepare_cached("DELETE FROM events WHERE item = ?1")?.execute([item])?;
    tx.prepare_cached("UPDATE items SET compacted = 1, message = NULL WHERE n = ?1")?.execute([item])?;
    Ok(())
}
