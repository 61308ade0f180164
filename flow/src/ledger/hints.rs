//! What remotes said that changed: records to be read again, feeds to be read now. A hint leaves together with the
//! record that it led to.

use rusqlite::{Connection, OptionalExtension, params};
use wharf_host::model::{Instant, Item};

use super::items::{self, Recorded};
use super::{Lease, Ledger, Result, events, loaded, stored};

/// A record that is to be read again.
#[derive(Debug, Clone)]
pub(crate) struct StoredHint {
    pub(crate) n: i64,
    pub(crate) entity: String,
    pub(crate) remote: String,
    pub(crate) deleted: bool,
    pub(crate) attempts: u32,
    told: i64,
}

/// What the ledger knows of a record: its version, and the one that comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known(Option<(Vec<u8>, Option<Vec<u8>>)>);

/// What became of a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Followed {
    /// The record is recorded; whether it was news.
    Recorded(bool),
    /// The record changed here while it was read: which of the two is newer cannot be told, so it is read once more.
    Again,
}

/// A flow that reads an entity of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) flow: String,
    pub(crate) connection: String,
    pub(crate) feed: String,
    pub(crate) entity: String,
    /// Which records are read in answer to a hint.
    pub(crate) reads: Reads,
}

/// Which records of a flow are read one by one in answer to a hint; for the others the feed is read. What the feed
/// leaves out must not come in by another door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Every record.
    All,
    /// Records that the feed has brought before.
    Known,
    /// None.
    None,
}

