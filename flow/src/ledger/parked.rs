//! What waits, under which cause; and letting it go on.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use wharf_host::model::Instant;

use super::intents::Teller;
use super::{Lease, Ledger, Result, conflicts, counted, dependencies, events, holds, items, loaded, stored};
use crate::report::{EffectKind, HoldScope, ParkedGroup, Selector, UnknownOutcome};

/// How many documents a group names.
const SAMPLES: usize = 5;

pub(super) fn groups(connection: &Connection) -> Result<Vec<ParkedGroup>> {
    let mut statement = connection.prepare_cached(
        "SELECT f.name, p.cause, p.place, p.key, count(*), min(p.since)
         FROM parkings p JOIN items i ON i.n = p.item JOIN flows f ON f.n = i.flow
         GROUP BY f.name, p.cause, p.place, p.key ORDER BY count(*) DESC, min(p.since)",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(ParkedGroup {
            flow: row.get(0)?,
            cause: row.get(1)?,
            place: row.get(2)?,
            key: row.get(3)?,
            items: counted(row.get(4)?),
            oldest: loaded(row.get(5)?),
            samples: Vec::new(),
            message: String::new(),
            conflict: None,
        })
    })?;
    let mut groups = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    for group in &mut groups {
        add_samples(connection, group)?;
    }
    Ok(groups)
}

fn add_samples(connection: &Connection, group: &mut ParkedGroup) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT i.entity, i.remote, coalesce(i.message, ''), i.n
         FROM parkings p JOIN items i ON i.n = p.item JOIN flows f ON f.n = i.flow
         WHERE p.cause = ?1 AND p.place = ?2 AND p.key = ?3 AND f.name = ?4 ORDER BY p.since, i.n LIMIT ?5",
    )?;
    let limit = i64::try_from(SAMPLES).unwrap_or(5);
    let rows = statement.query_map(params![group.cause, group.place, group.key, group.flow, limit], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    for row in rows {
        let (entity, id, message, item): (String, String, String, i64) = row?;
        if group.samples.is_empty() {
            group.message = message;
            if group.cause == "conflict" {
                group.conflict = conflicts::of_item(connection, item)?;
            }
        }
        group.samples.push((entity, id));
    }
    Ok(())
}

pub(super) fn release(tx: &Connection, selector: &Selector, now: Instant) -> Result<u64> {
    if selector.document.is_none() && selector.key.is_none() && selector.place.is_none() {
        holds::lift_cause(tx, selector.cause.as_deref(), selector.flow.as_deref())?;
    }
    let items = selected(tx, selector)?;
    for item in &items {
        let_go(tx, *item, &selector.unknown, "a person let it go on", now)?;
    }
    Ok(u64::try_from(items.len()).unwrap_or(0))
}

/// Returns the parts of the document that a selector names: connection, entity, id.
pub(super) fn parts(selector: &Selector) -> (Option<&String>, Option<&String>, Option<&String>) {
    match &selector.document {
        Some((connection, entity, id)) => (Some(connection), Some(entity), Some(id)),
        None => (None, None, None),
    }
}

