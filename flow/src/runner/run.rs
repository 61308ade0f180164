//! The loop of a run: read, take what is due, wait for what is due soon, end.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Semaphore, watch};
use wharf_host::model::{Action, Instant, Trace};

use super::follow::FollowedRecords;
use super::pull::Feed;
use super::queue::{Busy, Ended, Unit};
use super::{RunEvent, RunObserver, Runner};
use crate::ledger::{Held, HoldTable, Lease, Position, Settler, StoredIntent};
use crate::problem::{Error, LedgerError};
use crate::report::RunReport;

/// Which part a run's feed has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// It is read.
    Live,
    /// It is read, and again once `poll_at` comes, if there is still work then.
    Scheduled {
        /// When the feed is to be read next.
        poll_at: Option<Instant>,
    },
    /// It is not: the run only works on what is in the ledger already.
    Not,
    /// A webhook told of something: the feed is read if that asks for it, or once `poll_at` comes.
    Told {
        /// When the feed is to be read next.
        poll_at: Option<Instant>,
    },
}

/// How many records that webhooks told of are read at once, besides the feed.
const FOLLOWED: usize = 4;

pub(super) async fn run(
    runner: &Runner,
    lease: &Lease,
    stalled: bool,
    reading: Reading,
    observer: &dyn RunObserver,
) -> Result<RunReport, Error> {
    let result = run_under(runner, lease, stalled, reading, observer).await;
    result.map_err(|error| match error {
        Error::Ledger(LedgerError::Fenced) => Error::Fenced { flow: runner.spec.name.clone() },
        other => other,
    })
}

async fn run_under(
    runner: &Runner,
    lease: &Lease,
    stalled: bool,
    reading: Reading,
    observer: &dyn RunObserver,
) -> Result<RunReport, Error> {
    runner.refuse_turned()?;
    let ledger = &runner.ledger;
    let source = &runner.spec.source;
    let (by_schedule, digest) =
        (matches!(reading, Reading::Live | Reading::Scheduled { .. }), runner.definition.digest.clone());
    let position = ledger.start_flow(lease, source, digest, by_schedule).await?;
    let run = Run::new(runner, lease, position, observer)?;
    ledger.note_may_duplicate(lease, position.flow, runner.may_duplicate()).await?;
    run.lift_replaced_credentials().await?;
    run.recover(stalled).await?;
    run.release(position.redefined).await?;
    run.refresh_holds()?;
    {
        let work = std::pin::pin!(run.work_and_compact(reading));
        let keep = std::pin::pin!(run.keep_lease());
        match select(work, keep).await {
            Either::Left((worked, _)) => worked?,
            Either::Right((lost, _)) => return Err(lost),
        }
    }
    run.report()
}

/// What one run shares between its documents.
pub(super) struct Run<'r> {
    pub(super) runner: &'r Runner,
    pub(super) lease: &'r Lease,
    pub(super) flow: i64,
    pub(super) observer: &'r dyn RunObserver,
    pub(super) permits: Semaphore,
    pub(super) holds: Mutex<HoldTable>,
    streaks: Mutex<BTreeMap<String, u32>>,
    /// Documents that were made and are not recorded yet: connection, entity, id.
    made: Mutex<HashSet<(String, String, String)>>,
    /// Kinds of documents that the connector is known to make: connection, entity.
    proven: Mutex<HashSet<(String, String)>>,
    /// Kinds of documents that the connector does not find for a text that nobody wrote: connection, entity.
    sober: Mutex<HashSet<(String, String)>>,
    /// Records that were read by themselves.
    pub(super) followed: Mutex<FollowedRecords>,
    tally: Mutex<RunReport>,
    started: Instant,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        // Only calls that outlasted the farewell: they took long already, and may take as long as any call may.
        if !self.runner.drain.has_begun() {
            return;
        }
        let until = self.now().after(self.runner.settings.call);
        self.runner.ledger.break_off(self.lease, self.flow, until);
    }
}

