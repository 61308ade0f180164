//! What became of an intent, and what follows for its item: one transaction.

use rusqlite::{Connection, OptionalExtension, params};
use wharf_host::model::{Applied, Instant};

use super::dependencies::{self, DependencyState, NewDependency};
use super::intents::NewIntent;
use super::items::{self, Parking};
use super::{Lease, Ledger, Result, Told, events, intents, stored};
use crate::report::IntentState;

/// Documents that one may need first. More are asked for by a connector that never has enough.
const MOST_NEEDED: u32 = 300;

/// What became of one intent.
#[derive(Debug, Clone)]
pub(crate) struct Settlement {
    pub(crate) intent: i64,
    pub(crate) effect: Effect,
    /// Requests of the call, one a line.
    pub(crate) requests: String,
}

/// What is to be recorded.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// It took effect, or there was nothing to do. Then these write-backs are due, one after the other.
    Applied { applied: Option<Applied>, write_backs: Vec<NewIntent> },
    /// It did not, and is tried again.
    Again { not_before: Instant, counts: bool, alone: bool, cause: &'static str, message: String },
    /// It was not sent after all: something is held since. Costs nothing.
    Postponed { not_before: Instant },
    /// It may have; the remote is asked.
    Unknown { ask_at: Instant, alone: bool, counts: bool, message: String },
    /// The connector says that it took effect, and its word is checked: the remote is asked.
    Claimed { told: Told, applied: Applied, ask_at: Instant, message: String },
    /// The remote was asked and could not answer; it is asked again.
    AskAgain { ask_at: Instant, counts: bool, message: String },
    /// The remote said that it is not there; it is asked once more.
    Absent { ask_at: Instant },
    /// The remote said so twice: it is repeated.
    Repeat,
    /// It waits for a person, or for its cause to go away.
    Parked { cause: &'static str, parkings: Vec<Parking>, message: String },
    /// Another document has to exist first. If that one was made before, it is tried again at `retry_at`, or parked
    /// when there is none.
    Needs { dependency: Box<NewDependency>, retry_at: Option<Instant>, message: String },
}

/// How an item ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It goes on.
    Open,
    /// Its last effect happened.
    Done,
    /// It was parked.
    Parked(&'static str),
}

/// Who settles: the flow's number, and whether an item that is done is worked on again when it changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settler {
    pub(crate) flow: i64,
    pub(crate) follows_changes: bool,
}

impl Ledger {
    /// Records what became of intents, in one transaction; returns for each how its item ended.
    pub(crate) async fn settle(
        &self,
        lease: &Lease,
        settler: Settler,
        settlements: Vec<Settlement>,
    ) -> Result<Vec<Ending>> {
        let now = self.now();
        self.write_under(lease, move |tx| {
            settlements.iter().map(|settlement| settle(tx, settler, settlement, now)).collect()
        })
        .await
    }
}

fn settle(tx: &Connection, settler: Settler, settlement: &Settlement, now: Instant) -> Result<Ending> {
    let Some(row) = row(tx, settlement.intent)? else { return Ok(Ending::Open) };
    tx.prepare_cached("UPDATE intents SET requests = iif(?2 = '', requests, ?2) WHERE n = ?1")?
        .execute(params![settlement.intent, settlement.requests])?;
    let settle = Settle { tx, settler, intent: settlement.intent, row, now };
    settle.record(&settlement.effect)
}

struct IntentRow {
    item: Option<i64>,
    round: i64,
    state: IntentState,
}

/// Only what is under way can be settled: an intent that is not was settled by somebody else.
fn row(tx: &Connection, intent: i64) -> Result<Option<IntentRow>> {
    let row = tx
        .prepare_cached("SELECT item, round, state FROM intents WHERE n = ?1")?
        .query_row([intent], |row| Ok(IntentRow { item: row.get(0)?, round: row.get(1)?, state: row.get(2)? }))
        .optional()?;
    Ok(row.filter(|row| matches!(row.state, IntentState::Sent | IntentState::Unknown | IntentState::Planned)))
}

