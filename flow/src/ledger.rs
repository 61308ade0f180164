//! The ledger: the durable record of every item and intent, and of what became of it. One SQLite file.
//!
//! One thread writes. Requests that arrive while a commit is on its way to the disk share the next one, so that many
//! documents cost one `fsync`. Every request is whole or not at all, and answered after it is durable.

mod backfills;
mod backup;
mod compaction;
mod conflicts;
mod connectors;
mod copies;
mod cursors;
mod decisions;
mod deliveries;
mod dependencies;
mod edits;
mod events;
mod hints;
mod holds;
mod intents;
mod items;
mod kept;
mod leases;
mod owner;
mod parked;
mod pauses;
mod place;
mod renames;
mod schema;
mod settle;
mod story;
mod wake_ups;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::watch;
use wharf_host::model::Instant;
use wharf_host::surroundings::Clock;

use crate::problem::LedgerError;
use crate::report::{ParkedGroup, Selector, Status, Story};
use writer::Writer;

pub(crate) use backfills::{Backfill, BackfillPage};
pub use copies::Digest;
pub(crate) use cursors::{FeedState, PageCommit, PageItem, Position};
pub use deliveries::{DeliveryCount, DeliveryOutcome};
pub(crate) use deliveries::{Meaning, NewDelivery};
pub(crate) use dependencies::NewDependency;
pub(crate) use edits::{Handed, Standing};
pub(crate) use hints::{Followed, Known, Reader, Reads, StoredHint};
pub(crate) use holds::{Held, HoldTable, NewHold};
pub(crate) use intents::{ItemOfIntent, NewIntent, Resend, StoredIntent, TargetResult, Teller, Told};
pub(crate) use items::{Parking, Placed, StoredItem, Verdict, version_of};
pub(crate) use leases::{Lease, Taken};
pub(crate) use settle::{Effect, Ending, Settlement, Settler};
pub(crate) use wake_ups::DueWakeUp;

pub(crate) type Result<T> = std::result::Result<T, LedgerError>;

/// How long others may keep the file locked before that is an error: a backup or a look with another program takes less.
const PATIENCE: Duration = Duration::from_secs(120);

/// By how much clocks are corrected as a matter of course. What is dated further ahead was dated by a clock that was wrong.
const CORRECTION: Duration = Duration::from_secs(60);

/// The ledger. Cheap to clone; all clones share one file and one writer.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    reader: Mutex<Connection>,
    writer: Writer,
    owner: owner::Owner,
    installation: String,
    path: PathBuf,
    clock: Arc<dyn Clock>,
    /// Counts up when something was put in that work may wait for.
    told: watch::Sender<u64>,
}

impl Drop for Inner {
    /// Leaves nothing behind but the lock file of an owner whose leases could not be given back: it tells others that nobody
    /// holds them.
    fn drop(&mut self) {
        self.writer.close();
        let reader = self.reader.get_mut().unwrap_or_else(PoisonError::into_inner);
        if leases::owners(reader).is_ok_and(|owners| !owners.iter().any(|owner| owner == self.owner.id())) {
            self.owner.leave();
        }
    }
}

impl Ledger {
    /// Opens the ledger at `path`, and makes or migrates it.
    ///
    /// # Errors
    /// When the file cannot be opened or made, belongs to another program, or has a newer schema than this program
    /// knows.
    pub fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self> {
        let path = path.as_ref();
        let mut connection = open_file(path, OpenFlags::default())?;
        schema::prepare(&mut connection, path)?;
        let installation = schema::installation(&connection)?;
        let reader = open_file(path, OpenFlags::default())?;
        reader.pragma_update(None, "query_only", true)?;
        let owner = owner::Owner::new(path, &reader)?;
        Ok(Self(Arc::new(Inner {
            reader: Mutex::new(reader),
            writer: Writer::start(connection, place::Identity::of(path))?,
            owner,
            installation,
            path: path.to_owned(),
            clock,
            told: watch::Sender::new(0),
        })))
    }

