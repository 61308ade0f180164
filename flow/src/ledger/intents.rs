//! Intents: each wanted effect, durable before its request leaves.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};
use wharf_host::model::{Action, Document, Instant, Intent};

use super::{CORRECTION, HoldTable, Lease, Ledger, Result, loaded, stored};
use crate::report::{EffectKind, IntentState};

/// An intent that is to be made durable.
#[derive(Debug, Clone)]
pub(crate) struct NewIntent {
    pub(crate) id: String,
    pub(crate) kind: EffectKind,
    pub(crate) step: u32,
    pub(crate) connection: String,
    pub(crate) entity: String,
    pub(crate) action: Action,
    pub(crate) target: Option<String>,
    pub(crate) expected_revision: Option<String>,
    pub(crate) correlation: String,
    /// None for the item's document as it is.
    pub(crate) document: Option<Document>,
}

/// An intent that is durable as sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) n: i64,
    pub(crate) id: String,
    /// As the first attempt had it, so that its document is found: a flow that got another name would mint another.
    pub(crate) correlation: String,
    pub(crate) attempts: u32,
    pub(crate) alone: bool,
}

/// An intent as the ledger has it.
#[derive(Debug, Clone)]
pub(crate) struct StoredIntent {
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) kind: EffectKind,
    pub(crate) step: u32,
    pub(crate) connection: String,
    pub(crate) entity: String,
    pub(crate) action: Action,
    pub(crate) target: Option<String>,
    pub(crate) expected_revision: Option<String>,
    pub(crate) correlation: String,
    pub(crate) unknown: bool,
    pub(crate) alone: bool,
    pub(crate) attempts: u32,
    pub(crate) asked: u32,
    pub(crate) absences: u32,
    /// The id that somebody says it has.
    pub(crate) told: Option<Told>,
    /// What is written; none for a write-back that was not mapped yet.
    pub(crate) document: Option<Document>,
    /// The item that it is for; none for dependencies.
    pub(crate) item: Option<ItemOfIntent>,
}

/// The id that somebody says the document of an intent has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) by: Teller,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Teller {
    /// A person who looked.
    Person,
    /// The connector, whose word is checked now and then.
    Connector,
    /// The connector, with an id that another document has already.
    ConnectorAgain,
}

impl Teller {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Connector => "connector",
            Self::ConnectorAgain => "connector-again",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "person" => Self::Person,
            "connector-again" => Self::ConnectorAgain,
            _ => Self::Connector,
        }
    }
}

/// The item that an intent is for.
#[derive(Debug, Clone)]
pub(crate) struct ItemOfIntent {
    pub(crate) entity: String,
    pub(crate) remote: String,
    pub(crate) document: Option<Document>,
    /// What the target document is in the remote system, once it exists: id, revision, number.
    pub(crate) result: TargetResult,
}

/// What an item's target document is in the remote system.
#[derive(Debug, Clone, Default)]
pub(crate) struct TargetResult {
    pub(crate) id: Option<String>,
    pub(crate) revision: Option<String>,
    pub(crate) number: Option<String>,
}

impl StoredIntent {
    /// Tells whether both can go in one call.
    pub(crate) fn goes_with(&self, other: &Self) -> bool {
        (&self.connection, &self.entity, self.action) == (&other.connection, &other.entity, other.action)
    }

    /// Returns the intent as connectors see it. A write-back has to be mapped before.
    pub(crate) fn to_host(&self) -> Intent {
        Intent {
            id: self.id.clone(),
            entity: self.entity.clone(),
            action: self.action,
            target: self.target.clone(),
            expected_revision: self.expected_revision.clone(),
            correlation: self.correlation.clone(),
            document: self.document.clone().unwrap_or_else(|| Document::new("{}")),
        }
    }
}

const DUE: &str = "
    SELECT t.n, t.id, t.kind, t.step, t.connection, t.entity, t.action, t.target, t.expected_revision, t.correlation,
           t.state, t.alone, t.attempts, t.asked, t.absences, d.body, t.item, i.entity, i.remote, s.body,
           r.result_id, r.result_revision, r.result_number, t.told_id, t.told_by
    FROM intents t
    LEFT JOIN intent_documents d ON d.intent = t.n
    LEFT JOIN items i ON i.n = t.item
    LEFT JOIN item_documents s ON s.item = t.item
    LEFT JOIN intents r ON r.item = t.item AND r.round = t.round AND r.step = 0
    WHERE t.flow = ?1 AND t.state IN ('planned', 'unknown') AND t.not_before <= ?2
      AND t.connection NOT IN (SELECT value FROM json_each(?4))
      AND (t.state = 'unknown' OR t.connection || '/' || t.entity || '/' || t.action NOT IN (SELECT value FROM json_each(?5)))
    ORDER BY t.not_before, t.n LIMIT ?3";

