//! What a connector says of itself: the manifest, read from JSON and checked. Pure.

mod exports;
mod rules;
mod scheme;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::inspect::Inspection;
use crate::model::Violation;
use crate::schema::member;

pub use self::scheme::{
    Attachment, ClientPlace, ExchangeMethod, ExchangeRequest, FixedField, HeaderPart, JwtAlgorithm, Scheme, TokenPlace,
    Wherever,
};

/// A connector's manifest, as `wit/manifest.schema.json` describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Manifest {
    /// Name of the connector: 1 to 64 characters of `[a-z0-9-]`.
    pub name: String,
    /// Version of the connector, semantic.
    pub version: String,
    /// Who publishes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// One sentence about it.
    pub summary: String,
    /// Shape and version of the connection's configuration.
    pub config: ConfigShape,
    /// Credential slots.
    #[serde(default)]
    pub credentials: Vec<CredentialSlot>,
    /// Origins that the connector asks to reach.
    #[serde(default)]
    pub hosts: Vec<HostRequest>,
    /// Call budgets; a connector without any gets the host's default one.
    #[serde(default)]
    pub budgets: Vec<BudgetRequest>,
    /// Files in a directory that the operator grants; none for a connector that works without files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<FilesRequest>,
    /// Feeds, when the component exports `feeds`.
    #[serde(default)]
    pub feeds: Vec<Feed>,
    /// Records that can be read one by one, when the component exports `records`.
    #[serde(default)]
    pub records: Vec<RecordAccess>,
    /// Writes, when the component exports `writing`.
    #[serde(default)]
    pub writes: Vec<Write>,
    /// Reference lists, when the component exports `references`.
    #[serde(default)]
    pub reference_lists: Vec<ReferenceList>,
    /// Webhooks, when the component exports `webhooks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<Webhooks>,
    /// Inbound requests that it answers, when the component exports `serving`.
    #[serde(default)]
    pub serves: Vec<ServedPath>,
}

impl Manifest {
    /// Reads a manifest and checks it: names, duplicates, references between its parts, schemas, budgets, headers.
    ///
    /// # Errors
    /// Everything that is wrong, each with its JSON pointer. Where the text is not JSON of the right shape, only the
    /// first such place, as nothing after it can be trusted.
    pub fn parse(json: &str) -> Result<Self, Vec<Violation>> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| vec![misshapen(&error)]);
        let manifest: Self = read.and_then(|manifest| match reader.end() {
            Ok(()) => Ok(manifest),
            Err(error) => Err(vec![violation(String::new(), "not-json", format!("{error}; end after the object"))]),
        })?;
        let found = rules::violations(&manifest);
        if found.is_empty() { Ok(manifest) } else { Err(found) }
    }

    /// Returns where the manifest and the component's exports disagree, in both directions.
    pub fn disagreements(&self, inspection: &Inspection) -> Vec<Violation> {
        exports::violations(self, inspection)
    }

    /// Returns the feed of that name.
    pub fn feed(&self, name: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.name == name)
    }

    /// Returns the credential slot of that name.
    pub fn credential(&self, name: &str) -> Option<&CredentialSlot> {
        self.credentials.iter().find(|slot| slot.name == name)
    }
}

/// Says where the JSON has another shape than a manifest.
fn misshapen(error: &serde_path_to_error::Error<serde_json::Error>) -> Violation {
    use serde_path_to_error::Segment;
    let mut path = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => path = format!("{path}/{index}"),
            Segment::Map { key } => path = member(&path, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let text = error.inner().to_string();
    if let Some(field) = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return violation(member(&path, field), "required", format!("`{field}` is missing; add it"));
    }
    violation(path, "shape", format!("{text}; correct it"))
}

fn violation(path: String, code: &str, message: String) -> Violation {
    Violation { path, code: code.to_owned(), message }
}

/// Shape and version of the connection's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigShape {
    /// Raised when the shape changes; `describe.migrate-config` brings older ones up.
    pub version: u32,
    /// JSON Schema (2020-12) of the configuration, an object.
    pub schema: serde_json::Value,
}

/// A place for a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialSlot {
    /// Name, 1 to 64 characters of `[a-z0-9-]`; requests name it.
    pub name: String,
    /// How the host uses it.
    pub scheme: Scheme,
    /// Origins that may receive it; every one must be among `hosts`. Not used by schemes that do not go out with requests.
    #[serde(default)]
    pub audience: Vec<Origin>,
    /// How a person gets it, one sentence.
    #[serde(default)]
    pub hint: String,
    /// Whether the connector works without it.
    #[serde(default)]
    pub optional: bool,
}

/// An origin (scheme, host, port) written out, or taken from the connection's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Origin {
    /// The origin of the URL that the configuration has under this top-level key, e.g. `base_url`.
    FromConfig {
        /// Key of the configuration.
        config: String,
    },
    /// Written out: `https://api.example.com`, with `:port` unless it is the scheme's own. A leading `*.` in the host
    /// covers one label.
    Fixed(String),
}

