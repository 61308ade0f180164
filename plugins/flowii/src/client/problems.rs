//! From refused requests to causes.

use serde::Deserialize;
use wharf_sdk::http::{Effect, Response};
use wharf_sdk::{Failure, Result, Violation, violation};

use super::places::place;
use crate::api::{Envelope, Problem};

/// A body that FLOWii refused: nothing was made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refusal {
    /// What is wrong, by the places of the document.
    pub(crate) violations: Vec<Violation>,
    /// The places of the body that FLOWii named.
    pub(crate) pointers: Vec<String>,
}

/// Returns the answer to a write of that entity when it is a success, and else its cause.
pub(super) fn written(entity: &str, response: Response) -> Result<Response> {
    match refusal(entity, &response) {
        Some(refused) => Err(Failure::invalid_record(refused.violations).with_evidence(response.evidence())),
        None => accepted(response),
    }
}

/// Returns the answer when it is a success, and else its cause.
pub(super) fn accepted(response: Response) -> Result<Response> {
    if response.is_success() {
        return Ok(response);
    }
    let sentence = sentence(&response);
    let status = response.status();
    response.expect_success().map_err(|failure| match sentence {
        Some(sentence) => failure.with_message(format!("FLOWii answered with status {status}: {sentence}")),
        None => failure,
    })
}

/// Returns why a body was refused; none for any other answer. 400 and 422 say that nothing was made.
pub(crate) fn refusal(entity: &str, response: &Response) -> Option<Refusal> {
    if response.effect() == Effect::Read || !matches!(response.status(), 400 | 422) {
        return None;
    }
    let envelope = errors_of(response);
    let problems = envelope.as_ref().and_then(|envelope| envelope.errors.as_deref()).unwrap_or_default();
    let mut refused = Refusal::default();
    for problem in problems {
        let pointer = problem.source.as_ref().map_or("", |source| source.pointer.as_str());
        refused.violations.push(violation(place(entity, pointer), "refused", fix(&text(problem))));
        if !pointer.is_empty() {
            refused.pointers.push(pointer.to_owned());
        }
    }
    if refused.violations.is_empty() {
        let message =
            sentence(response).unwrap_or_else(|| format!("FLOWii answered with status {}", response.status()));
        refused.violations.push(violation("", "refused", fix(&message)));
    }
    Some(refused)
}

fn fix(message: &str) -> String {
    format!("{}; correct the document", message.trim_end_matches('.'))
}

fn errors_of(response: &Response) -> Option<Envelope<'_>> {
    serde_json::from_str(response.text_if_any()?).ok()
}

/// Returns what the body says to a person: errors, or a message in any of the spellings that clients prepare for.
fn sentence(response: &Response) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        #[serde(alias = "Message", alias = "error_description", alias = "error")]
        message: Option<String>,
    }
    let envelope = errors_of(response);
    let problem = envelope.as_ref().and_then(|envelope| envelope.errors.as_deref()).and_then(<[_]>::first);
    problem.map(text).or_else(|| serde_json::from_str::<Said>(response.text_if_any()?).ok()?.message)
}

fn text(problem: &Problem<'_>) -> String {
    let parts = [&problem.title, &problem.detail].map(|part| part.as_str().trim());
    let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    match said.is_empty() {
        true => "refused without a reason".to_owned(),
        false => said.join(": "),
    }
}
