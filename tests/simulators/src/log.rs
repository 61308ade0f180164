//! What was asked of a simulator.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// Most entries kept; beyond it the counters still grow but no further entry is stored.
///
/// A demo makes some ten thousand requests; a hundred thousand entries are about 20 MB.
pub const MAX_ENTRIES: usize = 100_000;

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Operation as the system names it, e.g. `getOrders` or `POST /orders`.
    pub operation: String,
    /// HTTP status of the answer, also of one that was then cut off; 0 when the request was not processed at all.
    pub status: u16,
    /// Fault that was applied, by its name.
    pub fault: Option<String>,
    /// Outcome in the system's own terms, e.g. an error code sent inside HTTP 200.
    pub note: Option<String>,
    /// Time of the answer, Unix milliseconds.
    pub at_unix_ms: i64,
}

/// Attached by a handler to its response (as an extension) to become [`Entry::note`].
#[derive(Debug, Clone)]
pub struct Note(pub String);

/// The shared record of requests; clones see the same record.
#[derive(Debug, Clone, Default)]
pub struct Log {
    record: Arc<Mutex<Record>>,
    connections: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Record {
    entries: Vec<Entry>,
    counts: BTreeMap<String, u64>,
    faults: BTreeMap<String, u64>,
}

impl Log {
    /// Starts an empty record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one request; its time is now.
    pub fn record(&self, operation: &str, status: u16, fault: Option<String>, note: Option<String>) {
        let mut record = self.lock();
        *record.counts.entry(operation.to_owned()).or_default() += 1;
        if let Some(fault) = &fault {
            *record.faults.entry(fault.clone()).or_default() += 1;
        }
        if record.entries.len() < MAX_ENTRIES {
            let at_unix_ms = jiff::Timestamp::now().as_millisecond();
            record.entries.push(Entry { operation: operation.to_owned(), status, fault, note, at_unix_ms });
        }
    }

    /// Counts a connection that was opened.
    pub fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many connections were opened since the start.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns how often one operation was asked, faults included.
    pub fn count(&self, operation: &str) -> u64 {
        self.lock().counts.get(operation).copied().unwrap_or_default()
    }

    /// Returns how often each operation was asked.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.lock().counts.clone()
    }

    /// Returns how often each fault was applied, by its name.
    pub fn faults(&self) -> BTreeMap<String, u64> {
        self.lock().faults.clone()
    }

    /// Returns how many requests came in all.
    pub fn total(&self) -> u64 {
        self.lock().counts.values().sum()
    }

    /// Returns the requests in the order of their answers, at most [`MAX_ENTRIES`].
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
