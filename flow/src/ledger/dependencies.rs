//! Documents that others need first: made once, whoever asks, and waited for.

use rusqlite::{Connection, OptionalExtension, params};
use wharf_host::model::{Document, Instant};

use super::intents::NewIntent;
use super::{Lease, Ledger, Result, intents, items, parked, stored};
use crate::report::{IntentState, UnknownOutcome};

/// Code under which a document is parked of which nobody knows whether it is there.
const OUTCOME_UNKNOWN: &str = "outcome-unknown";

/// A document that an intent needs first.
#[derive(Debug, Clone)]
pub(crate) struct NewDependency {
    /// Key that the target named.
    pub(crate) key: String,
    /// What makes it; used only if nobody asked for the same before.
    pub(crate) intent: NewIntent,
}

/// Where the needed document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DependencyState {
    /// It will be made; the intent waits.
    Awaited,
    /// It was made before.
    Made,
    /// It could not be made: code of the cause and sentence.
    Parked(String, String),
}

/// Finds or makes the dependency. Waiting for it is up to the caller.
pub(super) fn want(tx: &Connection, flow: i64, wanted: &NewDependency) -> Result<(i64, DependencyState)> {
    let found = tx
        .prepare_cached(
            "SELECT n, state, cause, message, body FROM intents LEFT JOIN intent_documents ON intent = n
             WHERE connection = ?1 AND entity = ?2 AND dependency_key = ?3",
        )?
        .query_row(params![wanted.intent.connection, wanted.intent.entity, wanted.key], |row| {
            let (cause, message): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            Ok((
                row.get(0)?,
                row.get(1)?,
                cause.unwrap_or_default(),
                message.unwrap_or_default(),
                row.get::<_, Option<Vec<u8>>>(4)?,
            ))
        })
        .optional()?;
    Ok(match found {
        Some((n, IntentState::Applied, ..)) => (n, DependencyState::Made),
        Some((n, IntentState::Replaced, ..)) => plan_anew(tx, n, flow, &wanted.intent)?,
        Some((n, IntentState::Parked, cause, _, body))
            if cause != OUTCOME_UNKNOWN && is_another(wanted, body.as_deref()) =>
        {
            plan_anew(tx, n, flow, &wanted.intent)?
        }
        Some((n, IntentState::Parked, cause, message, _)) => (n, DependencyState::Parked(cause, message)),
        Some((n, ..)) => (n, DependencyState::Awaited),
        None => {
            let n = intents::insert(tx, flow, None, &wanted.intent, IntentState::Planned, None)?;
            tx.execute("UPDATE intents SET dependency_key = ?2 WHERE n = ?1", params![n, wanted.key])?;
            (n, DependencyState::Awaited)
        }
    })
}

/// Tells whether what could not be made is wanted with another document now, as that of a corrected flow.
fn is_another(wanted: &NewDependency, body: Option<&[u8]>) -> bool {
    wanted.intent.document.as_ref().map(Document::as_bytes) != body
}

/// Tries again what could not be made, from the document of now.
fn plan_anew(tx: &Connection, n: i64, flow: i64, intent: &NewIntent) -> Result<(i64, DependencyState)> {
    tx.prepare_cached(
        "UPDATE intents SET state = 'planned', flow = ?2, action = ?3, attempts = 0, asked = 0, absences = 0, not_before = 0,
                told_id = NULL, told_by = NULL, cause = NULL, message = NULL, settled = NULL WHERE n = ?1",
    )?
    .execute(params![n, flow, intent.action.word()])?;
    intents::put_document(tx, n, intent.document.as_ref())?;
    Ok((n, DependencyState::Awaited))
}

/// Lets go on what could not be made: a question about it is put again, and anything else is made from the document of
/// whoever needs it next, which may be a corrected one.
pub(super) fn revive(tx: &Connection, intent: i64, unknown: &UnknownOutcome, now: Instant) -> Result<()> {
    let mut statement = tx.prepare_cached(
        "SELECT d.n, coalesce(d.cause, '') FROM waits w JOIN intents d ON d.n = w.dependency
         WHERE w.intent = ?1 AND d.state = 'parked'",
    )?;
    let rows = statement.query_map([intent], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let parked: Vec<(i64, String)> = rows.collect::<rusqlite::Result<_>>()?;
    for (dependency, cause) in parked {
        if cause == OUTCOME_UNKNOWN {
            parked::restart_unknown(tx, dependency, unknown, now)?;
        } else {
            tx.prepare_cached("UPDATE intents SET state = 'replaced' WHERE n = ?1")?.execute([dependency])?;
        }
    }
    Ok(())
}

/// Counts what an intent has waited for so far.
pub(super) fn count(tx: &Connection, intent: i64) -> Result<u32> {
    let mut statement = tx.prepare_cached("SELECT count(*) FROM waits WHERE intent = ?1")?;
    Ok(statement.query_row([intent], |row| row.get(0))?)
}

/// Makes an intent wait for another.
pub(super) fn wait(tx: &Connection, intent: i64, dependency: i64) -> Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO waits (intent, dependency) VALUES (?1, ?2)")?
        .execute([intent, dependency])?;
    tx.prepare_cached("UPDATE intents SET state = 'waiting' WHERE n = ?1")?.execute([intent])?;
    Ok(())
}