struct Settle<'a> {
    tx: &'a Connection,
    settler: Settler,
    intent: i64,
    row: IntentRow,
    now: Instant,
}

impl Settle<'_> {
    fn record(&self, effect: &Effect) -> Result<Ending> {
        match effect {
            Effect::Applied { applied, write_backs } => return self.applied(applied.as_ref(), write_backs),
            Effect::Again { not_before, counts, alone, cause, message } => {
                self.update(IntentState::Planned, *not_before, *counts, cause, message)?;
                self.set_alone(*alone)?;
                self.event("failed", &format!("{cause}: {message}"))?;
            }
            Effect::Postponed { not_before } => {
                self.tx
                    .prepare_cached("UPDATE intents SET state = 'planned', not_before = ?2 WHERE n = ?1")?
                    .execute(params![self.intent, stored(*not_before)])?;
            }
            Effect::Unknown { ask_at, alone, counts, message } => {
                self.update(IntentState::Unknown, *ask_at, *counts, "outcome-unknown", message)?;
                self.set_alone(*alone)?;
                self.event("outcome-unknown", message)?;
            }
            Effect::Claimed { told, applied, ask_at, message } => {
                self.update(IntentState::Unknown, *ask_at, false, "outcome-unknown", message)?;
                self.tx
                    .prepare_cached(
                        "UPDATE intents SET asked = 0, absences = 0, told_id = ?2, told_by = ?3, result_number = ?4
                         WHERE n = ?1",
                    )?
                    .execute(params![self.intent, told.id, told.by.word(), applied.number])?;
                self.event("claimed", message)?;
            }
            Effect::AskAgain { ask_at, counts, message } => {
                self.update(IntentState::Unknown, *ask_at, *counts, "outcome-unknown", message)?;
                self.execute("UPDATE intents SET asked = asked + 1 WHERE n = ?1")?;
                self.event("asked", message)?;
            }
            Effect::Absent { ask_at } => {
                self.update(
                    IntentState::Unknown,
                    *ask_at,
                    false,
                    "outcome-unknown",
                    "the remote said once that it is not there",
                )?;
                self.execute("UPDATE intents SET asked = asked + 1, absences = absences + 1 WHERE n = ?1")?;
                self.event("asked", "the remote said that it is not there; it is asked once more")?;
            }
            Effect::Repeat => {
                self.update(
                    IntentState::Planned,
                    self.now,
                    false,
                    "outcome-unknown",
                    "the remote said twice that it is not there",
                )?;
                self.event("asked", "the remote said twice that it is not there; it is repeated")?;
            }
            Effect::Parked { cause, parkings, message } => return self.park(cause, parkings, message),
            Effect::Needs { dependency, retry_at, message } => return self.need(dependency, *retry_at, message),
        }
        Ok(Ending::Open)
    }

    fn applied(&self, applied: Option<&Applied>, write_backs: &[NewIntent]) -> Result<Ending> {
        self.tx
            .prepare_cached(
                "UPDATE intents SET state = 'applied', settled = ?2, cause = NULL, message = NULL, told_id = NULL, told_by = NULL,
                        result_id = coalesce(?3, target), result_revision = ?4, result_number = ?5 WHERE n = ?1",
            )?
            .execute(params![
                self.intent,
                stored(self.now),
                applied.map(|applied| &applied.id),
                applied.and_then(|applied| applied.revision.as_ref()),
                applied.and_then(|applied| applied.number.as_ref()),
            ])?;
        intents::put_document(self.tx, self.intent, None)?;
        dependencies::release_waiters(self.tx, self.intent, self.now)?;
        let Some(item) = self.row.item else { return Ok(Ending::Open) };
        self.add_write_backs(item, write_backs)?;
        self.finish(item)
    }

    /// Makes the write-backs durable: the first is due now, each other when the one before it took effect.
    fn add_write_backs(&self, item: i64, write_backs: &[NewIntent]) -> Result<()> {
        let mut before = None;
        for write_back in write_backs {
            let of_item = Some((item, self.row.round));
            let n = intents::insert(self.tx, self.settler.flow, of_item, write_back, IntentState::Planned, None)?;
            if let Some(before) = before.replace(n) {
                dependencies::wait(self.tx, n, before)?;
            }
        }
        Ok(())
    }

    fn finish(&self, item: i64) -> Result<Ending> {
        let open = self
            .tx
            .prepare_cached(
                "SELECT 1 FROM intents WHERE item = ?1 AND round = ?2 AND state NOT IN ('applied', 'replaced')",
            )?
            .exists([item, self.row.round])?;
        if open {
            return Ok(Ending::Open);
        }
        let done = items::finish(self.tx, item, self.settler.follows_changes, self.now)?;
        Ok(if done { Ending::Done } else { Ending::Open })
    }

    fn park(&self, cause: &'static str, parkings: &[Parking], message: &str) -> Result<Ending> {
        self.update(IntentState::Parked, self.now, false, cause, message)?;
        self.tx
            .prepare_cached("UPDATE intents SET settled = ?2 WHERE n = ?1")?
            .execute(params![self.intent, stored(self.now)])?;
        let Some(item) = self.row.item else {
            dependencies::park_waiters(self.tx, self.intent, cause, message, self.now)?;
            return Ok(Ending::Open);
        };
        items::park(self.tx, item, parkings, message, self.now)?;
        Ok(Ending::Parked(cause))
    }

    fn need(&self, wanted: &NewDependency, retry_at: Option<Instant>, message: &str) -> Result<Ending> {
        if dependencies::count(self.tx, self.intent)? >= MOST_NEEDED {
            let place = wanted.intent.entity.clone();
            let parking = Parking { cause: "dependency-missing", place, key: wanted.key.clone(), by_flow: false };
            let text = format!("{message}; {MOST_NEEDED} documents were asked for before, one after the other");
            return self.park("dependency-missing", &[parking], &text);
        }
        let (dependency, state) = dependencies::want(self.tx, self.settler.flow, wanted)?;
        match (state, retry_at, self.row.item) {
            (DependencyState::Awaited, ..) => {
                self.update(IntentState::Waiting, self.now, false, "dependency-missing", message)?;
                dependencies::wait(self.tx, self.intent, dependency)?;
                self.event("waits", message)?;
                Ok(Ending::Open)
            }
            (DependencyState::Made, Some(retry_at), _) => {
                self.update(IntentState::Planned, retry_at, true, "dependency-missing", message)?;
                Ok(Ending::Open)
            }
            (DependencyState::Parked(cause, why), _, Some(item)) => {
                dependencies::wait(self.tx, self.intent, dependency)?;
                let what = (wanted.intent.entity.as_str(), wanted.key.as_str());
                dependencies::park_waiter(self.tx, self.intent, item, what, (&cause, &why), self.now)?;
                Ok(Ending::Parked("dependency-missing"))
            }
            (DependencyState::Made | DependencyState::Parked(..), ..) => {
                let place = wanted.intent.entity.clone();
                let parking = Parking { cause: "dependency-missing", place, key: wanted.key.clone(), by_flow: false };
                self.park("dependency-missing", &[parking], message)
            }
        }
    }

    fn update(&self, state: IntentState, not_before: Instant, counts: bool, cause: &str, message: &str) -> Result<()> {
        self.tx
            .prepare_cached(
                "UPDATE intents SET state = ?2, not_before = ?3, attempts = attempts + ?4, cause = ?5, message = ?6
                 WHERE n = ?1",
            )?
            .execute(params![self.intent, state, stored(not_before), counts, cause, message])?;
        Ok(())
    }

    fn set_alone(&self, alone: bool) -> Result<()> {
        if alone {
            self.execute("UPDATE intents SET alone = 1 WHERE n = ?1")?;
        }
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.tx.prepare_cached(sql)?.execute([self.intent])?;
        Ok(())
    }

    fn event(&self, what: &str, detail: &str) -> Result<()> {
        match self.row.item {
            Some(item) => events::add(self.tx, item, self.now, what, detail),
            None => Ok(()),
        }
    }
}
