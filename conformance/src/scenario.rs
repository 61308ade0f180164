//! A scenario: what the laws are tried with, in one file beside the connector.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use wharf_host::model::Action;

/// A scenario as it is written. Texts may name places of what the simulator announces, as `{/pointer}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// How the simulator is started and asked.
    pub simulator: SimulatorEntry,
    /// The connection.
    pub connection: ConnectionEntry,
    /// Documents that the remote has from the start, written through the connector: for simulators that start empty.
    #[serde(default)]
    pub before: Vec<BeforeEntry>,
    /// Feeds that are read.
    #[serde(default, rename = "feed")]
    pub feeds: Vec<FeedEntry>,
    /// Documents that are written.
    #[serde(default, rename = "write")]
    pub writes: Vec<WriteEntry>,
    /// What the remote tells on its own account.
    #[serde(default, rename = "webhook")]
    pub webhooks: Vec<WebhookEntry>,
    /// What an earlier release left behind.
    #[serde(default, rename = "previous")]
    pub previous: Vec<PreviousEntry>,
}

/// How the simulator is started and asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatorEntry {
    /// Program and arguments. A program without a slash is looked for beside the one that runs, then on the path.
    /// `{directory}` is a directory of its own. It prints one line of JSON once it serves, and ends when its standard
    /// input closes.
    pub command: Vec<String>,
    /// Address that lists what the remote holds of what was written to it: `GET` gives a JSON array.
    pub documents: Option<String>,
    /// Address that puts the remote back to its start: `POST`, asked before each law.
    pub reset: Option<String>,
}

/// The connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionEntry {
    /// Configuration.
    pub config: Value,
    /// Origins that it may reach.
    pub origins: Vec<String>,
    /// Secret values by slot and part: of the simulator, so they may stand here.
    #[serde(default)]
    pub secrets: BTreeMap<String, BTreeMap<String, String>>,
}

/// A feed that is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedEntry {
    /// Name.
    pub name: String,
    /// Items of a page: few, so that there are many boundaries. 3 if it is not said.
    #[serde(default = "three")]
    pub page_items: u32,
    /// Records that the remote has from the start, where it is known: a feed that leaves one out at every reading shows by it.
    pub records: Option<u64>,
}

fn three() -> u32 {
    3
}

/// A document that is written. `{mark}` becomes a word that is new for every case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteEntry {
    /// Entity.
    pub entity: String,
    /// Action.
    pub action: Action,
    /// Remote id of the document to change.
    pub target: Option<String>,
    /// The document.
    pub document: Value,
    /// Documents of this kind count: texts that an entry of the remote's list must have. Besides them the correlation
    /// text of the intent, unless one of them has `{mark}`: for documents that have no place for a correlation text.
    /// Changes are counted only by `{mark}`: the document to change carries nothing of ours.
    #[serde(default)]
    pub counted: Vec<String>,
    /// The remote has one document for one content, whoever made it, as a partner for an address. Otherwise a document that
    /// another intent made with the same content must not be found.
    #[serde(default)]
    pub known_by_content: bool,
    /// Documents that have to be there before.
    #[serde(default)]
    pub before: Vec<BeforeEntry>,
}

/// A document that has to be there before another is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeforeEntry {
    /// Entity.
    pub entity: String,
    /// The document, to be created.
    pub document: Value,
    /// How many of them; each has a mark of its own. 1 if it is not said.
    #[serde(default = "one")]
    pub times: u32,
}

fn one() -> u32 {
    1
}

/// A message of the remote that one record is new or has changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookEntry {
    /// Feed that brings the same records.
    pub feed: String,
    /// Headers, with names in lower case.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Body. `{id}` is the id of the record, `{mark}` a word that is new for every message.
    pub body: String,
    /// The body as somebody would send it who does not know the secret.
    pub forged: String,
    /// A document that becomes a record of the feed when it is written.
    pub write: Option<BeforeEntry>,
}

