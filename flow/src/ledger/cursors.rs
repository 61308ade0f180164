//! Where each flow stands in its feed. A cursor moves only together with the items of its page.

use std::time::Duration;

use aws_lc_rs::digest;
use rusqlite::{Connection, OptionalExtension, params};
use wharf_host::model::{Cursor, Instant, Item};

use super::items::{self, Recorded};
use super::{Lease, Ledger, Result, hints, loaded, stored};
use crate::spec::Source;

/// Longer than reading ever waits between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// A flow's number in the ledger, and whether its definition is another one than last time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    pub(crate) flow: i64,
    pub(crate) redefined: bool,
}

/// Where a flow stands in its feed.
#[derive(Debug, Clone, Default)]
pub(crate) struct FeedState {
    pub(crate) cursor: Option<Cursor>,
    pub(crate) attempts: u32,
    pub(crate) not_before: Instant,
    pub(crate) page_items: Option<u32>,
    pub(crate) started: Option<Instant>,
    /// When it was read to its end last.
    pub(crate) caught_up: Option<Instant>,
}

impl FeedState {
    /// Tells whether a run was started to read it, and none has come to its end since.
    pub(crate) fn is_unread(&self) -> bool {
        self.started.is_some_and(|started| self.caught_up.is_none_or(|caught_up| caught_up < started))
    }
}

/// One page to be recorded.
pub(crate) struct PageCommit {
    pub(crate) flow: i64,
    pub(crate) items: Vec<PageItem>,
    pub(crate) next: Cursor,
    pub(crate) caught_up: bool,
    /// Whether an item that was done is worked on again when it changed.
    pub(crate) follows_changes: bool,
    /// How large the next page may be; none for as large as usual.
    pub(crate) page_items: Option<u32>,
    /// Records, by entity and id, that were read by themselves while the page was on its way: which is newer cannot be
    /// told, so they are read once more.
    pub(crate) read_meanwhile: Vec<(String, String)>,
    /// How often it had been told when the page was asked for that there is news in the feed.
    pub(crate) told: Option<i64>,
}

/// One item of a page, and the rule that filters it.
#[derive(Debug)]
pub(crate) struct PageItem {
    pub(crate) item: Item,
    /// Only an item that the ledger does not know yet is filed under it at once; any other is looked at in its turn.
    pub(crate) rule: Option<String>,
}

/// What a page brought.
#[derive(Debug, Default)]
pub(crate) struct PageCounts {
    pub(crate) read: u64,
    pub(crate) unchanged: u64,
    /// Items that were filed with the page.
    pub(crate) filtered: Vec<PageItem>,
}

