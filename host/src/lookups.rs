//! Records of other connections that a serving connector may look up, behind a trait: who embeds the host decides what
//! is granted, and where edits go.

use std::time::Duration;

use crate::model::{Action, Applied, Document, Failure, Item};

/// A place to look into: one entity of one other connection, granted under a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupSource {
    /// Name, unique among the sources of a connection.
    pub name: String,
    /// What it was granted for.
    pub role: String,
    /// Entity of its records.
    pub entity: String,
    /// Whether single records can be read.
    pub readable: bool,
    /// Fields that `find` takes.
    pub keys: Vec<String>,
    /// What `submit` may do.
    pub actions: Vec<Action>,
}

/// An edit that a connector hands over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What to do.
    pub action: Action,
    /// Record to change; none for a create.
    pub id: Option<String>,
    /// What to write.
    pub document: Document,
}

/// What became of an edit that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// The remote has it.
    Done(Applied),
    /// The remote was as wanted already.
    NothingToDo,
    /// It is durable and goes on by itself; its id.
    Accepted(String),
}

/// Look-ups of one connection. The host calls it while a call of that connection waits, never for a connection that
/// answers a look-up itself; it drops the future when the call ends.
///
/// What a failure says is shown to the connector. Causes that concern the other connection alone (its credential, its
/// budget, its configuration) reach it as `unavailable`.
#[async_trait::async_trait]
pub trait Lookups: Send + Sync {
    /// Returns what was granted, in the operator's order.
    fn sources(&self) -> Vec<LookupSource>;

    /// Returns at most `limit` records for which every field of `query` holds. Called with keys of the source only.
    ///
    /// # Errors
    /// Why they cannot be had.
    async fn find(&self, source: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>, Failure>;

    /// Returns a record.
    ///
    /// # Errors
    /// Why it cannot be had; `not-found` of kind `subject` when it is not there.
    async fn get(&self, source: &str, id: &str) -> Result<Item, Failure>;

    /// Makes an edit durable, and waits up to `wait` for what becomes of it. Called with actions of the source only.
    ///
    /// # Errors
    /// When it was not done and will not be.
    async fn submit(&self, source: &str, edit: Edit, wait: Duration) -> Result<Receipt, Failure>;
}
