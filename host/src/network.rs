//! Between the pipeline and the remote: what happens to requests on their way, for tests of what goes wrong there.
//!
//! It stands behind policy, budget and credential, so that the whole pipeline is at work; it sees neither credentials
//! nor query values.

use async_trait::async_trait;

/// Decides what happens on the way. Dropping a future ends the request.
#[async_trait]
pub trait Network: Send + Sync {
    /// A request is about to leave.
    async fn leaving(&self, request: &Leaving) -> Passage;

    /// Its answer is about to arrive: the remote has done its work.
    async fn arriving(&self, request: &Leaving, status: u16) -> Passage;
}

/// A request on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Name of the connection.
    pub connection: String,
    /// Method.
    pub method: String,
    /// URL without query values.
    pub url: String,
}

/// What happens to a request, or to its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Passage {
    /// It passes.
    Through,
    /// This arrives instead.
    Replaced {
        /// HTTP status.
        status: u16,
        /// Headers.
        headers: Vec<(String, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// Half of the answer's body arrives, and looks whole. On the way out: as [`Through`](Self::Through).
    Halved,
    /// It does not leave; why.
    NotSent(String),
    /// No answer arrives; why.
    NoAnswer(String),
}
