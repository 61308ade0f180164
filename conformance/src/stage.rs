//! What a law is played on: the connector with its connection, the network in between, the time, and both ends of a flow.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;
use wharf_flow::{
    EffectKind, Endpoint, Error as FlowError, FlowSpec, Ledger, Rule, RunReport, Runner, Selector, Settings, Source,
    Target, Webhooks,
};
use wharf_host::model::{Action, Bounds, Cause, Cursor, Document, Intent, Outcome, Page};
use wharf_host::policy::Grant;
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_host::surroundings::Clock;
use wharf_host::{Connection, Connector, Host};

use crate::ends::{Feeder, Sink};
use crate::scenario::{BeforeEntry, Scenario, WriteEntry, marked};
use crate::simulator;
use crate::time::VirtualTime;
use crate::trouble::{Happening, Trouble};
use crate::witness::Witness;

/// Name of the connection that the laws are tried on.
pub(crate) const REMOTE: &str = "remote";

/// How often a page is waited for.
const MAX_WAITS: usize = 20;

/// The connector at work.
pub(crate) struct Stage {
    pub(crate) scenario: Scenario,
    pub(crate) connector: Connector,
    pub(crate) connection: Connection,
    pub(crate) trouble: Trouble,
    pub(crate) time: VirtualTime,
    pub(crate) witness: Witness,
    cases: AtomicUsize,
}

struct Secrets(BTreeMap<String, BTreeMap<String, String>>);

#[async_trait::async_trait]
impl SecretSource for Secrets {
    async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        let value = self.0.get(part.slot).and_then(|parts| parts.get(part.part));
        let missing = || format!("the scenario has no secret `{}.{}`; add it", part.slot, part.part);
        value.map(|value| Secret::new(value.as_str())).ok_or_else(|| SecretUnavailable(missing()))
    }
}

impl Stage {
    /// Loads the connector and makes its connection to the simulator.
    pub(crate) async fn set(component: &[u8], scenario: Scenario) -> Result<Self> {
        let (trouble, time) = (Trouble::default(), VirtualTime::starting_now());
        let secrets = scenario.connection.secrets.clone();
        let witness = Witness::new(secrets.values().flat_map(BTreeMap::values).cloned());
        let host = Host::builder().secrets(Secrets(secrets)).clock(time.clone());
        let host = host.network(trouble.clone()).tape(witness.clone()).build()?;
        let connector = host.load(component).await?;
        let grant = scenario.connection.origins.iter().fold(Grant::new(), |grant, origin| granted(grant, origin));
        let grant = scenario.connection.secrets.keys().fold(grant, Grant::slot);
        let config = scenario.connection.config.clone();
        let connection = connector.connect(REMOTE).config(config).grant(grant).build().await?;
        let stage = Self { scenario, connector, connection, trouble, time, witness, cases: AtomicUsize::new(0) };
        stage.furnish().await?;
        Ok(stage)
    }

    /// Writes what the remote has from the start.
    async fn furnish(&self) -> Result<()> {
        for before in &self.scenario.before {
            for _ in 0..before.times {
                self.put(before, &self.mark(), 0).await?;
            }
        }
        Ok(())
    }

    /// Returns a word that no case had before.
    pub(crate) fn mark(&self) -> String {
        let number = self.cases.fetch_add(1, Ordering::Relaxed);
        format!("c{:x}n{number}", self.scenario_start())
    }

    fn scenario_start(&self) -> u64 {
        u64::from(std::process::id())
    }

    /// Makes an intent for direct calls.
    pub(crate) fn intent(&self, write: &WriteEntry, mark: &str) -> Intent {
        self.intent_of(&write.entity, write.action, write.target.clone(), &write.document, mark)
    }

    fn intent_of(&self, entity: &str, action: Action, target: Option<String>, document: &Value, mark: &str) -> Intent {
        Intent {
            id: format!("i-{mark}"),
            entity: entity.to_owned(),
            action,
            target,
            expected_revision: None,
            correlation: format!("whlaw{mark}x"),
            document: Document::new(marked(document, mark).to_string()),
        }
    }

    /// Reads a page, and waits for it where the connector's budget says so.
    pub(crate) async fn pull(&self, feed: &str, cursor: Option<&Cursor>, bounds: &Bounds) -> Result<Page> {
        for _ in 0..MAX_WAITS {
            let error = match self.connection.pull(feed, cursor, bounds).await {
                Ok(answer) => return Ok(answer.value),
                Err(error) => error,
            };
            let Some(Cause::RateLimited { not_before: Some(at), .. }) = error.cause() else { return Err(error.into()) };
            let wait = at.0.saturating_sub(self.time.now().0);
            self.time.advance(Duration::from_millis(wait));
        }
        anyhow::bail!("feed `{feed}` is not read within {MAX_WAITS} waits for its budget")
    }

