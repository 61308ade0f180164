//! What is done about a cause. Pure: one table.

use std::time::Duration;

use wharf_host::model::{Action, Cause, Effect, Instant, MissingKind, Trace};

use crate::schedule::mix;

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Pull,
    Apply,
    Verify,
}

/// What is known of the writes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writes {
    /// None left the host.
    NoneSent,
    /// Every one that left was answered, and each with a refusal.
    Answered,
    /// Every one that left was answered, and at least one with a status of success, or of trouble in the remote itself, which
    /// may come after it was done.
    Accepted,
    /// At least one left and was not answered.
    Unanswered,
}

/// In which situation a cause came up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub(super) phase: Phase,
    /// Failures that counted so far.
    pub(super) attempts: u32,
    /// Intents of the call, or items that the page could have had.
    pub(super) size: usize,
    /// The whole call failed, rather than one intent of it.
    pub(super) whole: bool,
    pub(super) writes: Writes,
    /// Sent again, the writes of this call leave the same state, and the action is no create.
    pub(super) repeatable: bool,
    /// The remote can be asked whether the write took effect.
    pub(super) verifiable: bool,
    pub(super) action: Action,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Again after a while, longer each time.
    Retry(Pace),
    /// The remote is not there: again after a while, and nobody calls it when that goes on.
    Unreachable { until: Option<Instant> },
    /// Nothing on this connection until then; costs no attempt.
    HoldConnection { until: Option<Instant> },
    /// Nothing on this connection until a person changed something.
    PauseConnection,
    /// Nothing is read until a person changed something.
    StopFeed,
    /// No write of this kind until a person changed something.
    StopWrites,
    /// Ask the remote whether it took effect.
    Verify,
    /// Wait for a person to say whether it took effect.
    ParkUnknown,
    /// It is there already: bind it.
    Bind { id: Option<String> },
    /// There is nothing left to do.
    Done,
    /// Wait until the cause is gone.
    Park,
    /// Another document first.
    Need { entity: String, key: String },
    /// Find the one that it is about by halves.
    Bisect,
    /// Read less at once.
    ShrinkPage,
    /// End the run.
    StopRun,
}

/// How fast a retry comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Seconds to minutes.
    Short,
    /// Minutes to hours: for what people have to change first.
    Slow,
}

/// Failures of a document after which it is parked, while the remote itself is there.
const ATTEMPTS: u32 = 10;
/// Of a document whose remote state forbids it for now: about four days.
const SLOW_ATTEMPTS: u32 = 20;
/// Of a connector that breaks, or of a credential that expires again at once.
const FEW_ATTEMPTS: u32 = 3;

/// Decides what is done about a cause.
pub(super) fn react(cause: &Cause, at: &Situation) -> Reaction {
    match at.phase {
        Phase::Pull => react_to_pull(cause, at),
        Phase::Apply if may_have_happened(cause, at) => unknown(at),
        Phase::Apply => react_to_apply(cause, at),
        Phase::Verify => react_to_verify(cause, at),
    }
}

/// Whether the write of an intent may have taken effect although it failed. The connector is asked first, but not
/// believed against what the host saw on the wire.
fn may_have_happened(cause: &Cause, at: &Situation) -> bool {
    match cause {
        Cause::OutcomeUnknown | Cause::Deadline { write_in_flight: true } => true,
        // A call that broke off after a write says nothing about that write.
        _ if at.whole => at.writes != Writes::NoneSent,
        // An answer that was not understood may have said that it worked.
        Cause::ContractChanged { .. } | Cause::Internal { .. } => at.writes != Writes::NoneSent,
        Cause::Unavailable { .. } | Cause::TooLarge { .. } => at.writes == Writes::Unanswered,
        _ => at.size == 1 && at.writes == Writes::Unanswered,
    }
}

