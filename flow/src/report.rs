//! What commands show: how a run went, what a plan found, the story of a document, what waits and why.

mod reconcile;
mod story;

use std::collections::BTreeMap;

use serde::Serialize;
use wharf_host::model::{Action, Instant, Preview};

pub use self::reconcile::{Asked, Difference, DifferenceKind, ReconcileReport, Side};
pub use self::story::{Conflict, EffectKind, EffectStory, IntentState, ItemState, Story, StoryEvent};

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RunReport {
    /// Name of the flow.
    pub flow: String,
    /// Items that the source reported for the first time, or changed.
    pub read: u64,
    /// Items that the source reported again, unchanged.
    pub unchanged: u64,
    /// Items that were done in this run.
    pub done: u64,
    /// Items that were filtered in this run, by rule.
    pub filtered: BTreeMap<String, u64>,
    /// Items that were parked in this run and still are, by the code of their cause.
    pub parked: BTreeMap<String, u64>,
    /// Items of the flow that are neither done, filtered nor parked now.
    pub waiting: u64,
    /// Requests that left the host, by connection.
    pub calls: BTreeMap<String, u64>,
    /// From start to end, in milliseconds.
    pub elapsed_ms: u64,
    /// All items that the ledger has of the flow.
    pub totals: Totals,
    /// What holds the flow's connections, feed or writes now.
    pub holds: Vec<Hold>,
    /// When something is due next; none when nothing waits for a time.
    pub next_due: Option<Instant>,
}

/// How many items of a flow are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Done.
    pub done: u64,
    /// Filtered.
    pub filtered: u64,
    /// Parked.
    pub parked: u64,
    /// Everything else.
    pub waiting: u64,
}

/// What a run would do now. Nothing was written, and the cursor stands where it stood.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PlanReport {
    /// Name of the flow.
    pub flow: String,
    /// Items that were read.
    pub read: u64,
    /// Items that the ledger has already, unchanged, or in work.
    pub unchanged: u64,
    /// Items that would be filtered, by rule.
    pub filtered: BTreeMap<String, u64>,
    /// Items that would be parked, by the code of their cause.
    pub parked: BTreeMap<String, u64>,
    /// Values without a counterpart, most frequent first.
    pub unmapped: Vec<Unmapped>,
    /// What would be written, in the order of the feed.
    pub writes: Vec<PlannedWrite>,
    /// Whether a repeated create may double the document, because the target cannot be asked.
    pub may_duplicate: bool,
    /// Whether the feed had more than the limit.
    pub more: bool,
    /// Requests that left the host, by connection. All of them reads.
    pub calls: BTreeMap<String, u64>,
}

/// How much of what a feed has would be written with the definition as it is now. Nothing was written, and neither the
/// cursor nor what the ledger knows played a part.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Readiness {
    /// Name of the flow.
    pub flow: String,
    /// Items that were read, to find the last ones.
    pub read: u64,
    /// The last items, which were mapped.
    pub looked_at: u64,
    /// Items of these that would be written.
    pub ready: u64,
    /// Items that would be filtered, by rule.
    pub filtered: BTreeMap<String, u64>,
    /// Items that would be parked, by the code of their cause.
    pub parked: BTreeMap<String, u64>,
    /// Values without a counterpart, most frequent first.
    pub missing: Vec<Unmapped>,
    /// What else keeps documents back, most frequent first.
    pub refused: Vec<Refused>,
    /// Whether the feed had more than was read, so that these may not be the last ones.
    pub more: bool,
    /// Requests that left the host, by connection. All of them reads.
    pub calls: BTreeMap<String, u64>,
}

/// What keeps documents back other than a missing mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Code of the cause.
    pub cause: String,
    /// What is wrong, of the first of them.
    pub message: String,
    /// How many items have it.
    pub items: u64,
    /// Entity and id of the first of them.
    pub example: (String, String),
}

/// A value without a counterpart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmapped {
    /// Reference list, or table.
    pub table: String,
    /// The value.
    pub value: String,
    /// How many items have it.
    pub items: u64,
}

/// One write of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedWrite {
    /// Entity of the source item.
    pub entity: String,
    /// Remote id of the source item.
    pub id: String,
    /// Connection that would be written to.
    pub connection: String,
    /// Entity that would be written.
    pub target_entity: String,
    /// What would be done.
    pub action: Action,
    /// The document, as JSON text.
    pub document: String,
    /// The request, when the connector can tell it; else why not.
    pub preview: Result<Preview, String>,
}

/// Items that wait under one cause and key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParkedGroup {
    /// Name of the flow.
    pub flow: String,
    /// Code of the cause.
    pub cause: String,
    /// What the cause is about, e.g. the table of a missing mapping; empty when the cause says it all.
    pub place: String,
    /// Which one, e.g. the value without a mapping; empty when the cause says it all.
    pub key: String,
    /// How many items.
    pub items: u64,
    /// When the oldest was parked.
    pub oldest: Instant,
    /// Some of them, oldest first, at most 5: entity and id.
    pub samples: Vec<(String, String)>,
    /// What the oldest was told, one sentence.
    pub message: String,
    /// Both sides of the oldest, for a conflict.
    pub conflict: Option<Conflict>,
}