    /// Returns the connection for a direct call, after so long that its budgets are full again.
    pub(crate) fn rested(&self) -> &Connection {
        let windows = self.connector.manifest().budgets.iter().map(|budget| u64::from(budget.seconds));
        self.time.advance(Duration::from_secs(windows.max().unwrap_or(1)));
        &self.connection
    }

    /// Writes what has to be there before, undisturbed.
    pub(crate) async fn prepare(&self, write: &WriteEntry, mark: &str) -> Result<()> {
        self.trouble.plan(None);
        for (number, before) in (0..).zip(&write.before) {
            self.put(before, mark, number).await?;
        }
        Ok(())
    }

    /// Writes a document that has to be there.
    pub(crate) async fn put(&self, before: &BeforeEntry, mark: &str, number: usize) -> Result<()> {
        let mut intent = self.intent_of(&before.entity, Action::Create, None, &before.document, mark);
        intent.correlation = format!("whlaw{mark}b{number}");
        let outcomes = self.rested().apply(&[intent]).await?.value;
        if let Some(Outcome::Failed(failure)) = outcomes.first() {
            anyhow::bail!("`{}` that has to be there before was refused: {}", before.entity, failure.message);
        }
        Ok(())
    }

    /// Counts the documents of a kind that carry a correlation text, or a mark where the scenario says so; none when the scenario does not say how.
    pub(crate) async fn count(&self, write: &WriteEntry, correlation: &str, mark: &str) -> Result<Option<usize>> {
        let Some(url) = &self.scenario.simulator.documents else { return Ok(None) };
        let by_mark = write.counted.iter().any(|text| text.contains("{mark}"));
        if write.action != Action::Create && !by_mark {
            return Ok(None);
        }
        let own = write.counted.iter().map(|text| text.replace("{mark}", mark));
        let texts = own.chain((!by_mark).then(|| correlation.to_owned())).collect();
        simulator::count(url, texts).await.map(Some)
    }

    /// Counts all that was written to the remote; none when the scenario does not say how.
    pub(crate) async fn documents(&self) -> Result<Option<usize>> {
        match &self.scenario.simulator.documents {
            Some(url) => simulator::count(url, Vec::new()).await.map(Some),
            None => Ok(None),
        }
    }

    /// Puts the remote back to its start, where the scenario says how.
    pub(crate) async fn reset(&self) -> Result<()> {
        match &self.scenario.simulator.reset {
            Some(url) => {
                simulator::reset(url).await?;
                self.trouble.plan(None);
                self.furnish().await
            }
            None => Ok(()),
        }
    }

    /// Starts a flow that writes one document.
    pub(crate) fn writing(&self, write: &WriteEntry, mark: &str) -> Result<Flow<'_>> {
        let target = Target {
            connection: REMOTE.to_owned(),
            entity: write.entity.clone(),
            action: write.action,
            id: write.target.as_ref().map(|target| Rule::constant(target.clone())),
        };
        let feeder = Feeder::of(mark, marked(&write.document, mark));
        let source = Source { connection: "feeder".into(), feed: "documents".into(), filter: Vec::new(), since: None };
        Flow::new(self, FlowSpec::new("law", source, target), ("feeder", Arc::new(feeder)))
    }

    /// Starts a flow that reads a feed to its end.
    pub(crate) fn reading(&self, feed: &str, page_items: u32) -> Result<(Flow<'_>, Sink)> {
        let sink = Sink::default();
        let source = Source { connection: REMOTE.into(), feed: feed.to_owned(), filter: Vec::new(), since: None };
        let target = Target { connection: "sink".into(), entity: "any".into(), action: Action::Create, id: None };
        let mut flow = Flow::new(self, FlowSpec::new("law", source, target), ("sink", Arc::new(sink.clone())))?;
        flow.page_items = page_items;
        Ok((flow, sink))
    }
}

fn granted(grant: Grant, origin: &str) -> Grant {
    let plain = origin.starts_with("http://");
    let host = origin.split("://").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
    let address = host.replace("localhost", "127.0.0.1");
    let is_local = address.starts_with("127.") || address.starts_with("[::1]");
    let grant = if plain { grant.plain_http(origin) } else { grant.origin(origin) };
    if is_local { grant.private_address(address) } else { grant }
}

/// A flow with a ledger of its own. Each run of it is a process of its own, as far as the ledger can tell.
pub(crate) struct Flow<'s> {
    stage: &'s Stage,
    spec: FlowSpec,
    endpoints: BTreeMap<String, Arc<dyn Endpoint>>,
    directory: TempDir,
    page_items: u32,
    check_one_in: u32,
    polls: Arc<Mutex<usize>>,
}

/// Makes a directory in memory, where the machine has one: it is processes that end here, not the machine.
fn memory_directory() -> std::io::Result<TempDir> {
    let memory = std::path::Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir())
}

/// How a run ended.
pub(crate) enum Ended {
    /// It came to its end.
    Report(Box<RunReport>),
    /// The process ended before.
    Stopped,
}

