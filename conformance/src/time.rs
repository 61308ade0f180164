//! Time that passes only when nobody has anything to do.

use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use wharf_flow::{Ledger, Sleep};
use wharf_host::model::Instant;
use wharf_host::surroundings::Clock;

/// How long nothing may happen before time goes on.
const QUIET: Duration = Duration::from_millis(1);

/// A clock that stands still while anything happens, and then jumps to the next thing that is due. Cheap to clone; all
/// clones are one.
#[derive(Clone)]
pub struct VirtualTime(Arc<State>);

struct State {
    now: AtomicU64,
    sleepers: Mutex<Vec<(Instant, Waker)>>,
    /// Counts whatever happens.
    steps: AtomicUsize,
    /// Things that take real time: calls that wait for a remote.
    under_way: AtomicUsize,
    /// How many of them stand still on purpose.
    standing: AtomicUsize,
}

impl VirtualTime {
    /// Makes a clock that shows `start`.
    pub fn starting_at(start: Instant) -> Self {
        Self(Arc::new(State {
            now: AtomicU64::new(start.0),
            sleepers: Mutex::default(),
            steps: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            standing: AtomicUsize::new(0),
        }))
    }

    /// Makes a clock that shows the machine's time, because remotes that are asked for real look at theirs.
    pub fn starting_now() -> Self {
        Self::starting_at(wharf_host::surroundings::SystemClock.now())
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.0.now.fetch_add(millis, Ordering::SeqCst);
        self.wake();
    }

    /// Sets the clock, as a person or a time server does.
    pub(crate) fn set(&self, seconds: i64) {
        let millis = seconds.saturating_mul(1000);
        self.0.now.store(self.now().0.saturating_add_signed(millis), Ordering::SeqCst);
        self.wake();
    }

    /// Notes that something takes real time, until the guard is dropped.
    pub fn busy(&self) -> Busy {
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(&self.0))
    }

    /// Says how many of the things that take real time stand still on purpose, so that nobody waits for them.
    pub(crate) fn standing(&self, count: usize) {
        self.0.standing.store(count, Ordering::SeqCst);
    }

    /// Runs a future that writes to `ledger` to its end. Whenever it waits, and for nothing but the time, time goes on.
    pub async fn drive<F: Future>(&self, ledger: &Ledger, future: F) -> F::Output {
        self.drive_beside(|| ledger.writes_under_way() > 0, future).await
    }

    async fn drive_beside<F: Future>(&self, is_writing: impl Fn() -> bool, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        let counted = std::future::poll_fn(|context| {
            self.0.steps.fetch_add(1, Ordering::SeqCst);
            future.as_mut().poll(context)
        });
        tokio::select! {
            output = counted => output,
            never = self.pass(is_writing) => match never {},
        }
    }

    async fn pass(&self, is_writing: impl Fn() -> bool) -> std::convert::Infallible {
        loop {
            let before = self.0.steps.load(Ordering::SeqCst);
            tokio::time::sleep(QUIET).await;
            let quiet = self.0.steps.load(Ordering::SeqCst) == before;
            if quiet
                && !is_writing()
                && self.0.under_way.load(Ordering::SeqCst) <= self.0.standing.load(Ordering::SeqCst)
            {
                self.skip();
            }
        }
    }

    /// Goes on to the next sleeper.
    fn skip(&self) {
        let next = self.sleepers().iter().map(|(at, _)| *at).min();
        if let Some(next) = next {
            self.0.now.fetch_max(next.0, Ordering::SeqCst);
            self.wake();
        }
    }

    fn wake(&self) {
        let now = self.now();
        self.sleepers().retain(|(at, waker)| {
            if *at <= now {
                waker.wake_by_ref();
            }
            *at > now
        });
    }

    fn sleepers(&self) -> MutexGuard<'_, Vec<(Instant, Waker)>> {
        self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualTime {
    fn now(&self) -> Instant {
        Instant(self.0.now.load(Ordering::SeqCst))
    }
}

#[async_trait::async_trait]
impl Sleep for VirtualTime {
    async fn until(&self, at: Instant, _: &dyn Clock) {
        std::future::poll_fn(|context| {
            if self.now() >= at {
                return Poll::Ready(());
            }
            self.sleepers().push((at, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// Something that takes real time.
pub struct Busy(Arc<State>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
        self.0.steps.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_day_passes_at_once_and_in_order() {
        let time = VirtualTime::starting_at(Instant(5));
        let order = Mutex::new(Vec::new());
        let note = |hours: u64| {
            let (time, order) = (&time, &order);
            async move {
                time.until(Instant(hours * 3_600_000), time).await;
                order.lock().unwrap_or_else(PoisonError::into_inner).push((hours, time.now().0));
            }
        };
        time.drive_beside(|| false, async { futures::join!(note(24), note(1), note(2)) }).await;
        let order = order.into_inner().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(order, [(1, 3_600_000), (2, 7_200_000), (24, 86_400_000)]);
    }

    #[tokio::test]
    async fn time_stands_still_while_something_takes_real_time() {
        let time = VirtualTime::starting_at(Instant(0));
        let busy = time.busy();
        let done = time.drive_beside(|| false, async {
            tokio::select! {
                () = time.until(Instant(1), &time) => false,
                () = tokio::time::sleep(QUIET * 5) => true,
            }
        });
        assert!(done.await, "time went on");
        drop(busy);
    }
}
