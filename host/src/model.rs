//! The host's own plain types: what goes into a call and what comes out of it.
//!
//! They mirror the contract's vocabulary but belong to the host: generated binding types stay in `abi`.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use crate::manifest::Action;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub u64);

impl Instant {
    /// Returns the instant `duration` later, or the last one there is.
    #[must_use]
    pub fn after(self, duration: std::time::Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// Returns the time from `earlier` to this instant; zero when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Opaque, versioned position in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The connector's version of its cursor format.
    pub version: u32,
    /// What only the connector understands.
    pub bytes: Vec<u8>,
}

/// JSON text of one document. Cheap to clone; may share the buffer of the response it was cut from.
#[derive(Clone, PartialEq, Eq)]
pub struct Document(Bytes);

impl Document {
    /// Wraps JSON text. It is not checked here: who reads it finds out.
    pub fn new(json: impl Into<Bytes>) -> Self {
        Self(json.into())
    }

    /// Returns the text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the document as a type.
    ///
    /// # Errors
    /// When the text is not JSON of that shape, or is nested deeper than 128 levels.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.0)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes)", self.0.len())
    }
}

/// One thing that is wrong with a document or a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// JSON pointer to the offending place; empty for the whole document.
    pub path: String,
    /// Stable, kebab-case.
    pub code: String,
    /// One sentence that ends with the fix.
    pub message: String,
}

/// What a rate limit applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitScope {
    /// Every call made with the credential.
    Credential,
    /// Calls of one budget.
    Endpoint,
    /// The whole account.
    Account,
}

/// How it is known when calls may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToldBy {
    /// A response header.
    Header,
    /// A field of the body.
    Body,
    /// A time in message text.
    Text,
    /// Nobody told.
    Estimate,
}

/// What kind of thing was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingKind {
    /// The address itself.
    Endpoint,
    /// The document that the call was about.
    Subject,
    /// Something that the document refers to.
    Referenced,
}

/// A value without a counterpart on the other side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MissingMapping {
    /// Reference list, or mapping table, that has no entry.
    pub reference_list: String,
    /// The value as the document has it.
    pub value: String,
}

/// Why something failed. The first seventeen come from connectors, the rest from the host alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// The connection's configuration cannot work.
    ConfigInvalid {
        /// What is wrong, each with its path.
        violations: Vec<Violation>,
    },
    /// The credential may be renewed.
    AuthExpired,
    /// The credential is dead until a person replaces it.
    AuthRevoked,
    /// A permission is missing.
    Forbidden {
        /// Which, if known.
        permission: Option<String>,
    },
    /// Too many calls.
    RateLimited {
        /// What the limit applies to.
        scope: LimitScope,
        /// First moment at which a call may succeed.
        not_before: Option<Instant>,
        /// How that is known.
        told_by: ToldBy,
    },
    /// The remote is down or unreachable.
    Unavailable {
        /// When it said it would be back.
        until: Option<Instant>,
    },
    /// A write may or may not have happened.
    OutcomeUnknown,
    /// Something else is already there.
    Conflict {
        /// The remote's id of it.
        existing_id: Option<String>,
        /// Whether it says the same.
        same_content: Option<bool>,
    },
    /// Something is not there.
    NotFound {
        /// What kind of thing.
        kind: MissingKind,
        /// Its entity.
        entity: String,
        /// Its id or key.
        key: String,
    },
    /// This document is refused as it is.
    InvalidRecord {
        /// What is wrong, each with its path.
        violations: Vec<Violation>,
    },
    /// Values without a counterpart.
    MappingMissing {
        /// Each of them.
        missing: Vec<MissingMapping>,
    },
    /// The remote's state forbids it now.
    Precondition {
        /// Which state, e.g. `period-closed`.
        state: String,
    },
    /// Another document has to exist first.
    DependencyMissing {
        /// Its entity.
        entity: String,
        /// Its id or key.
        key: String,
    },
    /// It cannot be done at all.
    Unsupported {
        /// What.
        capability: String,
    },
    /// The remote answered in an unknown shape.
    ContractChanged {
        /// What was unexpected.
        detail: String,
        /// Some of what was received.
        sample: String,
    },
    /// Over a size limit.
    TooLarge {
        /// Size in bytes.
        bytes: u64,
    },
    /// A bug in the connector, or a trap.
    Internal {
        /// What is known of it.
        detail: String,
    },
    /// The caller gave the call up.
    Cancelled,
    /// The call's time ran out.
    Deadline {
        /// Whether a write had left and was not answered, so that its outcome is unknown.
        write_in_flight: bool,
    },
    /// The connector wanted more memory than the limit.
    MemoryExceeded {
        /// The limit, over all memories and tables.
        limit_bytes: u64,
    },
    /// A request that the policy does not allow.
    EgressDenied {
        /// Stable code of the rule, e.g. `host-not-granted`, `address-private`.
        rule: String,
        /// What was asked for, without query values.
        target: String,
    },
    /// A write was asked for in a call that may only read.
    WouldWrite,
    /// The worker lost its lease; nothing of this call counts.
    Fenced,
}