impl Ledger {
    /// Returns hints that are due, those that wait longest first.
    pub(crate) fn due_hints(&self, flow: i64, limit: usize) -> Result<Vec<StoredHint>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT n, entity, remote, deleted, attempts, told FROM hints WHERE flow = ?1 AND not_before <= ?2
             ORDER BY not_before, n LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![flow, stored(self.now()), limit], |row| {
            Ok(StoredHint {
                n: row.get(0)?,
                entity: row.get(1)?,
                remote: row.get(2)?,
                deleted: row.get(3)?,
                attempts: row.get(4)?,
                told: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns when the next hint of a flow is due.
    pub(crate) fn next_hint(&self, flow: i64) -> Result<Option<Instant>> {
        let next: Option<i64> = self
            .reader()
            .prepare_cached("SELECT min(not_before) FROM hints WHERE flow = ?1")?
            .query_row([flow], |row| row.get(0))?;
        Ok(next.map(loaded))
    }

    /// Returns when something that a flow was told is due: a hint, or its feed.
    pub(crate) fn next_told(&self, flow: &str) -> Result<Option<Instant>> {
        let next: Option<i64> = self
            .reader()
            .prepare_cached(
                "SELECT min(due) FROM (
                     SELECT h.not_before AS due FROM hints h JOIN flows f ON f.n = h.flow WHERE f.name = ?1
                     UNION ALL
                     SELECT f.pull_not_before FROM polls p JOIN flows f ON f.n = p.flow WHERE f.name = ?1)",
            )?
            .query_row([flow], |row| row.get(0))?;
        Ok(next.map(loaded))
    }

    /// Returns how often a flow was told that its feed has news; none when it was not, or has read it since.
    pub(crate) fn poll_told(&self, flow: i64) -> Result<Option<i64>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT told FROM polls WHERE flow = ?1")?;
        Ok(statement.query_row([flow], |row| row.get(0)).optional()?)
    }

    /// Returns what is known of a record, to be compared once it was read.
    pub(crate) fn known(&self, flow: i64, hint: &StoredHint) -> Result<Known> {
        known(&self.reader(), flow, &hint.entity, &hint.remote)
    }

    /// Records what a hint led to, and takes the hint away unless the remote told more meanwhile.
    pub(crate) async fn follow(
        &self,
        lease: &Lease,
        flow: i64,
        hint: StoredHint,
        before: Known,
        item: Item,
        follows_changes: bool,
    ) -> Result<Followed> {
        let now = self.now();
        self.write_under(lease, move |tx| {
            if known(tx, flow, &hint.entity, &hint.remote)? != before {
                return Ok(Followed::Again);
            }
            let news = items::record(tx, flow, &item, None, follows_changes, now)? != Recorded::Unchanged;
            if news {
                note(tx, flow, &item, hint.deleted, now)?;
            }
            end(tx, &hint)?;
            Ok(Followed::Recorded(news))
        })
        .await
    }

    /// Takes a hint away that leads to nothing.
    pub(crate) async fn drop_hint(&self, lease: &Lease, hint: StoredHint) -> Result<()> {
        self.write_under(lease, move |tx| end(tx, &hint)).await
    }

    /// Has the feed read in place of a record that cannot be read by itself.
    pub(crate) async fn poll_instead(&self, lease: &Lease, flow: i64, hint: StoredHint) -> Result<()> {
        self.write_under(lease, move |tx| {
            ask_for_poll(tx, flow)?;
            end(tx, &hint)
        })
        .await
    }

    /// Puts a hint off.
    pub(crate) async fn follow_later(&self, lease: &Lease, hint: i64, not_before: Instant, counts: bool) -> Result<()> {
        self.write_under(lease, move |tx| {
            tx.execute(
                "UPDATE hints SET not_before = ?2, attempts = attempts + ?3 WHERE n = ?1",
                params![hint, stored(not_before), counts],
            )?;
            Ok(())
        })
        .await
    }
}

/// Records that a remote told of a record, for every flow that reads it; returns how many do.
pub(super) fn tell(tx: &Connection, readers: &[Reader], remote: &str, deleted: bool, now: Instant) -> Result<usize> {
    let mut told = 0;
    for reader in readers {
        let (flow, reads_it) = flow_of(tx, reader)?;
        told += 1;
        let reads = match reader.reads {
            // One that never read this feed reads it from the start.
            _ if !reads_it => false,
            Reads::All => true,
            Reads::Known => is_known(tx, flow, &reader.entity, remote)?,
            Reads::None => false,
        };
        if reads { add(tx, flow, &reader.entity, remote, deleted, now)? } else { ask_for_poll(tx, flow)? }
    }
    Ok(told)
}

/// Returns a flow's number, and whether it has read this feed. One that never ran is made known, so that it is told.
fn flow_of(tx: &Connection, reader: &Reader) -> Result<(i64, bool)> {
    let Reader { flow, connection, feed, .. } = reader;
    let known = tx
        .prepare_cached("SELECT n, connection = ?2 AND feed = ?3 AND definition <> x'' FROM flows WHERE name = ?1")?
        .query_row(params![flow, connection, feed], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    tx.execute(
        "INSERT INTO flows (name, connection, feed, definition) VALUES (?1, ?2, ?3, x'')",
        params![flow, connection, feed],
    )?;
    Ok((tx.last_insert_rowid(), false))
}

/// Has a record read again.
pub(super) fn add(tx: &Connection, flow: i64, entity: &str, remote: &str, deleted: bool, now: Instant) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO hints (flow, entity, remote, deleted, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET told = told + 1, deleted = deleted OR excluded.deleted, attempts = 0, not_before = 0",
    )?
    .execute(params![flow, entity, remote, deleted, stored(now)])?;
    Ok(())
}

/// Takes away that a feed has news, unless more was told since.
pub(super) fn polled(tx: &Connection, flow: i64, told: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM polls WHERE flow = ?1 AND told = ?2")?.execute([flow, told])?;
    Ok(())
}

/// Has the feed read, whatever it was told before.
pub(super) fn ask_for_poll(tx: &Connection, flow: i64) -> Result<()> {
    tx.prepare_cached("INSERT INTO polls (flow, told) VALUES (?1, 1) ON CONFLICT DO UPDATE SET told = told + 1")?
        .execute([flow])?;
    Ok(())
}

fn end(tx: &Connection, hint: &StoredHint) -> Result<()> {
    tx.prepare_cached("DELETE FROM hints WHERE n = ?1 AND told = ?2")?.execute([hint.n, hint.told])?;
    Ok(())
}

fn is_known(tx: &Connection, flow: i64, entity: &str, remote: &str) -> Result<bool> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM items WHERE flow = ?1 AND entity = ?2 AND remote = ?3")?;
    Ok(statement.exists(params![flow, entity, remote])?)
}

fn known(tx: &Connection, flow: i64, entity: &str, remote: &str) -> Result<Known> {
    let mut statement = tx.prepare_cached(
        "SELECT i.version, x.version FROM items i LEFT JOIN next_documents x ON x.item = i.n
         WHERE i.flow = ?1 AND i.entity = ?2 AND i.remote = ?3",
    )?;
    let versions =
        statement.query_row(params![flow, entity, remote], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(Known(versions))
}

/// Adds to the story of an item that it came by a webhook.
fn note(tx: &Connection, flow: i64, item: &Item, deleted: bool, now: Instant) -> Result<()> {
    let n: i64 = tx
        .prepare_cached("SELECT n FROM items WHERE flow = ?1 AND entity = ?2 AND remote = ?3")?
        .query_row(params![flow, item.entity, item.id], |row| row.get(0))?;
    let detail = if deleted { "a webhook said that it is gone" } else { "a webhook said that it changed" };
    events::add(tx, n, now, "told", detail)
}
