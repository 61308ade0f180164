//! Reads a window of the feed again. The ledger is the same, so nothing is written twice; the cursor is another one, so
//! the flow's own stays where it is.

use futures::future::select;
use wharf_host::model::{Answer, Bounds, Instant};

use super::apply::{failure_of, internal};
use super::policy::{Pace, Phase, Reaction, Situation, Writes, delay, react};
use super::pull::is_place_lost;
use super::run::Reading;
use super::trail::Trail;
use super::{RunEvent, RunObserver, Runner, run};
use crate::ledger::{Backfill, BackfillPage, Lease, Taken};
use crate::problem::{Error, Problem};
use crate::report::{BackfillReport, RunReport};
use crate::schedule::mix;

/// How often reading is tried again before the backfill is left for another time.
const ATTEMPTS: u32 = 6;

pub(super) async fn backfill(
    runner: &Runner,
    window: (Instant, Instant),
    who: &str,
    observer: &dyn RunObserver,
) -> Result<BackfillReport, Error> {
    check(runner, window)?;
    // Makes the flow known, and leaves nothing of an earlier run in the way.
    let mut worked = work_off(runner, observer).await?;
    let name = &runner.spec.name;
    let lease = match runner.ledger.take(&format!("{name} (backfill)"), runner.settings.lease).await? {
        Taken::Ours { lease, .. } => lease,
        Taken::Held { holder, until } => {
            return Err(Error::Held { flow: format!("{name} (backfill)"), holder, until });
        }
    };
    let mut reading = BackfillRun {
        runner,
        lease: &lease,
        backfill: runner.ledger.open_backfill(&lease, name, window, who).await?,
        trail: Trail::default(),
        page_items: None,
        attempts: 0,
        observer,
    };
    while reading.backfill.status.ended.is_none() && !runner.drain.has_begun() {
        if !reading.read_until_full().await? {
            break;
        }
        worked = merged(worked, work_off(runner, observer).await?);
    }
    let holds = match reading.backfill.status.ended {
        Some(_) => Vec::new(),
        None => runner.holds()?.of(name, &runner.spec.connections(), runner.ledger.now()),
    };
    Ok(BackfillReport { status: reading.backfill.status, run: worked, holds })
}

fn check(runner: &Runner, (from, to): (Instant, Instant)) -> Result<(), Error> {
    let source = &runner.spec.source;
    let manifest = runner.endpoint(&source.connection)?.manifest();
    let by_time = manifest.feeds.iter().any(|feed| feed.name == source.feed && feed.windows);
    let problem = if from >= to {
        "the window ends before it starts; give an earlier `--from`".to_owned()
    } else if by_time {
        return Ok(());
    } else {
        format!("feed `{}` cannot be read by time; only its live cursor can read it", source.feed)
    };
    Err(Error::Definition { flow: runner.spec.name.clone(), problems: vec![Problem::new(["from", "feed"], problem)] })
}

/// Works on what was found; none when another process runs the flow, which then does it.
async fn work_off(runner: &Runner, observer: &dyn RunObserver) -> Result<Option<RunReport>, Error> {
    match runner.ledger.take(&runner.spec.name, runner.settings.lease).await? {
        Taken::Held { .. } => Ok(None),
        Taken::Ours { lease, stalled } => run::run(runner, &lease, stalled, Reading::Not, observer).await.map(Some),
    }
}

/// Adds up two runs one after the other.
fn merged(before: Option<RunReport>, after: Option<RunReport>) -> Option<RunReport> {
    let (Some(before), Some(mut after)) = (before, after.clone()) else { return after };
    after.done += before.done;
    for (rule, count) in before.filtered {
        *after.filtered.entry(rule).or_default() += count;
    }
    for (cause, count) in before.parked {
        *after.parked.entry(cause).or_default() += count;
    }
    for (connection, count) in before.calls {
        *after.calls.entry(connection).or_default() += count;
    }
    after.elapsed_ms += before.elapsed_ms;
    Some(after)
}

struct BackfillRun<'r> {
    runner: &'r Runner,
    lease: &'r Lease,
    backfill: Backfill,
    trail: Trail,
    page_items: Option<u32>,
    attempts: u32,
    observer: &'r dyn RunObserver,
}

