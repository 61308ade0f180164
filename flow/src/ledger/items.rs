//! Items: what a source reported, and where each stands.

use aws_lc_rs::digest;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use wharf_host::model::{Document, Instant, Item};

use super::{Lease, Ledger, Result, events, intents, stored};
use crate::ledger::intents::{NewIntent, Sent};
use crate::report::ItemState;

/// An item that is to be filtered and mapped.
#[derive(Debug, Clone)]
pub(crate) struct StoredItem {
    pub(crate) n: i64,
    pub(crate) entity: String,
    pub(crate) remote: String,
    pub(crate) version: Vec<u8>,
    pub(crate) deleted: bool,
    pub(crate) document: Document,
    /// The remote document that an earlier write of this item ended in: id and revision.
    pub(crate) bound: Option<(String, Option<String>)>,
}

/// One cause and key that an item is filed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parking {
    pub(crate) cause: &'static str,
    pub(crate) place: String,
    pub(crate) key: String,
    /// Decided by the flow itself, so that the flow can tell when the reason is gone.
    pub(crate) by_flow: bool,
}

/// Where an item stands, and what it is at the target.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) state: ItemState,
    pub(crate) under: Option<String>,
    pub(crate) version: Vec<u8>,
    pub(crate) target: Option<String>,
}

/// What to do with an item that is not to be written.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// A rule filtered it.
    Filtered(String),
    /// It waits.
    Parked { parkings: Vec<Parking>, message: String },
}

impl Ledger {
    /// Returns items that are to be filtered and mapped now, in the order in which they were read, each with what it is already
    /// at the target: an entity of a connection. What it is elsewhere, where the flow wrote before, is another document.
    pub(crate) fn due_items(
        &self,
        flow: i64,
        (connection, entity): (&str, &str),
        limit: usize,
    ) -> Result<Vec<StoredItem>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT i.n, i.entity, i.remote, i.version, i.deleted, d.body, t.result_id, t.result_revision
             FROM items i JOIN item_documents d ON d.item = i.n
             LEFT JOIN intents t ON t.n = (SELECT max(p.n) FROM intents p WHERE p.item = i.n AND p.step = 0
                                           AND p.result_id IS NOT NULL AND p.connection = ?4 AND p.entity = ?5)
             WHERE i.flow = ?1 AND i.state = 'new' AND i.not_before <= ?2 ORDER BY i.not_before, i.n LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![flow, stored(self.now()), limit, connection, entity], |row| {
            let bound: Option<String> = row.get(6)?;
            let revision: Option<String> = row.get(7)?;
            Ok(StoredItem {
                n: row.get(0)?,
                entity: row.get(1)?,
                remote: row.get(2)?,
                version: row.get(3)?,
                deleted: row.get(4)?,
                document: Document::new(Bytes::from(row.get::<_, Vec<u8>>(5)?)),
                bound: bound.map(|id| (id, revision)),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Files items that are not to be written. Items that changed since they were looked at are left alone; returns
    /// for each whether it was filed.
    pub(crate) async fn file_items(&self, lease: &Lease, verdicts: Vec<(i64, Vec<u8>, Verdict)>) -> Result<Vec<bool>> {
        let now = self.now();
        self.write_under(lease, move |tx| {
            verdicts.iter().map(|(item, version, verdict)| file(tx, *item, version, verdict, now)).collect()
        })
        .await
    }

    /// Makes the target intents of items durable as sent; each is then to be applied. None for items that changed
    /// since they were mapped.
    pub(crate) async fn begin_items(
        &self,
        lease: &Lease,
        flow: i64,
        begins: Vec<(i64, Vec<u8>, NewIntent)>,
    ) -> Result<Vec<Option<Sent>>> {
        let now = self.now();
        self.write_under(lease, move |tx| {
            begins.into_iter().map(|(item, version, intent)| begin(tx, flow, item, &version, &intent, now)).collect()
        })
        .await
    }

    /// Returns where the ledger has an item, and what it is at the target: an entity of a connection.
    pub(crate) fn placed(
        &self,
        flow: &str,
        (entity, id): (&str, &str),
        (connection, written): (&str, &str),
    ) -> Result<Option<Placed>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT i.state, i.under, i.version,
                    (SELECT t.result_id FROM intents t WHERE t.item = i.n AND t.step = 0 AND t.result_id IS NOT NULL
                     AND t.connection = ?4 AND t.entity = ?5 ORDER BY t.n DESC LIMIT 1)
             FROM items i JOIN flows f ON f.n = i.flow WHERE f.name = ?1 AND i.entity = ?2 AND i.remote = ?3",
        )?;
        let placed = statement.query_row([flow, entity, id, connection, written], |row| {
            Ok(Placed { state: row.get(0)?, under: row.get(1)?, version: row.get(2)?, target: row.get(3)? })
        });
        Ok(placed.optional()?)
    }

    /// Tells what this ledger would make of an item that a source reports: whether it is new or changed.
    pub(crate) fn is_news(&self, flow: &str, item: &Item) -> Result<bool> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT i.version FROM items i JOIN flows f ON f.n = i.flow
             WHERE f.name = ?1 AND i.entity = ?2 AND i.remote = ?3",
        )?;
        let known: Option<Vec<u8>> =
            statement.query_row([flow, &item.entity, &item.id], |row| row.get(0)).optional()?;
        Ok(known.is_none_or(|known| known != version_of(item)))
    }
}