impl Ledger {
    /// Returns the intents that are to be applied, or asked about, now; those that wait longest first.
    /// Leaves out what is held.
    pub(crate) fn due_intents(&self, flow: i64, limit: usize, holds: &HoldTable) -> Result<Vec<StoredIntent>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(DUE)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let (connections, writes) = holds.held_names(self.now());
        let rows = statement.query_map(params![flow, stored(self.now()), limit, connections, writes], load)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns when work of a flow is due next, by the connection that it needs.
    pub(crate) fn due_times(&self, flow: i64, target: &str) -> Result<Vec<(String, Instant)>> {
        let reader = self.reader();
        let mut times = Vec::new();
        let first_item: Option<i64> = reader
            .prepare_cached("SELECT min(not_before) FROM items WHERE flow = ?1 AND state = 'new'")?
            .query_row([flow], |row| row.get(0))?;
        times.extend(first_item.map(|time| (target.to_owned(), loaded(time))));
        let mut statement = reader.prepare_cached(
            "SELECT connection, min(not_before) FROM intents WHERE flow = ?1 AND state IN ('planned', 'unknown')
             GROUP BY connection",
        )?;
        let rows = statement.query_map([flow], |row| Ok((row.get(0)?, loaded(row.get(1)?))))?;
        for row in rows {
            times.push(row?);
        }
        Ok(times)
    }

