//! Why something failed, in the contract's words.

use std::fmt;

use crate::bindings::imports::wharf::connector::types;
use crate::bindings::imports::wharf::connector::types::Intent;
pub use types::{
    Cause, Conflict, ContractChange, Evidence, LimitScope, Missing, MissingKind, MissingMapping, RateLimit, ToldBy,
    Violation,
};

/// What every fallible function of a connector returns.
pub type Result<T> = std::result::Result<T, Failure>;

/// Most bytes of an answer that evidence carries.
const EXCERPT_BYTES: usize = 1024;
/// Most bytes of an answer that a contract change carries.
const SAMPLE_BYTES: usize = 2048;

/// Why a call failed: a cause for the host, a sentence for a person, and what it was read from.
///
/// The connector says why, the host decides what to do. Make one with the constructor of its cause, and add what the
/// remote said with [`with_evidence`](Self::with_evidence) or [`with_remote_code`](Self::with_remote_code):
///
/// ```
/// use wharf_sdk::Failure;
///
/// let failure = Failure::precondition("period-closed", "the accounting period 2026-01 is closed; reopen it")
///     .with_remote_code("E1044");
/// assert_eq!(failure.message(), "the accounting period 2026-01 is closed; reopen it");
/// ```
#[derive(Clone, PartialEq)]
pub struct Failure(Box<types::Failure>);

impl Failure {
    /// Makes a failure of any cause. The constructors below read better.
    pub fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self(Box::new(types::Failure { cause, message: message.into(), evidence: None }))
    }

    /// The connection's configuration cannot work; the violations name the places.
    pub fn config_invalid(violations: Vec<Violation>) -> Self {
        let message = sentence("the configuration cannot work", &violations);
        Self::new(Cause::ConfigInvalid(violations), message)
    }

    /// The credential is no longer accepted but may be renewed. The host renews once and repeats once.
    pub fn auth_expired(message: impl Into<String>) -> Self {
        Self::new(Cause::AuthExpired, message)
    }

    /// The credential is dead until a person replaces it.
    pub fn auth_revoked(message: impl Into<String>) -> Self {
        Self::new(Cause::AuthRevoked, message)
    }

    /// The credential is good, a permission is missing; its name where the remote says it.
    pub fn forbidden(permission: Option<&str>, message: impl Into<String>) -> Self {
        Self::new(Cause::Forbidden(permission.map(str::to_owned)), message)
    }

    /// Too many calls.
    pub fn rate_limited(limit: RateLimit, message: impl Into<String>) -> Self {
        Self::new(Cause::RateLimited(limit), message)
    }

    /// The remote is down or unreachable; the time at which it may be back, in milliseconds since 1970, if it said one.
    pub fn unavailable(not_before: Option<u64>, message: impl Into<String>) -> Self {
        Self::new(Cause::Unavailable(not_before), message)
    }

    /// A write may or may not have happened.
    pub fn outcome_unknown(message: impl Into<String>) -> Self {
        Self::new(Cause::OutcomeUnknown, message)
    }

    /// The remote already holds the record, or a newer one.
    pub fn conflict(existing_id: Option<String>, same_content: Option<bool>, message: impl Into<String>) -> Self {
        Self::new(Cause::Conflict(Conflict { existing_id, same_content }), message)
    }

    /// Something is not there: the address, the document itself, or what it refers to.
    pub fn not_found(kind: MissingKind, entity: &str, key: &str, message: impl Into<String>) -> Self {
        let missing = Missing { kind, entity: entity.to_owned(), key: key.to_owned() };
        Self::new(Cause::NotFound(missing), message)
    }

    /// The document that the call was about is not there.
    pub fn subject_not_found(entity: &str, id: &str) -> Self {
        Self::not_found(MissingKind::Subject, entity, id, format!("there is no {entity} `{id}`"))
    }

    /// The document is refused as it is; the violations name the places.
    pub fn invalid_record(violations: Vec<Violation>) -> Self {
        let message = sentence("the document cannot be used", &violations);
        Self::new(Cause::InvalidRecord(violations), message)
    }

    /// Values have no counterpart on the other side; pairs of reference list and value.
    pub fn mapping_missing<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let missing: Vec<MissingMapping> = values
            .into_iter()
            .map(|(list, value)| MissingMapping { reference_list: list.to_owned(), value: value.to_owned() })
            .collect();
        let names: Vec<String> = missing.iter().map(|one| format!("{} `{}`", one.reference_list, one.value)).collect();
        let message = format!("no mapping for {}; map it to a value of the target", names.join(", "));
        Self::new(Cause::MappingMissing(missing), message)
    }

    /// The remote is in a state that forbids it now; a kebab-case code such as `period-closed`.
    pub fn precondition(code: &str, message: impl Into<String>) -> Self {
        Self::new(Cause::Precondition(code.to_owned()), message)
    }

    /// Another document has to exist first.
    pub fn dependency_missing(entity: &str, key: &str, message: impl Into<String>) -> Self {
        let missing = Missing { kind: MissingKind::Referenced, entity: entity.to_owned(), key: key.to_owned() };
        Self::new(Cause::DependencyMissing(missing), message)
    }

    /// The remote or the connector cannot do that at all; `what` names the thing.
    pub fn unsupported(what: &str, message: impl Into<String>) -> Self {
        Self::new(Cause::Unsupported(what.to_owned()), message)
    }

    /// A feed was asked for that the connector does not have.
    pub fn no_feed(feed: &str) -> Self {
        Self::unsupported(feed, format!("there is no feed `{feed}`; use one of the manifest"))
    }

    /// A reference list was asked for that the connector does not have.
    pub fn no_reference_list(list: &str) -> Self {
        Self::unsupported(list, format!("there is no reference list `{list}`; use one of the manifest"))
    }

    /// A record of an entity was asked for that the connector does not read one by one.
    pub fn no_records(entity: &str) -> Self {
        Self::unsupported(entity, format!("{entity} records cannot be read one by one; use those of the manifest"))
    }

    /// A record was looked up by a key that the entity does not have.
    pub fn no_lookup_key(entity: &str, key: &str) -> Self {
        let message = format!("{entity} records cannot be looked up by `{key}`; use the keys of the manifest");
        Self::unsupported("lookup", message)
    }

    /// A write was asked for that the connector does not do.
    pub fn no_write(intent: &Intent) -> Self {
        let (entity, action) = (&intent.entity, intent.action);
        let message = format!("{action:?} of {entity} is not possible here; use the writes of the manifest");
        Self::unsupported(entity, message)
    }

    /// The remote answered in a shape that this connector does not know. At most 2 KiB of `sample` are kept.
    pub fn contract_changed(detail: impl Into<String>, sample: &str) -> Self {
        let detail = detail.into();
        let message = format!("the answer has a shape that this connector does not know: {detail}");
        let sample = start_of(sample, SAMPLE_BYTES).to_owned();
        Self::new(Cause::ContractChanged(ContractChange { detail, sample }), message)
    }

    /// The record or the answer is over a limit; how many bytes it has, or the limit where that is all that is known.
    pub fn too_large(bytes: u64, message: impl Into<String>) -> Self {
        Self::new(Cause::TooLarge(bytes), message)
    }

    /// A bug in the connector.
    pub fn internal(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(Cause::Internal(message.clone()), message)
    }

    /// Returns the cause.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// Returns the sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns what the cause was read from.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.0.evidence.as_ref()
    }

    /// Replaces the sentence.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Says what the cause was read from; [`Response::evidence`](crate::http::Response::evidence) makes one.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.0.evidence = Some(evidence);
        self
    }

    /// Adds the remote's own error code to the evidence.
    #[must_use]
    pub fn with_remote_code(mut self, code: impl Into<String>) -> Self {
        let none = || Evidence { request: 0, http_status: None, remote_code: None, excerpt: None };
        self.0.evidence.get_or_insert_with(none).remote_code = Some(code.into());
        self
    }

    /// Tells whether the next request of this connection would fail the same way: the credential, the budget or the
    /// remote as a whole is the matter, and not the document at hand.
    pub fn stops_the_connection(&self) -> bool {
        matches!(
            self.0.cause,
            Cause::ConfigInvalid(_)
                | Cause::AuthExpired
                | Cause::AuthRevoked
                | Cause::RateLimited(_)
                | Cause::Unavailable(_)
        )
    }
}

