//! Time that passes only when nobody has anything to do.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use wharf_host::model::Instant;
use wharf_host::surroundings::Clock;

use crate::{Ledger, Sleep};

/// 2026-01-01T00:00:00Z.
pub(super) const START: u64 = 1_767_225_600_000;

pub(super) struct VirtualTime {
    now: AtomicU64,
    sleepers: Mutex<Vec<(Instant, Waker)>>,
}

impl VirtualTime {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { now: AtomicU64::new(START), sleepers: Mutex::default() })
    }

    pub(super) fn advance(&self, duration: Duration) {
        self.now.fetch_add(u64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Sets the clock back, as whoever notices that it was ahead.
    pub(super) fn set_back(&self, duration: Duration) {
        self.now.fetch_sub(u64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Runs a future to its end, or until `stopped`. Time goes on to the next sleeper whenever the future waits, no
    /// ledger has a commit under way, and nobody was woken.
    pub(super) fn drive<F: Future>(
        &self,
        ledgers: &[&Ledger],
        stopped: impl Fn() -> bool,
        future: F,
    ) -> Option<F::Output> {
        let signal = Arc::new(Signal { woken: AtomicBool::new(true), thread: std::thread::current() });
        let waker = Waker::from(Arc::clone(&signal));
        let mut context = Context::from_waker(&waker);
        let mut future = std::pin::pin!(future);
        let mut steps = 0;
        loop {
            if stopped() {
                return None;
            }
            if signal.woken.swap(false, Ordering::SeqCst) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                    return Some(output);
                }
                continue;
            }
            if ledgers.iter().any(|ledger| ledger.writes_under_way() > 0) {
                std::thread::park_timeout(Duration::from_millis(20));
            } else if !signal.woken.load(Ordering::SeqCst) && !stopped() {
                steps += 1;
                assert!(steps < 3_000, "time goes on, and nothing happens");
                self.wake_next();
            }
        }
    }

    fn wake_next(&self) {
        let mut sleepers = self.sleepers.lock().unwrap();
        let next = sleepers.iter().map(|(at, _)| *at).min().expect("everybody waits, and nobody for the time");
        self.now.fetch_max(next.0, Ordering::SeqCst);
        let now = self.now();
        sleepers.retain(|(at, waker)| {
            if *at <= now {
                waker.wake_by_ref();
            }
            *at > now
        });
    }
}

impl Clock for VirtualTime {
    fn now(&self) -> Instant {
        Instant(self.now.load(Ordering::SeqCst))
    }
}

#[async_trait::async_trait]
impl Sleep for Arc<VirtualTime> {
    async fn until(&self, at: Instant, _: &dyn Clock) {
        std::future::poll_fn(|context| {
            if self.now() >= at {
                return Poll::Ready(());
            }
            self.sleepers.lock().unwrap().push((at, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

struct Signal {
    woken: AtomicBool,
    thread: Thread,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}
