//! The one thread that writes, and the group commit.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::Result;
use super::place::{FEWEST_CHECKPOINT_PAGES, Identity};
use crate::problem::LedgerError;

/// How many requests share a commit at most. Bounds how long the first of them waits; more gain nothing measurable.
const GROUP: usize = 256;

type Answer = Box<dyn FnOnce(Result<()>) + Send>;
/// Does its work, and returns who is to be answered after the commit, and why the work failed.
type Job = Box<dyn FnOnce(Result<&Connection>) -> (Answer, Option<LedgerError>) + Send>;

pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    under_way: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
    #[cfg(test)]
    pub(crate) faults: Arc<Faults>,
}

/// Where tests make the process end: right after a commit, before anybody hears of it.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct Faults {
    pub(crate) commits: AtomicUsize,
    /// Stop before (even numbers) or after (odd ones) commit number n / 2; 0 for never.
    pub(crate) stop_at: AtomicUsize,
    pub(crate) stopped: std::sync::atomic::AtomicBool,
}

#[cfg(test)]
impl Faults {
    fn stops_at(&self, point: usize) -> bool {
        let stop_at = self.stop_at.load(Ordering::SeqCst);
        let stops = stop_at != 0 && point == stop_at;
        if stops {
            self.stopped.store(true, Ordering::SeqCst);
        }
        stops
    }
}

impl Writer {
    pub(super) fn start(connection: Connection, identity: Identity) -> Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let under_way = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&under_way);
        #[cfg(test)]
        let faults = Arc::new(Faults::default());
        let room = Room {
            connection,
            identity,
            queue,
            under_way: counter,
            #[cfg(test)]
            faults: Arc::clone(&faults),
        };
        let thread = std::thread::Builder::new()
            .name("wharf-ledger".into())
            .spawn(move || room.run())
            .map_err(|error| LedgerError::Storage { reason: error.to_string() })?;
        Ok(Self {
            jobs: Some(jobs),
            under_way,
            thread: Some(thread),
            #[cfg(test)]
            faults,
        })
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.ask(change).await.unwrap_or(Err(LedgerError::Closed))
    }

    pub(super) fn write_later(&self, change: impl FnOnce(&Connection) -> Result<()> + Send + 'static) {
        drop(self.ask(change));
    }

    fn ask<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> oneshot::Receiver<Result<T>> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let outcome = connection.and_then(|connection| attempt(connection, change));
            let failure = outcome.as_ref().err().cloned();
            // Nobody may be waiting any more: a call that was dropped. The change stands all the same.
            let tell = move |committed: Result<()>| {
                drop(answer.send(outcome.and_then(|value| committed.map(|()| value))));
            };
            (Box::new(tell), failure)
        });
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if !sent {
            // The job is dropped, and with it the sender: who waits hears that the ledger is closed.
            self.under_way.fetch_sub(1, Ordering::SeqCst);
        }
        answered
    }

    /// Waits until everything that was asked for is on the disk. Nothing is taken after that.
    pub(super) fn close(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there has been reported by the thread itself.
            drop(thread.join());
        }
    }

    /// Returns the number of requests that are not answered yet.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// Runs one change within the open transaction: whole, or not at all.
fn attempt<T>(connection: &Connection, change: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    connection.prepare_cached("SAVEPOINT change")?.execute([])?;
    let outcome = change(connection);
    if outcome.is_err() && connection.is_autocommit() {
        // The database took the whole transaction back by itself, this change included.
        return outcome;
    }
    let end = if outcome.is_ok() { "RELEASE change" } else { "ROLLBACK TO change" };
    connection.prepare_cached(end)?.execute([])?;
    outcome
}

struct Room {
    connection: Connection,
    identity: Identity,
    queue: mpsc::Receiver<Job>,
    under_way: Arc<AtomicUsize>,
    #[cfg(test)]
    faults: Arc<Faults>,
}

impl Room {
    fn run(self) {
        while let Ok(first) = self.queue.recv() {
            #[cfg(test)]
            let commit = self.faults.commits.fetch_add(1, Ordering::SeqCst) + 1;
            let (answers, committed) = self.group(first);
            #[cfg(test)]
            if self.faults.stops_at(2 * commit) {
                return self.vanish();
            }
            let committed = committed.and_then(|()| self.identity.check()).and_then(|()| self.execute("COMMIT"));
            #[cfg(test)]
            if self.faults.stops_at(2 * commit + 1) {
                return self.vanish();
            }
            if committed.is_err() && !self.connection.is_autocommit() {
                // The commit failed and said so to everyone; a rollback that fails too leaves nothing to say.
                drop(self.execute("ROLLBACK"));
            }
            if matches!(committed, Err(LedgerError::Full { .. })) {
                self.make_room();
            }
            let count = answers.len();
            for answer in answers {
                answer(committed.clone());
            }
            self.under_way.fetch_sub(count, Ordering::SeqCst);
        }
    }

    /// Runs the first job and those that came in the meantime, in one transaction that is left open.
    fn group(&self, first: Job) -> (Vec<Answer>, Result<()>) {
        if let Err(error) = self.identity.check().and_then(|()| self.execute("BEGIN IMMEDIATE")) {
            let (answer, _) = first(Err(error.clone()));
            return (vec![answer], Err(error));
        }
        let (answer, mut failure) = first(Ok(&self.connection));
        let mut answers = vec![answer];
        while answers.len() < GROUP && !self.connection.is_autocommit() {
            let Ok(job) = self.queue.try_recv() else { break };
            let (answer, failed) = job(Ok(&self.connection));
            answers.push(answer);
            failure = failed;
        }
        if self.connection.is_autocommit() {
            // A full disk or a read error: the database took the whole transaction back by itself, and the last job is
            // the one that ran into it.
            let reason = "the transaction was rolled back by the database".to_owned();
            return (answers, Err(failure.unwrap_or(LedgerError::Storage { reason })));
        }
        (answers, Ok(()))
    }

    /// Copies the write-ahead log into the file, which may free most of it, and keeps it short from here on. Where that fails,
    /// too, everybody was told that the disk is full.
    fn make_room(&self) {
        let checkpoint = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let shorter = self.connection.pragma_update(None, "wal_autocheckpoint", FEWEST_CHECKPOINT_PAGES);
        drop(checkpoint.and(shorter));
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    #[cfg(test)]
    fn vanish(&self) {
        self.under_way.store(0, Ordering::SeqCst);
    }
}
