//! A window of a feed, held against what the ledger knows.

use serde::Serialize;
use wharf_host::model::Instant;

use super::Totals;

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
