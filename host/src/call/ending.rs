//! What the end of a call means: which cause, who is to blame, what to do.

use std::any::Any;

use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

use super::{CallScope, Setting, Stop, Told};
use crate::error::{Blame, Error, ErrorKind};
use crate::model::{Cause, Effect, Failure};

/// How an attempt ended.
pub(super) enum Ended<T> {
    Told(Told<T>),
    TimedOut,
    Panicked(String),
}

/// The end of one call.
pub(super) struct Ending<'a> {
    pub(super) call: &'static str,
    pub(super) setting: &'a Setting,
    pub(super) scope: &'a CallScope,
}

impl Ending<'_> {
    /// Makes the error of a failure that the connector named.
    pub(super) fn failed(&self, mut failure: Failure) -> Error {
        self.judge(&mut failure);
        let error = Error::failed(failure.cause.clone(), blame(&failure.cause), failure.message);
        self.complete(error.with_evidence(failure.evidence))
    }

    /// Puts the host's own knowledge in the place of what the connector says, where the host knows better; takes
    /// secrets out of what it says; and holds the budget where the remote asked for that.
    pub(super) fn judge(&self, failure: &mut Failure) {
        let request = failure.evidence.as_ref().map_or(0, |evidence| evidence.request);
        if failure.cause != Cause::OutcomeUnknown
            && let Some(cause) = self.known_cause(request)
        {
            failure.cause = cause;
        }
        // A connector that is told "no room" knows no more than that; why and what to do is the host's to say.
        if matches!(failure.cause, Cause::Internal { .. } | Cause::Precondition { .. })
            && let Some(note) = self.scope.quota_note()
        {
            failure.cause = Cause::Precondition { state: "directory-full".into() };
            failure.message = format!("{}; {note}", failure.message);
        }
        // The same for a body that the host would not hold.
        if self.scope.held_too_much()
            && matches!(failure.cause, Cause::Internal { .. } | Cause::Precondition { .. } | Cause::TooLarge { .. })
        {
            let limit = self.setting.limits.host_bytes;
            let (cause, _, why) = self.out_of_memory(limit, &Stop::Held(limit), "host_bytes");
            failure.message = format!("{}; {why}", failure.message);
            failure.cause = cause;
        }
        if failure.cause == Cause::AuthRevoked
            && let Some(note) = self.scope.note_of(request)
        {
            failure.message = format!("{}; {note}", failure.message);
        }
        self.setting.rooms.redact_failure(self.scope, failure);
        if let Cause::RateLimited { scope, not_before, .. } = failure.cause {
            self.setting.rooms.hold(self.scope, request, scope, not_before);
        }
    }

    /// Says why a request failed, when that was the host's doing, or when it was a write whose answer is missing.
    fn known_cause(&self, request: u32) -> Option<Cause> {
        let trace = self.scope.trace();
        let line = trace.requests.iter().find(|line| line.number == request);
        let unanswered = line.is_some_and(|line| line.sent && line.status.is_none() && line.effect != Effect::Read);
        if unanswered { Some(Cause::OutcomeUnknown) } else { self.scope.cause_of(request) }
    }

    /// Makes the error of a call that ended without a result.
    pub(super) fn stopped(&self, error: &wasmtime::Error) -> Error {
        let (cause, blame, message) = match error.downcast_ref::<Stop>() {
            Some(stop) => self.by_host(stop),
            None => self.by_guest(error),
        };
        // What says that a connector did something wrong quotes it.
        let mut failure = Failure { cause, message, evidence: None };
        self.setting.rooms.redact_failure(self.scope, &mut failure);
        self.complete(Error::failed(failure.cause, blame, failure.message))
    }

    fn by_host(&self, stop: &Stop) -> (Cause, Blame, String) {
        let call = self.call;
        match stop {
            Stop::Misuse(what) => {
                let message = format!("`{call}`: {what}; the connector has to be corrected");
                (Cause::Internal { detail: what.clone() }, Blame::Connector, message)
            }
            Stop::Caller(what) => {
                let message = format!("`{call}`: {what}; correct what is passed to it");
                (Cause::Internal { detail: what.clone() }, Blame::Caller, message)
            }
            Stop::Host(what) => {
                let message = format!("`{call}`: {what}; this is a fault of the host");
                (Cause::Internal { detail: what.clone() }, Blame::Host, message)
            }
            Stop::Memory(limit) => self.out_of_memory(*limit, stop, "memory_bytes"),
            Stop::Held(limit) => self.out_of_memory(*limit, stop, "host_bytes"),
            Stop::Computing(limit) => {
                let message = format!(
                    "`{call}` computed for more than {limit:?}; let the connector do less in one call, or raise the \
                     limit `cpu`"
                );
                (self.deadline(), Blame::Connector, message)
            }
        }
    }

    fn out_of_memory(&self, limit: usize, what: &dyn std::fmt::Display, name: &str) -> (Cause, Blame, String) {
        let limit_bytes = u64::try_from(limit).unwrap_or(u64::MAX);
        let message = format!("`{}`: {what}; ask for smaller pages, or raise the limit `{name}`", self.call);
        (Cause::MemoryExceeded { limit_bytes }, Blame::Connector, message)
    }

    fn by_guest(&self, error: &wasmtime::Error) -> (Cause, Blame, String) {
        let call = self.call;
        if error.is::<PoolConcurrencyLimitError>() {
            let message = format!("`{call}`: as many instances run as the host has places for; try again later");
            return (Cause::Unavailable { until: None }, Blame::Host, message);
        }
        // The engine keeps the type of this error to itself.
        if error.to_string().starts_with("too much data is being copied") {
            let limit = self.setting.limits.host_bytes;
            return self.out_of_memory(limit, &Stop::Held(limit), "host_bytes");
        }
        let detail = match (error.downcast_ref::<Trap>(), error.downcast_ref::<I32Exit>()) {
            (Some(trap), _) => trap.to_string(),
            (_, Some(exit)) => format!("it ended its process with status {}", exit.0),
            _ => error.root_cause().to_string(),
        };
        let message = format!("`{call}` broke off: {detail}; the connector has to be corrected");
        (Cause::Internal { detail }, Blame::Connector, message)
    }

    fn deadline(&self) -> Cause {
        Cause::Deadline { write_in_flight: self.scope.write_unanswered() }
    }

    pub(super) fn timed_out(&self) -> Error {
        let limit = self.setting.limits.deadline;
        let message = format!(
            "`{}` took longer than {limit:?}; let the connector do less in one call, or raise the limit `deadline`",
            self.call
        );
        self.complete(Error::failed(self.deadline(), Blame::Connector, message))
    }

    pub(super) fn panicked(&self, what: &str) -> Error {
        let message = format!("`{}`: the host panicked: {what}; this is a fault of the host", self.call);
        let cause = Cause::Internal { detail: "the host panicked".into() };
        self.complete(Error::failed(cause, Blame::Host, message))
    }

    /// Adds who it happened to and what had been done until then.
    fn complete(&self, error: Error) -> Error {
        let rooms = &self.setting.rooms;
        let error = error.with_trace(self.scope.trace()).with_connector(rooms.connector());
        match rooms.connection() {
            Some(connection) => error.with_connection(connection),
            None => error,
        }
    }
}