impl BackfillRun<'_> {
    /// Reads pages until so much waits that it has to be worked on first, or to the end; false when reading has to be left
    /// for another time.
    async fn read_until_full(&mut self) -> Result<bool, Error> {
        let runner = self.runner;
        while self.backfill.status.ended.is_none() && !runner.drain.has_begun() {
            if runner.ledger.has_backlog(self.backfill.flow, runner.settings.backlog)? {
                break;
            }
            let Some(at) = self.may_read_at()? else { return Ok(false) };
            if at > runner.ledger.now() {
                if at > runner.ledger.now().after(runner.settings.settle) {
                    return Ok(false);
                }
                self.observer.event(&RunEvent::Waiting { until: at });
                self.wait_until(at).await;
                continue;
            }
            if !self.read_page().await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns when the source may be called; none when a person has to let it go on first.
    fn may_read_at(&self) -> Result<Option<Instant>, Error> {
        Ok(self.runner.feed_opens(&self.runner.holds()?, self.runner.ledger.now()))
    }

    async fn read_page(&mut self) -> Result<bool, Error> {
        let runner = self.runner;
        let asked = runner.ledger.now();
        let status = &self.backfill.status;
        let bounds = Bounds { since: Some(status.from), until: Some(status.to), ..runner.bounds(self.page_items) };
        self.renew_lease().await?;
        let page = match runner.pull(self.backfill.cursor.as_ref(), &bounds).await? {
            Ok(Answer { value, .. }) => value,
            Err(error) => return self.failed(&error, bounds.max_items).await,
        };
        if let Some(detail) = self.trail.complaint(self.backfill.cursor.as_ref(), &page) {
            return self.stopped(&internal(detail).message);
        }
        (self.attempts, self.page_items) = (0, None);
        let before = self.backfill.status.news;
        let (items, caught_up) = (u64::try_from(page.items.len()).unwrap_or(u64::MAX), page.caught_up);
        let commit = BackfillPage {
            backfill: self.backfill.n,
            flow: self.backfill.flow,
            items: page.items,
            next: page.next,
            caught_up,
            follows_changes: runner.follows_changes(),
            asked,
        };
        self.backfill = runner.ledger.commit_backfill(self.lease, commit).await?;
        let news = self.backfill.status.news.saturating_sub(before);
        self.observer.event(&RunEvent::Read { items: news, unchanged: items.saturating_sub(news), caught_up });
        Ok(true)
    }

    /// Waits for that time, or until the backfill is brought to its end.
    async fn wait_until(&self, at: Instant) {
        let runner = self.runner;
        let wait = runner.settings.sleep.until(at, runner.ledger.clock().as_ref());
        select(wait, std::pin::pin!(runner.drain.begun())).await;
    }

    async fn renew_lease(&self) -> Result<(), Error> {
        if self.lease.renew_at() <= self.runner.ledger.now() {
            self.lease.renew().await?;
        }
        Ok(())
    }

    /// Waits and goes on where that may help; an error where only a person can.
    async fn failed(&mut self, error: &wharf_host::Error, page_items: u32) -> Result<bool, Error> {
        let failure = failure_of(error);
        let at = Situation {
            phase: Phase::Pull,
            attempts: self.attempts,
            size: usize::try_from(page_items).unwrap_or(usize::MAX),
            whole: true,
            writes: Writes::NoneSent,
            repeatable: false,
            verifiable: false,
            action: wharf_host::model::Action::Update,
        };
        if self.backfill.cursor.is_some() && is_place_lost(&failure) {
            self.backfill.cursor = None;
            self.trail = Trail::default();
            self.observer.event(&RunEvent::FromStart { message: failure.message.clone() });
            return Ok(true);
        }
        let now = self.runner.ledger.now();
        self.attempts = self.attempts.saturating_add(1);
        let wait_until = match react(&failure.cause, &at) {
            Reaction::ShrinkPage => {
                self.page_items = Some((page_items / 2).max(1));
                return Ok(true);
            }
            _ if self.attempts > ATTEMPTS => return self.stopped(&failure.message),
            Reaction::Retry(pace) => now.after(delay(pace, at.attempts, mix(now.0))),
            Reaction::Unreachable { until } | Reaction::HoldConnection { until } => {
                until.unwrap_or_else(|| now.after(delay(Pace::Short, at.attempts, mix(now.0))))
            }
            _ => return self.stopped(&failure.message),
        };
        if wait_until > now.after(self.runner.settings.lease.max(self.runner.settings.settle)) {
            return self.stopped(&failure.message);
        }
        self.observer.event(&RunEvent::Waiting { until: wait_until });
        self.wait_until(wait_until).await;
        Ok(true)
    }

    fn stopped(&self, why: &str) -> Result<bool, Error> {
        let status = &self.backfill.status;
        Err(Error::Stopped { flow: status.flow.clone(), pages: status.pages, reason: why.to_owned() })
    }
}
