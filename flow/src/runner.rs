//! Takes a flow through one run.

pub(crate) mod definition;

mod adoption;
mod agenda;
mod apply;
mod ask;
mod backfill;
mod belief;
mod decide;
mod explain;
mod follow;
mod mint;
mod pages;
mod policy;
mod preview;
mod pull;
mod queue;
mod readiness;
mod reconcile;
mod run;
mod trail;
mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use wharf_host::model::Instant;

use crate::drain::Drain;
use crate::endpoint::Endpoint;
use crate::ledger::{HoldTable, Ledger, Taken};
use crate::problem::{Error, Problem};
use crate::report::{BackfillReport, Hold, PlanReport, Readiness, RunReport};
use crate::settings::Settings;
use crate::spec::FlowSpec;
pub(crate) use agenda::LeftOver;
use definition::Definition;
use run::Reading;

/// One flow with its connections and its ledger, ready to run.
pub struct Runner {
    spec: FlowSpec,
    definition: Definition,
    endpoints: BTreeMap<String, Arc<dyn Endpoint>>,
    ledger: Ledger,
    settings: Settings,
    drain: Drain,
}

/// What happens during a run, for progress displays and logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RunEvent {
    /// A page was recorded.
    Read {
        /// Items that were new or changed.
        items: u64,
        /// Items that were known.
        unchanged: u64,
        /// Whether that was everything that there is for now.
        caught_up: bool,
    },
    /// The feed is read from its start once more: its connector is of another version and has no use for the place in it. What is
    /// known is not written again.
    FromStart {
        /// What the connector said.
        message: String,
    },
    /// An item was done.
    Done {
        /// Entity.
        entity: String,
        /// Remote id at the source.
        id: String,
    },
    /// An item was filtered.
    Filtered {
        /// Entity.
        entity: String,
        /// Remote id at the source.
        id: String,
        /// Name of the filter.
        rule: String,
    },
    /// An item was parked.
    Parked {
        /// Entity.
        entity: String,
        /// Remote id at the source.
        id: String,
        /// Code of the cause.
        cause: &'static str,
        /// One sentence.
        message: String,
    },
    /// A webhook told of a record, and it was read again.
    Told {
        /// Entity.
        entity: String,
        /// Remote id at the source.
        id: String,
        /// Whether that was new or changed.
        news: bool,
    },
    /// Something is held from now on. A hold without an end is an alert: a person has to do something.
    Held(Hold),
    /// Nothing is under way, and the run waits for what is due then.
    Waiting {
        /// When.
        until: Instant,
    },
}

/// Hears what happens during a run. Called from within the run: return soon.
pub trait RunObserver: Send + Sync {
    /// Hears of one event.
    fn event(&self, event: &RunEvent);
}

/// Hears and forgets.
impl RunObserver for () {
    fn event(&self, _: &RunEvent) {}
}

impl Runner {
    /// Makes a flow ready to run. `endpoints` are its connections by name; more than it uses do no harm.
    ///
    /// # Errors
    /// When the definition has mistakes, or a connection is missing.
    pub fn new(
        spec: FlowSpec,
        endpoints: BTreeMap<String, Arc<dyn Endpoint>>,
        ledger: Ledger,
        settings: Settings,
    ) -> Result<Self, Error> {
        let manifests = endpoints.iter().map(|(name, endpoint)| (name.clone(), endpoint.manifest().clone())).collect();
        let problems = spec.check(&manifests);
        let target = manifests.get(&spec.target.connection);
        match definition::compile(&spec, target) {
            Ok(definition) if problems.is_empty() => {
                Ok(Self { spec, definition, endpoints, ledger, settings, drain: Drain::default() })
            }
            _ => Err(Error::Definition { flow: spec.name, problems }),
        }
    }

    /// Returns the flow's definition.
    pub fn spec(&self) -> &FlowSpec {
        &self.spec
    }

    /// Returns the connections by name.
    pub fn endpoints(&self) -> &BTreeMap<String, Arc<dyn Endpoint>> {
        &self.endpoints
    }

    /// Brings what is under way to its end: calls that may have written end and are recorded, a page that is read is dropped
    /// and read again by the next run, and nothing is started any more, in this run or a later one. At its most that takes
    /// one call's deadline.
    pub fn drain(&self) {
        self.drain.begin();
    }

    /// Runs once: reads what is new, and works until nothing is due within `settings.settle`.
    ///
    /// What fails is in the report and in the ledger, under its cause; the run itself goes on with the rest. Dropping
    /// the future stops the run: the lease is given back, and writes that were under way are asked about next time.
    /// [`drain`](Self::drain) first, where there is the time, and there are none.
    ///
    /// # Errors
    /// When somebody else runs the flow, takes it over meanwhile, or the ledger fails.
    pub async fn run(&self, observer: &dyn RunObserver) -> Result<RunReport, Error> {
        self.run_for(Reading::Live, observer).await
    }

    /// Runs once, and reads the feed once more when `poll_at` comes while there is still work.
    ///
    /// # Errors
    /// As of [`run`](Self::run).
    pub(crate) async fn run_scheduled(
        &self,
        poll_at: Option<Instant>,
        observer: &dyn RunObserver,
    ) -> Result<RunReport, Error> {
        self.run_for(Reading::Scheduled { poll_at }, observer).await
    }