impl<'r> Run<'r> {
    fn new(
        runner: &'r Runner,
        lease: &'r Lease,
        position: Position,
        observer: &'r dyn RunObserver,
    ) -> Result<Self, Error> {
        let permits = usize::try_from(runner.spec.concurrency.get()).unwrap_or(1).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            runner,
            lease,
            flow: position.flow,
            observer,
            permits: Semaphore::new(permits),
            holds: Mutex::default(),
            streaks: Mutex::default(),
            made: Mutex::default(),
            proven: Mutex::default(),
            sober: Mutex::default(),
            followed: Mutex::default(),
            tally: Mutex::new(RunReport { flow: runner.spec.name.clone(), ..RunReport::default() }),
            started: runner.ledger.now(),
        })
    }

    pub(super) fn now(&self) -> Instant {
        self.runner.ledger.now()
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, RunReport> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn streaks(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.streaks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn made(&self) -> MutexGuard<'_, HashSet<(String, String, String)>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn proven(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sober(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.sober.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hold_table(&self) -> HoldTable {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn refresh_holds(&self) -> Result<(), Error> {
        let table = self.runner.holds()?;
        *self.holds.lock().unwrap_or_else(PoisonError::into_inner) = table;
        Ok(())
    }

    pub(super) fn settler(&self) -> Settler {
        Settler { flow: self.flow, follows_changes: self.runner.follows_changes() }
    }

    /// Counts the requests of a call that left the host.
    pub(super) fn count_calls(&self, connection: &str, trace: &Trace) {
        let sent = trace.requests.iter().filter(|request| request.sent).count();
        if sent > 0 {
            *self.tally().calls.entry(connection.to_owned()).or_default() += u64::try_from(sent).unwrap_or(0);
        }
    }

    /// Lets connections go on whose credential is another one than the one that was refused.
    async fn lift_replaced_credentials(&self) -> Result<(), Error> {
        self.refresh_holds()?;
        for scope in self.runner.replaced_credentials(&self.hold_table()) {
            self.runner.ledger.lift(scope).await?;
        }
        self.refresh_holds()
    }

    /// Finds out what became of writes that an earlier run had under way.
    async fn recover(&self, stalled: bool) -> Result<(), Error> {
        let after = self.runner.spec.verify_after;
        // A run that may only have stalled can still have a call on its way.
        let wait = if stalled { after.max(self.runner.settings.call) } else { after };
        let ask_at = self.now().after(wait);
        self.runner.ledger.recover(self.lease, self.flow, ask_at).await?;
        // Whose dependencies these were may have stalled, too.
        let adopted_at = self.now().after(after.max(self.runner.settings.call));
        self.runner.ledger.adopt_dependencies(self.lease, self.flow, adopted_at).await?;
        Ok(())
    }

    /// Lets parked items go on whose cause is gone.
    async fn release(&self, redefined: bool) -> Result<(), Error> {
        let ledger = &self.runner.ledger;
        let mapped = self.runner.newly_mapped(self.flow)?;
        if !mapped.is_empty() {
            ledger.let_go(self.lease, mapped, "every value is mapped now").await?;
        }
        if redefined {
            let items = ledger.redefinable_items(self.flow)?;
            ledger.redefine(self.lease, self.flow, self.runner.definition.digest.clone(), items).await?;
        }
        Ok(())
    }

    /// Renews the lease for as long as it is ours; returns the error when it is not.
    async fn keep_lease(&self) -> Error {
        let settings = &self.runner.settings;
        loop {
            settings.sleep.until(self.lease.renew_at(), self.runner.ledger.clock().as_ref()).await;
            if let Err(error) = self.lease.renew().await {
                return error.into();
            }
        }
    }

    async fn work_and_compact(&self, reading: Reading) -> Result<(), Error> {
        self.work(reading).await?;
        let Some(keep) = self.runner.settings.keep_done else { return Ok(()) };
        let before = Instant(self.now().0.saturating_sub(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX)));
        while !self.runner.drain.has_begun() && self.runner.ledger.compact(self.lease, self.flow, before).await? {}
        Ok(())
    }

    async fn work(&self, reading: Reading) -> Result<(), Error> {
        let mut feed = Feed::open(self)?;
        if matches!(reading, Reading::Not | Reading::Told { .. }) {
            feed.close();
        }
        let mut poll_at = reading.poll_at();
        let mut following = reading != Reading::Not;
        let mut told = self.runner.ledger.told();
        let mut busy = Busy::default();
        let mut under_way: FuturesUnordered<BoxFuture<'_, Result<Ended, Error>>> = FuturesUnordered::new();
        // Some are called for, the others are made durable before or after: so a commit is shared by many.
        let slots = self.permits.available_permits().saturating_mul(4);
        loop {
            if self.runner.drain.has_begun() {
                return self.last_of(under_way).await;
            }
            told.mark_unchanged();
            if reading != Reading::Not {
                // From then on what is told waits for the next run, so that this one comes to an end.
                following &= !self.open_feed(&mut feed, &mut poll_at, busy.reading.under_way() > 0).await?;
            }
            if following {
                self.start_following(&mut busy, &mut under_way)?;
            }
            busy.reading.start(self, &feed, &mut under_way)?;
            let mut more = true;
            while more && under_way.len() < slots + busy.hints.len() + busy.reading.under_way() {
                more = self.start_unit(&mut busy, &mut under_way)?;
            }
            // While there is more to start now, nobody has to know what is due later.
            let due = if more {
                None
            } else {
                self.next_due(&feed)?.into_iter().chain(poll_at.filter(|at| *at > self.now())).min()
            };
            let due = due.filter(|due| *due <= self.now().after(self.runner.settings.settle));
            if under_way.is_empty() {
                let Some(due) = due else { return Ok(()) };
                self.observer.event(&RunEvent::Waiting { until: due });
                self.wait_or_hear(Some(due), &mut told).await;
                self.refresh_holds()?;
                continue;
            }
            if let Some(ended) = self.first_of(&mut under_way, due, &mut told).await? {
                busy.end(ended, &mut feed);
                self.refresh_holds()?;
            }
        }
    }

    /// Waits until something ends, or something else is due.
    async fn first_of(
        &self,
        under_way: &mut FuturesUnordered<BoxFuture<'_, Result<Ended, Error>>>,
        due: Option<Instant>,
        told: &mut watch::Receiver<u64>,
    ) -> Result<Option<Ended>, Error> {
        let wait = std::pin::pin!(self.wait_or_hear(due, told));
        match select(under_way.next(), wait).await {
            Either::Left((ended, _)) => ended.transpose(),
            Either::Right(_) => Ok(None),
        }
    }

    /// Waits for that time, for a word from elsewhere, or until the run is brought to its end.
    async fn wait_or_hear(&self, due: Option<Instant>, told: &mut watch::Receiver<u64>) {
        let wait = std::pin::pin!(async {
            match due {
                Some(due) => self.wait_until(due).await,
                None => std::future::pending().await,
            }
        });
        let (hear, drain) = (std::pin::pin!(told.changed()), std::pin::pin!(self.runner.drain.begun()));
        select(wait, select(hear, drain)).await;
    }

    /// Waits until all that was started has ended.
    async fn last_of(&self, mut under_way: FuturesUnordered<BoxFuture<'_, Result<Ended, Error>>>) -> Result<(), Error> {
        while let Some(ended) = under_way.next().await {
            ended?;
        }
        Ok(())
    }

    async fn wait_until(&self, at: Instant) {
        self.runner.settings.sleep.until(at, self.runner.ledger.clock().as_ref()).await;
    }

    /// Opens the feed when its time comes, or a webhook asks for it; returns whether its time came.
    async fn open_feed(&self, feed: &mut Feed, poll_at: &mut Option<Instant>, reading: bool) -> Result<bool, Error> {
        let comes = !reading && poll_at.is_some_and(|at| at <= self.now());
        if comes {
            *poll_at = None;
            self.runner.ledger.started(self.lease, self.flow).await?;
            feed.reopen();
        }
        if !reading && feed.is_closed() && self.runner.ledger.poll_told(self.flow)?.is_some() {
            feed.reopen();
        }
        Ok(comes)
    }

    /// Starts to read records that webhooks told of.
    fn start_following<'f>(
        &'f self,
        busy: &mut Busy,
        under_way: &mut FuturesUnordered<BoxFuture<'f, Result<Ended, Error>>>,
    ) -> Result<(), Error> {
        let (ledger, source) = (&self.runner.ledger, &self.runner.spec.source.connection);
        if busy.hints.len() >= FOLLOWED || self.until_open(source, None).is_some() {
            return Ok(());
        }
        for hint in ledger.due_hints(self.flow, 2 * FOLLOWED)? {
            if busy.hints.len() < FOLLOWED && busy.hints.insert(hint.n) {
                under_way.push(Box::pin(async move {
                    let n = hint.n;
                    self.follow(hint).await.map(|()| Ended::Hint(n))
                }));
            }
        }
        Ok(())
    }

    /// Starts one unit of work; false when there is none now.
    fn start_unit<'f>(
        &'f self,
        busy: &mut Busy,
        under_way: &mut FuturesUnordered<BoxFuture<'f, Result<Ended, Error>>>,
    ) -> Result<bool, Error> {
        if busy.queue.is_empty() {
            self.refill(busy)?;
        }
        let Some(unit) = busy.queue.pop_front() else { return Ok(false) };
        if self.is_held(&unit) {
            // What is left in the ledger and not held comes next.
            busy.let_go(unit.ended());
            return Ok(true);
        }
        under_way.push(Box::pin(async move {
            let ended = unit.ended();
            match unit {
                Unit::File(items) => self.file(items).await?,
                Unit::First(items) => self.begin(items).await?,
                Unit::Again(intents) => self.send_again(intents).await?,
                Unit::Ask(intents) => self.ask(intents).await?,
            }
            Ok(Ended::Unit(ended))
        }));
        Ok(true)
    }

    pub(super) fn target_is_open(&self) -> bool {
        let target = &self.runner.spec.target;
        self.until_open(&target.connection, Some((&target.entity, target.action))).is_none()
    }

    /// Returns until when a write is held; none when it is not.
    pub(super) fn held_until(&self, intent: &StoredIntent) -> Option<Instant> {
        self.until_open(&intent.connection, Some((&intent.entity, intent.action)))
    }

    /// Returns until when a connection, and one kind of write on it, is held: now, when that is not known.
    fn until_open(&self, connection: &str, write: Option<(&str, Action)>) -> Option<Instant> {
        let (table, now) = (self.hold_table(), self.now());
        let writes = write.map_or(Held::No, |(entity, action)| table.writes(connection, entity, action, now));
        match (table.connection(connection, now), writes) {
            (Held::No, Held::No) => None,
            (Held::Until(until), _) => Some(until),
            (Held::UntilReleased, _) | (Held::No, Held::UntilReleased) => Some(now),
            (Held::No, Held::Until(until)) => Some(until),
        }
    }

    fn is_held(&self, unit: &Unit) -> bool {
        match unit {
            Unit::File(_) => false,
            Unit::First(_) => !self.target_is_open(),
            Unit::Again(intents) => intents.first().is_some_and(|intent| self.held_until(intent).is_some()),
            Unit::Ask(intents) => {
                intents.first().is_some_and(|intent| self.until_open(&intent.connection, None).is_some())
            }
        }
    }

    /// Returns when something is due next that is not due yet.
    fn next_due(&self, feed: &Feed) -> Result<Option<Instant>, Error> {
        let now = self.now();
        let times = self.runner.work_times(self.flow, &self.hold_table())?;
        Ok(times.into_iter().chain(feed.due(self)).filter(|time| *time > now).min())
    }

    fn report(&self) -> Result<RunReport, Error> {
        let ledger = &self.runner.ledger;
        let now = self.now();
        let mut report = self.tally().clone();
        report.parked = ledger.parked_since(self.flow, self.started)?;
        report.totals = ledger.totals(self.flow)?;
        report.waiting = report.totals.waiting;
        report.elapsed_ms = u64::try_from(now.since(self.started).as_millis()).unwrap_or(u64::MAX);
        report.holds = self.runner.holds()?.of(&self.runner.spec.name, &self.runner.spec.connections(), now);
        report.next_due = self.next_due(&Feed::open(self)?)?;
        Ok(report)
    }

    /// Returns when an unknown outcome is asked about next: after the flow's own delay, doubling.
    pub(super) fn ask_at(&self, asked: u32) -> Instant {
        let factor = 1_u32.checked_shl(asked).unwrap_or(u32::MAX);
        self.now().after(self.runner.spec.verify_after.saturating_mul(factor).min(Duration::from_secs(3600)))
    }
}

impl Reading {
    fn poll_at(self) -> Option<Instant> {
        match self {
            Self::Scheduled { poll_at } | Self::Told { poll_at } => poll_at,
            Self::Live | Self::Not => None,
        }
    }
}
