//! What commands show: how a run went, what a plan found, the story of a document, what waits and why.

use std::collections::BTreeMap;

use serde::Serialize;
use wharf_host::model::{Action, Instant, Preview};

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

/// The way of one document through one flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Story {
    /// Name of the flow.
    pub flow: String,
    /// Connection that it came from.
    pub connection: String,
    /// Entity.
    pub entity: String,
    /// Remote id.
    pub id: String,
    /// Where it stands.
    pub state: ItemState,
    /// Rule, for a filtered one; code of the cause, for a parked one.
    pub under: Option<String>,
    /// One sentence about the cause, when it is parked or was refused last.
    pub message: Option<String>,
    /// When it is tried next.
    pub due: Option<Instant>,
    /// What it was written as, in order: target, dependencies, write-backs.
    pub effects: Vec<EffectStory>,
    /// What happened, in order.
    pub events: Vec<StoryEvent>,
}

/// One wanted effect on a remote system, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EffectStory {
    /// Id of the intent.
    pub intent: String,
    /// What it is for.
    pub kind: EffectKind,
    /// Connection that is written to.
    pub connection: String,
    /// Entity.
    pub entity: String,
    /// What is done.
    pub action: Action,
    /// Text that finds the document in the remote system.
    pub correlation: String,
    /// Where it stands.
    pub state: IntentState,
    /// Remote id of the document.
    pub id: Option<String>,
    /// Number that people know it by.
    pub number: Option<String>,
    /// Failures that counted.
    pub attempts: u32,
    /// When it was sent last.
    pub sent: Option<Instant>,
    /// When its outcome was known.
    pub settled: Option<Instant>,
    /// Requests of the last call, one line each.
    pub requests: Vec<String>,
    /// Why it failed last: code and sentence.
    pub failure: Option<(String, String)>,
    /// Both sides, while it is parked because something else is there already.
    pub conflict: Option<Conflict>,
}

/// What was to be written, and what is there already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Id of what is there.
    pub existing_id: String,
    /// The document that was to be written, JSON text.
    pub ours: String,
    /// The document that is there, JSON text, as it was then; none where the connector cannot read it.
    pub theirs: Option<String>,
}

/// One thing that happened to a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryEvent {
    /// When.
    pub at: Instant,
    /// Short and constant, e.g. `read`, `changed`, `parked`, `released`.
    pub what: String,
    /// One sentence; empty when `what` says it all.
    pub detail: String,
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// Returns the word that listings and the ledger use.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.word().into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                Self::from_word(value.as_str()?).ok_or(rusqlite::types::FromSqlError::InvalidType)
            }
        }
    };
}

words! {
    /// Where an item stands.
    ItemState {
        /// Read; filters and mapping come next.
        New = "new",
        /// Its effects are under way.
        Working = "working",
        /// Everything it was for has happened.
        Done = "done",
        /// A rule filtered it.
        Filtered = "filtered",
        /// It waits under its cause.
        Parked = "parked",
    }
}

words! {
    /// Where an intent stands.
    IntentState {
        /// To be applied when it is due.
        Planned = "planned",
        /// Being applied; after a crash its outcome is unknown.
        Sent = "sent",
        /// It may or may not have taken effect; the remote is asked.
        Unknown = "unknown",
        /// It waits for another intent.
        Waiting = "waiting",
        /// It took effect, or had before.
        Applied = "applied",
        /// It failed, and its item waits under the cause.
        Parked = "parked",
        /// It was given up because its item changed before it took effect.
        Replaced = "replaced",
    }
}

words! {
    /// What an intent is for.
    EffectKind {
        /// The flow's target document.
        Target = "target",
        /// A document that the target needs first.
        Dependency = "dependency",
        /// What is told to a connection once the target document exists.
        WriteBack = "write-back",
    }
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

/// How a window of the source and the target compare.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReconcileReport {
    /// Name of the flow.
    pub flow: String,
    /// Start of the window.
    pub from: Instant,
    /// End of the window.
    pub to: Instant,
    /// Records that the source has in it.
    pub read: u64,
    /// What the source's own count says, where it has one.
    pub counted: Option<u64>,
    /// What the ledger says of those records.
    pub ledger: Totals,
    /// Those that the ledger does not know.
    pub not_in_ledger: u64,
    /// Records that should be at the target: all that no rule filtered.
    pub source: Side,
    /// Those of them that are there.
    pub target: Side,
    /// How the target was asked.
    pub asked: Asked,
    /// Every record that is not as it should be, by entity and id.
    pub differences: Vec<Difference>,
    /// Whether both sides are the same.
    pub agrees: bool,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Side {
    /// Records.
    pub count: u64,
    /// Digest over the source's names of them, hex: the same records, the same digest.
    pub digest: String,
}

/// How a target was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// For each document by its id.
    OneByOne,
    /// By reading its feed.
    ByFeed,
    /// Not at all: the connector can do neither, and the ledger is believed.
    #[default]
    Not,
}

/// A record that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Entity at the source.
    pub entity: String,
    /// Id at the source.
    pub id: String,
    /// Id at the target, as far as the ledger knows it.
    pub target: Option<String>,
    /// What is the matter.
    pub what: DifferenceKind,
    /// One sentence, or the cause that it is parked under.
    pub detail: String,
}

/// What is the matter with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// The flow has not read it.
    NotRead,
    /// It is being worked on.
    Waiting,
    /// It is parked.
    Parked,
    /// The source has a newer version.
    Changed,
    /// It was written, and is not at the target.
    Missing,
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
