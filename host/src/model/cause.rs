//! Why something failed, in the vocabulary of the contract.

use serde::{Deserialize, Serialize};

use super::Instant;

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
