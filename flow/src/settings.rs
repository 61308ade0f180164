//! How runs behave, and what they take from the world around them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use wharf_host::model::Instant;
use wharf_host::surroundings::{Clock, Randomness, SystemRandomness};

/// Waiting, behind a trait, so that tests run in virtual time.
#[async_trait::async_trait]
pub trait Sleep: Send + Sync {
    /// Waits until `clock` shows `at` or later, and no longer than it takes from now on by a clock that nobody sets: one that
    /// is set back in the meantime does not make the wait longer. Dropping the future ends the wait.
    async fn until(&self, at: Instant, clock: &dyn Clock);
}

/// Waits in real time, on tokio's timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSleep;

/// The longest wait before the clock is looked at again: a clock that was set is noticed after that.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

#[async_trait::async_trait]
impl Sleep for SystemSleep {
    async fn until(&self, at: Instant, clock: &dyn Clock) {
        let end = tokio::time::Instant::now().checked_add(at.since(clock.now()));
        loop {
            let meant = end.map_or(LOOK_AGAIN, |end| end.saturating_duration_since(tokio::time::Instant::now()));
            let left = at.since(clock.now()).min(meant);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LOOK_AGAIN)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Shows one hour less each time that it is looked at.
    struct SetBack(AtomicU64);

    impl Clock for SetBack {
        fn now(&self) -> Instant {
            Instant(self.0.fetch_sub(3_600_000, Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn clock_that_is_set_back_does_not_make_a_wait_longer() {
        let clock = SetBack(AtomicU64::new(1_767_225_600_000));
        let wait = SystemSleep.until(Instant(1_767_225_600_300), &clock);
        assert!(tokio::time::timeout(Duration::from_secs(30), wait).await.is_ok());
    }
}

/// How runs behave.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// How long a run waits for what is due soon: questions about unknown outcomes, retries, ends of rate limits. 30 s.
    /// What is due later is left to the next run.
    pub settle: Duration,
    /// Length of a lease; renewed after a third. 30 s: the longest that a process on another machine has to wait after
    /// this one vanished. After one on the same machine nobody waits.
    pub lease: Duration,
    /// Longest time that a call may take. 60 s, as the host's own limit. After taking over from a run that may only have
    /// stalled, nothing is asked of the remote before that time is over.
    pub call: Duration,
    /// How long what is under way may take to end once a [`Scheduler`](crate::Scheduler) is told to stop. 8 s: whoever stops a
    /// program mostly gives it ten before it is killed.
    pub farewell: Duration,
    /// Items of a page. 500.
    pub page_items: u32,
    /// Bytes of a page. 4 MiB.
    pub page_bytes: u32,
    /// Documents in one call at most, whatever the connector takes. No limit of its own; 1 makes a run's calls the same
    /// ones each time, as a recording needs them.
    pub batch: usize,
    /// Items that wait in the ledger. 5,000; while there are more, nothing is read.
    pub backlog: usize,
    /// Something that changes with a connection's credential, e.g. a digest, by connection. A connection that was paused
    /// because its credential was refused goes on by itself when this is another one; without it, when it is released.
    pub credential_marks: BTreeMap<String, String>,
    /// The same, asked each time that it is needed, so that a process that runs for long notices a secret that was
    /// replaced. None by default; used in place of `credential_marks`.
    pub live_credential_marks: Option<Arc<dyn Fn() -> BTreeMap<String, String> + Send + Sync>>,
    /// Names of the credentials that each connection uses. A credential that is paused, or refused, stops every
    /// connection that uses it. Empty by default: each connection then stands for itself.
    pub credentials: BTreeMap<String, Vec<String>>,
    /// How long the details of a done item's way are kept; for ever by default. Afterwards its key, version, the id that
    /// it has at the target and its times stay.
    pub keep_done: Option<Duration>,
    /// One write in so many is asked about although its connector said that it took effect, where the remote can be
    /// asked. 50; 0 for none.
    pub check_one_in: u32,
    /// Whether every create of a flow that has brought nothing yet is asked about, until the remote has shown one of them.
    /// True. A recording does without, as it depends on the machine how many are asked about.
    pub prove_first: bool,
    /// How waiting is done.
    pub sleep: Arc<dyn Sleep>,
    /// Where ids and jitter come from.
    pub randomness: Arc<dyn Randomness>,
}

impl Settings {
    /// Returns what changes with each connection's credential, as it is now.
    pub(crate) fn marks(&self) -> BTreeMap<String, String> {
        self.live_credential_marks.as_ref().map_or_else(|| self.credential_marks.clone(), |ask| ask())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(30),
            lease: Duration::from_secs(30),
            call: Duration::from_secs(60),
            farewell: Duration::from_secs(8),
            page_items: 500,
            page_bytes: 4 << 20,
            batch: usize::MAX,
            backlog: 5_000,
            credential_marks: BTreeMap::new(),
            live_credential_marks: None,
            credentials: BTreeMap::new(),
            keep_done: None,
            check_one_in: 50,
            prove_first: true,
            sleep: Arc::new(SystemSleep),
            randomness: Arc::new(SystemRandomness),
        }
    }
}
