//! Leases: at most one run per flow, and a fence number that outdates the one before.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use wharf_host::model::Instant;

use super::{Ledger, Result, loaded, stored};
use crate::problem::LedgerError;

/// What a transaction checks before it commits.
#[derive(Debug, Clone)]
pub(crate) struct Fence {
    flow: String,
    owner: String,
    number: i64,
}

/// The right to run a flow. Given back when dropped.
pub(crate) struct Lease {
    ledger: Ledger,
    fence: Fence,
    length: Duration,
    expires: AtomicI64,
    /// It ran out at least once, and others may have taken up something in that time.
    lapsed: AtomicBool,
}

/// How the attempt to take a lease ended.
pub(crate) enum Taken {
    /// It is ours. `stalled` when the one before has not ended for certain, and may still have a call on its way.
    Ours { lease: Lease, stalled: bool },
    /// Somebody else has it.
    Held { holder: String, until: Instant },
}

struct Row {
    owner: String,
    label: String,
    fence: i64,
    expires: i64,
}

impl Ledger {
    /// Takes the lease of a flow for `length`, if nobody has it.
    pub(crate) async fn take(&self, flow: &str, length: Duration) -> Result<Taken> {
        let before = row(&self.reader(), flow)?;
        let gone = before
            .as_ref()
            .is_some_and(|row| self.owner().is_gone(&row.owner))
            .then(|| before.as_ref().map(|row| row.owner.clone()).unwrap_or_default());
        let (flow_name, now) = (flow.to_owned(), self.now());
        let (owner, label) = (self.owner().id().to_owned(), self.owner().label().to_owned());
        let expires = stored(now.after(length));
        let taken = self
            .write(move |tx| {
                let current = row(tx, &flow_name)?;
                let held =
                    current.as_ref().filter(|row| row.expires > stored(now) && Some(&row.owner) != gone.as_ref());
                if let Some(row) = held {
                    return Ok(Err((row.label.clone(), loaded(row.expires))));
                }
                let stalled =
                    current.as_ref().is_some_and(|row| !row.owner.is_empty() && Some(&row.owner) != gone.as_ref());
                let number = current.map_or(1, |row| row.fence + 1);
                tx.execute(
                    "INSERT OR REPLACE INTO leases (flow, owner, label, fence, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![flow_name, owner, label, number, expires],
                )?;
                Ok(Ok((Fence { flow: flow_name, owner, number }, stalled)))
            })
            .await?;
        Ok(match taken {
            Ok((fence, stalled)) => Taken::Ours {
                lease: Lease { ledger: self.clone(), fence, length, expires: expires.into(), lapsed: false.into() },
                stalled,
            },
            Err((holder, until)) => Taken::Held { holder, until },
        })
    }
}

impl Ledger {
    /// Tells whether somebody has the lease of a flow, and is not known to be gone.
    pub(crate) fn is_run(&self, flow: &str) -> Result<bool> {
        let row = row(&self.reader(), flow)?.filter(|row| row.expires > stored(self.now()));
        Ok(row.is_some_and(|row| !self.owner().is_gone(&row.owner)))
    }
}

impl Lease {
    pub(crate) fn fence(&self) -> Fence {
        self.fence.clone()
    }

    pub(crate) fn flow(&self) -> &str {
        &self.fence.flow
    }

    /// Returns when the lease has to be renewed: a third of its length after the last time.
    pub(crate) fn renew_at(&self) -> Instant {
        let expires = self.expires.load(Ordering::Relaxed);
        let two_thirds = stored(Instant(0).after(self.length)) / 3 * 2;
        loaded(expires.saturating_sub(two_thirds))
    }

    /// Tells whether the lease has run out by the clock, so that somebody else may have it by now.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.expires.load(Ordering::Relaxed) <= stored(now)
    }

    /// Tells whether it was extended after it had run out.
    pub(crate) fn has_lapsed(&self) -> bool {
        self.lapsed.load(Ordering::Relaxed)
    }

    /// Extends the lease. Also after it ran out, as long as nobody took it.
    pub(crate) async fn renew(&self) -> Result<()> {
        let (fence, now) = (self.fence(), self.ledger.now());
        let expires = stored(now.after(self.length));
        if self.is_over(now) {
            self.lapsed.store(true, Ordering::Relaxed);
        }
        self.ledger
            .write(move |tx| {
                check(tx, &fence)?;
                tx.execute("UPDATE leases SET expires = ?2 WHERE flow = ?1", params![fence.flow, expires])?;
                Ok(())
            })
            .await?;
        self.expires.store(expires, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let fence = self.fence();
        self.ledger.write_later(move |tx| {
            check(tx, &fence)?;
            // The row stays for its fence number.
            tx.execute("UPDATE leases SET owner = '', label = '', expires = 0 WHERE flow = ?1", [&fence.flow])?;
            Ok(())
        });
    }
}

/// Fails unless the lease is still held.
pub(super) fn check(tx: &Connection, fence: &Fence) -> Result<()> {
    #[cfg(feature = "mutation")]
    if crate::mutation::is(crate::mutation::Mutation::LostFence) {
        return Ok(());
    }
    let mut statement = tx.prepare_cached("SELECT 1 FROM leases WHERE flow = ?1 AND owner = ?2 AND fence = ?3")?;
    if statement.exists(params![fence.flow, fence.owner, fence.number])? { Ok(()) } else { Err(LedgerError::Fenced) }
}

/// Returns who has leases, those that ran out included.
pub(super) fn owners(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT owner FROM leases WHERE owner <> ''")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn row(connection: &Connection, flow: &str) -> Result<Option<Row>> {
    let mut statement = connection.prepare_cached("SELECT owner, label, fence, expires FROM leases WHERE flow = ?1")?;
    let row = statement
        .query_row([flow], |row| {
            Ok(Row { owner: row.get(0)?, label: row.get(1)?, fence: row.get(2)?, expires: row.get(3)? })
        })
        .optional()?;
    Ok(row)
}
