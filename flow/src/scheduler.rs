//! Runs flows, and wakes connectors, when they are due.

use std::collections::BTreeMap;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use serde::Serialize;
use wharf_host::model::Instant;

use crate::endpoint::Endpoint;
use crate::ledger::{DueWakeUp, Ledger};
use crate::problem::Error;
use crate::report::RunReport;
use crate::runner::{RunEvent, RunObserver, Runner};
use crate::schedule::mix;
use crate::settings::Settings;

/// How long a flow stays away that somebody else runs, or that could not be run.
const AWAY: Duration = Duration::from_secs(10);

/// How often is looked for wake-ups that other processes or webhooks put into the ledger.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

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
    Run { index: usize, next: Option<Instant> },
    WakeUps,
}

impl Scheduler {
    /// Makes a scheduler on a ledger.
    pub fn new(ledger: Ledger, settings: Settings) -> Self {
        Self { ledger, settings }
    }

    /// Runs what is due until `shutdown` is ready, then waits for the runs under way to be dropped: their leases are
    /// given back, and writes that were under way are asked about at the next start.
    ///
    /// A flow never runs twice at once; what falls due while it runs is made up for once. A run that leaves something
    /// for a certain time, such as a retry, is followed by another one then.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn serve(
        &self,
        runners: &[Runner],
        observer: &dyn ServeObserver,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        let serving = std::pin::pin!(self.serve_forever(runners, observer));
        let shutdown = std::pin::pin!(shutdown);
        match select(serving, shutdown).await {
            Either::Left((result, _)) => result,
            Either::Right(((), _)) => Ok(()),
        }
    }

    async fn serve_forever(&self, runners: &[Runner], observer: &dyn ServeObserver) -> Result<(), Error> {
        let endpoints = all_endpoints(runners);
        let mut due: Vec<Option<Instant>> =
            runners.iter().map(|runner| self.next_start(runner)).collect::<Result<_, _>>()?;
        let mut under_way: FuturesUnordered<BoxFuture<'_, Result<Ended, Error>>> = FuturesUnordered::new();
        let mut waking = false;
        loop {
            let now = self.ledger.now();
            for (index, (runner, due)) in runners.iter().zip(&mut due).enumerate() {
                if due.is_some_and(|due| due <= now) {
                    *due = None;
                    under_way.push(Box::pin(self.run(index, runner, observer)));
                }
            }
            let wake_at = self.ledger.next_wake_up()?;
            if !waking && wake_at.is_some_and(|at| at <= now) {
                waking = true;
                under_way.push(Box::pin(self.wake(&endpoints, observer)));
            }
            let wake_at = wake_at.filter(|_| !waking);
            let next = due.iter().copied().flatten().chain(wake_at).chain([now.after(LOOK_AGAIN)]).min();
            match self.first_of(&mut under_way, next.unwrap_or(now)).await? {
                Some(Ended::WakeUps) => waking = false,
                Some(Ended::Run { index, next }) => {
                    if let Some(due) = due.get_mut(index) {
                        *due = next;
                    }
                }
                None => {}
            }
        }
    }

    async fn first_of(
        &self,
        under_way: &mut FuturesUnordered<BoxFuture<'_, Result<Ended, Error>>>,
        next: Instant,
    ) -> Result<Option<Ended>, Error> {
        let wait = std::pin::pin!(self.settings.sleep.until(next, self.ledger.clock().as_ref()));
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

    /// Different for each flow and installation, and the same each time.
    fn seed(&self, flow: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.ledger.installation(), flow).hash(&mut hasher);
        mix(hasher.finish())
    }

    async fn run(&self, index: usize, runner: &Runner, observer: &dyn ServeObserver) -> Result<Ended, Error> {
        let flow = runner.spec().name.as_str();
        observer.event(&ServeEvent::Started { flow });
        let next = match runner.run(&OfFlow { name: flow, observer }).await {
            Ok(report) => {
                observer.event(&ServeEvent::Ended { flow, report: &report });
                self.next_start(runner)?.into_iter().chain(report.next_due).min()
            }
            Err(Error::Ledger(error)) => return Err(error.into()),
            Err(error) => {
                observer.event(&ServeEvent::Failed { flow, code: error.code(), message: &error.to_string() });
                // It was not started, so by its schedule it would be due at once.
                Some(self.ledger.now().after(AWAY))
            }
        };
        Ok(Ended::Run { index, next })
    }

    async fn wake(
        &self,
        endpoints: &BTreeMap<String, Arc<dyn Endpoint>>,
        observer: &dyn ServeObserver,
    ) -> Result<Ended, Error> {
        for DueWakeUp { wake_up, attempts } in self.ledger.due_wake_ups()? {
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
        }
        Ok(Ended::WakeUps)
    }
}

/// From ten seconds, doubling, to an hour.
fn retry_after(attempts: u32) -> Duration {
    Duration::from_secs(10)
        .saturating_mul(1_u32.checked_shl(attempts).unwrap_or(u32::MAX))
        .min(Duration::from_secs(3600))
}

fn all_endpoints(runners: &[Runner]) -> BTreeMap<String, Arc<dyn Endpoint>> {
    runners.iter().flat_map(|runner| runner.endpoints().clone()).collect()
}
