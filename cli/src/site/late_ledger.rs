//! The store of commands that work without state: wake-ups are forgotten, but a token that the remote gives once is not.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use wharf_flow::Ledger;
use wharf_host::store::{KeptToken, MemoryStore, Store, StoreUnavailable, WakeUp};

use crate::clock::ProgramClock;

/// Opens the ledger when a token is to be kept, and not before.
pub(super) struct LateLedger {
    path: PathBuf,
    opened: Mutex<Option<Ledger>>,
    wake_ups: MemoryStore,
}

impl LateLedger {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, opened: Mutex::default(), wake_ups: MemoryStore::default() }
    }

    fn ledger(&self) -> Result<Ledger, StoreUnavailable> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = opened.as_ref() {
            return Ok(ledger.clone());
        }
        let ledger =
            Ledger::open(&self.path, Arc::new(ProgramClock)).map_err(|error| StoreUnavailable(error.to_string()))?;
        Ok(opened.insert(ledger).clone())
    }
}

#[async_trait]
impl Store for LateLedger {
    async fn put_wake_up(&self, wake_up: WakeUp) -> Result<(), StoreUnavailable> {
        self.wake_ups.put_wake_up(wake_up).await
    }

    async fn remove_wake_up(&self, connection: &str, name: &str) -> Result<bool, StoreUnavailable> {
        self.wake_ups.remove_wake_up(connection, name).await
    }

    async fn wake_ups(&self, connection: &str) -> Result<Vec<WakeUp>, StoreUnavailable> {
        self.wake_ups.wake_ups(connection).await
    }

    async fn kept_token(&self, connection: &str, slot: &str) -> Result<Option<KeptToken>, StoreUnavailable> {
        self.ledger()?.kept_token(connection, slot).await
    }

    async fn keep_token(&self, connection: &str, slot: &str, kept: KeptToken) -> Result<bool, StoreUnavailable> {
        self.ledger()?.keep_token(connection, slot, kept).await
    }
}
