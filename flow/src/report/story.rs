//! The way of a document.

use serde::Serialize;
use wharf_host::model::{Action, Instant};

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
