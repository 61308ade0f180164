//! The host's own plain types: what goes into a call and what comes out of it.
//!
//! They mirror the contract's vocabulary but belong to the host: generated binding types stay in `abi`.

mod cause;
mod delivery;
mod trace;

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use self::cause::{Cause, Evidence, Failure, LimitScope, MissingKind, MissingMapping, ToldBy, Violation};
pub use self::delivery::{Admission, Delivery, Event, Parsed, Reply, Subscription};
pub use self::trace::{Answer, Effect, FileRefusal, FileUse, Leak, RequestTrace, Trace};
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
