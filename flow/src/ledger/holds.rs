//! What stops work for now: on a connection, on a feed, on one kind of write.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};
use wharf_host::model::{Action, Instant};

use super::intents::action_from;
use super::{CORRECTION, Ledger, Result, loaded, pauses, stored};
use crate::report::{Hold, HoldScope};

/// A hold that is to be put.
#[derive(Debug, Clone)]
pub(crate) struct NewHold {
    pub(crate) scope: HoldScope,
    pub(crate) cause: &'static str,
    pub(crate) message: String,
    pub(crate) until: Option<Instant>,
    /// Times in a row that the remote was not there.
    pub(crate) streak: u32,
    /// Of the credential that was refused.
    pub(crate) mark: Option<String>,
}

/// A hold as the ledger has it.
#[derive(Debug, Clone)]
pub(crate) struct StoredHold {
    pub(crate) hold: Hold,
    pub(crate) streak: u32,
    pub(crate) mark: Option<String>,
}

/// All holds at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct HoldTable {
    rows: Vec<StoredHold>,
    /// What follows from them for the connections of one flow.
    spread: Vec<Hold>,
}

/// Whether something is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    No,
    Until(Instant),
    UntilReleased,
}

impl Held {
    /// Returns when something that is due then can be done; none when a person has to let it go on first.
    pub(crate) fn opens(self, due: Instant) -> Option<Instant> {
        match self {
            Self::No => Some(due),
            Self::Until(until) => Some(due.max(until)),
            Self::UntilReleased => None,
        }
    }
}

impl HoldTable {
    /// Adds what follows for the connections of one flow: those with a paused credential are held, and all of them when
    /// the flow is. `credentials` are the names of those that each connection uses.
    pub(crate) fn spread(&mut self, flow: &str, connections: &[&str], credentials: &BTreeMap<String, Vec<String>>) {
        let uses = |connection: &str, credential: &String| {
            credentials.get(connection).is_some_and(|names| names.contains(credential))
        };
        for row in &self.rows {
            let concerned: Vec<&&str> = match &row.hold.scope {
                HoldScope::Flow(name) if name == flow => connections.iter().collect(),
                HoldScope::Credential(name) => connections.iter().filter(|connection| uses(connection, name)).collect(),
                _ => continue,
            };
            self.spread.extend(
                concerned.into_iter().map(|connection| Hold {
                    scope: HoldScope::Connection((*connection).to_owned()),
                    ..row.hold.clone()
                }),
            );
        }
    }

    /// Tells whether every call on a connection is held.
    pub(crate) fn connection(&self, name: &str, now: Instant) -> Held {
        self.find(&HoldScope::Connection(name.to_owned()), now)
    }

    /// Tells whether reading of a flow is held, not counting its connection.
    pub(crate) fn feed(&self, flow: &str, now: Instant) -> Held {
        self.find(&HoldScope::Feed(flow.to_owned()), now)
    }

    /// Tells whether a kind of write is held, not counting its connection.
    pub(crate) fn writes(&self, connection: &str, entity: &str, action: Action, now: Instant) -> Held {
        self.find(&HoldScope::Writes(connection.to_owned(), entity.to_owned(), action), now)
    }

    /// Returns the holds that concern any of the connections, or the flow.
    pub(crate) fn of(&self, flow: &str, connections: &[&str], now: Instant) -> Vec<Hold> {
        let concerns = |hold: &Hold| match &hold.scope {
            HoldScope::Connection(name) | HoldScope::Writes(name, ..) => connections.contains(&name.as_str()),
            HoldScope::Feed(name) | HoldScope::Flow(name) => name == flow,
            HoldScope::Credential(_) => self.spread.iter().any(|spread| spread.message == hold.message),
        };
        let active = self.rows.iter().map(|row| &row.hold).filter(|hold| is_active(hold, now));
        active.filter(|hold| concerns(hold)).cloned().collect()
    }

    /// Returns the connections, and the kinds of writes (`connection/entity/action`), that are held, as JSON lists.
    pub(super) fn held_names(&self, now: Instant) -> (String, String) {
        let (mut connections, mut writes) = (Vec::new(), Vec::<serde_json::Value>::new());
        for hold in self.active(now) {
            match &hold.scope {
                HoldScope::Connection(name) => connections.push(serde_json::Value::from(name.as_str())),
                HoldScope::Writes(name, entity, action) => {
                    writes.push(format!("{name}/{entity}/{}", action.word()).into());
                }
                HoldScope::Feed(_) | HoldScope::Flow(_) | HoldScope::Credential(_) => {}
            }
        }
        (serde_json::Value::from(connections).to_string(), serde_json::Value::from(writes).to_string())
    }