/// Returns the parked items that a selector names.
pub(super) fn selected(tx: &Connection, selector: &Selector) -> Result<Vec<i64>> {
    let (connection, entity, id) = parts(selector);
    let mut statement = tx.prepare_cached(
        "SELECT DISTINCT i.n FROM parkings p JOIN items i ON i.n = p.item JOIN flows f ON f.n = i.flow
         WHERE (?1 IS NULL OR f.name = ?1) AND (?2 IS NULL OR p.cause = ?2) AND (?3 IS NULL OR p.place = ?3)
           AND (?4 IS NULL OR p.key = ?4) AND (?5 IS NULL OR f.connection = ?5) AND (?6 IS NULL OR i.entity = ?6)
           AND (?7 IS NULL OR i.remote = ?7)",
    )?;
    let rows = statement.query_map(
        params![selector.flow, selector.cause, selector.place, selector.key, connection, entity, id],
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

struct ParkedIntent {
    n: i64,
    kind: EffectKind,
    cause: String,
}

/// Lets one parked item go on where it stood.
pub(super) fn let_go(tx: &Connection, item: i64, unknown: &UnknownOutcome, reason: &str, now: Instant) -> Result<()> {
    events::add(tx, item, now, "released", reason)?;
    match parked_intent(tx, item)? {
        Some(intent) if intent.cause == "outcome-unknown" => {
            restart_unknown(tx, intent.n, unknown, now)?;
            items::resume(tx, item)
        }
        Some(intent) if intent.kind == EffectKind::WriteBack => {
            // It is mapped again: what it says may have been the reason.
            tx.execute("DELETE FROM intent_documents WHERE intent = ?1", [intent.n])?;
            restart(tx, intent.n, "planned", now)?;
            items::resume(tx, item)
        }
        Some(intent) => {
            dependencies::revive(tx, intent.n, unknown, now)?;
            tx.execute("UPDATE intents SET attempts = 0 WHERE n = ?1", [intent.n])?;
            items::renew(tx, item)
        }
        None => items::renew(tx, item),
    }
}

fn parked_intent(tx: &Connection, item: i64) -> Result<Option<ParkedIntent>> {
    let mut statement = tx.prepare_cached(
        "SELECT t.n, t.kind, coalesce(t.cause, '') FROM intents t JOIN items i ON i.n = t.item AND i.round = t.round
         WHERE t.item = ?1 AND t.state = 'parked' ORDER BY t.step LIMIT 1",
    )?;
    let mut rows = statement
        .query_map([item], |row| Ok(ParkedIntent { n: row.get(0)?, kind: row.get(1)?, cause: row.get(2)? }))?;
    Ok(rows.next().transpose()?)
}

fn restart(tx: &Connection, intent: i64, state: &str, now: Instant) -> Result<()> {
    tx.execute(
        "UPDATE intents SET state = ?2, attempts = 0, asked = 0, absences = 0, told_id = NULL, told_by = NULL,
                not_before = ?3, settled = NULL WHERE n = ?1",
        params![intent, state, stored(now)],
    )?;
    Ok(())
}

/// Lets a write go on whose outcome is unknown, with what is known of it by now.
pub(super) fn restart_unknown(tx: &Connection, intent: i64, unknown: &UnknownOutcome, now: Instant) -> Result<()> {
    let state = if *unknown == UnknownOutcome::Absent { "planned" } else { "unknown" };
    restart(tx, intent, state, now)?;
    if let UnknownOutcome::Found(id) = unknown {
        tx.execute(
            "UPDATE intents SET told_id = ?2, told_by = ?3 WHERE n = ?1",
            params![intent, id, Teller::Person.word()],
        )?;
    }
    Ok(())
}

/// A parked item, and every table and value that it misses.
pub(crate) type UnmappedItem = (i64, Vec<(String, String)>);

impl Ledger {
    /// Returns the parked items of a flow whose own mapping had no entry, with every table and value they miss.
    pub(crate) fn unmapped_items(&self, flow: i64) -> Result<Vec<UnmappedItem>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT p.item, p.place, p.key FROM parkings p JOIN items i ON i.n = p.item
             WHERE i.flow = ?1 AND p.cause = 'mapping-missing' AND p.by_flow = 1 ORDER BY p.item",
        )?;
        let rows = statement.query_map([flow], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut items: Vec<UnmappedItem> = Vec::new();
        for row in rows {
            let (item, place, key) = row?;
            match items.last_mut() {
                Some((last, keys)) if *last == item => keys.push((place, key)),
                _ => items.push((item, vec![(place, key)])),
            }
        }
        Ok(items)
    }

    /// Returns the items of a flow that another definition may help: refused documents, their own and those that they need
    /// first, and mappings that the target missed.
    pub(crate) fn redefinable_items(&self, flow: i64) -> Result<Vec<i64>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT DISTINCT p.item FROM parkings p JOIN items i ON i.n = p.item
             WHERE i.flow = ?1 AND (p.cause IN ('invalid-record', 'dependency-missing')
               OR (p.cause = 'mapping-missing' AND p.by_flow = 0))",
        )?;
        let rows = statement.query_map([flow], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Counts the items of a flow that were parked since then and still are, by the code of their cause.
    pub(crate) fn parked_since(&self, flow: i64, since: Instant) -> Result<BTreeMap<String, u64>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT i.under, count(*) FROM (SELECT DISTINCT item FROM parkings WHERE since >= ?2) p
             CROSS JOIN items i ON i.n = p.item WHERE i.flow = ?1 AND i.state = 'parked' GROUP BY i.under",
        )?;
        let rows = statement.query_map(params![flow, stored(since)], |row| Ok((row.get(0)?, counted(row.get(1)?))))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Notes that a flow has another definition, and lets go on what the one before it may have stopped: these items, and its
    /// feed. One transaction, so that a process which ends before it leaves that to the next one.
    pub(crate) async fn redefine(&self, lease: &Lease, flow: i64, definition: Vec<u8>, items: Vec<i64>) -> Result<()> {
        let (now, name) = (self.now(), lease.flow().to_owned());
        self.write_under(lease, move |tx| {
            let reason = "the flow's definition changed";
            items.iter().try_for_each(|item| let_go(tx, *item, &UnknownOutcome::Ask, reason, now))?;
            holds::lift(tx, &HoldScope::Feed(name))?;
            tx.execute("UPDATE flows SET definition = ?2 WHERE n = ?1", params![flow, definition])?;
            Ok(())
        })
        .await
    }

    /// Lets items go on because their cause is gone.
    pub(crate) async fn let_go(&self, lease: &Lease, items: Vec<i64>, reason: &'static str) -> Result<()> {
        let now = self.now();
        self.write_under(lease, move |tx| {
            items.iter().try_for_each(|item| let_go(tx, *item, &UnknownOutcome::Ask, reason, now))
        })
        .await
    }
}
