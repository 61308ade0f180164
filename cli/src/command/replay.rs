//! `wharf replay FILE`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use wharf_conformance::VirtualTime;
use wharf_flow::{Digest, Ledger};
use wharf_host::recording::{Player, Recording};

use super::Context;
use super::run::run_one;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::recording::{About, End, broken, one_by_one};
use crate::site::{Equipment, Installation, Site};

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// File that `wharf run --record` wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Directory of connectors; where they were when the run was recorded, if none is named.
    #[arg(long, value_name = "DIR")]
    connectors: Option<PathBuf>,
}

/// What a replay came to.
pub(super) struct Replayed {
    /// Where it left the recording first.
    divergence: Option<String>,
    /// Calls of the recording, and how many of them were not asked for.
    calls: usize,
    left: usize,
    /// Documents that ended differently, and how.
    differences: Vec<(String, &'static str)>,
    documents: usize,
    /// Connections whose connector is not the one that was recorded.
    changed: Vec<String>,
    /// Flows that could not run, and why.
    failures: Vec<String>,
}

/// What to do when the connectors are meant to ask otherwise than they did.
const AGAIN: &str = "record the run again: `wharf run --record FILE`";

/// Replays a recorded run.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let recorded = Recorded::read(&arguments.file)?;
    let connectors = arguments.connectors.as_ref().unwrap_or(&recorded.about.connectors);
    let replayed = replay(&recorded, connectors, context).await?;
    let same = replayed.is_same();
    context.output.result(&replayed.json(), |page| replayed.show(page));
    Ok(if same { Exit::Fine } else { Exit::Attention })
}

/// A recording that was read from its file.
pub(super) struct Recorded {
    pub(super) text: String,
    pub(super) recording: Recording,
    pub(super) about: About,
}

impl Recorded {
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            Failure::usage(format!("`{shown}` cannot be read ({error}); name a recording")).at(&shown)
        })?;
        let recording = Recording::read(&text)
            .map_err(|error| Failure::new(Exit::Usage, "recording-invalid", error.to_string()).at(&shown))?;
        let about = serde_json::from_value(recording.about().clone());
        let about = about.map_err(|error| broken(&error.to_string()).at(&shown))?;
        Ok(Self { text, recording, about })
    }
}

/// Runs the recorded flows again, with the connectors of a directory.
pub(super) async fn replay(recorded: &Recorded, connectors: &Path, context: &Context) -> Result<Replayed, Failure> {
    let Recorded { recording, about, .. } = recorded;
    let end = End::of(recording)?;
    let directory =
        tempfile::tempdir().map_err(|error| Failure::internal(format!("no temporary directory: {error}")))?;
    let path = directory.path().join("replay.sqlite");
    about.restore(&path)?;
    let time = VirtualTime::starting_at(recording.started());
    let ledger = Ledger::open(&path, Arc::new(time.clone()))?;
    let player = Player::new(recording);
    let installation = Installation::elsewhere(&about.installation, directory.path(), connectors);
    let equipment =
        Equipment { tape: Some(Arc::new(player.clone())), time: Some(time.clone()), ..Equipment::default() };
    let site = Site::open(installation, Some(ledger.clone()), equipment).await?;
    let failures = run_flows(&site, &ledger, about, &time, context).await?;
    let now = site.connector_digests();
    let changed = end.connectors.iter().filter(|(name, digest)| now.get(*name) != Some(digest));
    let changed = changed.map(|(name, _)| name.clone()).collect();
    let ended: Digest = ledger.digest()?;
    Ok(Replayed {
        divergence: player.divergence().map(|divergence| divergence.to_string()),
        calls: recording.calls(),
        left: player.left(),
        differences: end.ledger.differences(&ended),
        documents: end.ledger.documents.len(),
        changed,
        failures,
    })
}

async fn run_flows(
    site: &Site,
    ledger: &Ledger,
    about: &About,
    time: &VirtualTime,
    context: &Context,
) -> Result<Vec<String>, Failure> {
    let flows = one_by_one(&site.installation.flows(&about.flows)?);
    let runners = site.runners(&flows.iter().collect::<Vec<_>>(), ledger)?;
    let mut failures = Vec::new();
    for runner in &runners {
        if let (flow, Err(failure)) = time.drive(ledger, run_one(runner, context)).await {
            failures.push(format!("{flow}: {failure}"));
        }
    }
    Ok(failures)
}

impl Replayed {
    pub(super) fn is_same(&self) -> bool {
        self.divergence.is_none() && self.left == 0 && self.differences.is_empty() && self.failures.is_empty()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        let differences: Vec<_> =
            self.differences.iter().map(|(document, how)| json!({ "document": document, "how": how })).collect();
        json!({
            "same": self.is_same(),
            "divergence": self.divergence,
            "calls": self.calls,
            "calls_not_replayed": self.left,
            "documents": self.documents,
            "differences": differences,
            "changed_connectors": self.changed,
            "failures": self.failures,
            "fix": (!self.is_same()).then(|| format!("if it is meant to differ, {AGAIN}")),
        })
    }

    pub(super) fn show(&self, page: &mut Page) {
        let replayed = self.calls.saturating_sub(self.left);
        page.line(&format!("{replayed} of {} recorded calls replayed, without network", self.calls));
        for name in &self.changed {
            let text =
                format!("connection `{name}` runs another build of its connector than the one that was recorded");
            page.labelled("note", Look::Doubtful, &text);
        }
        for failure in &self.failures {
            page.labelled("failed", Look::Bad, failure);
        }
        if let Some(divergence) = &self.divergence {
            page.labelled("first divergence", Look::Bad, divergence);
        }
        for (document, how) in self.differences.iter().take(20) {
            page.labelled(how, Look::Bad, document);
        }
        if self.differences.len() > 20 {
            page.line(&format!("and {} more documents", self.differences.len() - 20));
        }
        match self.is_same() {
            true => page.styled(&format!("the same ledger: {} documents", self.documents), Look::Good),
            false => {
                page.styled("not the same as recorded", Look::Bad);
                page.line(&format!("if it is meant to differ, {AGAIN}"));
            }
        }
    }
}