    /// Returns the connections that a flow has sent something to and has recorded no outcome of.
    pub(crate) fn connections_sent_to(&self, flow: i64) -> Result<Vec<String>> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT DISTINCT connection FROM intents WHERE flow = ?1 AND state = 'sent'")?;
        Ok(statement.query_map([flow], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Marks planned intents as sent, with the documents of those that were mapped only now. For each whether it may be
    /// applied: not if it was replaced in the meantime.
    pub(crate) async fn send_again(&self, lease: &Lease, intents: Vec<Resend>) -> Result<Vec<bool>> {
        let now = self.now();
        self.write_under(lease, move |tx| intents.iter().map(|intent| resend(tx, intent, now)).collect()).await
    }

    /// Returns id and correlation text of an intent that made a document of that id for another item, or as what others
    /// needed; the newest if there are several.
    pub(crate) fn bound_elsewhere(&self, intent: &StoredIntent, id: &str) -> Result<Option<(String, String)>> {
        let StoredIntent { n, connection, entity, .. } = intent;
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT id, correlation FROM intents
             WHERE connection = ?1 AND result_id = ?2 AND entity = ?3 AND action = 'create'
             AND n <> ?4 AND (item IS NULL OR item IS NOT (SELECT item FROM intents WHERE n = ?4)) ORDER BY n DESC LIMIT 1",
        )?;
        let found = statement.query_row(params![connection, id, entity, n], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    }

    /// Returns id and correlation text of an intent of a flow that wrote a document of that id for another item; the newest if
    /// there are several.
    pub(crate) fn of_another_item(
        &self,
        flow: i64,
        intent: &StoredIntent,
        id: &str,
    ) -> Result<Option<(String, String)>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT id, correlation FROM intents
             WHERE connection = ?1 AND result_id = ?2 AND entity = ?3 AND flow = ?4 AND kind = 'target'
             AND item IS NOT (SELECT item FROM intents WHERE n = ?5) ORDER BY n DESC LIMIT 1",
        )?;
        let wanted = params![intent.connection, id, intent.entity, flow, intent.n];
        Ok(statement.query_row(wanted, |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// Returns those of the intents that are still under way for a flow. Another run may have taken up what was stopped for
    /// long, such as a document that others need too.
    pub(crate) fn still_sent(&self, flow: i64, intents: Vec<StoredIntent>) -> Result<Vec<StoredIntent>> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT 1 FROM intents WHERE n = ?1 AND flow = ?2 AND state = 'sent'")?;
        let mut still = Vec::with_capacity(intents.len());
        for intent in intents {
            if statement.exists([intent.n, flow])? {
                still.push(intent);
            }
        }
        Ok(still)
    }

    /// Makes intents that were sent by a run that ended before it heard of them unknown; returns how many. What was put off
    /// by a clock that was ahead, and was set back since, is due as if it had been sent just now.
    pub(crate) async fn recover(&self, lease: &Lease, flow: i64, ask_at: Instant) -> Result<usize> {
        let ahead = self.now().after(CORRECTION);
        self.write_under(lease, move |tx| {
            tx.execute(
                "UPDATE intents SET not_before = ?2
                 WHERE flow = ?1 AND state IN ('planned', 'unknown') AND not_before > ?2 AND sent > ?3",
                params![flow, stored(ask_at), stored(ahead)],
            )?;
            Ok(tx.execute(
                "UPDATE intents SET state = 'unknown', asked = 0, absences = 0, cause = 'outcome-unknown',
                        not_before = CASE WHEN sent > ?3 THEN ?2 ELSE max(?2, not_before) END,
                        message = 'the process ended while the write was under way'
                 WHERE flow = ?1 AND state = 'sent'",
                params![flow, stored(ask_at), stored(ahead)],
            )?)
        })
        .await
    }

    /// Notes that what is under way is broken off, some time soon. The remote may go on with it until then, so nobody asks
    /// about it before.
    pub(crate) fn break_off(&self, lease: &Lease, flow: i64, until: Instant) {
        let fence = lease.fence();
        self.write_later(move |tx| {
            super::leases::check(tx, &fence)?;
            tx.execute(
                "UPDATE intents SET not_before = ?2 WHERE flow = ?1 AND state = 'sent'",
                params![flow, stored(until)],
            )?;
            Ok(())
        });
    }
}

/// A planned intent that is about to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Resend {
    pub(crate) intent: i64,
    /// Target and document of a write-back that was mapped only now.
    pub(crate) mapped: Option<(Option<String>, Document)>,
}

fn resend(tx: &Connection, resend: &Resend, now: Instant) -> Result<bool> {
    let sent = tx
        .prepare_cached(
            "UPDATE intents SET state = 'sent', asked = 0, absences = 0, told_id = NULL, told_by = NULL, sent = ?2
             WHERE n = ?1 AND state = 'planned'",
        )?
        .execute(params![resend.intent, stored(now)])?;
    if sent == 0 {
        return Ok(false);
    }
    if let Some((target, document)) = &resend.mapped {
        tx.prepare_cached("UPDATE intents SET target = ?2 WHERE n = ?1")?.execute(params![resend.intent, target])?;
        put_document(tx, resend.intent, Some(document))?;
    }
    Ok(true)
}

fn load(row: &Row<'_>) -> rusqlite::Result<StoredIntent> {
    let document = |index: usize| -> rusqlite::Result<Option<Document>> {
        Ok(row.get::<_, Option<Vec<u8>>>(index)?.map(|body| Document::new(Bytes::from(body))))
    };
    let kind: EffectKind = row.get(2)?;
    let source = document(19)?;
    // A target without a document of its own is the item's document as it is; a write-back without is not mapped yet.
    let own = match document(15)? {
        None if kind == EffectKind::Target => source.clone(),
        own => own,
    };
    let item = match row.get::<_, Option<i64>>(16)? {
        None => None,
        Some(_) => Some(ItemOfIntent {
            entity: row.get(17)?,
            remote: row.get(18)?,
            document: source,
            result: TargetResult { id: row.get(20)?, revision: row.get(21)?, number: row.get(22)? },
        }),
    };
    Ok(StoredIntent {
        n: row.get(0)?,
        id: row.get(1)?,
        kind,
        step: row.get(3)?,
        connection: row.get(4)?,
        entity: row.get(5)?,
        action: action(row, 6)?,
        target: row.get(7)?,
        expected_revision: row.get(8)?,
        correlation: row.get(9)?,
        unknown: row.get::<_, IntentState>(10)? == IntentState::Unknown,
        alone: row.get(11)?,
        attempts: row.get(12)?,
        asked: row.get(13)?,
        absences: row.get(14)?,
        told: told(row, 23)?,
        document: own,
        item,
    })
}

fn told(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Told>> {
    let (id, by): (Option<String>, Option<String>) = (row.get(column)?, row.get(column + 1)?);
    Ok(id.map(|id| Told { id, by: Teller::from_word(&by.unwrap_or_default()) }))
}

/// Reads an action from a column.
pub(super) fn action(row: &Row<'_>, column: usize) -> rusqlite::Result<Action> {
    let word: String = row.get(column)?;
    action_from(&word).ok_or(rusqlite::Error::FromSqlConversionFailure(
        column,
        rusqlite::types::Type::Text,
        format!("`{word}` is no action").into(),
    ))
}

pub(super) fn action_from(word: &str) -> Option<Action> {
    use Action::{Attach, Create, Delete, Transition, Update, Upsert};
    [Create, Update, Upsert, Transition, Delete, Attach].into_iter().find(|action| action.word() == word)
}

/// Makes an item's target intent durable as sent: the one of this round that was not applied, else a new one.
pub(super) fn begin(tx: &Connection, flow: i64, item: i64, intent: &NewIntent, now: Instant) -> Result<Sent> {
    let round: i64 = tx.prepare_cached("SELECT round FROM items WHERE n = ?1")?.query_row([item], |row| row.get(0))?;
    let before = tx
        .prepare_cached(
            "SELECT n, id, correlation, attempts, alone FROM intents WHERE item = ?1 AND round = ?2 AND step = 0",
        )?
        .query_row(params![item, round], |row| {
            let (n, id, correlation) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Sent { n, id, correlation, attempts: row.get(3)?, alone: row.get(4)? })
        })
        .optional()?;
    let Some(sent) = before else {
        let n = insert(tx, flow, Some((item, round)), intent, IntentState::Sent, Some(now))?;
        let (id, correlation) = (intent.id.clone(), intent.correlation.clone());
        return Ok(Sent { n, id, correlation, attempts: 0, alone: false });
    };
    tx.prepare_cached(
        "UPDATE intents SET state = 'sent', flow = ?2, connection = ?3, entity = ?4, action = ?5, target = ?6,
                expected_revision = ?7, asked = 0, absences = 0, told_id = NULL, told_by = NULL, sent = ?8, settled = NULL
         WHERE n = ?1",
    )?
    .execute(params![
        sent.n,
        flow,
        intent.connection,
        intent.entity,
        intent.action.word(),
        intent.target,
        intent.expected_revision,
        stored(now)
    ])?;
    put_document(tx, sent.n, intent.document.as_ref())?;
    tx.prepare_cached(
        "DELETE FROM waits WHERE intent = ?1
         AND NOT EXISTS (SELECT 1 FROM intents d WHERE d.n = waits.dependency AND d.state = 'applied')",
    )?
    .execute([sent.n])?;
    Ok(sent)
}

/// Makes a new intent durable.
pub(super) fn insert(
    tx: &Connection,
    flow: i64,
    item: Option<(i64, i64)>,
    intent: &NewIntent,
    state: IntentState,
    sent: Option<Instant>,
) -> Result<i64> {
    tx.prepare_cached(
        "INSERT INTO intents (id, flow, kind, item, round, step, connection, entity, action, target, expected_revision,
                              correlation, state, sent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        intent.id,
        flow,
        intent.kind,
        item.map(|(item, _)| item),
        item.map_or(0, |(_, round)| round),
        intent.step,
        intent.connection,
        intent.entity,
        intent.action.word(),
        intent.target,
        intent.expected_revision,
        intent.correlation,
        state,
        sent.map(stored),
    ])?;
    let n = tx.last_insert_rowid();
    if intent.document.is_some() {
        put_document(tx, n, intent.document.as_ref())?;
    }
    Ok(n)
}

