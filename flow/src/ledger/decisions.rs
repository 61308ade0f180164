//! What people decide about documents: try again now, leave it, or what became of a write.

use rusqlite::{Connection, params};
use wharf_host::model::Instant;

use super::intents::Teller;
use super::{Ledger, Result, events, intents, items, parked, stored};
use crate::problem::LedgerError;
use crate::report::{IntentState, ItemState, Selector, SkipReport, UnknownOutcome};

/// How much of a reason is kept, in bytes.
const REASON_BYTES: usize = 500;

impl Ledger {
    /// Tries again with the next run, instead of later: what is parked goes on, and what waits for its next attempt is
    /// due now. Questions about unknown outcomes keep their time: asked too early they would be answered wrongly.
    /// Returns how many items that concerns.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub async fn retry(&self, selector: Selector, who: &str) -> Result<u64> {
        let (now, who) = (self.now(), who.to_owned());
        self.write(move |tx| retry(tx, &selector, &who, now)).await
    }

    /// Leaves items: they end as filtered under the rule `skipped: REASON`. An item whose document was written already
    /// ends as done, and the rest of its effects is given up. An item whose write has an unknown outcome is left alone
    /// unless `selector.unknown` says what became of it.
    ///
    /// Without a document in the selector only parked items are skipped.
    ///
    /// # Errors
    /// When the reason is empty, or the ledger cannot be written.
    pub async fn skip(&self, selector: Selector, reason: &str, who: &str) -> Result<SkipReport> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(LedgerError::Refused("a skipped document needs a reason; say why it is left".to_owned()));
        }
        let reason = reason.get(..reason.floor_char_boundary(REASON_BYTES)).unwrap_or(reason);
        let skip = Skip {
            rule: format!("{}{reason}", items::SKIPPED),
            detail: format!("{who}: {reason}"),
            unknown: selector.unknown.clone(),
            now: self.now(),
        };
        self.write(move |tx| skip.all(tx, &selector)).await
    }

    /// Records what a person found out about the parked writes of a document whose outcome is unknown, and lets it go on:
    /// a write that is not there is repeated, one that is there is bound to its id. Returns how many items that concerns.
    ///
    /// # Errors
    /// When no write of the document is parked with an unknown outcome, several are and one id cannot be that of all, or
    /// the ledger cannot be written.
    pub async fn resolve(&self, selector: Selector, who: &str) -> Result<u64> {
        let (now, who) = (self.now(), who.to_owned());
        self.write(move |tx| resolve(tx, &selector, &who, now)).await
    }
}

fn retry(tx: &Connection, selector: &Selector, who: &str, now: Instant) -> Result<u64> {
    let released = parked::selected(tx, selector)?;
    let reason = format!("{who} tries it again");
    for item in &released {
        parked::let_go(tx, *item, &UnknownOutcome::Ask, &reason, now)?;
    }
    let mut hurried = 0;
    if selector.place.is_none() && selector.key.is_none() {
        for item in waiting(tx, selector, now)? {
            tx.prepare_cached("UPDATE items SET not_before = 0 WHERE n = ?1 AND state = 'new'")?.execute([item])?;
            tx.prepare_cached(
                "UPDATE intents SET not_before = ?2 WHERE item = ?1 AND state = 'planned' AND not_before > ?2",
            )?
            .execute(params![item, stored(now)])?;
            events::add(tx, item, now, "retried", &reason)?;
            hurried += 1;
        }
    }
    if selector.document.is_none() && selector.cause.is_none() {
        tx.execute(
            "UPDATE flows SET pull_not_before = 0, pull_attempts = 0 WHERE ?1 IS NULL OR name = ?1",
            [&selector.flow],
        )?;
    }
    Ok(u64::try_from(released.len()).unwrap_or(0).saturating_add(hurried))
}