/// Makes a violation: a JSON pointer, a kebab-case code, and one sentence that ends with the fix.
pub fn violation(path: impl Into<String>, code: &str, message: impl Into<String>) -> Violation {
    Violation { path: path.into(), code: code.to_owned(), message: message.into() }
}

/// Cuts `text` to evidence size.
pub(crate) fn excerpt(text: &str) -> String {
    start_of(text, EXCERPT_BYTES).to_owned()
}

/// Returns the longest start of `text` that has at most `bytes` bytes.
fn start_of(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

fn sentence(start: &str, violations: &[Violation]) -> String {
    match violations {
        [] => start.to_owned(),
        [only] => format!("{start}: {}", only.message),
        [first, rest @ ..] => format!("{start}: {} (and {} more)", first.message, rest.len()),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Failure {}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        Self(Box::new(failure))
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        *failure.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_cut_between_characters() {
        let failure = Failure::contract_changed("no `orders`", &"ł".repeat(3000));
        let Cause::ContractChanged(change) = failure.cause() else {
            unreachable!("the constructor sets the cause");
        };
        assert_eq!(change.sample.len(), 2048);
        assert_eq!(excerpt(&format!("a{}", "ł".repeat(600))).len(), 1023);
    }

    #[test]
    fn every_missing_mapping_is_named() {
        let failure = Failure::mapping_missing([("vat-rate", "8"), ("currency", "HUF")]);
        assert_eq!(failure.message(), "no mapping for vat-rate `8`, currency `HUF`; map it to a value of the target");
    }

    #[test]
    fn what_the_connector_does_not_have_is_unsupported_and_named() {
        for (failure, what, name) in [
            (Failure::no_feed("orders"), "orders", "`orders`"),
            (Failure::no_reference_list("unit"), "unit", "`unit`"),
            (Failure::no_records("task"), "task", "task records"),
            (Failure::no_lookup_key("task", "colour"), "lookup", "`colour`"),
        ] {
            assert_eq!(failure.cause(), &Cause::Unsupported(what.to_owned()));
            assert!(failure.message().contains(name) && failure.message().ends_with("of the manifest"), "{failure}");
        }
    }

    #[test]
    fn a_failure_survives_the_way_to_the_wire_and_back() {
        let failure = Failure::subject_not_found("order", "12").with_remote_code("ERROR_ORDER_ID");
        let wire: types::Failure = failure.clone().into();
        assert_eq!(Failure::from(wire), failure);
    }

    #[test]
    fn the_first_violation_and_the_number_of_others_are_in_the_message() {
        let violations = vec![violation("/a", "required", "`a` is missing; add it"), violation("/b", "x", "y")];
        let failure = Failure::invalid_record(violations);
        assert_eq!(failure.message(), "the document cannot be used: `a` is missing; add it (and 1 more)");
    }
}