/// Makes the error of a call to something that the connector does not have.
pub(crate) fn unsupported(what: &str, blame: Blame, message: String) -> Error {
    Error::failed(Cause::Unsupported { capability: what.to_owned() }, blame, message)
}

/// Makes a load error out of the error of a call that was made to load.
pub(crate) fn while_loading(error: &Error) -> Error {
    let loading = Error::new(ErrorKind::Load, "does-not-run", error.blame(), error.message().to_owned());
    match error.connector() {
        Some(connector) => loading.with_connector(connector),
        None => loading,
    }
}

pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a text".into())
}

/// Says who has to change something.
fn blame(cause: &Cause) -> Blame {
    match cause {
        Cause::ConfigInvalid { .. }
        | Cause::AuthExpired
        | Cause::AuthRevoked
        | Cause::Forbidden { .. }
        | Cause::MappingMissing { .. } => Blame::Operator,
        Cause::RateLimited { .. }
        | Cause::Unavailable { .. }
        | Cause::OutcomeUnknown
        | Cause::Conflict { .. }
        | Cause::NotFound { .. }
        | Cause::Precondition { .. }
        | Cause::DependencyMissing { .. }
        | Cause::TooLarge { .. } => Blame::Remote,
        Cause::InvalidRecord { .. } | Cause::Cancelled | Cause::Fenced => Blame::Caller,
        Cause::EgressDenied { .. } => Blame::Policy,
        Cause::Unsupported { .. }
        | Cause::ContractChanged { .. }
        | Cause::Internal { .. }
        | Cause::Deadline { .. }
        | Cause::MemoryExceeded { .. }
        | Cause::WouldWrite => Blame::Connector,
    }
}
