//! How much computing time a connection had lately. One that had more than its share computes by turns with the others
//! that had, so that there is always a thread for short calls and for what arrives from the network.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::ready;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Computing in a row that is nobody's concern: a page of many hundred orders.
const BURST: Duration = Duration::from_millis(20);

/// What a connection may have for good: a quarter of a processor's time.
const PART: u32 = 4;

/// Most that is held against a connection: after a third of a second of rest it has its share again.
const MOST: Duration = Duration::from_millis(100);

tokio::task_local! {
    /// Set while a connection's work is done: what it looks up at others is part of that.
    static SHARING: ();
}

/// What a connection has had of its share, over all of its calls: a call that is made again and again is as one that goes on.
#[derive(Debug)]
pub(crate) struct Share(Mutex<Used>);

#[derive(Debug)]
struct Used {
    time: Duration,
    at: Instant,
}

impl Default for Share {
    fn default() -> Self {
        Self(Mutex::new(Used { time: Duration::ZERO, at: Instant::now() }))
    }
}

impl Used {
    fn left_at(&self, now: Instant) -> Duration {
        self.time.saturating_sub(now.saturating_duration_since(self.at) / PART)
    }
}

impl Share {
    fn spend(&self, start: Instant, end: Instant) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let time = used.left_at(end) + end.saturating_duration_since(start);
        *used = Used { time: time.min(MOST), at: end };
    }

    fn is_used_up(&self, now: Instant) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).left_at(now) > BURST
    }

    /// Takes back what came back between the two: who waits for a turn has work to do and does not rest.
    fn waited(&self, start: Instant, end: Instant) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *used = Used { time: used.left_at(start.max(used.at)), at: end };
    }
}

/// Does a connection's work, and notes how long it keeps a thread. From when its share is used up, it goes on only in its
/// turns; a turn is over when the work waits for something, which it does at every tick.
///
/// Work within such work, a look-up at another connection, goes on in the turns of the outer one, on whose account it is: one that
/// waited for a turn of its own would be given it while the outer one waits behind it, and neither would go on.
pub(super) async fn sharing<F: Future>(share: &Share, turns: &Arc<Semaphore>, work: F) -> F::Output {
    if SHARING.try_with(|()| ()).is_ok() {
        return work.await;
    }
    let mut work = pin!(SHARING.scope((), work));
    let mut waiting = None;
    poll_fn(move |context| {
        let mut turn = None;
        if waiting.is_some() || share.is_used_up(Instant::now()) {
            let (next, since) = waiting.get_or_insert_with(|| (turn_of(Arc::clone(turns)), Instant::now()));
            turn = ready!(next.as_mut().poll(context));
            share.waited(*since, Instant::now());
            waiting = None;
        }
        let start = Instant::now();
        let polled = work.as_mut().poll(context);
        share.spend(start, Instant::now());
        if turn.take().is_some() {
            // Threads of others that the system put behind this one on its processor come first; else they would wait for as
            // long as the system lets a thread compute, which is several ticks.
            std::thread::yield_now();
        }
        polled
    })
    .await
}

/// Waits for a turn; there is always one to come, as nothing closes the semaphore.
fn turn_of(turns: Arc<Semaphore>) -> BoxFuture<'static, Option<OwnedSemaphorePermit>> {
    Box::pin(async { turns.acquire_owned().await.ok() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Poll;

    use super::*;

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn share_is_used_up_by_many_short_calls_as_by_one_long_and_comes_back_with_time() {
        let (share, start) = (Share::default(), Instant::now());
        for call in 0..30 {
            share.spend(after(start, call), after(start, call + 1));
        }
        assert!(share.is_used_up(after(start, 30)));
        assert!(!share.is_used_up(after(start, 30 + 40)));
    }

    #[test]
    fn quarter_of_the_time_is_never_too_much_and_half_of_it_is() {
        let start = Instant::now();
        for (busy, used_up) in [(5, false), (10, true)] {
            let share = Share::default();
            for round in 0..100 {
                share.spend(after(start, round * 20), after(start, round * 20 + busy));
            }
            assert_eq!(share.is_used_up(after(start, 99 * 20 + busy)), used_up);
        }
    }

    #[test]
    fn nothing_comes_back_while_a_connection_waits_for_its_turn() {
        let (share, start) = (Share::default(), Instant::now());
        share.spend(start, after(start, 60));
        share.waited(after(start, 60), after(start, 560));
        assert!(share.is_used_up(after(start, 560)));
        assert!(!share.is_used_up(after(start, 560 + 200)), "it comes back when it rests");
    }

    #[test]
    fn what_is_held_against_a_connection_has_an_end() {
        let (share, start) = (Share::default(), Instant::now());
        share.spend(start, after(start, 60_000));
        assert!(share.is_used_up(after(start, 60_300)));
        assert!(!share.is_used_up(after(start, 60_321)));
    }

    /// Work that always goes on, and notes how many do at once.
    async fn busy(share: &Share, turns: &Arc<Semaphore>, running: &AtomicUsize, most: &AtomicUsize) {
        let mut rounds = 0;
        let work = poll_fn(|context| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            running.fetch_sub(1, Ordering::SeqCst);
            rounds += 1;
            context.waker().wake_by_ref();
            if rounds < 2_000 { Poll::Pending } else { Poll::Ready(()) }
        });
        sharing(share, turns, work).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn connections_that_used_their_share_up_run_only_as_many_at_once_as_there_are_turns() {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let turns = Arc::new(Semaphore::new(1));
        let tasks = (0..8).map(|_| {
            let (turns, running, most) = (Arc::clone(&turns), Arc::clone(&running), Arc::clone(&most));
            tokio::spawn(async move {
                let share = Share::default();
                // In an hour, so that nothing of it comes back meanwhile.
                let then = after(Instant::now(), 3_600_000);
                share.spend(then, after(then, 1_000));
                busy(&share, &turns, &running, &most).await;
            })
        });
        futures::future::try_join_all(tasks).await.unwrap();
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn look_up_in_a_call_goes_on_in_the_turns_of_that_call() {
        let used_up = || {
            let (share, then) = (Share::default(), after(Instant::now(), 3_600_000));
            share.spend(then, after(then, 1_000));
            share
        };
        let (outer, inner, turns) = (used_up(), used_up(), Arc::new(Semaphore::new(1)));
        let looked_up = sharing(&outer, &turns, sharing(&inner, &turns, tokio::task::yield_now()));
        tokio::time::timeout(Duration::from_secs(20), looked_up).await.unwrap();
    }
}
