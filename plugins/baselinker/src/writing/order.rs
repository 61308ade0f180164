//! Creating and changing orders.
//!
//! Changes set values, so each of their calls leaves the same order however often it is made. `addOrder` makes a new
//! order each time, and the vendor has no key against doubles: the correlation text goes into a field of the order, where
//! `verify` finds it.

use wharf_sdk::failure::Cause;
use wharf_sdk::http::Effect;
use wharf_sdk::manifest::Action;
use wharf_sdk::{Failure, Intent, MissingKind, Outcome, Preview, Result, Verdict};

use super::{Call, applied, change, create, verification};
use crate::api::Done;
use crate::client::Client;
use crate::orders::ENTITY;

/// Returns the first call that [`apply`] changes something with.
pub(crate) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    match intent.action {
        Action::Create => create::plan(client, intent),
        _ => {
            let calls = calls(intent)?;
            let Some((first, rest)) = calls.split_first() else { return Err(nothing()) };
            let preview = client.request(first.method, &first.parameters, Effect::IdempotentWrite)?.preview()?;
            Ok(rest.iter().fold(preview, |preview, call| preview.note(call.note("then"))))
        }
    }
}

/// Does it.
pub(crate) fn apply(client: &Client, intent: &Intent) -> Result<Outcome> {
    if intent.action == Action::Create {
        return create::apply(client, intent);
    }
    let target = intent.target()?;
    for call in calls(intent)? {
        let answer = client.write(call.method, &call.parameters, Effect::IdempotentWrite)?;
        let Done {} = answer.payload().map_err(|failure| named(failure, target, &call))?;
    }
    Ok(Outcome::Applied(applied(target)))
}

/// Asks whether it happened.
pub(crate) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    match intent.action {
        Action::Create => create::verify(client, intent),
        _ => verification::of_change(client, intent.target()?, &calls(intent)?),
    }
}

/// Returns the calls of a change, in their order.
fn calls(intent: &Intent) -> Result<Vec<Call>> {
    let calls = match intent.action {
        Action::Update => change::update(intent)?,
        Action::Transition => change::transition(intent)?,
        _ => return Err(Failure::unsupported("order", "orders can be created, updated and moved to a status")),
    };
    if calls.is_empty() { Err(nothing()) } else { Ok(calls) }
}

fn nothing() -> Failure {
    let message = "the document has no field that an order can be changed by; map at least one";
    Failure::invalid_record(vec![wharf_sdk::violation("", "empty", message)])
}

/// Says which thing is missing, where the vendor's code names it. Codes are not documented, so this is a kindness only.
pub(super) fn named(failure: Failure, order: &str, call: &Call) -> Failure {
    let Some(evidence) = failure.evidence().cloned() else { return failure };
    let code = evidence.remote_code.clone().unwrap_or_default();
    if !matches!(failure.cause(), Cause::InvalidRecord(_)) {
        return failure;
    }
    let better = if code.contains("ORDER_ID") {
        Failure::subject_not_found(ENTITY, order)
    } else if code.contains("STATUS_ID") {
        let status = call.parameters.text_of("status_id").unwrap_or_default();
        let message = format!("{}; take a status of the list `order-status`", failure.message());
        Failure::not_found(MissingKind::Referenced, "order-status", &status, message)
    } else {
        return failure;
    };
    better.with_evidence(evidence)
}