/// Returns the items whose next attempt is later.
fn waiting(tx: &Connection, selector: &Selector, now: Instant) -> Result<Vec<i64>> {
    let (connection, entity, id) = parked::parts(selector);
    let mut statement = tx.prepare_cached(
        "SELECT i.n FROM items i JOIN flows f ON f.n = i.flow
         WHERE i.state = 'new' AND i.not_before > ?6 AND ?5 IS NULL
           AND (?1 IS NULL OR f.name = ?1) AND (?2 IS NULL OR f.connection = ?2) AND (?3 IS NULL OR i.entity = ?3)
           AND (?4 IS NULL OR i.remote = ?4)
         UNION
         SELECT i.n FROM intents t JOIN items i ON i.n = t.item JOIN flows f ON f.n = i.flow
         WHERE t.state IN ('planned', 'unknown') AND t.state = 'planned' AND t.not_before > ?6
           AND (?5 IS NULL OR t.cause = ?5) AND (?1 IS NULL OR f.name = ?1) AND (?2 IS NULL OR f.connection = ?2)
           AND (?3 IS NULL OR i.entity = ?3) AND (?4 IS NULL OR i.remote = ?4)",
    )?;
    let rows = statement
        .query_map(params![selector.flow, connection, entity, id, selector.cause, stored(now)], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn resolve(tx: &Connection, selector: &Selector, who: &str, now: Instant) -> Result<u64> {
    let parked = parked::selected(tx, selector)?;
    let mut items = Vec::new();
    for item in parked {
        if is_unknown(tx, item)? {
            items.push(item);
        }
    }
    let found = match &selector.unknown {
        UnknownOutcome::Found(id) => Some(id),
        _ => None,
    };
    if items.is_empty() {
        let text = "no write of it waits with an unknown outcome; `wharf why` tells where it stands";
        return Err(LedgerError::NotFound(text.to_owned()));
    }
    if found.is_some() && items.len() > 1 {
        let text = "several flows wait for an unknown outcome of it, and one id cannot be that of all; add `--flow`";
        return Err(LedgerError::Refused(text.to_owned()));
    }
    let reason = match found {
        Some(id) => format!("{who} looked and found it as `{id}`"),
        None => format!("{who} looked and it is not there"),
    };
    for item in &items {
        parked::let_go(tx, *item, &selector.unknown, &reason, now)?;
    }
    Ok(u64::try_from(items.len()).unwrap_or(0))
}

/// Tells whether a parked item waits for a person to say what became of a write, its own or that of a dependency.
fn is_unknown(tx: &Connection, item: i64) -> Result<bool> {
    let mut statement = tx.prepare_cached(
        "SELECT 1 FROM intents t JOIN items i ON i.n = t.item AND i.round = t.round
         LEFT JOIN waits w ON w.intent = t.n LEFT JOIN intents d ON d.n = w.dependency
         WHERE t.item = ?1 AND ((t.state = 'parked' AND t.cause = 'outcome-unknown')
                                OR (d.kind = 'dependency' AND d.state = 'parked' AND d.cause = 'outcome-unknown'))",
    )?;
    Ok(statement.exists([item])?)
}

struct Skip {
    rule: String,
    detail: String,
    unknown: UnknownOutcome,
    now: Instant,
}

/// How the intents of an item's current round stand.
#[derive(Default)]
struct Effects {
    applied: bool,
    /// Sent, or asked about.
    open: bool,
    /// Parked with an unknown outcome.
    unknown: Vec<i64>,
}

impl Skip {
    fn all(&self, tx: &Connection, selector: &Selector) -> Result<SkipReport> {
        let mut report = SkipReport::default();
        for item in chosen(tx, selector)? {
            self.one(tx, item, &mut report)?;
        }
        Ok(report)
    }

    fn one(&self, tx: &Connection, item: i64, report: &mut SkipReport) -> Result<()> {
        let (entity, remote, state, under): (String, String, ItemState, Option<String>) = tx
            .prepare_cached("SELECT entity, remote, state, under FROM items WHERE n = ?1")?
            .query_row([item], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let mut effects = effects(tx, item)?;
        if let Some(why) = self.objection(state, under.as_deref(), &effects) {
            report.refused.push((entity, remote, why));
            return Ok(());
        }
        if let (UnknownOutcome::Found(id), Some(intent)) = (&self.unknown, effects.unknown.first()) {
            bind(tx, *intent, id, self.now)?;
            effects.applied = true;
        }
        if effects.applied {
            tx.prepare_cached(
                "UPDATE intents SET state = 'replaced', settled = ?2 WHERE item = ?1 AND state <> 'applied'
                 AND round = (SELECT round FROM items WHERE n = ?1)",
            )?
            .execute(params![item, stored(self.now)])?;
            items::unfile(tx, item)?;
            // What the source said meanwhile is left as well.
            tx.prepare_cached("DELETE FROM next_documents WHERE item = ?1")?.execute([item])?;
            items::finish(tx, item, false, self.now)?;
            report.ended += 1;
        } else {
            intents::replace(tx, item)?;
            items::skip(tx, item, &self.rule, self.now)?;
            report.skipped += 1;
        }
        events::add(tx, item, self.now, "skipped", &self.detail)
    }

    fn objection(&self, state: ItemState, under: Option<&str>, effects: &Effects) -> Option<String> {
        let text = match state {
            ItemState::Done => "it is done; there is nothing to skip",
            ItemState::Filtered => {
                return Some(format!("it is filtered already, by rule `{}`", under.unwrap_or_default()));
            }
            _ if effects.open => "a write of it is under way or being asked about; wait until its outcome is known",
            _ if effects.unknown.is_empty() => return None,
            _ => match &self.unknown {
                UnknownOutcome::Ask => {
                    "nobody knows whether its write took effect; look in the target system, then add `--i-have-checked absent` or `--i-have-checked ID`"
                }
                UnknownOutcome::Absent => return None,
                UnknownOutcome::Found(_) if effects.unknown.len() == 1 => return None,
                UnknownOutcome::Found(_) => "several writes of it have an unknown outcome; resolve them one by one",
            },
        };
        Some(text.to_owned())
    }
}

/// Returns the items that a selector names: of one document in any state, else of what is parked.
fn chosen(tx: &Connection, selector: &Selector) -> Result<Vec<i64>> {
    let Some((connection, entity, id)) = &selector.document else { return parked::selected(tx, selector) };
    let mut statement = tx.prepare_cached(
        "SELECT i.n FROM flows f CROSS JOIN items i ON i.flow = f.n
         WHERE f.connection = ?1 AND i.entity = ?2 AND i.remote = ?3 AND (?4 IS NULL OR f.name = ?4)",
    )?;
    let rows = statement.query_map(params![connection, entity, id, selector.flow], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn effects(tx: &Connection, item: i64) -> Result<Effects> {
    let mut statement = tx.prepare_cached(
        "SELECT t.n, t.state, coalesce(t.cause, '') FROM intents t JOIN items i ON i.n = t.item AND i.round = t.round
         WHERE t.item = ?1 ORDER BY t.step",
    )?;
    let rows = statement.query_map([item], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut effects = Effects::default();
    for row in rows {
        let (n, state, cause): (i64, IntentState, String) = row?;
        match state {
            IntentState::Applied => effects.applied = true,
            IntentState::Sent | IntentState::Unknown => effects.open = true,
            IntentState::Parked if cause == "outcome-unknown" => effects.unknown.push(n),
            _ => {}
        }
    }
    Ok(effects)
}

fn bind(tx: &Connection, intent: i64, id: &str, now: Instant) -> Result<()> {
    tx.prepare_cached(
        "UPDATE intents SET state = 'applied', result_id = ?2, told_by = ?3, settled = ?4, cause = NULL, message = NULL
         WHERE n = ?1",
    )?
    .execute(params![intent, id, Teller::Person.word(), stored(now)])?;
    intents::put_document(tx, intent, None)
}