pub(super) fn put_document(tx: &Connection, intent: i64, document: Option<&Document>) -> Result<()> {
    match document {
        Some(document) => tx
            .prepare_cached("INSERT OR REPLACE INTO intent_documents (intent, body) VALUES (?1, ?2)")?
            .execute(params![intent, document.as_bytes()])?,
        None => tx.prepare_cached("DELETE FROM intent_documents WHERE intent = ?1")?.execute([intent])?,
    };
    Ok(())
}

/// Tells whether an effect of the item's current round has happened, or may have.
pub(super) fn is_committed(tx: &Connection, item: i64) -> Result<bool> {
    let mut statement = tx.prepare_cached(
        "SELECT 1 FROM intents t JOIN items i ON i.n = t.item AND i.round = t.round WHERE t.item = ?1
         AND (t.state IN ('sent', 'unknown', 'applied') OR (t.state = 'parked' AND t.cause = 'outcome-unknown'))",
    )?;
    Ok(statement.exists([item])?)
}

/// Gives up the intents of an item's current round, none of which took effect. The next attempt takes them up again.
pub(super) fn replace(tx: &Connection, item: i64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE intents SET state = 'replaced', attempts = 0, not_before = 0, cause = NULL, message = NULL
         WHERE item = ?1 AND round = (SELECT round FROM items WHERE n = ?1)",
    )?
    .execute([item])?;
    Ok(())
}
