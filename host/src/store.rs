//! Durable state that the host itself keeps: wake-ups that connectors asked for, and tokens that replace a secret.
//!
//! What belongs to flows (cursors, ledger) is not the host's and is not here.

use std::collections::HashMap;

use crate::model::Instant;

/// A wake-up that a connector asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeUp {
    /// Connection that asked.
    pub connection: String,
    /// Name, unique within the connection.
    pub name: String,
    /// When it is due next.
    pub due: Instant,
    /// Repeat every so many seconds; none for once.
    pub every_seconds: Option<u32>,
    /// What the connector gets back.
    pub payload: String,
}

/// What the host keeps for a credential whose refresh token the remote replaces at each use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptToken {
    /// 1 for the first, and one more with every change.
    pub version: u64,
    /// What only the host can open, with a key made from the operator's secret; empty before the first refresh.
    pub sealed: Vec<u8>,
    /// Until when one host is about to replace it, so that the others wait.
    pub busy_until: Option<Instant>,
}

/// Why the store did not do it, in words for an operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreUnavailable(pub String);

/// Durable state of the host. Every method returns after the change is durable.
#[async_trait::async_trait]
pub trait Store: Send + Sync {
    /// Puts a wake-up, in place of the one with the same connection and name.
    ///
    /// # Errors
    /// When it could not be made durable.
    async fn put_wake_up(&self, wake_up: WakeUp) -> Result<(), StoreUnavailable>;

    /// Removes a wake-up; false when there was none.
    ///
    /// # Errors
    /// When it could not be made durable.
    async fn remove_wake_up(&self, connection: &str, name: &str) -> Result<bool, StoreUnavailable>;

    /// Returns the wake-ups of a connection.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn wake_ups(&self, connection: &str) -> Result<Vec<WakeUp>, StoreUnavailable>;

    /// Returns what is kept for a credential slot of a connection.
    ///
    /// Only connectors with a credential of the scheme `oauth2-refresh` need this and [`keep_token`](Self::keep_token).
    ///
    /// # Errors
    /// When it cannot be read; by default always.
    async fn kept_token(&self, connection: &str, slot: &str) -> Result<Option<KeptToken>, StoreUnavailable> {
        let _ = (connection, slot);
        Err(keeps_none())
    }

    /// Puts what is kept for a credential slot in place of the version before; false, and nothing is changed, when
    /// another version than that is there. All hosts that use one credential have to share one store.
    ///
    /// # Errors
    /// When it could not be made durable; by default always.
    async fn keep_token(&self, connection: &str, slot: &str, kept: KeptToken) -> Result<bool, StoreUnavailable> {
        let _ = (connection, slot, kept);
        Err(keeps_none())
    }
}

fn keeps_none() -> StoreUnavailable {
    StoreUnavailable("this store keeps no tokens; implement `kept_token` and `keep_token`".into())
}

/// A store that forgets at the end of the process: for tests, and for hosts whose connectors keep no schedule.
///
/// Hosts that share it share its tokens. It is not for credentials of the scheme `oauth2-refresh` beyond tests: with the
/// process it forgets the only refresh token that the remote still takes.
#[derive(Default)]
pub struct MemoryStore {
    wake_ups: std::sync::Mutex<Vec<WakeUp>>,
    tokens: std::sync::Mutex<HashMap<(String, String), KeptToken>>,
}

impl MemoryStore {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<WakeUp>> {
        self.wake_ups.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Store for MemoryStore {
    async fn put_wake_up(&self, wake_up: WakeUp) -> Result<(), StoreUnavailable> {
        let mut all = self.lock();
        all.retain(|old| (&old.connection, &old.name) != (&wake_up.connection, &wake_up.name));
        all.push(wake_up);
        Ok(())
    }

    async fn remove_wake_up(&self, connection: &str, name: &str) -> Result<bool, StoreUnavailable> {
        let mut all = self.lock();
        let before = all.len();
        all.retain(|old| (old.connection.as_str(), old.name.as_str()) != (connection, name));
        Ok(all.len() < before)
    }

    async fn wake_ups(&self, connection: &str) -> Result<Vec<WakeUp>, StoreUnavailable> {
        Ok(self.lock().iter().filter(|wake_up| wake_up.connection == connection).cloned().collect())
    }

    async fn kept_token(&self, connection: &str, slot: &str) -> Result<Option<KeptToken>, StoreUnavailable> {
        let tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(tokens.get(&(connection.to_owned(), slot.to_owned())).cloned())
    }

    async fn keep_token(&self, connection: &str, slot: &str, kept: KeptToken) -> Result<bool, StoreUnavailable> {
        let mut tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let place = (connection.to_owned(), slot.to_owned());
        let known = tokens.get(&place).map_or(0, |known| known.version);
        let is_next = known.checked_add(1) == Some(kept.version);
        if is_next {
            tokens.insert(place, kept);
        }
        Ok(is_next)
    }
}
