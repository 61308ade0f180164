//! What a call did: its requests, its files, what was taken out.

use serde::{Deserialize, Serialize};

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