impl<'s> Flow<'s> {
    fn new(stage: &'s Stage, spec: FlowSpec, other: (&str, Arc<dyn Endpoint>)) -> Result<Self> {
        let remote: Arc<dyn Endpoint> = Arc::new(crate::ends::Timed::new(stage.connection.clone(), &stage.time));
        let endpoints = [(REMOTE.to_owned(), remote), (other.0.to_owned(), other.1)].into();
        let directory = memory_directory().context("no temporary directory")?;
        Ok(Self { stage, spec, endpoints, directory, page_items: 500, check_one_in: 0, polls: Arc::default() })
    }

    /// Takes webhooks in for the flow.
    pub(crate) fn webhooks(&self, ledger: &Ledger) -> Webhooks {
        Webhooks::new(ledger.clone(), self.endpoints.clone(), [&self.spec])
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("ledger.sqlite")
    }

    pub(crate) fn ledger(&self) -> Result<Ledger> {
        Ok(Ledger::open(self.path(), Arc::new(self.stage.time.clone()))?)
    }

    pub(crate) fn runner(&self, ledger: &Ledger) -> Result<Runner> {
        let mut settings = self.settings();
        settings.page_items = self.page_items;
        Ok(Runner::new(self.spec.clone(), self.endpoints.clone(), ledger.clone(), settings)?)
    }

    /// Checks every success with the remote.
    pub(crate) fn checked(mut self) -> Self {
        self.check_one_in = 1;
        self
    }

    /// Every success is checked, or none, never one in some: the cases of a law all take the same requests then.
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.sleep = Arc::new(self.stage.time.clone());
        settings.check_one_in = self.check_one_in;
        settings
    }

    /// Runs until the end, or until the network ends the process, or until it has waited so many times.
    pub(crate) async fn run(&self, waits: Option<usize>) -> Result<Ended> {
        self.run_with(&self.ledger()?, waits).await
    }

    /// As `run`, with a ledger of the caller's.
    pub(crate) async fn run_with(&self, ledger: &Ledger, waits: Option<usize>) -> Result<Ended> {
        let runner = self.runner(ledger)?;
        let run = runner.run(&());
        let mut run = std::pin::pin!(run);
        let counted = std::future::poll_fn(|context| {
            let mut polls = self.polls();
            if waits.is_some_and(|waits| *polls >= waits) {
                return std::task::Poll::Ready(None);
            }
            *polls += 1;
            run.as_mut().poll(context).map(Some)
        });
        *self.polls() = 0;
        tokio::select! {
            ended = self.stage.time.drive(ledger, counted) => match ended {
                Some(report) => Ok(Ended::Report(Box::new(report?))),
                None => Ok(Ended::Stopped),
            },
            () = self.stage.trouble.stopped() => Ok(Ended::Stopped),
        }
    }

    /// Returns how often the last run waited.
    pub(crate) fn waited(&self) -> usize {
        *self.polls()
    }

    fn polls(&self) -> MutexGuard<'_, usize> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs again and again, each time a while later, until nothing waits. A person lets go on what was held, once.
    pub(crate) async fn recover(&self) -> Result<RunReport> {
        let mut last = RunReport::default();
        for round in 0..12 {
            if let Ended::Report(report) = self.run(None).await? {
                last = *report;
                if last.totals.waiting == 0 && last.totals.parked == 0 && last.holds.is_empty() {
                    break;
                }
            }
            if matches!(round, 2 | 5 | 8) {
                self.ledger()?.release(Selector::default()).await?;
            }
            self.stage.time.advance(Duration::from_secs(900));
        }
        Ok(last)
    }

    /// Returns the text that the document of a mark carries in the remote system; none before its intent is durable.
    pub(crate) fn correlation(&self, mark: &str) -> Result<Option<String>> {
        correlation(&self.ledger()?, mark)
    }

    /// Runs to its end as another process, while the first stands still.
    pub(crate) async fn run_beside(&self) -> Result<RunReport, FlowError> {
        let ledger = Ledger::open(self.path(), Arc::new(self.stage.time.clone()))?;
        let runner = Runner::new(self.spec.clone(), self.endpoints.clone(), ledger.clone(), self.settings())?;
        self.stage.time.drive(&ledger, runner.run(&())).await
    }
}

/// Says what was written by calls that may only read.
pub(crate) fn written_by(call: &str, before: Option<usize>, after: Option<usize>) -> Option<String> {
    let (before, after) = (before?, after?);
    (before != after)
        .then(|| format!("{call} writes: the remote had {before} documents before it, and {after} after it"))
}

pub(crate) fn correlation(ledger: &Ledger, mark: &str) -> Result<Option<String>> {
    let stories = ledger.why("feeder", "document", mark)?;
    let mut effects = stories.into_iter().flat_map(|story| story.effects);
    Ok(effects.find(|effect| effect.kind == EffectKind::Target).map(|effect| effect.correlation))
}

/// Returns what happens at one request and the words for it.
pub(crate) fn ends() -> [(&'static str, Happening); 2] {
    [("before", Happening::EndBefore), ("after", Happening::EndAfter)]
}
