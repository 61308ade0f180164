//! The simulator of the remote, a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::scenario::{Scenario, program};

/// A running simulator. It ends when this is dropped.
pub(crate) struct Simulator {
    process: Child,
    _directory: TempDir,
}

impl Simulator {
    /// Starts the simulator of a scenario, and fills the scenario with what it announces.
    pub(crate) fn start(scenario: Scenario) -> Result<(Self, Scenario)> {
        let directory = tempfile::tempdir()?;
        let mut words = scenario.simulator.command.iter();
        let name = words.next().context("the scenario names no simulator")?;
        let here = directory.path().to_string_lossy().into_owned();
        let mut command = Command::new(program(name));
        command.args(words.map(|word| word.replace("{directory}", &here)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process =
            command.spawn().with_context(|| format!("simulator `{name}` does not start; build it first"))?;
        let output = process.stdout.take().context("the simulator has no output")?;
        let simulator = Self { process, _directory: directory };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).context("the simulator announces nothing")?;
        let announced: Value = serde_json::from_str(&line).with_context(|| {
            format!("simulator `{name}` announces what is not JSON; its first line must be an object")
        })?;
        Ok((simulator, scenario.filled(&announced)?))
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // Nothing can be done about a process that is gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Counts the documents of the remote in which all of `texts` stand.
pub(crate) async fn count(url: &str, texts: Vec<String>) -> Result<usize> {
    let documents = get(url.to_owned()).await?;
    let Value::Array(documents) = documents else { bail!("`{url}` gives no JSON array; let it list the documents") };
    let has_all = |document: &Value| {
        let text = document.to_string();
        texts.iter().all(|wanted| text.contains(wanted.as_str()))
    };
    Ok(documents.iter().filter(|document| has_all(document)).count())
}

/// Puts the remote back to its start.
pub(crate) async fn reset(url: &str) -> Result<()> {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || {
        ureq::post(&url).send_empty().with_context(|| format!("`{url}` does not reset the simulator")).map(drop)
    })
    .await?
}

async fn get(url: String) -> Result<Value> {
    tokio::task::spawn_blocking(move || {
        let mut response = ureq::get(&url).call().with_context(|| format!("the simulator does not answer `{url}`"))?;
        let body = response.body_mut().with_config().limit(1 << 30);
        body.read_json().with_context(|| format!("`{url}` is not JSON"))
    })
    .await?
}