/// Whether a create that the connector says failed is asked about before it is sent again: a write of the call was not
/// answered, or with a status that does not rule out that it was done. Many systems put their refusals into answers of
/// success, and a connector may read one wrongly; others fail after the work is done.
pub(super) fn is_doubtful(at: &Situation) -> bool {
    let may_be_there = matches!(at.writes, Writes::Accepted | Writes::Unanswered);
    at.phase == Phase::Apply && at.action == Action::Create && at.verifiable && may_be_there
}

fn unknown(at: &Situation) -> Reaction {
    match (at.verifiable, at.repeatable) {
        (true, _) => Reaction::Verify,
        (false, true) => retry_or(Pace::Short, ATTEMPTS, at, Reaction::Park),
        (false, false) => Reaction::ParkUnknown,
    }
}

fn react_to_apply(cause: &Cause, at: &Situation) -> Reaction {
    match cause {
        Cause::ConfigInvalid { .. } | Cause::AuthRevoked => Reaction::PauseConnection,
        Cause::AuthExpired => retry_or(Pace::Short, FEW_ATTEMPTS, at, Reaction::PauseConnection),
        Cause::Forbidden { .. } | Cause::Unsupported { .. } | Cause::ContractChanged { .. } => Reaction::StopWrites,
        Cause::RateLimited { not_before, .. } => Reaction::HoldConnection { until: *not_before },
        Cause::Unavailable { until } => Reaction::Unreachable { until: *until },
        Cause::Conflict { existing_id, same_content: Some(true) } => Reaction::Bind { id: existing_id.clone() },
        Cause::NotFound { kind: MissingKind::Endpoint, .. } => Reaction::StopWrites,
        Cause::NotFound { kind: MissingKind::Subject, .. } if at.action == Action::Delete => Reaction::Done,
        Cause::Precondition { .. } => retry_or(Pace::Slow, SLOW_ATTEMPTS, at, Reaction::Park),
        Cause::DependencyMissing { entity, key } => Reaction::Need { entity: entity.clone(), key: key.clone() },
        Cause::Internal { .. } if at.whole && at.size > 1 => Reaction::Bisect,
        Cause::Internal { .. } => retry_or(Pace::Short, FEW_ATTEMPTS, at, Reaction::Park),
        Cause::Deadline { .. } | Cause::MemoryExceeded { .. } if at.whole && at.size > 1 => Reaction::Bisect,
        Cause::Deadline { .. } => retry_or(Pace::Short, ATTEMPTS, at, Reaction::Park),
        Cause::Cancelled | Cause::Fenced => Reaction::StopRun,
        // Conflict with other content, records that are refused, too large or point at nothing, values without a
        // counterpart, addresses that are not granted, connectors that write where they may not: the others go on.
        _ => Reaction::Park,
    }
}

fn react_to_pull(cause: &Cause, at: &Situation) -> Reaction {
    match cause {
        Cause::ConfigInvalid { .. } | Cause::AuthRevoked => Reaction::PauseConnection,
        Cause::AuthExpired => retry_or(Pace::Short, FEW_ATTEMPTS, at, Reaction::PauseConnection),
        Cause::RateLimited { not_before, .. } => Reaction::HoldConnection { until: *not_before },
        Cause::Unavailable { until } => Reaction::Unreachable { until: *until },
        Cause::Forbidden { .. }
        | Cause::Unsupported { .. }
        | Cause::ContractChanged { .. }
        | Cause::EgressDenied { .. }
        | Cause::NotFound { kind: MissingKind::Endpoint, .. }
        | Cause::WouldWrite => Reaction::StopFeed,
        Cause::Precondition { .. } => retry_or(Pace::Slow, SLOW_ATTEMPTS, at, Reaction::StopFeed),
        Cause::TooLarge { .. } | Cause::MemoryExceeded { .. } | Cause::Deadline { .. } | Cause::Internal { .. }
            if at.size > 1 =>
        {
            Reaction::ShrinkPage
        }
        Cause::TooLarge { .. } | Cause::MemoryExceeded { .. } => Reaction::StopFeed,
        Cause::Deadline { .. } => retry_or(Pace::Short, ATTEMPTS, at, Reaction::StopFeed),
        Cause::Cancelled | Cause::Fenced => Reaction::StopRun,
        // A bug of the connector, or a cause that says nothing about reading.
        _ => retry_or(Pace::Short, FEW_ATTEMPTS, at, Reaction::StopFeed),
    }
}