impl Cause {
    /// Returns the stable code, kebab-case, as listings and the ledger use it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConfigInvalid { .. } => "config-invalid",
            Self::AuthExpired => "auth-expired",
            Self::AuthRevoked => "auth-revoked",
            Self::Forbidden { .. } => "forbidden",
            Self::RateLimited { .. } => "rate-limited",
            Self::Unavailable { .. } => "unavailable",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Conflict { .. } => "conflict",
            Self::NotFound { .. } => "not-found",
            Self::InvalidRecord { .. } => "invalid-record",
            Self::MappingMissing { .. } => "mapping-missing",
            Self::Precondition { .. } => "precondition",
            Self::DependencyMissing { .. } => "dependency-missing",
            Self::Unsupported { .. } => "unsupported",
            Self::ContractChanged { .. } => "contract-changed",
            Self::TooLarge { .. } => "too-large",
            Self::Internal { .. } => "internal",
            Self::Cancelled => "cancelled",
            Self::Deadline { .. } => "deadline",
            Self::MemoryExceeded { .. } => "memory-exceeded",
            Self::EgressDenied { .. } => "egress-denied",
            Self::WouldWrite => "would-write",
            Self::Fenced => "fenced",
        }
    }
}

/// What a cause was read from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// Number of the request within the call; 0 for none.
    pub request: u32,
    /// HTTP status.
    pub http_status: Option<u16>,
    /// The remote's own code.
    pub remote_code: Option<String>,
    /// Some of the answer.
    pub excerpt: Option<String>,
}

/// A connector's failure for one intent of a batch, or one part of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// One sentence for a person.
    pub message: String,
    /// What it was read from.
    pub evidence: Option<Evidence>,
}

/// One record of the remote system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Entity.
    pub entity: String,
    /// The remote's id.
    pub id: String,
    /// Changes whenever the record changes.
    pub revision: Option<String>,
    /// When it changed last.
    pub updated: Option<Instant>,
    /// The remote says that it is gone.
    pub deleted: bool,
    /// What it says.
    pub document: Document,
}

/// One step through a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What was read.
    pub items: Vec<Item>,
    /// Where to go on.
    pub next: Cursor,
    /// Whether everything that was there has been read.
    pub caught_up: bool,
}

/// What the host wants of a pull or a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Leave out what is older.
    pub since: Option<Instant>,
    /// Leave out what is this new or newer.
    pub until: Option<Instant>,
    /// Filters of the feed; several values of one name mean any of them.
    pub filter: Vec<(String, String)>,
    /// At most that many items.
    pub max_items: u32,
    /// At most that many bytes of content.
    pub max_bytes: u32,
}

impl Default for Bounds {
    /// No window, no filter, 500 items, 4 MiB.
    fn default() -> Self {
        Self { since: None, until: None, filter: Vec::new(), max_items: 500, max_bytes: 4 << 20 }
    }
}

/// How many items a feed would return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// Digest over ids and revisions.
    pub digest: Option<String>,
}

/// One wanted effect on a remote system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Minted by the host, the same over retries and restarts.
    pub id: String,
    /// Entity.
    pub entity: String,
    /// What to do.
    pub action: Action,
    /// Remote id of the document to change.
    pub target: Option<String>,
    /// Revision that it must still have.
    pub expected_revision: Option<String>,
    /// Text that a create leaves in the remote document: at most 32 characters of `[A-Za-z0-9-]`.
    pub correlation: String,
    /// What to write.
    pub document: Document,
}

/// The request that `apply` would send first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// Method.
    pub method: String,
    /// URL.
    pub url: String,
    /// Body.
    pub body: String,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// The remote document that an intent ended in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The remote's id.
    pub id: String,
    /// Its revision.
    pub revision: Option<String>,
    /// The number that people know it by.
    pub number: Option<String>,
}

/// What became of one intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect now.
    Applied(Applied),
    /// It had taken effect before.
    AlreadyApplied(Applied),
    /// The remote document is already as wanted.
    NothingToDo,
    /// It failed.
    Failed(Failure),
}

/// What the remote says about an intent whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It took effect.
    Found(Applied),
    /// It did not.
    Absent,
    /// It could not be told; why.
    Inconclusive(String),
}

