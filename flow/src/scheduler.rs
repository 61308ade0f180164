//! Runs flows, and wakes connectors, when they are due.

use std::collections::BTreeMap;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use serde::Serialize;
use tokio::sync::watch;
use wharf_host::model::Instant;

use crate::drain::Drain;
use crate::endpoint::Endpoint;
use crate::ledger::{DueWakeUp, Ledger, Taken};
use crate::problem::Error;
use crate::report::RunReport;
use crate::runner::{LeftOver, RunEvent, RunObserver, Runner};
use crate::schedule::mix;
use crate::settings::Settings;

/// How long a flow stays away that somebody else runs, or that could not be run.
const AWAY: Duration = Duration::from_secs(10);

/// How often is looked for what other processes put into the ledger, or let go: wake-ups, documents.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The clock was set back if it is that much behind what it showed before.
const SET_BACK: Duration = Duration::from_secs(60);

/// How long a flow rests between two runs for what it was told of: what comes in that time shares a run.
const REST: Duration = Duration::from_millis(200);

/// What happens while flows are served.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ServeEvent<'e> {
    /// A flow starts a run.
    Started {
        /// Its name.
        flow: &'e str,
    },
    /// Something happened in a run.
    Run {
        /// Name of the flow.
        flow: &'e str,
        /// What.
        run: &'e RunEvent,
    },
    /// A run ended.
    Ended {
        /// Name of the flow.
        flow: &'e str,
        /// How it went.
        report: &'e RunReport,
    },
    /// A run could not go on; it is tried again.
    Failed {
        /// Name of the flow.
        flow: &'e str,
        /// Stable code.
        code: &'static str,
        /// One sentence.
        message: &'e str,
    },
    /// A connector was woken.
    Woken {
        /// Connection.
        connection: &'e str,
        /// Name of the wake-up.
        name: &'e str,
        /// Why it failed; none when it did not.
        failure: Option<&'e str>,
    },
}

/// Hears what happens while flows are served. Called from within: return soon.
pub trait ServeObserver: Send + Sync {
    /// Hears of one event.
    fn event(&self, event: &ServeEvent<'_>);
}

impl ServeObserver for () {
    fn event(&self, _: &ServeEvent<'_>) {}
}

/// Serves flows by their schedules, and the wake-ups that connectors asked for.
pub struct Scheduler {
    ledger: Ledger,
    settings: Settings,
}

struct OfFlow<'s> {
    name: &'s str,
    observer: &'s dyn ServeObserver,
}

impl RunObserver for OfFlow<'_> {
    fn event(&self, event: &RunEvent) {
        self.observer.event(&ServeEvent::Run { flow: self.name, run: event });
    }
}

/// What ended.
enum Ended {
    Run {
        index: usize,
        next: Option<Instant>,
        /// How long the flow stays away.
        rest: Duration,
        /// Whether it did not take place.
        failed: bool,
    },
    /// Whether another process was at one.
    WakeUps { elsewhere: bool },
}

/// A flow that is served.
struct Slot<'r> {
    runner: &'r Runner,
    /// When its feed is read next; none while it is, and for a flow without a schedule.
    due: Option<Instant>,
    under_way: bool,
    /// When there is work that does not wait for its schedule: what an earlier run left, or what an earlier definition parked and
    /// the one of now lets go.
    left: Option<Instant>,
    /// What it was told of is not taken up before: a run that can do nothing about it is not started again at once.
    rests_until: Instant,
}

/// What a slot does next.
enum Turn {
    /// Reads its feed.
    Scheduled,
    /// Follows what webhooks told.
    Told { poll_at: Option<Instant> },
    /// Nothing before that time; nothing at all where there is none.
    Nothing { until: Option<Instant> },
}

impl Scheduler {
    /// Makes a scheduler on a ledger.
    pub fn new(ledger: Ledger, settings: Settings) -> Self {
        Self { ledger, settings }
    }