/// What tells one state of a record from another: its revision, or a digest of its content where there is none.
pub(crate) fn version_of(item: &Item) -> Vec<u8> {
    let mut version = vec![if item.deleted { b'x' } else { b'-' }];
    match &item.revision {
        Some(revision) => {
            version.push(b'r');
            version.extend_from_slice(revision.as_bytes());
        }
        None => {
            version.push(b'd');
            let digest = digest::digest(&digest::SHA256, item.document.as_bytes());
            version.extend(digest.as_ref().iter().take(16));
        }
    }
    version
}

/// What became of an item that a source reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    /// It was known as it is.
    Unchanged,
    /// It is news, and is looked at next.
    Waiting,
    /// It is news, and was filed under its rule.
    Filtered,
}

/// Records what a source reported.
pub(super) fn record(
    tx: &Connection,
    flow: i64,
    item: &Item,
    rule: Option<&str>,
    follows_changes: bool,
    now: Instant,
) -> Result<Recorded> {
    let version = version_of(item);
    if insert(tx, flow, item, rule, &version, now)? {
        if rule.is_some() {
            return Ok(Recorded::Filtered);
        }
        put_document(tx, tx.last_insert_rowid(), item.document.as_bytes())?;
        return Ok(Recorded::Waiting);
    }
    let is_news = compare(tx, flow, item, &version, follows_changes, now)?;
    Ok(if is_news { Recorded::Waiting } else { Recorded::Unchanged })
}