/// A URL whose origin may come from the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Origin.
    pub origin: Origin,
    /// Path below the origin, with a leading slash. Below a configured URL it is appended to that URL's own path.
    pub path: String,
}

/// An origin that the connector asks to reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostRequest {
    /// Which one.
    pub origin: Origin,
    /// Methods, upper case; empty for any.
    #[serde(default)]
    pub methods: Vec<String>,
}

/// A call budget: so many calls in so many seconds, counted per credential over all connections that use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetRequest {
    /// Name that requests give; `default` for requests that give none.
    pub name: String,
    /// Calls.
    pub calls: u32,
    /// In so many seconds.
    pub seconds: u32,
    /// Requests under way at once; none for no limit but the host's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// Name of an unsigned integer in the configuration that replaces `calls`, for accounts with another quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_from_config: Option<String>,
}

impl BudgetRequest {
    /// Returns the budget of requests that name none, where the manifest declares no `default`: 50 calls in any second. None
    /// of the known systems allows more, and it keeps a loop without a brake from being an attack.
    pub fn undeclared() -> Self {
        Self { name: "default".to_owned(), calls: 50, seconds: 1, concurrent: None, calls_from_config: None }
    }
}

/// Files that the connector asks for: one directory of the operator's choice, which its program sees as `/files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesRequest {
    /// What it does with them.
    pub access: FileAccess,
    /// One sentence: which files, from whom, for whom.
    pub summary: String,
}

/// What may be done in a directory; the later covers the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileAccess {
    /// Read its files.
    Read,
    /// Read, write, rename and remove its files.
    ReadWrite,
}

impl std::fmt::Display for FileAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::ReadWrite => "read-write",
        })
    }
}

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Name that `feeds.pull` takes.
    pub name: String,
    /// Entity of its items.
    pub entity: String,
    /// One sentence: what is in it, in what order, what it cannot see.
    pub summary: String,
    /// Shape of its documents.
    #[serde(default)]
    pub document: DocumentShape,
    /// Version of its cursors.
    pub cursor_version: u32,
    /// Filters that `bounds.filter` may name.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// Whether `since` and `until` are honoured.
    #[serde(default)]
    pub windows: bool,
    /// Whether `counts.count` can count it.
    #[serde(default)]
    pub countable: bool,
}

/// Shape of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentShape {
    /// The common document of the entity.
    #[default]
    Common,
    /// JSON as the remote wrote it.
    Raw,
}

/// A filter of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Name.
    pub name: String,
    /// Reference list that its values come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_list: Option<String>,
}

/// Records of an entity that can be read one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordAccess {
    /// Entity.
    pub entity: String,
    /// Whether `records.get` works.
    #[serde(default)]
    pub get: bool,
    /// Keys that `records.lookup` takes.
    #[serde(default)]
    pub lookup_keys: Vec<String>,
}

/// A kind of write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Entity.
    pub entity: String,
    /// What can be done to it.
    pub actions: Vec<Action>,
    /// Shape of the document that it takes.
    #[serde(default)]
    pub document: DocumentShape,
    /// JSON Schema of the document, where it is not the common one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<serde_json::Value>,
    /// Whether the remote can be asked, after an unknown outcome, if a create took effect. Where it cannot, a repeated
    /// create may double the document, and every listing says so.
    pub verifiable: bool,
    /// How many intents `apply` takes at once.
    #[serde(default = "one")]
    pub batch: u32,
}

fn one() -> u32 {
    1
}

/// What a write does to the remote document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Make a new one.
    Create,
    /// Change the fields that the document has.
    Update,
    /// Change it, or make it where it is missing.
    Upsert,
    /// Move it to another state.
    Transition,
    /// Remove it.
    Delete,
    /// Add a file to it.
    Attach,
}

impl Action {
    /// Returns the word for it that people write and read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Transition => "transition",
            Self::Delete => "delete",
            Self::Attach => "attach",
        }
    }
}

/// A reference list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceList {
    /// Name: one of the well-known `vat-rate`, `currency`, `country`, `unit`, `language`, `payment-method`,
    /// `shipping-method`, `warehouse`, `price-list`, `order-status`, `order-source`, `document-series`, `attribute`,
    /// `company`, `user`, or the connector's own.
    pub name: String,
    /// What people call it in that system.
    pub label: String,
}

/// What the remote can tell on its own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Topics that can be subscribed to.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Slots that `webhooks.parse` checks with.
    #[serde(default)]
    pub slots: Vec<String>,
}

/// A path that a serving connector answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServedPath {
    /// Method, upper case.
    pub method: String,
    /// Path below the connection's inbound address; `{name}` stands for one segment.
    pub path: String,
}
