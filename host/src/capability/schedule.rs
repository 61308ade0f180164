//! The schedule import: wake-ups that a connector asks for, kept durably.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::model::Instant;
use crate::store::{Store, StoreUnavailable, WakeUp};

/// Wake-ups of a connection.
const WAKE_UPS: usize = 64;

/// Bytes of a payload.
const PAYLOAD: usize = 4096;

/// Shortest interval.
const INTERVAL: Duration = Duration::from_secs(10);

/// Why a wake-up was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    NameInvalid,
    TooMany,
    PayloadTooLarge,
    TooFrequent,
    Unavailable(String),
}

impl From<StoreUnavailable> for Refused {
    fn from(unavailable: StoreUnavailable) -> Self {
        Self::Unavailable(unavailable.0)
    }
}

/// The wake-ups of one connection.
pub(crate) struct Schedule {
    connection: String,
    store: Arc<dyn Store>,
    /// Whether the component exports `wakeups`: otherwise nothing could ever be woken.
    wakes: bool,
    /// Counting and putting are one step, also for calls that run at the same time.
    step: Mutex<()>,
}

impl Schedule {
    /// Makes the room of a connection; `wakes` tells whether the component exports `wakeups`.
    pub(crate) fn new(connection: &str, store: Arc<dyn Store>, wakes: bool) -> Self {
        Self { connection: connection.to_owned(), store, wakes, step: Mutex::new(()) }
    }

    /// Keeps a wake-up for one time.
    pub(crate) async fn wake_at(&self, name: String, due: Instant, payload: String) -> Result<(), Refused> {
        self.put(name, due, None, payload).await
    }

    /// Keeps a wake-up for every so many seconds.
    pub(crate) async fn wake_every(
        &self,
        name: String,
        seconds: u32,
        payload: String,
        now: Instant,
    ) -> Result<(), Refused> {
        let interval = Duration::from_secs(u64::from(seconds));
        if interval < INTERVAL {
            return Err(Refused::TooFrequent);
        }
        self.put(name, now.after(interval), Some(seconds), payload).await
    }

    async fn put(
        &self,
        name: String,
        due: Instant,
        every_seconds: Option<u32>,
        payload: String,
    ) -> Result<(), Refused> {
        if !self.wakes {
            return Err(Refused::Unavailable("the component does not export `wakeups`; export it".into()));
        }
        check_name(&name)?;
        if payload.len() > PAYLOAD {
            return Err(Refused::PayloadTooLarge);
        }
        let _step = self.step.lock().await;
        let others = self.store.wake_ups(&self.connection).await?.iter().filter(|other| other.name != name).count();
        if others >= WAKE_UPS {
            return Err(Refused::TooMany);
        }
        let connection = self.connection.clone();
        Ok(self.store.put_wake_up(WakeUp { connection, name, due, every_seconds, payload }).await?)
    }

    /// Forgets a wake-up; false when there was none.
    pub(crate) async fn cancel(&self, name: &str) -> Result<bool, Refused> {
        check_name(name)?;
        Ok(self.store.remove_wake_up(&self.connection, name).await?)
    }
}

fn check_name(name: &str) -> Result<(), Refused> {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if (1..=64).contains(&name.len()) && name.bytes().all(allowed) { Ok(()) } else { Err(Refused::NameInvalid) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;
    use crate::store::MemoryStore;

    fn room() -> (Arc<MemoryStore>, Schedule) {
        let store = Arc::new(MemoryStore::default());
        (Arc::clone(&store), Schedule::new("shop", store, true))
    }

    #[tokio::test]
    async fn wake_up_replaces_the_one_of_the_same_name() {
        let (store, room) = room();
        room.wake_at("a".into(), Instant(5), "one".into()).await.unwrap();
        room.wake_every("a".into(), 60, "two".into(), Instant(1000)).await.unwrap();
        let expected = WakeUp {
            connection: "shop".into(),
            name: "a".into(),
            due: Instant(61_000),
            every_seconds: Some(60),
            payload: "two".into(),
        };
        assert_eq!(store.wake_ups("shop").await.unwrap(), [expected]);
        assert!(room.cancel("a").await.unwrap());
        assert!(!room.cancel("a").await.unwrap());
    }

    #[tokio::test]
    async fn what_is_over_a_limit_is_refused() {
        let (_store, room) = room();
        for name in ["", "A", "a b", &"x".repeat(65)] {
            assert_eq!(room.wake_at(name.into(), Instant(0), String::new()).await, Err(Refused::NameInvalid));
        }
        let long = "x".repeat(4097);
        assert_eq!(room.wake_at("a".into(), Instant(0), long).await, Err(Refused::PayloadTooLarge));
        assert_eq!(room.wake_every("a".into(), 9, String::new(), Instant(0)).await, Err(Refused::TooFrequent));
        for number in 0..64 {
            room.wake_at(format!("w{number}"), Instant(0), String::new()).await.unwrap();
        }
        assert_eq!(room.wake_at("more".into(), Instant(0), String::new()).await, Err(Refused::TooMany));
        room.wake_at("w63".into(), Instant(1), "again".into()).await.unwrap();
    }

    #[tokio::test]
    async fn component_that_cannot_be_woken_is_told_so() {
        let room = Schedule::new("shop", Arc::new(MemoryStore::default()), false);
        let refused = room.wake_at("a".into(), Instant(0), String::new()).await;
        assert!(matches!(refused, Err(Refused::Unavailable(why)) if why.contains("wakeups")));
    }
}