impl Ledger {
    /// Registers a flow, or finds it again, and notes that it was started if `by_schedule`. Another definition than the one that
    /// is known is left to [`redefine`](Self::redefine).
    pub(crate) async fn start_flow(
        &self,
        lease: &Lease,
        source: &Source,
        definition: Vec<u8>,
        by_schedule: bool,
    ) -> Result<Position> {
        let (name, now) = (lease.flow().to_owned(), self.now());
        let (connection, feed, selection) = (source.connection.clone(), source.feed.clone(), selection_of(source));
        self.write_under(lease, move |tx| {
            let before: Option<(i64, Vec<u8>, bool)> = tx
                .query_row(
                    "SELECT n, definition, connection = ?2 AND feed = ?3 AND coalesce(selection, ?4) = ?4
                     FROM flows WHERE name = ?1",
                    params![name, connection, feed, selection],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let Some((flow, old_definition, goes_on)) = before else {
                tx.execute(
                    "INSERT INTO flows (name, connection, feed, selection, definition, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![name, connection, feed, selection, definition, stored(now)],
                )?;
                return Ok(Position { flow: tx.last_insert_rowid(), redefined: false });
            };
            tx.execute(
                "UPDATE flows SET connection = ?2, feed = ?3, selection = ?4, started = iif(?6, ?5, started) WHERE n = ?1",
                params![flow, connection, feed, selection, stored(now), by_schedule],
            )?;
            if !goes_on {
                start_anew(tx, flow)?;
            }
            // By a clock that was ahead, and was set back since.
            let ahead = stored(now.after(LONGEST_WAIT));
            tx.execute("UPDATE flows SET pull_not_before = 0 WHERE n = ?1 AND pull_not_before > ?2", [flow, ahead])?;
            tx.execute("UPDATE hints SET not_before = 0 WHERE flow = ?1 AND not_before > ?2", [flow, ahead])?;
            Ok(Position { flow, redefined: old_definition != definition })
        })
        .await
    }

    /// Notes that a flow was started by its schedule, in a run that was under way.
    pub(crate) async fn started(&self, lease: &Lease, flow: i64) -> Result<()> {
        let now = self.now();
        self.write_under(lease, move |tx| {
            tx.execute("UPDATE flows SET started = ?2 WHERE n = ?1", params![flow, stored(now)])?;
            Ok(())
        })
        .await
    }

    /// Returns where a flow stands; the start, for one that never ran.
    pub(crate) fn feed_state(&self, flow: &str) -> Result<FeedState> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT cursor_version, cursor, pull_attempts, pull_not_before, page_items, started, caught_up
             FROM flows WHERE name = ?1",
        )?;
        let state = statement
            .query_row([flow], |row| {
                let (version, bytes): (Option<u32>, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?);
                Ok(FeedState {
                    cursor: version.zip(bytes).map(|(version, bytes)| Cursor { version, bytes }),
                    attempts: row.get(2)?,
                    not_before: loaded(row.get(3)?),
                    page_items: row.get(4)?,
                    started: row.get::<_, Option<i64>>(5)?.map(loaded),
                    caught_up: row.get::<_, Option<i64>>(6)?.map(loaded),
                })
            })
            .optional()?;
        Ok(state.unwrap_or_default())
    }

    /// Returns a flow's number, and the digest of the definition that it ran with last; none for one that never ran.
    pub(crate) fn known_flow(&self, flow: &str) -> Result<Option<(i64, Vec<u8>)>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT n, definition FROM flows WHERE name = ?1")?;
        Ok(statement.query_row([flow], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// Records pages that follow each other and moves the cursor behind them, in one transaction.
    pub(crate) async fn commit_pages(&self, lease: &Lease, pages: Vec<PageCommit>) -> Result<Vec<PageCounts>> {
        let now = self.now();
        #[cfg(feature = "mutation")]
        if crate::mutation::is(crate::mutation::Mutation::CursorEarly)
            && let Some(page) = pages.last()
        {
            let (flow, next) = (page.flow, page.next.clone());
            self.write_under(lease, move |tx| {
                tx.execute(
                    "UPDATE flows SET cursor_version = ?2, cursor = ?3 WHERE n = ?1",
                    params![flow, next.version, next.bytes],
                )?;
                Ok(())
            })
            .await?;
        }
        self.write_under(lease, move |tx| pages.into_iter().map(|page| record(tx, page, now)).collect()).await
    }

    /// Notes that reading failed: when to try again, how many failures counted, and how large pages may be.
    pub(crate) async fn pull_later(
        &self,
        lease: &Lease,
        flow: i64,
        attempts: u32,
        not_before: Instant,
        page_items: Option<u32>,
    ) -> Result<()> {
        self.write_under(lease, move |tx| {
            tx.execute(
                "UPDATE flows SET pull_attempts = ?2, pull_not_before = ?3, page_items = ?4 WHERE n = ?1",
                params![flow, attempts, stored(not_before), page_items],
            )?;
            Ok(())
        })
        .await
    }
}

/// Returns what tells one selection from a feed from another.
fn selection_of(source: &Source) -> Vec<u8> {
    let mut filter = source.filter.clone();
    filter.sort_unstable();
    let text = serde_json::json!([filter, source.since]).to_string();
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().iter().take(16).copied().collect()
}

/// Forgets places in a feed that is another one now, or that is asked for other records, and what was told of it: in another
/// feed they mean nothing, and records that were left out are behind them. It is read from its start, whoever asks next.
fn start_anew(tx: &Connection, flow: i64) -> Result<()> {
    tx.execute("UPDATE flows SET cursor = NULL, cursor_version = NULL WHERE n = ?1", [flow])?;
    tx.execute("UPDATE backfills SET cursor = NULL, cursor_version = NULL WHERE flow = ?1 AND ended IS NULL", [flow])?;
    tx.execute("DELETE FROM hints WHERE flow = ?1", [flow])?;
    hints::ask_for_poll(tx, flow)
}

fn record(tx: &Connection, page: PageCommit, now: Instant) -> Result<PageCounts> {
    let mut counts = PageCounts::default();
    move_cursor(tx, &page, now)?;
    let (flow, read_meanwhile, told) = (page.flow, page.read_meanwhile, page.told.filter(|_| page.caught_up));
    for item in page.items {
        let PageItem { item, rule } = item;
        match items::record(tx, page.flow, &item, rule.as_deref(), page.follows_changes, now)? {
            Recorded::Unchanged => counts.unchanged += 1,
            Recorded::Waiting => counts.read += 1,
            Recorded::Filtered => {
                counts.read += 1;
                counts.filtered.push(PageItem { item, rule });
            }
        }
    }
    for (entity, remote) in &read_meanwhile {
        hints::add(tx, flow, entity, remote, false, now)?;
    }
    if let Some(told) = told {
        hints::polled(tx, flow, told)?;
    }
    Ok(counts)
}

fn move_cursor(tx: &Connection, page: &PageCommit, now: Instant) -> Result<()> {
    tx.prepare_cached(
        "UPDATE flows SET cursor_version = ?2, cursor = ?3, pull_attempts = 0, pull_not_before = 0, page_items = ?6,
                caught_up = iif(?4, ?5, caught_up) WHERE n = ?1",
    )?
    .execute(params![
        page.flow,
        page.next.version,
        page.next.bytes,
        page.caught_up,
        stored(now),
        page.page_items
    ])?;
    Ok(())
}