/// State of a step of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Fine.
    Ok,
    /// Works, but look at it.
    Warning,
    /// Does not work.
    Failed,
    /// Could not be tried.
    Skipped,
}

/// One thing that `check` tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Short and constant.
    pub name: String,
    /// How it went.
    pub state: StepState,
    /// What was seen.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// One entry of a reference list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The remote's id.
    pub id: String,
    /// A code besides the id.
    pub code: Option<String>,
    /// What people read.
    pub label: String,
    /// Number that it stands for, as decimal text.
    pub value: Option<String>,
    /// First moment it is valid.
    pub valid_from: Option<Instant>,
    /// First moment it is no longer valid.
    pub valid_to: Option<Instant>,
}

/// A page of a reference list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferencePage {
    /// Entries.
    pub references: Vec<Reference>,
    /// Give this back to get the next page.
    pub next: Option<String>,
}

/// A message of the remote, or a request that it makes of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Method.
    pub method: String,
    /// Path and query below our address.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// An answer to a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// Whether who sent a delivery is who they have to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// They are, or the connector declares no inbound credential and checks by itself.
    Admitted,
    /// They are not.
    Refused {
        /// What to answer.
        reply: Reply,
        /// Why, for the operator: holds no secret and nothing of the request.
        reason: String,
    },
    /// The request was for the host itself (a token endpoint); answer this and pass nothing on.
    Answered(Reply),
}

/// A hint that a record changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The same for every delivery of the same event.
    pub key: String,
    /// Entity.
    pub entity: String,
    /// The remote's id of the record.
    pub id: String,
    /// The record is gone.
    pub deleted: bool,
}

/// What a webhook turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// Answer with this and do nothing else.
    Handshake(Reply),
    /// Something changed.
    Events(Vec<Event>),
    /// Not from the remote, or not intact; why.
    Rejected(String),
}

/// A webhook registration at the remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// The remote's id.
    pub id: String,
    /// Where it sends to.
    pub url: String,
    /// What it sends.
    pub topics: Vec<String>,
}

/// What a request does in the remote system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Sent twice it leaves the same state as sent once.
    IdempotentWrite,
    /// Changes something, each time.
    Write,
}

/// What one call did, for people and for the ledger. Holds no secret and no query value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Trace {
    /// Requests in the order in which they were asked for.
    pub requests: Vec<RequestTrace>,
    /// Places where a secret value was found and taken out; 32 at most.
    pub leaks: Vec<Leak>,
    /// What was done to files.
    pub files: FileUse,
}

impl Trace {
    /// Tells whether the call wrote: a request that writes has left, or a file was changed.
    pub fn wrote(&self) -> bool {
        self.files.changes > 0 || self.requests.iter().any(|request| request.sent && request.effect != Effect::Read)
    }
}

/// What one call did to the files of its connection's directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FileUse {
    /// Changes that were begun: writes, new files and directories, names that were changed or removed.
    pub changes: u32,
    /// Bytes that were written.
    pub written_bytes: u64,
    /// Changes that the host refused, the first of each code.
    pub refusals: Vec<FileRefusal>,
}

/// A change of files that the host refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRefusal {
    /// Stable, kebab-case: `quota-bytes`, `quota-files`, `read-only`, `link`, `name`, `special-file`, `listings`.
    pub code: String,
    /// One sentence that ends with the fix.
    pub message: String,
}

/// A secret value where none belongs: the remote gave one back, the connector passed one on, or the operator wrote one
/// into the configuration. It was taken out; never says which value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// Where: `body` or the name of a header of an answer; what a connector returned: `document`, `cursor`, `reply`, `log`,
    /// `failure`, `step`, `discovery`, `reference`, `tally`, `preview`, `outcome`, `verdict`, `event`, `subscription`; or
    /// `configuration`.
    pub place: String,
    /// Number of the request whose answer it was.
    pub request: Option<u32>,
}

/// One request of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestTrace {
    /// Number within the call, from 1.
    pub number: u32,
    /// Method.
    pub method: String,
    /// URL without query values.
    pub url: String,
    /// What it does.
    pub effect: Effect,
    /// HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// Code of the refusal, when there was no answer.
    pub refusal: Option<String>,
    /// Whether it left the host.
    pub sent: bool,
    /// Bytes of the body that went out.
    pub sent_bytes: u64,
    /// Bytes of the body that came back, decompressed.
    pub received_bytes: u64,
    /// From asking to answer, in microseconds.
    pub micros: u64,
    /// How far the remote's clock is ahead of the host's, in seconds, by the answer's `Date`; negative when it is behind.
    pub clock_ahead_seconds: Option<i64>,
}

/// A result together with what was done to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The result.
    pub value: T,
    /// What was done.
    pub trace: Trace,
}