    /// Runs once for what webhooks told of: reads those records again, and works as every run does. The feed is read
    /// only if a webhook asks for that, or once `poll_at` comes meanwhile.
    ///
    /// # Errors
    /// As of [`run`](Self::run).
    pub async fn run_told(&self, poll_at: Option<Instant>, observer: &dyn RunObserver) -> Result<RunReport, Error> {
        self.run_for(Reading::Told { poll_at }, observer).await
    }

    async fn run_for(&self, reading: Reading, observer: &dyn RunObserver) -> Result<RunReport, Error> {
        match self.ledger.take(&self.spec.name, self.settings.lease).await? {
            Taken::Held { holder, until } => Err(Error::Held { flow: self.spec.name.clone(), holder, until }),
            Taken::Ours { lease, stalled } => run::run(self, &lease, stalled, reading, observer).await,
        }
    }

    /// Works on what the ledger has of the flow until nothing is due within `settings.settle`, and reads nothing: the
    /// cursor stays where it is.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn work_off(&self, observer: &dyn RunObserver) -> Result<RunReport, Error> {
        match self.ledger.take(&self.spec.name, self.settings.lease).await? {
            Taken::Held { holder, until } => Err(Error::Held { flow: self.spec.name.clone(), holder, until }),
            Taken::Ours { lease, stalled } => run::run(self, &lease, stalled, Reading::Not, observer).await,
        }
    }

    /// Tells whether the definition as it is now lets something go that was parked under an earlier one.
    pub(crate) fn frees_parked(&self) -> Result<bool, Error> {
        let Some((flow, definition)) = self.ledger.known_flow(&self.spec.name)? else { return Ok(false) };
        let redefined = definition != self.definition.digest && !self.ledger.redefinable_items(flow)?.is_empty();
        Ok(redefined || !self.newly_mapped(flow)?.is_empty())
    }

    /// Returns the items that were parked because values were not mapped, and all of those are now.
    fn newly_mapped(&self, flow: i64) -> Result<Vec<i64>, Error> {
        let is_mapped = |(list, value): &(String, String)| definition::is_mapped(&self.spec.tables, list, value);
        let unmapped = self.ledger.unmapped_items(flow)?.into_iter();
        Ok(unmapped.filter(|(_, keys)| keys.iter().all(is_mapped)).map(|(item, _)| item).collect())
    }

    /// Returns what is held, and what follows from it for the flow's connections.
    pub(crate) fn holds(&self) -> Result<HoldTable, Error> {
        let mut table = self.ledger.holds()?;
        table.spread(&self.spec.name, &self.spec.connections(), &self.settings.credentials);
        Ok(table)
    }

    /// Reads the window from `from` on, up to and without `to`, and works on what is new, changed, or was filtered by a rule
    /// that is another one now. The flow's own cursor stays where it is. What a backfill of the same window that was
    /// stopped has read is not read again.
    ///
    /// # Errors
    /// When the feed cannot be read by time, somebody else backfills the flow, reading fails for a reason that waiting does
    /// not help, or the ledger fails.
    pub async fn backfill(
        &self,
        from: Instant,
        to: Instant,
        who: &str,
        observer: &dyn RunObserver,
    ) -> Result<BackfillReport, Error> {
        backfill::backfill(self, (from, to), who, observer).await
    }

    /// Shows what a run would do with up to `limit` items, reading and mapping for real. Writes nothing anywhere and
    /// leaves the cursor alone.
    ///
    /// # Errors
    /// When reading fails, or the ledger.
    pub async fn plan(&self, limit: u32) -> Result<PlanReport, Error> {
        preview::plan(self, limit).await
    }

    /// Tells how many of the last `last` items of the feed would be written with the definition as it is, and what is missing
    /// for the others. Reads the feed from `since` on, where it can be read by time, else from its start, up to `most` items.
    /// Writes nothing anywhere; the cursor and the ledger are left alone.
    ///
    /// # Errors
    /// When reading fails.
    pub async fn readiness(&self, last: u32, since: Instant, most: u32) -> Result<Readiness, Error> {
        readiness::readiness(self, last, since, most).await
    }

    #[cfg(test)]
    pub(crate) fn definition_digest(&self) -> &[u8] {
        &self.definition.digest
    }

    fn endpoint(&self, connection: &str) -> Result<&Arc<dyn Endpoint>, Error> {
        self.endpoints.get(connection).ok_or_else(|| {
            let text = format!("there is no connection `{connection}`; an earlier run wrote to it, bring it back");
            Error::Definition { flow: self.spec.name.clone(), problems: vec![Problem::new(["to", "connection"], text)] }
        })
    }

    /// Refuses a flow that was turned to another system: an order 7 of the one is not the order 7 of the other.
    fn refuse_turned(&self) -> Result<(), Error> {
        let Some(before) = self.ledger.read_before(&self.spec)? else { return Ok(()) };
        let now = &self.spec.source.connection;
        let text = format!(
            "the flow read `{before}` so far, and ids of `{now}` may mean other documents; give it another name if `{now}` is \
             another system, else call the connection `{before}` again"
        );
        let problems = vec![Problem::new(["from", "connection"], text)];
        Err(Error::Definition { flow: self.spec.name.clone(), problems })
    }

    fn follows_changes(&self) -> bool {
        use wharf_host::model::Action::{Delete, Transition, Update, Upsert};
        matches!(self.spec.target.action, Update | Upsert | Transition | Delete)
    }
}