/// What cannot be asked stays unknown: it is never repeated for want of an answer.
fn react_to_verify(cause: &Cause, at: &Situation) -> Reaction {
    match cause {
        Cause::ConfigInvalid { .. } | Cause::AuthRevoked => Reaction::PauseConnection,
        Cause::AuthExpired => retry_or(Pace::Short, FEW_ATTEMPTS, at, Reaction::PauseConnection),
        Cause::RateLimited { not_before, .. } => Reaction::HoldConnection { until: *not_before },
        Cause::Unavailable { until } => Reaction::Unreachable { until: *until },
        Cause::Internal { .. } | Cause::Deadline { .. } | Cause::MemoryExceeded { .. } if at.whole && at.size > 1 => {
            Reaction::Bisect
        }
        Cause::Internal { .. } => retry_or(Pace::Short, FEW_ATTEMPTS, at, Reaction::ParkUnknown),
        Cause::Deadline { .. } | Cause::OutcomeUnknown => retry_or(Pace::Short, ATTEMPTS, at, Reaction::ParkUnknown),
        Cause::Precondition { .. } => retry_or(Pace::Slow, SLOW_ATTEMPTS, at, Reaction::ParkUnknown),
        Cause::Cancelled | Cause::Fenced => Reaction::StopRun,
        _ => Reaction::ParkUnknown,
    }
}

fn retry_or(pace: Pace, limit: u32, at: &Situation, beyond: Reaction) -> Reaction {
    if at.attempts < limit { Reaction::Retry(pace) } else { beyond }
}

/// Reads what a call did to the remote from its trace.
pub(super) fn writes_of(trace: &Trace) -> Writes {
    let mut sent = trace.requests.iter().filter(|request| request.sent && request.effect != Effect::Read).peekable();
    if sent.peek().is_none() {
        // The system has answered every change of a file before the connector goes on; which succeeded is not traced.
        return if trace.wrote() { Writes::Accepted } else { Writes::NoneSent };
    }
    let (mut all_answered, mut accepted) = (true, false);
    for request in sent {
        all_answered &= request.status.is_some();
        accepted |= request.status.is_some_and(|status| matches!(status, 200..300 | 408 | 500..600));
    }
    match (all_answered, accepted) {
        (false, _) => Writes::Unanswered,
        (true, true) => Writes::Accepted,
        (true, false) => Writes::Answered,
    }
}

/// Tells whether everything that a call sent may be sent again.
pub(super) fn is_repeatable(trace: &Trace, action: Action) -> bool {
    action != Action::Create && trace.requests.iter().all(|request| !request.sent || request.effect != Effect::Write)
}

/// Returns how long to wait before the next attempt: doubling, with up to half of it taken off at random, so that what
/// failed together does not come back together.
pub(super) fn delay(pace: Pace, attempts: u32, seed: u64) -> Duration {
    let (first, longest) = match pace {
        Pace::Short => (Duration::from_secs(5), Duration::from_secs(15 * 60)),
        Pace::Slow => (Duration::from_secs(10 * 60), Duration::from_secs(6 * 3600)),
    };
    let full = first.saturating_mul(1_u32.checked_shl(attempts).unwrap_or(u32::MAX)).min(longest);
    let half = u64::try_from(full.as_millis() / 2).unwrap_or(u64::MAX);
    full.saturating_sub(Duration::from_millis(mix(seed) % half.max(1)))
}

#[cfg(test)]
mod tests;