/// Lets those go on that waited for nothing but this one, and those that were parked because it could not be made.
pub(super) fn release_waiters(tx: &Connection, dependency: i64, now: Instant) -> Result<()> {
    // The rows of `waits` stay: they tell later what an item needed.
    for waiter in waiters(tx, dependency)? {
        tx.prepare_cached(
            "UPDATE intents SET state = 'planned', not_before = 0 WHERE n = ?1 AND state = 'waiting'
             AND NOT EXISTS (SELECT 1 FROM waits w JOIN intents d ON d.n = w.dependency
                             WHERE w.intent = ?1 AND d.state <> 'applied')",
        )?
        .execute([waiter])?;
    }
    for item in parked_waiters(tx, dependency)? {
        parked::let_go(tx, item, &UnknownOutcome::Ask, "what it needs is there now", now)?;
    }
    Ok(())
}

/// Returns the items that are parked because a document could not be made.
fn parked_waiters(tx: &Connection, dependency: i64) -> Result<Vec<i64>> {
    let mut statement = tx.prepare_cached(
        "SELECT i.n FROM waits w JOIN intents t ON t.n = w.intent JOIN items i ON i.n = t.item AND i.round = t.round
         WHERE w.dependency = ?1 AND t.state = 'parked' AND t.cause = 'dependency-missing' AND i.state = 'parked'",
    )?;
    let rows = statement.query_map([dependency], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Parks everyone who waits for a dependency that could not be made; returns how many items.
pub(super) fn park_waiters(tx: &Connection, dependency: i64, cause: &str, message: &str, now: Instant) -> Result<u64> {
    let (entity, key): (String, String) = tx
        .prepare_cached("SELECT entity, coalesce(dependency_key, '') FROM intents WHERE n = ?1")?
        .query_row([dependency], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut parked = 0;
    for waiter in waiters(tx, dependency)? {
        let item: Option<i64> = tx
            .prepare_cached("SELECT item FROM intents WHERE n = ?1 AND state = 'waiting'")?
            .query_row([waiter], |row| row.get(0))
            .optional()?
            .flatten();
        let Some(item) = item else { continue };
        park_waiter(tx, waiter, item, (&entity, &key), (cause, message), now)?;
        parked += 1;
    }
    Ok(parked)
}

/// Parks an intent that waits for a dependency that could not be made.
pub(super) fn park_waiter(
    tx: &Connection,
    waiter: i64,
    item: i64,
    (entity, key): (&str, &str),
    (cause, message): (&str, &str),
    now: Instant,
) -> Result<()> {
    let text = format!("`{entity}` `{key}` has to exist first and could not be made: {cause}: {message}");
    tx.prepare_cached(
        "UPDATE intents SET state = 'parked', cause = 'dependency-missing', message = ?2, settled = ?3 WHERE n = ?1",
    )?
    .execute(params![waiter, text, stored(now)])?;
    let parking =
        items::Parking { cause: "dependency-missing", place: entity.to_owned(), key: key.to_owned(), by_flow: false };
    items::park(tx, item, &[parking], &text, now)
}

fn waiters(tx: &Connection, dependency: i64) -> Result<Vec<i64>> {
    let mut statement = tx.prepare_cached("SELECT intent FROM waits WHERE dependency = ?1")?;
    let rows = statement.query_map([dependency], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Ledger {
    /// Takes over the dependencies that intents of this flow wait for and whose own flow nobody runs now; returns how
    /// many. What the other run had sent becomes unknown.
    pub(crate) async fn adopt_dependencies(&self, lease: &Lease, flow: i64, ask_at: Instant) -> Result<usize> {
        let now = self.now();
        self.write_under(lease, move |tx| {
            Ok(tx.execute(
                "UPDATE intents SET
                     state = iif(state = 'sent', 'unknown', state),
                     not_before = iif(state = 'sent', ?3, not_before),
                     flow = ?1
                 WHERE kind = 'dependency' AND flow <> ?1 AND state IN ('planned', 'sent', 'unknown')
                   AND EXISTS (SELECT 1 FROM waits w JOIN intents t ON t.n = w.intent
                               WHERE w.dependency = intents.n AND t.flow = ?1)
                   AND NOT EXISTS (SELECT 1 FROM flows f JOIN leases l ON l.flow = f.name
                                   WHERE f.n = intents.flow AND l.owner <> '' AND l.expires > ?2)",
                params![flow, stored(now), stored(ask_at)],
            )?)
        })
        .await
    }
}
