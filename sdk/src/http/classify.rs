//! From what happened to a request to the cause of a failure.

use serde_json::error::Category;

use super::{Effect, Response};
use crate::failure::{Cause, Evidence, LimitScope, Missing, MissingKind, RateLimit, ToldBy, violation};
use crate::host::{Refusal, SendError};
use crate::{Failure, clock};

/// Returns the failure for a request without an answer. The evidence names the request, so that the host reports its
/// own refusal where it has one.
pub(super) fn refusal(error: SendError, effect: Effect, what: &str) -> Failure {
    let evidence = Evidence { request: error.request, http_status: None, remote_code: None, excerpt: None };
    refused(error.reason, effect, what).with_evidence(evidence)
}

fn refused(reason: Refusal, effect: Effect, what: &str) -> Failure {
    let may_have_happened = || Failure::outcome_unknown(format!("`{what}` was sent and no whole answer came back"));
    match (reason, effect) {
        (Refusal::Denied((code, sentence)), _) => {
            Failure::internal(format!("`{what}` was denied by the host: {code}: {sentence}"))
        }
        (Refusal::WouldWrite, _) => Failure::internal(format!("`{what}` would write in a call that may only read")),
        (Refusal::BudgetExhausted(not_before), _) => {
            let limit =
                RateLimit { scope: LimitScope::Credential, not_before: Some(not_before), told_by: ToldBy::Estimate };
            Failure::rate_limited(limit, "the budget of the credential is used up")
        }
        (Refusal::CredentialUnavailable(true), _) => {
            Failure::auth_revoked("the remote refused the credential itself; replace it")
        }
        (Refusal::CredentialUnavailable(false), _) => {
            Failure::unavailable(None, "the credential could not be had or renewed")
        }
        (Refusal::NotSent(why), _) => Failure::unavailable(None, format!("`{what}` could not be sent: {why}")),
        (Refusal::SentNoAnswer(_) | Refusal::TooLarge(_) | Refusal::Deadline(true), Effect::Write) => {
            may_have_happened()
        }
        (Refusal::SentNoAnswer(why), _) => {
            Failure::unavailable(None, format!("`{what}` was sent and no whole answer came back: {why}"))
        }
        (Refusal::TooLarge(limit), _) => Failure::too_large(
            limit,
            format!("the answer to `{what}` is over the limit of {limit} bytes; ask for less"),
        ),
        (Refusal::Deadline(_), _) => Failure::internal(format!("the call's time was over at `{what}`")),
    }
}

/// Returns the failure that a status other than 2xx stands for.
pub(super) fn status(response: &Response) -> Failure {
    Failure::new(cause_of(response), sentence(response)).with_evidence(response.evidence())
}

fn cause_of(response: &Response) -> Cause {
    match response.status() {
        401 => Cause::AuthExpired,
        402 | 403 => Cause::Forbidden(None),
        300..400 | 404 | 410 => {
            let key = response.header("location").unwrap_or_default().to_owned();
            Cause::NotFound(Missing { kind: MissingKind::Endpoint, entity: String::new(), key })
        }
        405 | 501 => Cause::Unsupported(format!("status {}", response.status())),
        408 | 425 | 500..600 if response.effect() == Effect::Write => Cause::OutcomeUnknown,
        408 | 425 | 500..600 => Cause::Unavailable(not_before(response)),
        409 | 412 => Cause::Conflict(crate::failure::Conflict { existing_id: None, same_content: None }),
        413 => Cause::TooLarge(0),
        423 => Cause::Precondition("locked".to_owned()),
        429 => Cause::RateLimited(rate_limit(not_before(response))),
        400 | 422 if response.effect() != Effect::Read => {
            let message = format!("{}; correct the document", sentence(response));
            Cause::InvalidRecord(vec![violation("", "refused", message)])
        }
        _ => contract_change(response),
    }
}

/// Asks for the time only where the answer names one.
fn not_before(response: &Response) -> Option<u64> {
    response.header("retry-after").and_then(|_| response.retry_after(clock::now()))
}

fn rate_limit(not_before: Option<u64>) -> RateLimit {
    let told_by = if not_before.is_some() { ToldBy::Header } else { ToldBy::Estimate };
    RateLimit { scope: LimitScope::Credential, not_before, told_by }
}

fn contract_change(response: &Response) -> Cause {
    let sample = String::from_utf8_lossy(response.bytes());
    Failure::contract_changed(format!("status {}", response.status()), &sample).cause().clone()
}

/// Says the status, and what a person can read of the body.
fn sentence(response: &Response) -> String {
    let status = response.status();
    let body = response.text_if_any().unwrap_or_default();
    if body.trim().is_empty() || is_markup(body) {
        return format!("the remote answered with status {status}");
    }
    let line: String = body.chars().take(200).map(|char| if char.is_control() { ' ' } else { char }).collect();
    format!("the remote answered with status {status}: {}", line.trim_end())
}

/// Returns the failure for a body that is not the JSON that was expected.
pub(super) fn not_the_json(response: &Response, error: &serde_json::Error) -> Failure {
    let body = response.text_if_any().unwrap_or_default();
    let passing = match error.classify() {
        _ if is_markup(body) => Some("a page of markup came instead of JSON"),
        Category::Eof => Some("the JSON ends early"),
        _ => None,
    };
    match passing {
        Some(detail) if response.effect() != Effect::Write => {
            Failure::unavailable(not_before(response), detail).with_evidence(response.evidence())
        }
        Some(detail) => response.unreadable(detail),
        None => response.unreadable(&error.to_string()),
    }
}

/// Tells an HTML or XML page from JSON, which never starts with `<`.
fn is_markup(body: &str) -> bool {
    body.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('<')
}
