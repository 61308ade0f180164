//! A flow's definition: plain types, as the installation file has them. `check` finds every mistake.

mod check;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::Serialize;
use wharf_host::model::{Action, Instant};

use crate::schedule::Schedule;

/// One flow: source feed, filters, mapping, target, and what follows once the target document exists.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlowSpec {
    /// Name, unique in the installation and the same over its life: the ledger files everything under it.
    pub name: String,
    /// What is read.
    pub source: Source,
    /// What is written.
    pub target: Target,
    /// What is done to the written document when its item is gone at the source. Nothing by default: the item is filtered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_delete: Option<Action>,
    /// What the mapping starts from.
    pub base: Base,
    /// Filters, in order: the first one that is true filters the item, under its name.
    pub filters: Vec<FilterRule>,
    /// The mapping: target path and what goes there.
    pub mapping: Vec<(String, Rule)>,
    /// Lookup tables that rules name.
    pub tables: BTreeMap<String, Table>,
    /// What to do when the target says that another document has to exist first.
    pub dependencies: Vec<DependencyRule>,
    /// What is written once the target document exists, in order.
    pub write_backs: Vec<WriteBack>,
    /// When it runs.
    pub schedule: Schedule,
    /// Documents in parallel. 4 by default.
    pub concurrency: NonZeroU32,
    /// From an unknown outcome to the first question about it; the second comes four times as long after the first. 7 s by
    /// default, so that a remote may take 35 s to show a new document before it is made again.
    #[serde(serialize_with = "millis")]
    pub verify_after: Duration,
}

fn millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u128(duration.as_millis())
}

impl FlowSpec {
    /// Makes a flow that copies every item as it is: base copy, no filter, no mapping, no schedule, 4 documents in
    /// parallel, first question 5 s after an unknown outcome.
    pub fn new(name: impl Into<String>, source: Source, target: Target) -> Self {
        Self {
            name: name.into(),
            source,
            target,
            on_delete: None,
            base: Base::Copy,
            filters: Vec::new(),
            mapping: Vec::new(),
            tables: BTreeMap::new(),
            dependencies: Vec::new(),
            write_backs: Vec::new(),
            schedule: Schedule::Manual,
            concurrency: NonZeroU32::MIN.saturating_add(3),
            verify_after: Duration::from_secs(7),
        }
    }

    /// Returns the names of all connections that the flow uses, each once.
    pub fn connections(&self) -> Vec<&str> {
        let write_backs = self.write_backs.iter().map(|write_back| write_back.connection.as_str());
        let mut names: Vec<&str> =
            [self.source.connection.as_str(), self.target.connection.as_str()].into_iter().chain(write_backs).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    /// Name of the connection.
    pub connection: String,
    /// Name of the feed.
    pub feed: String,
    /// Filters that the feed declares; several values of one name mean any of them.
    pub filter: Vec<(String, String)>,
    /// Leave out what is older.
    pub since: Option<Instant>,
}

impl Source {
    /// Makes a source without a feed: its items are handed over.
    pub(crate) fn handed_over(connection: &str) -> Self {
        Self { connection: connection.to_owned(), feed: String::new(), filter: Vec::new(), since: None }
    }

    /// Tells whether items are handed over, and there is no feed to read.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.feed.is_empty()
    }
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// Name of the connection.
    pub connection: String,
    /// Entity of the document.
    pub entity: String,
    /// What is done to it.
    pub action: Action,
    /// Where the remote id of the document to change comes from; without it, the id that an earlier write of the same
    /// item ended in.
    pub id: Option<Rule>,
}

impl Target {
    /// Returns the connection and the entity.
    pub(crate) fn place(&self) -> (&str, &str) {
        (&self.connection, &self.entity)
    }
}

/// What a mapping starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// A copy of the source document.
    #[default]
    Copy,
    /// An empty object.
    Empty,
}

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilterRule {
    /// Name; what it filters is filed under it.
    pub rule: String,
    /// Expression over `doc` and `item`; the item is filtered when it is true.
    pub when: String,
}

/// What goes to one place of a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// Where the value comes from.
    pub value: ValueSource,
    /// Name of a table that the value is looked up in.
    pub table: Option<String>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueSource {
    /// A path: of the source document in the mapping; below `source`, `item` or `result` in write-backs. Where there
    /// is nothing, nothing goes to the target.
    From(String),
    /// A constant.
    Constant(serde_json::Value),
    /// A minijinja expression over `doc` (or `source`), `item`, and `result` in write-backs; below a target path with
    /// `[]` also `element` and `index`. Its result keeps its type.
    Expression(String),
}

impl Rule {
    /// Makes a rule that copies from a path.
    pub fn from_path(path: impl Into<String>) -> Self {
        Self { value: ValueSource::From(path.into()), table: None }
    }

    /// Makes a rule that puts a constant.
    pub fn constant(value: impl Into<serde_json::Value>) -> Self {
        Self { value: ValueSource::Constant(value.into()), table: None }
    }

    /// Makes a rule that puts the result of an expression.
    pub fn expression(expression: impl Into<String>) -> Self {
        Self { value: ValueSource::Expression(expression.into()), table: None }
    }

    /// Looks the value up in a table.
    #[must_use]
    pub fn in_table(mut self, table: impl Into<String>) -> Self {
        self.table = Some(table.into());
        self
    }
}

/// A lookup table. Keys match as text; keys that are decimal numbers also match by value, so `23` finds `23.00`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Table {
    /// Connection whose reference list the values point into.
    pub connection: Option<String>,
    /// Name of that reference list; misses are filed under it, else under the table's name.
    pub reference_list: Option<String>,
    /// Value of the document to value of the target.
    pub entries: BTreeMap<String, String>,
    /// What everything else becomes; without it, a miss parks the item.
    pub default: Option<String>,
}

/// What to do when the target says that another document has to exist first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DependencyRule {
    /// Entity of that document.
    pub entity: String,
    /// What is done to make it exist.
    pub action: Action,
    /// Path of the sub-document of the mapped document.
    pub from: String,
    /// With a path that has `[]`: the field of the sub-documents that holds the key that the target named.
    pub key: Option<String>,
}

/// What is written once the target document exists.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WriteBack {
    /// Name of the connection.
    pub connection: String,
    /// Entity of the document.
    pub entity: String,
    /// What is done to it.
    pub action: Action,
    /// Where its remote id comes from, e.g. from `source.id`; none for a create.
    pub target: Option<Rule>,
    /// The document: target path and what goes there. Starts empty.
    pub mapping: Vec<(String, Rule)>,
}
