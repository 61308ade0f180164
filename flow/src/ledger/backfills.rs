//! Windows of a feed that are read again, each with a place of its own: the flow's own cursor stays where it is.

use rusqlite::{Connection, OptionalExtension, Row, params};
use wharf_host::model::{Cursor, Instant, Item};

use super::{Lease, Ledger, Result, counted, items, loaded, stored};
use crate::problem::LedgerError;
use crate::report::BackfillStatus;

/// How many that ended are listed.
const LISTED: usize = 10;

/// A backfill as the ledger has it.
#[derive(Debug, Clone)]
pub(crate) struct Backfill {
    pub(crate) n: i64,
    pub(crate) flow: i64,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) status: BackfillStatus,
}

/// A page of a backfill that is to be recorded.
pub(crate) struct BackfillPage {
    pub(crate) backfill: i64,
    pub(crate) flow: i64,
    pub(crate) items: Vec<Item>,
    pub(crate) next: Cursor,
    pub(crate) caught_up: bool,
    pub(crate) follows_changes: bool,
    /// When the page was asked for.
    pub(crate) asked: Instant,
}

impl Ledger {
    /// Starts a backfill of a window, or finds the one that was not read to its end.
    pub(crate) async fn open_backfill(
        &self,
        lease: &Lease,
        flow: &str,
        (from, to): (Instant, Instant),
        who: &str,
    ) -> Result<Backfill> {
        let (now, flow, who) = (self.now(), flow.to_owned(), who.to_owned());
        self.write_under(lease, move |tx| {
            let number: Option<i64> = tx
                .prepare_cached("SELECT n FROM flows WHERE name = ?1")?
                .query_row([&flow], |row| row.get(0))
                .optional()?;
            let Some(number) = number else {
                return Err(LedgerError::NotFound(format!("flow `{flow}` never ran; run it once, then backfill")));
            };
            tx.execute(
                "INSERT INTO backfills (flow, since, until, who, started) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
                params![number, stored(from), stored(to), who, stored(now)],
            )?;
            let mut statement = tx.prepare_cached(&format!(
                "{COLUMNS} WHERE b.flow = ?1 AND b.since = ?2 AND b.until = ?3 AND b.ended IS NULL"
            ))?;
            Ok(statement.query_row(params![number, stored(from), stored(to)], load)?)
        })
        .await
    }

    /// Records a page and moves the backfill's own cursor behind it, in one transaction; returns how it stands.
    pub(crate) async fn commit_backfill(&self, lease: &Lease, page: BackfillPage) -> Result<Backfill> {
        let now = self.now();
        self.write_under(lease, move |tx| {
            let mut news = 0;
            for item in &page.items {
                news += i64::from(items::record_again(tx, page.flow, item, page.follows_changes, (page.asked, now))?);
            }
            tx.prepare_cached(
                "UPDATE backfills SET cursor_version = ?2, cursor = ?3, pages = pages + 1, items = items + ?4,
                        news = news + ?5, ended = iif(?6, ?7, NULL) WHERE n = ?1",
            )?
            .execute(params![
                page.backfill,
                page.next.version,
                page.next.bytes,
                i64::try_from(page.items.len()).unwrap_or(i64::MAX),
                news,
                page.caught_up,
                stored(now)
            ])?;
            let mut statement = tx.prepare_cached(&format!("{COLUMNS} WHERE b.n = ?1"))?;
            Ok(statement.query_row([page.backfill], load)?)
        })
        .await
    }
}

const COLUMNS: &str = "
    SELECT b.n, b.flow, b.cursor_version, b.cursor, f.name, b.since, b.until, b.pages, b.items, b.news, b.who, b.started,
           b.ended
    FROM backfills b JOIN flows f ON f.n = b.flow";

fn load(row: &Row<'_>) -> rusqlite::Result<Backfill> {
    let (version, bytes): (Option<u32>, Option<Vec<u8>>) = (row.get(2)?, row.get(3)?);
    Ok(Backfill {
        n: row.get(0)?,
        flow: row.get(1)?,
        cursor: version.zip(bytes).map(|(version, bytes)| Cursor { version, bytes }),
        status: BackfillStatus {
            flow: row.get(4)?,
            from: loaded(row.get(5)?),
            to: loaded(row.get(6)?),
            pages: counted(row.get(7)?),
            items: counted(row.get(8)?),
            news: counted(row.get(9)?),
            who: row.get(10)?,
            started: loaded(row.get(11)?),
            ended: row.get::<_, Option<i64>>(12)?.map(loaded),
        },
    })
}

/// Returns those that are not at their end, and the last ones that are.
pub(super) fn all(connection: &Connection) -> Result<Vec<BackfillStatus>> {
    let mut statement =
        connection.prepare_cached(&format!("{COLUMNS} ORDER BY b.ended IS NOT NULL, b.n DESC LIMIT ?1"))?;
    let limit = i64::try_from(LISTED).unwrap_or(i64::MAX);
    let rows = statement.query_map([limit], |row| Ok(load(row)?.status))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