    /// Returns the rows whose credential was refused.
    pub(crate) fn marked(&self) -> impl Iterator<Item = (&Hold, &str)> {
        self.rows.iter().filter_map(|row| Some((&row.hold, row.mark.as_deref()?)))
    }

    /// Returns how many times in a row a connection's remote was not there.
    pub(crate) fn streak(&self, connection: &str) -> u32 {
        let scope = HoldScope::Connection(connection.to_owned());
        self.rows.iter().filter(|row| row.hold.scope == scope).map(|row| row.streak).max().unwrap_or(0)
    }

    fn active(&self, now: Instant) -> impl Iterator<Item = &Hold> {
        let all = self.rows.iter().map(|row| &row.hold).chain(&self.spread);
        all.filter(move |hold| is_active(hold, now))
    }

    /// Several holds may have one scope: a person's pause, and what the remote asked for. The longest counts.
    fn find(&self, scope: &HoldScope, now: Instant) -> Held {
        let holds = self.active(now).filter(|hold| &hold.scope == scope);
        holds.fold(Held::No, |held, hold| match (held, hold.until) {
            (Held::UntilReleased, _) | (_, None) => Held::UntilReleased,
            (Held::Until(one), Some(other)) => Held::Until(one.max(other)),
            (Held::No, Some(until)) => Held::Until(until),
        })
    }
}

/// A hold with an end that is put in the future was put by a clock that was ahead: its end says nothing.
fn is_active(hold: &Hold, now: Instant) -> bool {
    hold.until.is_none_or(|until| until > now && hold.since <= now.after(CORRECTION))
}

impl Ledger {
    /// Returns all holds.
    pub(crate) fn holds(&self) -> Result<HoldTable> {
        let reader = self.reader();
        Ok(HoldTable { rows: rows(&reader)?, spread: Vec::new() })
    }

    /// Puts a hold in place of the one with the same scope. One without an end stays when one with an end comes. Returns
    /// whether it is news: not when the same was held for the same cause.
    pub(crate) async fn hold(&self, hold: NewHold) -> Result<bool> {
        let now = self.now();
        self.write(move |tx| put(tx, &hold, now)).await
    }

    /// Lifts the hold that was put on a connection because its remote was not there; others stay.
    pub(crate) async fn lift_outage(&self, connection: &str) -> Result<()> {
        let connection = connection.to_owned();
        self.write(move |tx| {
            tx.execute("DELETE FROM holds WHERE scope = 'connection' AND name = ?1 AND streak > 0", [connection])?;
            Ok(())
        })
        .await
    }

    /// Lifts one hold; false when there was none.
    pub(crate) async fn lift(&self, scope: HoldScope) -> Result<bool> {
        self.write(move |tx| lift(tx, &scope)).await
    }
}

pub(super) fn rows(connection: &Connection) -> Result<Vec<StoredHold>> {
    let mut statement = connection.prepare_cached(
        "SELECT scope, name, entity, action, cause, message, since, until, streak, mark FROM holds ORDER BY since",
    )?;
    let rows = statement.query_map([], load)?;
    let mut rows: Vec<StoredHold> = rows.collect::<rusqlite::Result<_>>()?;
    rows.extend(pauses::rows(connection)?);
    Ok(rows)
}

/// Returns the holds that stop something at `now`.
pub(super) fn active(connection: &Connection, now: Instant) -> Result<Vec<Hold>> {
    Ok(rows(connection)?.into_iter().map(|row| row.hold).filter(|hold| is_active(hold, now)).collect())
}

fn load(row: &Row<'_>) -> rusqlite::Result<StoredHold> {
    let (scope, name, entity): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let action: String = row.get(3)?;
    let scope = match (scope.as_str(), action_from(&action)) {
        ("writes", Some(action)) => HoldScope::Writes(name, entity, action),
        ("feed", _) => HoldScope::Feed(name),
        _ => HoldScope::Connection(name),
    };
    Ok(StoredHold {
        hold: Hold {
            scope,
            cause: row.get(4)?,
            message: row.get(5)?,
            since: loaded(row.get(6)?),
            until: row.get::<_, Option<i64>>(7)?.map(loaded),
            who: None,
        },
        streak: row.get(8)?,
        mark: row.get(9)?,
    })
}