/// Adds an item that is not known; false when it is.
fn insert(tx: &Connection, flow: i64, item: &Item, rule: Option<&str>, version: &[u8], now: Instant) -> Result<bool> {
    let (state, settled) = match rule {
        Some(_) => ("filtered", Some(stored(now))),
        None => ("new", None),
    };
    let inserted = tx
        .prepare_cached(
            "INSERT INTO items (flow, entity, remote, version, deleted, state, under, read, settled)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )?
        .execute(params![flow, item.entity, item.id, version, item.deleted, state, rule, stored(now), settled])?;
    Ok(inserted == 1)
}

/// Compares an item with what is known of it; returns whether it is news.
fn compare(
    tx: &Connection,
    flow: i64,
    item: &Item,
    version: &[u8],
    follows_changes: bool,
    now: Instant,
) -> Result<bool> {
    let (n, known, state): (i64, Vec<u8>, ItemState) = tx
        .prepare_cached("SELECT n, version, state FROM items WHERE flow = ?1 AND entity = ?2 AND remote = ?3")?
        .query_row(params![flow, item.entity, item.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let news = News { n, version, deleted: item.deleted, body: item.document.as_bytes(), at: now };
    if known == version {
        // What was noted while the item was under way is outdated: the source is back at what is being worked on.
        return Ok(tx.prepare_cached("DELETE FROM next_documents WHERE item = ?1")?.execute([n])? > 0);
    }
    change(tx, &news, state, follows_changes, now)
}

/// Number, version, state, rule or cause, and when that version was read.
type Known = (i64, Vec<u8>, ItemState, Option<String>, i64);

/// Records what a source reported when it was read again; returns whether there is something to do. What a rule filtered
/// is looked at again, since the rule may be another one now. What was read by somebody else since `asked` is newer and
/// stays.
pub(super) fn record_again(
    tx: &Connection,
    flow: i64,
    item: &Item,
    follows_changes: bool,
    (asked, now): (Instant, Instant),
) -> Result<bool> {
    let known: Option<Known> = tx
        .prepare_cached(
            "SELECT n, version, state, under, coalesce(version_read, read) FROM items
             WHERE flow = ?1 AND entity = ?2 AND remote = ?3",
        )?
        .query_row(params![flow, item.entity, item.id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let version = version_of(item);
    match known {
        Some((n, known, ItemState::Filtered, under, _)) if known == version => {
            if under.is_some_and(|under| under.starts_with(SKIPPED)) {
                return Ok(false);
            }
            let news = News { n, version: &version, deleted: item.deleted, body: item.document.as_bytes(), at: now };
            start_again(tx, &news)?;
            events::add(tx, n, now, "read-again", "a backfill looks at it with the rules of now")?;
            Ok(true)
        }
        // The live feed reports it by itself when the source came back to what is being written.
        Some((_, known, ..)) if known == version => Ok(false),
        Some((.., read)) if read >= stored(asked) => Ok(false),
        // What the live feed brought while the item is under way may be newer, and comes next.
        Some((n, ..)) if has_next(tx, n)? => Ok(false),
        _ => Ok(record(tx, flow, item, None, follows_changes, now)? != Recorded::Unchanged),
    }
}

/// How the rule begins under which skipped items are filed.
pub(super) const SKIPPED: &str = "skipped: ";

struct News<'a> {
    n: i64,
    version: &'a [u8],
    deleted: bool,
    body: &'a [u8],
    at: Instant,
}

fn change(tx: &Connection, news: &News<'_>, state: ItemState, follows_changes: bool, now: Instant) -> Result<bool> {
    match state {
        ItemState::Done if !follows_changes => {
            set_version(tx, news)?;
            events::add(tx, news.n, now, "changed-after-done", "the flow writes each document once")?;
        }
        ItemState::Done => {
            tx.execute("UPDATE items SET round = round + 1 WHERE n = ?1", [news.n])?;
            start_again(tx, news)?;
            events::add(tx, news.n, now, "changed", "it is written again")?;
        }
        ItemState::Working | ItemState::Parked if intents::is_committed(tx, news.n)? => {
            if !note_next(tx, news)? {
                return Ok(false);
            }
            events::add(tx, news.n, now, "changed", "its effects are under way; the change comes next")?;
        }
        ItemState::New | ItemState::Working | ItemState::Filtered | ItemState::Parked => {
            intents::replace(tx, news.n)?;
            start_again(tx, news)?;
            events::add(tx, news.n, now, "changed", "it had not been written yet; the new document takes its place")?;
        }
    }
    Ok(true)
}

/// Tells whether a change is kept for when the item's effects are settled.
fn has_next(tx: &Connection, item: i64) -> Result<bool> {
    Ok(tx.prepare_cached("SELECT 1 FROM next_documents WHERE item = ?1")?.exists([item])?)
}

/// Keeps a change for when the item's effects are settled; false when it was known.
fn note_next(tx: &Connection, news: &News<'_>) -> Result<bool> {
    let known = tx
        .prepare_cached("SELECT 1 FROM next_documents WHERE item = ?1 AND version = ?2")?
        .exists(params![news.n, news.version])?;
    if !known {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO next_documents (item, version, deleted, body) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![news.n, news.version, news.deleted, news.body])?;
    }
    Ok(!known)
}

fn start_again(tx: &Connection, news: &News<'_>) -> Result<()> {
    set_version(tx, news)?;
    put_document(tx, news.n, news.body)?;
    renew(tx, news.n)
}

/// Makes an item one that is filtered and mapped next.
pub(super) fn renew(tx: &Connection, item: i64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE items SET state = 'new', under = NULL, message = NULL, not_before = 0, settled = NULL WHERE n = ?1",
    )?
    .execute([item])?;
    unfile(tx, item)
}

/// Files an item as skipped by a person. None of its effects may have happened.
pub(super) fn skip(tx: &Connection, item: i64, rule: &str, now: Instant) -> Result<()> {
    // What the source said meanwhile is skipped with it.
    tx.prepare_cached(
        "UPDATE items SET (version, deleted) = (SELECT version, deleted FROM next_documents WHERE item = ?1)
         WHERE n = ?1 AND EXISTS (SELECT 1 FROM next_documents WHERE item = ?1)",
    )?
    .execute([item])?;
    tx.prepare_cached("DELETE FROM next_documents WHERE item = ?1")?.execute([item])?;
    drop_document(tx, item)?;
    unfile(tx, item)?;
    tx.prepare_cached(
        "UPDATE items SET state = 'filtered', under = ?2, message = NULL, not_before = 0, settled = ?3 WHERE n = ?1",
    )?
    .execute(params![item, rule, stored(now)])?;
    Ok(())
}

pub(super) fn unfile(tx: &Connection, item: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM parkings WHERE item = ?1")?.execute([item])?;
    Ok(())
}

/// Makes an item one whose intents are under way.
pub(super) fn resume(tx: &Connection, item: i64) -> Result<()> {
    tx.prepare_cached("UPDATE items SET state = 'working', under = NULL, message = NULL, settled = NULL WHERE n = ?1")?
        .execute([item])?;
    unfile(tx, item)
}

fn set_version(tx: &Connection, news: &News<'_>) -> Result<()> {
    tx.prepare_cached("UPDATE items SET version = ?2, deleted = ?3, version_read = ?4 WHERE n = ?1")?
        .execute(params![news.n, news.version, news.deleted, stored(news.at)])?;
    Ok(())
}

fn put_document(tx: &Connection, item: i64, body: &[u8]) -> Result<()> {
    tx.prepare_cached("INSERT OR REPLACE INTO item_documents (item, body) VALUES (?1, ?2)")?
        .execute(params![item, body])?;
    Ok(())
}

fn drop_document(tx: &Connection, item: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM item_documents WHERE item = ?1")?.execute([item])?;
    Ok(())
}

fn file(tx: &Connection, item: i64, version: &[u8], verdict: &Verdict, now: Instant) -> Result<bool> {
    let current = tx
        .prepare_cached("SELECT 1 FROM items WHERE n = ?1 AND version = ?2 AND state = 'new'")?
        .exists(params![item, version])?;
    if !current {
        return Ok(false);
    }
    match verdict {
        Verdict::Filtered(rule) => {
            drop_document(tx, item)?;
            tx.prepare_cached(
                "UPDATE items SET state = 'filtered', under = ?2, message = NULL, settled = ?3 WHERE n = ?1",
            )?
            .execute(params![item, rule, stored(now)])?;
        }
        Verdict::Parked { parkings, message } => park(tx, item, parkings, message, now)?,
    }
    Ok(true)
}

/// Files an item as one that is not to be written after all. The reason stays with it.
pub(super) fn refuse(tx: &Connection, item: i64, now: Instant) -> Result<()> {
    intents::replace(tx, item)?;
    drop_document(tx, item)?;
    unfile(tx, item)?;
    tx.prepare_cached("UPDATE items SET state = 'filtered', settled = ?2 WHERE n = ?1")?
        .execute(params![item, stored(now)])?;
    events::add(tx, item, now, "refused", "who made the edit was told that it was not made")
}

/// Files an item under its causes. Its document stays.
pub(super) fn park(tx: &Connection, item: i64, parkings: &[Parking], message: &str, now: Instant) -> Result<()> {
    let cause = parkings.first().map_or("internal", |parking| parking.cause);
    tx.prepare_cached("UPDATE items SET state = 'parked', under = ?2, message = ?3, settled = ?4 WHERE n = ?1")?
        .execute(params![item, cause, message, stored(now)])?;
    for parking in parkings {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO parkings (item, cause, place, key, by_flow, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![item, parking.cause, parking.place, parking.key, parking.by_flow, stored(now)])?;
    }
    events::add(tx, item, now, "parked", &format!("{cause}: {message}"))
}

fn begin(
    tx: &Connection,
    flow: i64,
    item: i64,
    version: &[u8],
    intent: &NewIntent,
    now: Instant,
) -> Result<Option<Sent>> {
    let begun = tx
        .prepare_cached("UPDATE items SET state = 'working' WHERE n = ?1 AND version = ?2 AND state = 'new'")?
        .execute(params![item, version])?;
    if begun == 0 {
        return Ok(None);
    }
    intents::begin(tx, flow, item, intent, now).map(Some)
}

/// Ends an item whose effects have all happened; what the source said in the meantime comes next. Returns whether the
/// item is done.
pub(super) fn finish(tx: &Connection, item: i64, follows_changes: bool, now: Instant) -> Result<bool> {
    drop_document(tx, item)?;
    tx.prepare_cached(
        "UPDATE items SET state = 'done', under = NULL, message = NULL, settled = ?2, compacted = 0 WHERE n = ?1",
    )?
    .execute(params![item, stored(now)])?;
    let next: Option<(Vec<u8>, bool, Vec<u8>)> = tx
        .prepare_cached("SELECT version, deleted, body FROM next_documents WHERE item = ?1")?
        .query_row([item], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((version, deleted, body)) = next else { return Ok(true) };
    tx.execute("DELETE FROM next_documents WHERE item = ?1", [item])?;
    let news = News { n: item, version: &version, deleted, body: &body, at: now };
    change(tx, &news, ItemState::Done, follows_changes, now)?;
    Ok(!follows_changes)
}
