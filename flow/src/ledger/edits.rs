//! Edits that serving connectors hand over: items without a feed.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;
use wharf_host::model::{Applied, Document, Instant, Item};

use super::{Ledger, Result, items, loaded};
use crate::report::ItemState;

/// What became of handing an edit over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Handed {
    /// It is durable, under this id.
    Taken(String),
    /// The same is under way already, under this id.
    Joined(String),
    /// Another edit of the same record is under way.
    Busy,
}

/// How an edit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is under way.
    UnderWay,
    /// It was written; as what, where the remote says so.
    Done(Option<Applied>),
    /// It cannot be written: code of the cause, and the sentence.
    Refused(String, String),
}

impl Ledger {
    /// Makes an edit durable. `record` is the one to change; none for a create.
    pub(crate) async fn hand_over(
        &self,
        flow: &str,
        connection: &str,
        entity: &str,
        record: Option<&str>,
        document: Document,
    ) -> Result<Handed> {
        let now = self.now();
        let (flow, connection, entity) = (flow.to_owned(), connection.to_owned(), entity.to_owned());
        let record = record.map(str::to_owned);
        let handed = self
            .write(move |tx| {
                let flow = flow_of(tx, &flow, &connection)?;
                if let Some((id, same)) = under_way(tx, flow, &entity, record.as_deref(), &document)? {
                    return Ok(if same { Handed::Joined(id) } else { Handed::Busy });
                }
                let new = Uuid::now_v7().simple().to_string();
                let id = record.unwrap_or_else(|| format!("new-{new}"));
                // Each edit is news, also one that was made before: the remote may have changed since.
                let (revision, id_of_item) = (Some(new), id.clone());
                let item = Item { entity, id: id_of_item, revision, updated: None, deleted: false, document };
                items::record(tx, flow, &item, None, true, now)?;
                Ok(Handed::Taken(id))
            })
            .await?;
        self.tell();
        Ok(handed)
    }

    /// Returns how an edit stands.
    pub(crate) fn standing(&self, flow: &str, entity: &str, id: &str) -> Result<Standing> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT i.state, i.under, i.message, t.result_id, t.result_revision, t.result_number
             FROM items i JOIN flows f ON f.n = i.flow
             LEFT JOIN intents t ON t.item = i.n AND t.round = i.round AND t.step = 0
             WHERE f.name = ?1 AND i.entity = ?2 AND i.remote = ?3",
        )?;
        let found = statement
            .query_row([flow, entity, id], |row| {
                let result: Option<String> = row.get(3)?;
                let (revision, number) = (row.get(4)?, row.get(5)?);
                let applied = result.map(|id| Applied { id, revision, number });
                let under: Option<String> = row.get(1)?;
                let message: Option<String> = row.get(2)?;
                Ok((row.get::<_, ItemState>(0)?, under.unwrap_or_default(), message.unwrap_or_default(), applied))
            })
            .optional()?;
        Ok(match found {
            Some((ItemState::Done, _, _, applied)) => Standing::Done(applied),
            Some((ItemState::Filtered, under, message, _)) => Standing::Refused(under, message),
            // Whether it was written is for a person to find out; it may yet turn out that it was.
            Some((ItemState::Parked, under, _, _)) if under == "outcome-unknown" => Standing::UnderWay,
            Some((ItemState::Parked, under, message, _)) => Standing::Refused(under, message),
            _ => Standing::UnderWay,
        })
    }

    /// Gives an edit up that cannot be written: who made it is told so, and makes another.
    pub(crate) async fn give_up(&self, flow: &str, entity: &str, id: &str) -> Result<()> {
        let (flow, entity, id, now) = (flow.to_owned(), entity.to_owned(), id.to_owned(), self.now());
        self.write(move |tx| {
            let item: Option<i64> = tx
                .query_row(
                    "SELECT i.n FROM items i JOIN flows f ON f.n = i.flow WHERE f.name = ?1 AND i.entity = ?2
                     AND i.remote = ?3 AND i.state = 'parked' AND i.under <> 'outcome-unknown'",
                    [&flow, &entity, &id],
                    |row| row.get(0),
                )
                .optional()?;
            item.map_or(Ok(()), |item| items::refuse(tx, item, now))
        })
        .await
    }

    /// Returns when work of a flow without a feed is due.
    pub(crate) fn next_work(&self, flow: &str) -> Result<Option<Instant>> {
        let next: Option<i64> = self
            .reader()
            .prepare_cached(
                "SELECT min(due) FROM (
                     SELECT i.not_before AS due FROM items i JOIN flows f ON f.n = i.flow
                     WHERE f.name = ?1 AND i.state = 'new'
                     UNION ALL
                     SELECT t.not_before FROM intents t JOIN flows f ON f.n = t.flow
                     WHERE f.name = ?1 AND t.state IN ('planned', 'unknown')
                     UNION ALL
                     SELECT 0 FROM intents t JOIN flows f ON f.n = t.flow WHERE f.name = ?1 AND t.state = 'sent')",
            )?
            .query_row([flow], |row| row.get(0))?;
        Ok(next.map(loaded))
    }
}

fn flow_of(tx: &Connection, name: &str, connection: &str) -> Result<i64> {
    let known = tx.query_row("SELECT n FROM flows WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    if let Some(flow) = known {
        return Ok(flow);
    }
    tx.execute(
        "INSERT INTO flows (name, connection, feed, definition) VALUES (?1, ?2, '', x'')",
        params![name, connection],
    )?;
    Ok(tx.last_insert_rowid())
}

/// Returns an edit that is under way: of the same record, or for a create one with the same document; and whether it
/// says the same.
fn under_way(
    tx: &Connection,
    flow: i64,
    entity: &str,
    record: Option<&str>,
    document: &Document,
) -> Result<Option<(String, bool)>> {
    let mut statement = tx.prepare_cached(
        "SELECT i.remote, d.body = ?4 FROM items i JOIN item_documents d ON d.item = i.n
         WHERE i.flow = ?1 AND i.entity = ?2
           AND (i.state IN ('new', 'working') OR (i.state = 'parked' AND i.under = 'outcome-unknown'))
           AND (i.remote = ?3 OR (?3 IS NULL AND d.body = ?4)) LIMIT 1",
    )?;
    let found =
        statement.query_row(params![flow, entity, record, document.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}