    /// Runs what is due until `shutdown` is ready. Then nothing new is started, and what is under way has the time of
    /// `settings.farewell` to end. Runs that take longer are dropped: their leases are given back, and writes that were
    /// under way are asked about at the next start.
    ///
    /// A flow never runs twice at once; what falls due while it runs is made up for once. A run that leaves something
    /// for a certain time, such as a retry, is followed by another one then. What earlier runs left, however they ended, does not
    /// wait for the schedule: work goes on once it is due, and a feed that is read by a schedule is read to its end. Neither does
    /// what another process lets go on or brings, such as `wharf release` or a backfill: it is taken up within ten seconds.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn serve(
        &self,
        runners: &[Runner],
        observer: &dyn ServeObserver,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let drain = Drain::default();
        let serving = std::pin::pin!(self.serve_until(&drain, runners, observer));
        let shutdown = std::pin::pin!(shutdown);
        let serving = match select(serving, shutdown).await {
            Either::Left((result, _)) => return result,
            Either::Right(((), serving)) => serving,
        };
        runners.iter().for_each(Runner::drain);
        drain.begin();
        let until = self.ledger.now().after(self.settings.farewell);
        match select(serving, self.settings.sleep.until(until, self.ledger.clock().as_ref())).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Ok(()),
        }
    }

    async fn serve_until(&self, drain: &Drain, runners: &[Runner], observer: &dyn ServeObserver) -> Result<(), Error> {
        let endpoints = all_endpoints(runners);
        let mut slots = self.slots(runners)?;
        let mut told = self.ledger.told();
        let mut under_way: FuturesUnordered<BoxFuture<'_, Result<Ended, Error>>> = FuturesUnordered::new();
        let (mut waking, mut wake_after) = (false, Instant::default());
        let (mut shown, mut look_at) = (Instant::default(), self.ledger.now().after(LOOK_AGAIN));
        loop {
            if drain.has_begun() {
                while let Some(ended) = under_way.next().await {
                    ended?;
                }
                return Ok(());
            }
            told.mark_unchanged();
            let now = self.ledger.now();
            if now.after(SET_BACK) < shown {
                self.date_anew(&mut slots)?;
                (wake_after, look_at) = (Instant::default(), now);
            }
            shown = now;
            if look_at <= now {
                look_for_work(&mut slots, now)?;
                look_at = now.after(LOOK_AGAIN);
            }
            let mut times = vec![look_at];
            for (index, slot) in slots.iter_mut().enumerate() {
                match self.turn(slot, now)? {
                    Turn::Nothing { until } => times.extend(until),
                    turn => {
                        slot.under_way = true;
                        slot.due = slot.due.filter(|_| matches!(turn, Turn::Told { .. }));
                        under_way.push(Box::pin(self.run(index, slot.runner, turn, observer)));
                    }
                }
            }
            let wake_at = self.ledger.next_wake_up()?.filter(|_| !waking).map(|at| at.max(wake_after));
            if wake_at.is_some_and(|at| at <= now) {
                waking = true;
                under_way.push(Box::pin(self.wake(drain, &endpoints, observer)));
            } else {
                times.extend(wake_at);
            }
            let next = times.into_iter().min().unwrap_or(now);
            match self.first_of(&mut under_way, next, &mut told, drain).await? {
                Some(Ended::WakeUps { elsewhere }) => {
                    waking = false;
                    wake_after = if elsewhere { self.ledger.now().after(LOOK_AGAIN) } else { Instant::default() };
                }
                Some(Ended::Run { index, next, rest, failed }) => {
                    if let Some(slot) = slots.get_mut(index) {
                        slot.under_way = false;
                        slot.due = next;
                        slot.rests_until = self.ledger.now().after(rest);
                        slot.left = slot.left.filter(|_| failed);
                    }
                }
                None => {}
            }
        }
    }

    fn slots<'r>(&self, runners: &'r [Runner]) -> Result<Vec<Slot<'r>>, Error> {
        runners.iter().map(|runner| self.slot(runner)).collect()
    }

    fn slot<'r>(&self, runner: &'r Runner) -> Result<Slot<'r>, Error> {
        let LeftOver { feed, work } = runner.left_over()?;
        let freed = runner.frees_parked()?.then(|| self.ledger.now());
        Ok(Slot {
            runner,
            due: self.next_start(runner)?.into_iter().chain(feed).min(),
            under_way: false,
            left: freed.or(work),
            rests_until: Instant::default(),
        })
    }

    /// Finds out again when slots are due, after the clock was set back: what they were given was by a clock that was ahead.
    fn date_anew(&self, slots: &mut [Slot<'_>]) -> Result<(), Error> {
        for slot in slots.iter_mut().filter(|slot| !slot.under_way) {
            *slot = self.slot(slot.runner)?;
        }
        Ok(())
    }

    fn turn(&self, slot: &Slot<'_>, now: Instant) -> Result<Turn, Error> {
        if slot.under_way {
            return Ok(Turn::Nothing { until: None });
        }
        if slot.due.is_some_and(|due| due <= now) {
            return Ok(Turn::Scheduled);
        }
        let told = self.next_told(slot.runner)?.into_iter().chain(slot.left).min();
        let told = told.map(|told| told.max(slot.rests_until));
        if told.is_some_and(|told| told <= now) {
            return Ok(Turn::Told { poll_at: slot.due });
        }
        Ok(Turn::Nothing { until: told.into_iter().chain(slot.due).min() })
    }

    /// Returns when something that a flow was told can be taken up.
    fn next_told(&self, runner: &Runner) -> Result<Option<Instant>, Error> {
        let spec = runner.spec();
        let handed_over = spec.source.is_handed_over();
        let told = if handed_over { self.ledger.next_work(&spec.name)? } else { self.ledger.next_told(&spec.name)? };
        let Some(told) = told else { return Ok(None) };
        let (holds, now) = (runner.holds()?, self.ledger.now());
        let target = &spec.target;
        let held = match handed_over {
            true => [
                holds.connection(&target.connection, now),
                holds.writes(&target.connection, &target.entity, target.action, now),
            ],
            false => [holds.connection(&spec.source.connection, now), holds.feed(&spec.name, now)],
        };
        Ok(held.into_iter().try_fold(told, |told, held| held.opens(told)))
    }

    async fn first_of(
        &self,
        under_way: &mut FuturesUnordered<BoxFuture<'_, Result<Ended, Error>>>,
        next: Instant,
        told: &mut watch::Receiver<u64>,
        drain: &Drain,
    ) -> Result<Option<Ended>, Error> {
        let wait = self.settings.sleep.until(next, self.ledger.clock().as_ref());
        let (wait, hear) = (std::pin::pin!(wait), std::pin::pin!(told.changed()));
        let draining = std::pin::pin!(drain.begun());
        let wait = select(draining, select(wait, hear));
        if under_way.is_empty() {
            wait.await;
            return Ok(None);
        }
        match select(under_way.next(), wait).await {
            Either::Left((ended, _)) => ended.transpose(),
            Either::Right(_) => Ok(None),
        }
    }

    fn next_start(&self, runner: &Runner) -> Result<Option<Instant>, Error> {
        let spec = runner.spec();
        let last = self.ledger.feed_state(&spec.name)?.started;
        Ok(spec.schedule.next(self.ledger.now(), last, self.seed(&spec.name)))
    }

    /// Returns when a flow that starts now starts next.
    fn start_after(&self, runner: &Runner) -> Option<Instant> {
        let (spec, now) = (runner.spec(), self.ledger.now());
        spec.schedule.next(now, Some(now), self.seed(&spec.name)).filter(|next| *next > now)
    }

    /// Different for each flow and installation, and the same each time.
    fn seed(&self, flow: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.ledger.installation(), flow).hash(&mut hasher);
        mix(hasher.finish())
    }

    async fn run(
        &self,
        index: usize,
        runner: &Runner,
        turn: Turn,
        observer: &dyn ServeObserver,
    ) -> Result<Ended, Error> {
        let flow = runner.spec().name.as_str();
        observer.event(&ServeEvent::Started { flow });
        let of_flow = OfFlow { name: flow, observer };
        let poll_at = match turn {
            Turn::Told { poll_at } => Some(poll_at),
            Turn::Scheduled | Turn::Nothing { .. } => None,
        };
        let ended = match turn {
            Turn::Told { poll_at } => runner.run_told(poll_at, &of_flow).await,
            Turn::Scheduled | Turn::Nothing { .. } => runner.run_scheduled(self.start_after(runner), &of_flow).await,
        };
        let (next, rest, failed) = match ended {
            Ok(report) => {
                observer.event(&ServeEvent::Ended { flow, report: &report });
                (self.next_start(runner)?.into_iter().chain(report.next_due).min(), REST, false)
            }
            Err(Error::Ledger(error)) => return Err(error.into()),
            Err(error) => {
                observer.event(&ServeEvent::Failed { flow, code: error.code(), message: &error.to_string() });
                // It was not started, so by its schedule it would be due at once.
                (poll_at.unwrap_or_else(|| Some(self.ledger.now().after(AWAY))), AWAY, true)
            }
        };
        Ok(Ended::Run { index, next, rest, failed })
    }

    async fn wake(
        &self,
        drain: &Drain,
        endpoints: &BTreeMap<String, Arc<dyn Endpoint>>,
        observer: &dyn ServeObserver,
    ) -> Result<Ended, Error> {
        let mut elsewhere = false;
        for due in self.ledger.due_wake_ups()? {
            if drain.has_begun() {
                break;
            }
            // Another process may be at it, or have done it by now.
            let name = format!("wake-up {}/{}", due.wake_up.connection, due.wake_up.name);
            let Taken::Ours { lease, .. } = self.ledger.take(&name, self.settings.call.saturating_mul(2)).await? else {
                elsewhere = true;
                continue;
            };
            if self.ledger.is_due(&due.wake_up)? {
                self.wake_one(due, endpoints, observer).await?;
            }
            drop(lease);
        }
        Ok(Ended::WakeUps { elsewhere })
    }

    async fn wake_one(
        &self,
        DueWakeUp { wake_up, attempts }: DueWakeUp,
        endpoints: &BTreeMap<String, Arc<dyn Endpoint>>,
        observer: &dyn ServeObserver,
    ) -> Result<(), Error> {
        let (connection, name) = (wake_up.connection.clone(), wake_up.name.clone());
        let failure = match endpoints.get(&connection) {
            None => Some(format!("no flow uses connection `{connection}`; remove the wake-up or add a flow")),
            Some(endpoint) => endpoint.wake(&name, &wake_up.payload).await.err().map(|error| error.to_string()),
        };
        observer.event(&ServeEvent::Woken { connection: &connection, name: &name, failure: failure.as_deref() });
        match failure {
            None => self.ledger.woken(wake_up).await?,
            Some(_) => {
                let later = self.ledger.now().after(retry_after(attempts));
                self.ledger.wake_later(wake_up, later).await?;
            }
        }
        Ok(())
    }
}

/// From ten seconds, doubling, to an hour.
fn retry_after(attempts: u32) -> Duration {
    Duration::from_secs(10)
        .saturating_mul(1_u32.checked_shl(attempts).unwrap_or(u32::MAX))
        .min(Duration::from_secs(3600))
}

/// Finds work that nobody in this process knows of: what a person let go on or had tried again, what a backfill brought, and
/// what waits for a credential that was replaced.
fn look_for_work(slots: &mut [Slot<'_>], now: Instant) -> Result<(), Error> {
    for slot in slots.iter_mut().filter(|slot| !slot.under_way && slot.left.is_none_or(|left| left > now)) {
        if slot.runner.has_work()? {
            slot.left = Some(now);
        }
    }
    Ok(())
}

fn all_endpoints(runners: &[Runner]) -> BTreeMap<String, Arc<dyn Endpoint>> {
    runners.iter().flat_map(|runner| runner.endpoints().clone()).collect()
}