    /// Tells the way of one document through every flow that read it from `connection`, or wrote it there; empty when
    /// none did. Flows that may yet read it are in [`status`](Self::status).
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn why(&self, connection: &str, entity: &str, id: &str) -> Result<Vec<Story>> {
        story::why(&self.reader(), connection, entity, id)
    }

    /// Returns what is parked, by flow, cause and key; most items first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn parked(&self) -> Result<Vec<ParkedGroup>> {
        parked::groups(&self.reader())
    }

    /// Returns the state of every flow, and what stops work.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn status(&self) -> Result<Status> {
        story::status(&self.reader(), self.now())
    }

    /// Lets parked items go on at the next run; returns how many. Holds on connections, feeds and writes with the
    /// selected cause are lifted too, unless a document or key is selected.
    ///
    /// A write whose outcome is unknown is asked about again, unless the selector says what became of it.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub async fn release(&self, selector: Selector) -> Result<u64> {
        let now = self.now();
        self.write(move |tx| parked::release(tx, &selector, now)).await
    }

    /// Lifts every hold on a connection, e.g. after its secret was replaced; returns how many there were.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub async fn resume(&self, connection: &str) -> Result<u64> {
        let connection = connection.to_owned();
        self.write(move |tx| holds::lift_connection(tx, &connection)).await
    }

    /// Writes a copy of the ledger, as of now, to a file that is not there yet. Others go on reading and writing meanwhile.
    ///
    /// # Errors
    /// When the file is there already or cannot be written, or the ledger cannot be read.
    pub fn backup(&self, to: &Path) -> Result<()> {
        backup::write(&self.0.path, to)
    }

    /// Returns the id of this installation, minted with the file.
    pub fn installation(&self) -> &str {
        &self.0.installation
    }

    /// Returns the number of writes that are on their way to the disk. Time that is made for a trial stands still while
    /// there are any.
    pub fn writes_under_way(&self) -> usize {
        self.0.writer.under_way()
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) fn now(&self) -> Instant {
        self.0.clock.now()
    }

    pub(crate) fn owner(&self) -> &owner::Owner {
        &self.0.owner
    }

    /// Lets those know that wait for work that there is some.
    pub(crate) fn tell(&self) {
        self.0.told.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Returns what hears of work that this process was told of.
    pub(crate) fn told(&self) -> watch::Receiver<u64> {
        self.0.told.subscribe()
    }

    pub(crate) fn reader(&self) -> MutexGuard<'_, Connection> {
        self.0.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `change` in a transaction, and returns after it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.writer.write(change).await
    }

    /// Runs `change` in a transaction that commits only if the lease is still held.
    pub(crate) async fn write_under<T: Send + 'static>(
        &self,
        lease: &Lease,
        change: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let fence = lease.fence();
        self.write(move |tx| {
            leases::check(tx, &fence)?;
            change(tx)
        })
        .await
    }

    /// Runs `change` in a transaction, some time soon. What becomes of it, nobody hears.
    pub(crate) fn write_later(&self, change: impl FnOnce(&Connection) -> Result<()> + Send + 'static) {
        self.0.writer.write_later(change);
    }

    #[cfg(test)]
    pub(crate) fn writer(&self) -> &Writer {
        &self.0.writer
    }
}

fn open_file(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let failed = |error| cannot_open(path, &error);
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Says why a file cannot be opened.
fn cannot_open(path: &Path, error: &rusqlite::Error) -> LedgerError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let path = path.display().to_string();
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => LedgerError::Damaged { reason: format!("`{path}`: {error}") },
        _ => LedgerError::Open { path, reason: error.to_string() },
    }
}

/// Instants are stored as milliseconds; SQLite's integers are signed.
pub(crate) fn stored(instant: Instant) -> i64 {
    i64::try_from(instant.0).unwrap_or(i64::MAX)
}

pub(crate) fn loaded(millis: i64) -> Instant {
    Instant(u64::try_from(millis).unwrap_or(0))
}

pub(crate) fn counted(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
