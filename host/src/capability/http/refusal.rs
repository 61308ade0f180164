//! Why there is no answer.

use super::send::Failure;
use crate::model::Instant;
use crate::policy::Denied;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SendError {
    /// Number of the request within the call, from 1.
    pub(crate) request: u32,
    pub(crate) refusal: Refusal,
}

/// Why there is no answer; mirrors the contract's `refusal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The policy, the kind of call or a limit forbids it.
    Denied {
        /// Stable code.
        code: &'static str,
        /// One sentence that ends with the fix.
        message: String,
    },
    /// It would write, and the call may only read.
    WouldWrite,
    /// The budget is used up or held until then.
    BudgetExhausted(Instant),
    /// The credential could not be had; true when the remote refused it.
    CredentialUnavailable(bool),
    /// Nothing left the host, or provably nothing was processed.
    NotSent(String),
    /// It left, the answer did not come back whole.
    SentNoAnswer(String),
    /// The answer was over this many bytes.
    TooLarge(u64),
    /// The call's time is over; true when the request may have left.
    Deadline(bool),
}

impl Refusal {
    pub(super) fn denied(code: &'static str, message: impl Into<String>) -> Self {
        Self::Denied { code, message: message.into() }
    }

    /// Returns the stable code, kebab-case, as traces use it.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Denied { code, .. } => code,
            Self::WouldWrite => "would-write",
            Self::BudgetExhausted(_) => "budget-exhausted",
            Self::CredentialUnavailable(_) => "credential-unavailable",
            Self::NotSent(_) => "not-sent",
            Self::SentNoAnswer(_) => "sent-no-answer",
            Self::TooLarge(_) => "too-large",
            Self::Deadline(_) => "deadline",
        }
    }

    /// Tells whether the request may have been processed although there is no answer.
    pub(super) fn may_have_left(&self) -> bool {
        match self {
            Self::SentNoAnswer(_) | Self::TooLarge(_) => true,
            Self::Deadline(left) => *left,
            _ => false,
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::Denied { code: denied.code, message: denied.message }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Denied(denied) => denied.into(),
            Failure::NotSent(text) => Self::NotSent(text),
            Failure::SentNoAnswer(text) => Self::SentNoAnswer(text),
            Failure::TooLarge(limit) => Self::TooLarge(limit),
            Failure::Deadline(left) => Self::Deadline(left),
        }
    }
}

/// What a failed token request means for the request that needed the token: that one has not left.
pub(super) fn before_sending(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::NotSent(text) | Refusal::SentNoAnswer(text) => Refusal::NotSent(format!("no access token: {text}")),
        Refusal::TooLarge(_) => Refusal::CredentialUnavailable(false),
        Refusal::Deadline(_) => Refusal::Deadline(false),
        other => other,
    }
}