fn key(scope: &HoldScope) -> (&'static str, &str, &str, &'static str) {
    match scope {
        HoldScope::Connection(name) => ("connection", name, "", ""),
        HoldScope::Flow(name) => ("flow", name, "", ""),
        HoldScope::Credential(name) => ("credential", name, "", ""),
        HoldScope::Feed(flow) => ("feed", flow, "", ""),
        HoldScope::Writes(name, entity, action) => ("writes", name, entity, action.word()),
    }
}

fn put(tx: &Connection, hold: &NewHold, now: Instant) -> Result<bool> {
    let (scope, name, entity, action) = key(&hold.scope);
    let known = tx
        .prepare_cached(
            "SELECT 1 FROM holds WHERE scope = ?1 AND name = ?2 AND entity = ?3 AND action = ?4 AND cause = ?5
             AND (until IS NULL OR until > ?6)",
        )?
        .exists(params![scope, name, entity, action, hold.cause, stored(now)])?;
    // `since` stays what it was while the same cause goes on, so that its age tells how long.
    tx.execute(
        "INSERT INTO holds (scope, name, entity, action, cause, message, since, until, streak, mark)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT DO UPDATE SET since = iif(cause = excluded.cause AND until IS excluded.until, since, excluded.since),
             cause = excluded.cause, message = excluded.message, until = excluded.until, streak = excluded.streak,
             mark = excluded.mark
         WHERE excluded.until IS NULL OR (until IS NOT NULL AND (until <= excluded.until OR until <= excluded.since))",
        params![
            scope,
            name,
            entity,
            action,
            hold.cause,
            hold.message,
            stored(now),
            hold.until.map(stored),
            hold.streak,
            hold.mark
        ],
    )?;
    Ok(!known)
}

pub(super) fn lift(tx: &Connection, scope: &HoldScope) -> Result<bool> {
    let (scope, name, entity, action) = key(scope);
    let lifted = tx.execute(
        "DELETE FROM holds WHERE scope = ?1 AND name = ?2 AND entity = ?3 AND action = ?4",
        [scope, name, entity, action],
    )?;
    Ok(lifted > 0)
}

pub(super) fn lift_connection(tx: &Connection, connection: &str) -> Result<u64> {
    let lifted = tx.execute(
        "DELETE FROM holds WHERE name = ?1 AND scope IN ('connection', 'writes')
         OR scope = 'feed' AND name IN (SELECT name FROM flows WHERE connection = ?1)",
        [connection],
    )?;
    Ok(u64::try_from(lifted).unwrap_or(0))
}

/// Lifts holds without an end that have a cause, of one flow or of all.
pub(super) fn lift_cause(tx: &Connection, cause: Option<&str>, flow: Option<&str>) -> Result<u64> {
    let lifted = tx.execute(
        "DELETE FROM holds WHERE until IS NULL AND (?1 IS NULL OR cause = ?1)
         AND (?2 IS NULL OR (scope = 'feed' AND name = ?2))",
        params![cause, flow],
    )?;
    Ok(u64::try_from(lifted).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_holds_the_connections_of_its_flow_or_credential_and_no_others() {
        let paused = |scope| StoredHold {
            hold: Hold {
                scope,
                cause: "paused".to_owned(),
                message: String::new(),
                since: Instant(0),
                until: None,
                who: None,
            },
            streak: 0,
            mark: None,
        };
        let credentials = BTreeMap::from([("shop".to_owned(), vec!["token".to_owned()])]);
        let held = |scope, flow: &str| {
            let mut table = HoldTable { rows: vec![paused(scope)], spread: Vec::new() };
            table.spread(flow, &["shop", "erp"], &credentials);
            ["shop", "erp"].map(|connection| table.connection(connection, Instant(1)) == Held::UntilReleased)
        };
        assert_eq!(held(HoldScope::Flow("orders".to_owned()), "orders"), [true, true]);
        assert_eq!(held(HoldScope::Flow("orders".to_owned()), "invoices"), [false, false]);
        assert_eq!(held(HoldScope::Credential("token".to_owned()), "orders"), [true, false]);
        assert_eq!(held(HoldScope::Credential("another".to_owned()), "orders"), [false, false]);
    }
}