/// What stops work for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// What is held.
    pub scope: HoldScope,
    /// Code of the cause.
    pub cause: String,
    /// One sentence that ends with the fix.
    pub message: String,
    /// Since when.
    pub since: Instant,
    /// Until when; none until a person does something.
    pub until: Option<Instant>,
    /// Who put it, when that was a person.
    pub who: Option<String>,
}

/// What a hold stops.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldScope {
    /// Everything of a flow.
    Flow(String),
    /// Every call with a credential, on all connections that use it.
    Credential(String),
    /// Every call on a connection, in all flows.
    Connection(String),
    /// Reading of a flow.
    Feed(String),
    /// One kind of write on a connection: connection, entity, action.
    Writes(String, String, Action),
}

/// What a person can stop and let go on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseScope {
    /// Everything of a flow: reading, writing, asking.
    Flow(String),
    /// Every call on a connection, in all flows.
    Connection(String),
    /// Every call with a credential, on all connections that use it.
    Credential(String),
}

/// State of the whole ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Status {
    /// Every flow that ever ran.
    pub flows: Vec<FlowStatus>,
    /// Everything that stops work now.
    pub holds: Vec<Hold>,
    /// What a person has to look at, once for each cause, the oldest first.
    pub alerts: Vec<Alert>,
    /// Windows that are being read again, and the last ones that were.
    pub backfills: Vec<BackfillStatus>,
}

/// Something that a person has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// What it is about: a flow, a connection, a kind of write.
    pub about: String,
    /// Code of the cause.
    pub cause: String,
    /// Since when.
    pub since: Instant,
    /// How many items are parked for it; 0 for what is held.
    pub items: u64,
    /// One sentence that ends with the fix.
    pub message: String,
}

/// A window of a feed that is read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackfillStatus {
    /// Name of the flow.
    pub flow: String,
    /// Start of the window.
    pub from: Instant,
    /// End of the window; what is this new or newer is left out.
    pub to: Instant,
    /// Pages that were read.
    pub pages: u64,
    /// Items that were read.
    pub items: u64,
    /// Those of them that were new, changed, or are looked at again.
    pub news: u64,
    /// Who asked for it.
    pub who: String,
    /// When it was started.
    pub started: Instant,
    /// When it was read to its end; none while there is more.
    pub ended: Option<Instant>,
}

/// How a backfill went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackfillReport {
    /// How far it is.
    #[serde(flatten)]
    pub status: BackfillStatus,
    /// How the work on what it found went; none when another process runs the flow and does it.
    pub run: Option<RunReport>,
    /// What holds the reading; empty when it was read to its end.
    pub holds: Vec<Hold>,
}

/// Why a flow has not seen a document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Explanation {
    /// Name of the flow.
    pub flow: String,
    /// Whether the source has the document.
    pub presence: Presence,
    /// What keeps it out, or may, one sentence each; the surest first.
    pub reasons: Vec<String>,
}

/// Whether a source has a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// It has it.
    There,
    /// It does not.
    Absent,
    /// It could not be asked.
    #[default]
    Unknown,
}

/// What became of skipping.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SkipReport {
    /// Items that are filtered now, as skipped.
    pub skipped: u64,
    /// Items whose document had been written: they are done, and only the rest of their effects was given up.
    pub ended: u64,
    /// Items that were left as they are: entity, id, and why.
    pub refused: Vec<(String, String, String)>,
}

impl std::fmt::Display for HoldScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flow(name) => write!(f, "flow {name}"),
            Self::Credential(name) => write!(f, "credential {name}"),
            Self::Connection(name) => write!(f, "connection {name}"),
            Self::Feed(name) => write!(f, "feed of flow {name}"),
            Self::Writes(name, entity, action) => {
                write!(f, "writes of {entity} ({}) to {name}", action.word())
            }
        }
    }
}

/// State of one flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlowStatus {
    /// Name.
    pub flow: String,
    /// Connection that it reads.
    pub connection: String,
    /// Feed that it reads.
    pub feed: String,
    /// How many items are in which state.
    pub totals: Totals,
    /// When the oldest item that waits was read.
    pub oldest_waiting: Option<Instant>,
    /// When it was started last.
    pub started: Option<Instant>,
    /// When the feed was read to its end last.
    pub caught_up: Option<Instant>,
    /// Who runs it now, and until when the lease lasts.
    pub holder: Option<(String, Instant)>,
    /// Age of the oldest item that waits, in milliseconds; none when nothing waits.
    pub lag_ms: Option<u64>,
    /// Whether a repeated create may double a document, because the target cannot be asked.
    pub may_duplicate: bool,
    /// Failures in a row of reading the feed.
    pub read_failures: u32,
    /// When reading is tried again after a failure.
    pub read_again: Option<Instant>,
}

/// Which parked items to let go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// Only of this flow.
    pub flow: Option<String>,
    /// Only under this cause.
    pub cause: Option<String>,
    /// Only under this place, e.g. a table.
    pub place: Option<String>,
    /// Only under this key.
    pub key: Option<String>,
    /// Only this document: connection that it came from, entity, id.
    pub document: Option<(String, String, String)>,
    /// What is known of writes whose outcome is unknown.
    pub unknown: UnknownOutcome,
}

/// What a person knows of a write whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum UnknownOutcome {
    /// Nothing: the remote is asked again.
    #[default]
    Ask,
    /// It did not take effect: it is repeated.
    Absent,
    /// It took effect, and the document has this id.
    Found(String),
}
