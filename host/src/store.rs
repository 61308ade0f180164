//! Durable state that the host itself keeps: wake-ups that connectors asked for.
//!
//! What belongs to flows (cursors, ledger) is not the host's and is not here.

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
}

/// A store that forgets at the end of the process: for tests, and for hosts whose connectors keep no schedule.
#[derive(Default)]
pub struct MemoryStore(std::sync::Mutex<Vec<WakeUp>>);

impl MemoryStore {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<WakeUp>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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
}