/// What an earlier release left behind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousEntry {
    /// Version of the configuration.
    pub config_version: u32,
    /// The configuration.
    pub config: Value,
    /// Cursors: feed, version and text.
    #[serde(default)]
    pub cursors: Vec<(String, u32, String)>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// When the file cannot be read or is no scenario.
    pub fn read(path: &Path) -> Result<(Self, String)> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("scenario `{shown}` cannot be read; name the connector's `conformance.toml`"))?;
        let scenario: Self =
            toml::from_str(&text).with_context(|| format!("scenario `{shown}` is wrong; correct it"))?;
        if scenario.simulator.command.is_empty() {
            bail!("scenario `{shown}`: `simulator.command` is empty; name the program that plays the remote");
        }
        Ok((scenario, text))
    }

    /// Puts what the simulator announced into every text.
    ///
    /// # Errors
    /// When a text names what was not announced.
    pub fn filled(mut self, announced: &Value) -> Result<Self> {
        fill(&mut self.connection.config, announced)?;
        let secrets = self.connection.secrets.values_mut().flat_map(BTreeMap::values_mut);
        let simulator = self.simulator.documents.iter_mut().chain(&mut self.simulator.reset);
        for text in self.connection.origins.iter_mut().chain(secrets).chain(simulator) {
            *text = filled(text, announced)?;
        }
        for write in &mut self.writes {
            fill(&mut write.document, announced)?;
            write.before.iter_mut().try_for_each(|before| fill(&mut before.document, announced))?;
            write.target = write.target.as_ref().map(|target| filled(target, announced)).transpose()?;
        }
        for before in &mut self.before {
            fill(&mut before.document, announced)?;
        }
        for webhook in &mut self.webhooks {
            webhook.body = filled(&webhook.body, announced)?;
            webhook.write.iter_mut().try_for_each(|write| fill(&mut write.document, announced))?;
        }
        for previous in &mut self.previous {
            fill(&mut previous.config, announced)?;
        }
        Ok(self)
    }
}

fn fill(value: &mut Value, announced: &Value) -> Result<()> {
    match value {
        Value::String(text) => *text = filled(text, announced)?,
        Value::Array(values) => values.iter_mut().try_for_each(|value| fill(value, announced))?,
        Value::Object(fields) => fields.values_mut().try_for_each(|value| fill(value, announced))?,
        _ => {}
    }
    Ok(())
}

fn filled(text: &str, announced: &Value) -> Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{/") {
        let (pointer, after) =
            after.split_once('}').with_context(|| format!("`{text}` has a `{{/` without its `}}`"))?;
        let found = announced.pointer(&format!("/{pointer}"));
        out.push_str(before);
        match found {
            Some(Value::String(found)) => out.push_str(found),
            Some(Value::Number(found)) => out.push_str(&found.to_string()),
            _ => bail!(
                "the simulator announces nothing at `/{pointer}`, which `{text}` names; correct the one or the other"
            ),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Puts the mark of a case into every text of a document.
pub(crate) fn marked(document: &Value, mark: &str) -> Value {
    match document {
        Value::String(text) => Value::String(text.replace("{mark}", mark)),
        Value::Array(values) => values.iter().map(|value| marked(value, mark)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), marked(value, mark))).collect(),
        other => other.clone(),
    }
}

/// Finds a program beside the one that runs; as it is named, where it is not there.
pub(crate) fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap_or_default();
    let beside = here.ancestors().skip(1).take(2).map(|directory| directory.join(name));
    let mut beside = beside.filter(|path| !name.contains('/') && path.is_file());
    beside.next().unwrap_or_else(|| PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_missing_ones_are_named() {
        let announced = serde_json::json!({"a": {"b": "x"}, "n": 7});
        assert_eq!(filled("{/a/b}-{/n}/end", &announced).ok().as_deref(), Some("x-7/end"));
        let error = filled("{/a/c}", &announced).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("/a/c"), "{error}");
    }
}
