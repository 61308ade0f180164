//! Requests of calls that are on a track: the track hears them, or answers them in the host's place.

use std::sync::Arc;

use super::{CallScope, Egress, Refusal, Request, Response, SendError, allow, target};
use crate::model::Instant;
use crate::tape::{Asked, Told, Track};

impl Egress {
    /// Sends a request of a call that is on a track.
    pub(super) async fn send_on_track(
        &self,
        scope: &CallScope,
        request: Request,
        track: &Arc<dyn Track>,
    ) -> Result<Response, SendError> {
        let asked = asked(&request);
        if let Some(told) = track.answer(&asked) {
            return replied(scope, &request, told);
        }
        let outcome = self.send_for_real(scope, request).await;
        track.heard(&asked, &told(&outcome));
        outcome
    }
}

fn asked(request: &Request) -> Asked {
    Asked {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
        credential: request.credential.clone(),
        effect: request.effect,
        budget: request.budget.clone(),
    }
}

/// Traces a request that the track answered, as if it had been sent.
fn replied(scope: &CallScope, request: &Request, told: Told) -> Result<Response, SendError> {
    let begun =
        scope.begin(&request.method, target::showable(&request.url), allow::effect(&request.method, request.effect));
    match refusal(told) {
        Ok((status, headers, body)) => {
            begun.leaves(request.body.as_ref().map_or(0, bytes::Bytes::len));
            begun.answered(status, body.len());
            Ok(Response { number: begun.number, status, headers, body })
        }
        Err(refusal) => {
            if refusal.may_have_left() {
                begun.leaves(request.body.as_ref().map_or(0, bytes::Bytes::len));
            }
            Err(begun.refused(refusal))
        }
    }
}

type Answered = (u16, Vec<(String, String)>, bytes::Bytes);

fn refusal(told: Told) -> Result<Answered, Refusal> {
    let (code, rule, message, number, flag) = match told {
        Told::Answered { status, headers, body } => return Ok((status, headers, body)),
        Told::Refused { code, rule, message, number, flag } => (code, rule, message, number, flag),
    };
    let (text, number, flag) = (message.unwrap_or_default(), number.unwrap_or_default(), flag.unwrap_or_default());
    Err(match code.as_str() {
        "denied" => Refusal::denied(known_rule(rule.as_deref().unwrap_or_default()), text),
        "would-write" => Refusal::WouldWrite,
        "budget-exhausted" => Refusal::BudgetExhausted(Instant(number)),
        "credential-unavailable" => Refusal::CredentialUnavailable(flag),
        "sent-no-answer" => Refusal::SentNoAnswer(text),
        "too-large" => Refusal::TooLarge(number),
        "deadline" => Refusal::Deadline(flag),
        _ => Refusal::NotSent(text),
    })
}

/// The rules under which requests are denied, as far as a connector's failures are filed under them.
const RULES: [&str; 36] = [
    "address-benchmark",
    "address-documentation",
    "address-link-local",
    "address-loopback",
    "address-metadata",
    "address-multicast",
    "address-private",
    "address-reserved",
    "address-shared-carrier",
    "address-unspecified",
    "budget-unknown",
    "credential-audience",
    "credential-needs-form",
    "credential-needs-json",
    "credential-set-by-guest",
    "header-invalid",
    "header-owned-by-host",
    "headers-too-large",
    "host-not-asked",
    "host-not-granted",
    "method-invalid",
    "method-not-asked",
    "method-not-granted",
    "no-network",
    "not-on-tape",
    "plain-http-not-granted",
    "request-limit",
    "request-too-large",
    "scheme-not-allowed",
    "slot-not-for-requests",
    "slot-not-granted",
    "slot-unknown",
    "url-invalid",
    "url-userinfo",
    "write-repeated",
    "denied",
];

fn known_rule(rule: &str) -> &'static str {
    RULES.into_iter().find(|known| *known == rule).unwrap_or("denied")
}

fn told(outcome: &Result<Response, SendError>) -> Told {
    let refusal = match outcome {
        Ok(response) => {
            let (status, headers, body) = (response.status, response.headers.clone(), response.body.clone());
            return Told::Answered { status, headers, body };
        }
        Err(error) => &error.refusal,
    };
    let (mut rule, mut message, mut number, mut flag) = (None, None, None, None);
    let code = match refusal {
        Refusal::Denied { code, message: text } => {
            rule = Some((*code).to_owned());
            message = Some(text.clone());
            "denied"
        }
        Refusal::NotSent(text) | Refusal::SentNoAnswer(text) => {
            message = Some(text.clone());
            refusal.code()
        }
        Refusal::BudgetExhausted(until) => {
            number = Some(until.0);
            refusal.code()
        }
        Refusal::TooLarge(limit) => {
            number = Some(*limit);
            refusal.code()
        }
        Refusal::CredentialUnavailable(told) | Refusal::Deadline(told) => {
            flag = Some(*told);
            refusal.code()
        }
        Refusal::WouldWrite => refusal.code(),
    };
    Told::Refused { code: code.to_owned(), rule, message, number, flag }
}
