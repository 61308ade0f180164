//! Conversions between the bindings' types and the host's own. Pure.

use super::bindings::exports::wharf::connector::{feeds, references, setup, subscriptions, webhooks, writing};
use super::bindings::wharf::connector::{lookups, types};
use crate::call::Stop;
use crate::lookups::{LookupSource, Receipt};
use crate::model::{
    Action, Applied, Bounds, Cause, Cursor, Delivery, Event, Evidence, Failure, Instant, Intent, Item, LimitScope,
    MissingKind, MissingMapping, Outcome, Parsed, Preview, Reference, Reply, Step, StepState, Subscription, ToldBy,
    Verdict, Violation,
};

/// Characters of a message, excerpt or sample that are kept: the contract allows 2 KiB.
const TEXT: usize = 2048;

pub(super) fn to_cursor(cursor: &Cursor) -> types::Cursor {
    types::Cursor { version: cursor.version, bytes: cursor.bytes.clone() }
}

pub(super) fn to_bounds(bounds: &Bounds) -> feeds::Bounds {
    feeds::Bounds {
        since: bounds.since.map(|instant| instant.0),
        until: bounds.until.map(|instant| instant.0),
        filter: bounds.filter.clone(),
        max_items: bounds.max_items,
        max_bytes: bounds.max_bytes,
    }
}

pub(super) fn to_delivery(delivery: &Delivery) -> webhooks::Delivery {
    webhooks::Delivery {
        method: delivery.method.clone(),
        path: delivery.path.clone(),
        headers: delivery.headers.clone(),
        body: delivery.body.clone(),
    }
}

/// Turns intents into the guest's, as far as their documents are text.
pub(super) fn to_intents(intents: &[Intent]) -> Result<Vec<types::Intent>, Stop> {
    intents.iter().map(to_intent).collect()
}

fn to_intent(intent: &Intent) -> Result<types::Intent, Stop> {
    let document = std::str::from_utf8(intent.document.as_bytes());
    let document =
        document.map_err(|_| Stop::Caller(format!("the document of intent `{}` is not UTF-8", intent.id)))?;
    Ok(types::Intent {
        id: intent.id.clone(),
        entity: intent.entity.clone(),
        action: to_action(intent.action),
        target: intent.target.clone(),
        expected_revision: intent.expected_revision.clone(),
        correlation: intent.correlation.clone(),
        document: document.to_owned(),
    })
}

fn to_action(action: Action) -> types::Action {
    match action {
        Action::Create => types::Action::Create,
        Action::Update => types::Action::Update,
        Action::Upsert => types::Action::Upsert,
        Action::Transition => types::Action::Transition,
        Action::Delete => types::Action::Delete,
        Action::Attach => types::Action::Attach,
    }
}

pub(super) fn action(action: types::Action) -> Action {
    match action {
        types::Action::Create => Action::Create,
        types::Action::Update => Action::Update,
        types::Action::Upsert => Action::Upsert,
        types::Action::Transition => Action::Transition,
        types::Action::Delete => Action::Delete,
        types::Action::Attach => Action::Attach,
    }
}

pub(super) fn to_source(source: LookupSource) -> lookups::Source {
    lookups::Source {
        name: source.name,
        role: source.role,
        entity: source.entity,
        readable: source.readable,
        keys: source.keys,
        actions: source.actions.into_iter().map(to_action).collect(),
    }
}

pub(super) fn to_receipt(receipt: Receipt) -> lookups::Receipt {
    match receipt {
        Receipt::Done(Applied { id, revision, number }) => {
            lookups::Receipt::Done(types::Applied { id, revision, number })
        }
        Receipt::NothingToDo => lookups::Receipt::NothingToDo,
        Receipt::Accepted(id) => lookups::Receipt::Accepted(id),
    }
}

/// Turns an item of another connection into the guest's, as far as its document is text.
pub(super) fn to_item(item: Item) -> Result<types::Item, Box<Failure>> {
    let text = std::str::from_utf8(item.document.as_bytes()).map(str::to_owned).map_err(|_| {
        let detail = format!("the document of `{}` is not UTF-8", item.id);
        Box::new(Failure { cause: Cause::Unavailable { until: None }, message: detail, evidence: None })
    })?;
    Ok(types::Item {
        entity: item.entity,
        id: item.id,
        revision: item.revision,
        updated: item.updated.map(|updated| updated.0),
        deleted: item.deleted,
        content: types::Content::Document(text),
    })
}

/// Turns a failure of a look-up into the guest's. Only the causes that a look-up has come here.
pub(super) fn to_failure(failure: Failure) -> types::Failure {
    let cause = match failure.cause {
        Cause::NotFound { kind, entity, key } => {
            types::Cause::NotFound(types::Missing { kind: to_missing_kind(kind), entity, key })
        }
        Cause::Conflict { existing_id, same_content } => {
            types::Cause::Conflict(types::Conflict { existing_id, same_content })
        }
        Cause::InvalidRecord { violations } => {
            types::Cause::InvalidRecord(violations.into_iter().map(to_violation).collect())
        }
        Cause::MappingMissing { missing } => {
            types::Cause::MappingMissing(missing.into_iter().map(to_missing_mapping).collect())
        }
        Cause::Precondition { state } => types::Cause::Precondition(state),
        Cause::DependencyMissing { entity, key } => {
            types::Cause::DependencyMissing(types::Missing { kind: types::MissingKind::Referenced, entity, key })
        }
        Cause::Unsupported { capability } => types::Cause::Unsupported(capability),
        Cause::TooLarge { bytes } => types::Cause::TooLarge(bytes),
        Cause::Unavailable { until } => types::Cause::Unavailable(until.map(|until| until.0)),
        _ => types::Cause::Unavailable(None),
    };
    types::Failure { cause, message: failure.message, evidence: None }
}

fn to_missing_kind(kind: MissingKind) -> types::MissingKind {
    match kind {
        MissingKind::Endpoint => types::MissingKind::Endpoint,
        MissingKind::Subject => types::MissingKind::Subject,
        MissingKind::Referenced => types::MissingKind::Referenced,
    }
}

fn to_violation(found: Violation) -> types::Violation {
    types::Violation { path: found.path, code: found.code, message: found.message }
}

fn to_missing_mapping(missing: MissingMapping) -> types::MissingMapping {
    types::MissingMapping { reference_list: missing.reference_list, value: missing.value }
}

pub(super) fn violations(found: Vec<types::Violation>) -> Vec<Violation> {
    found.into_iter().map(violation).collect()
}

fn violation(found: types::Violation) -> Violation {
    Violation { path: found.path, code: found.code, message: found.message }
}

pub(super) fn failure(failure: types::Failure) -> Failure {
    Failure {
        cause: cause(failure.cause),
        message: shortened(failure.message),
        evidence: failure.evidence.map(evidence),
    }
}

fn evidence(evidence: types::Evidence) -> Evidence {
    Evidence {
        request: evidence.request,
        http_status: evidence.http_status,
        remote_code: evidence.remote_code.map(shortened),
        excerpt: evidence.excerpt.map(shortened),
    }
}

/// Keeps the first 2 KiB of a text, at a character's end.
fn shortened(mut text: String) -> String {
    let mut end = TEXT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

fn cause(cause: types::Cause) -> Cause {
    match cause {
        types::Cause::ConfigInvalid(found) => Cause::ConfigInvalid { violations: violations(found) },
        types::Cause::AuthExpired => Cause::AuthExpired,
        types::Cause::AuthRevoked => Cause::AuthRevoked,
        types::Cause::Forbidden(permission) => Cause::Forbidden { permission: permission.map(shortened) },
        types::Cause::RateLimited(limit) => rate_limited(limit),
        types::Cause::Unavailable(until) => Cause::Unavailable { until: until.map(Instant) },
        types::Cause::OutcomeUnknown => Cause::OutcomeUnknown,
        types::Cause::Conflict(found) => {
            Cause::Conflict { existing_id: found.existing_id, same_content: found.same_content }
        }
        types::Cause::NotFound(missing) => {
            Cause::NotFound { kind: missing_kind(missing.kind), entity: missing.entity, key: missing.key }
        }
        types::Cause::InvalidRecord(found) => Cause::InvalidRecord { violations: violations(found) },
        types::Cause::MappingMissing(missing) => {
            Cause::MappingMissing { missing: missing.into_iter().map(missing_mapping).collect() }
        }
        types::Cause::Precondition(state) => Cause::Precondition { state: shortened(state) },
        types::Cause::DependencyMissing(missing) => {
            Cause::DependencyMissing { entity: missing.entity, key: missing.key }
        }
        types::Cause::Unsupported(capability) => Cause::Unsupported { capability: shortened(capability) },
        types::Cause::ContractChanged(change) => {
            Cause::ContractChanged { detail: shortened(change.detail), sample: shortened(change.sample) }
        }
        types::Cause::TooLarge(bytes) => Cause::TooLarge { bytes },
        types::Cause::Internal(detail) => Cause::Internal { detail: shortened(detail) },
    }
}

fn rate_limited(limit: types::RateLimit) -> Cause {
    let scope = match limit.scope {
        types::LimitScope::Credential => LimitScope::Credential,
        types::LimitScope::Endpoint => LimitScope::Endpoint,
        types::LimitScope::Account => LimitScope::Account,
    };
    let told_by = match limit.told_by {
        types::ToldBy::Header => ToldBy::Header,
        types::ToldBy::Body => ToldBy::Body,
        types::ToldBy::Text => ToldBy::Text,
        types::ToldBy::Estimate => ToldBy::Estimate,
    };
    Cause::RateLimited { scope, not_before: limit.not_before.map(Instant), told_by }
}

fn missing_kind(kind: types::MissingKind) -> MissingKind {
    match kind {
        types::MissingKind::Endpoint => MissingKind::Endpoint,
        types::MissingKind::Subject => MissingKind::Subject,
        types::MissingKind::Referenced => MissingKind::Referenced,
    }
}

fn missing_mapping(missing: types::MissingMapping) -> MissingMapping {
    MissingMapping { reference_list: missing.reference_list, value: missing.value }
}

pub(super) fn step(step: setup::Step) -> Step {
    let state = match step.state {
        setup::StepState::Ok => StepState::Ok,
        setup::StepState::Warning => StepState::Warning,
        setup::StepState::Failed => StepState::Failed,
        setup::StepState::Skipped => StepState::Skipped,
    };
    Step { name: step.name, state, detail: shortened(step.detail), hint: step.hint.map(shortened) }
}

pub(super) fn reference(entry: references::Reference) -> Reference {
    Reference {
        id: entry.id,
        code: entry.code,
        label: entry.label,
        value: entry.value,
        valid_from: entry.valid_from.map(Instant),
        valid_to: entry.valid_to.map(Instant),
    }
}

pub(super) fn preview(preview: writing::Preview) -> Preview {
    Preview { method: preview.method, url: preview.url, body: preview.body, notes: preview.notes }
}

pub(super) fn outcome(outcome: types::Outcome) -> Outcome {
    match outcome {
        types::Outcome::Applied(found) => Outcome::Applied(applied(found)),
        types::Outcome::AlreadyApplied(found) => Outcome::AlreadyApplied(applied(found)),
        types::Outcome::NothingToDo => Outcome::NothingToDo,
        types::Outcome::Failed(why) => Outcome::Failed(failure(why)),
    }
}

fn applied(applied: types::Applied) -> Applied {
    Applied { id: applied.id, revision: applied.revision, number: applied.number }
}

pub(super) fn verdict(verdict: types::Verdict) -> Verdict {
    match verdict {
        types::Verdict::Found(found) => Verdict::Found(applied(found)),
        types::Verdict::Absent => Verdict::Absent,
        types::Verdict::Inconclusive(why) => Verdict::Inconclusive(shortened(why)),
    }
}

pub(super) fn parsed(parsed: webhooks::Parsed) -> Result<Parsed, Stop> {
    Ok(match parsed {
        webhooks::Parsed::Handshake(answer) => Parsed::Handshake(reply(answer)?),
        webhooks::Parsed::Events(events) => Parsed::Events(events.into_iter().map(event).collect()),
        webhooks::Parsed::Rejected(why) => Parsed::Rejected(shortened(why)),
    })
}

fn event(event: webhooks::Event) -> Event {
    Event { key: event.key, entity: event.entity, id: event.id, deleted: event.deleted }
}

/// Takes an answer over if it can be sent: a final status, headers that are headers.
pub(super) fn reply(reply: webhooks::Reply) -> Result<Reply, Stop> {
    if !(200..=599).contains(&reply.status) {
        return Err(Stop::Misuse(format!("it answered with status {}; answer with 200 to 599", reply.status)));
    }
    let sendable = |(name, value): &(String, String)| {
        http::HeaderName::from_bytes(name.as_bytes()).is_ok() && http::HeaderValue::from_str(value).is_ok()
    };
    if let Some((name, _)) = reply.headers.iter().find(|header| !sendable(header)) {
        return Err(Stop::Misuse(format!("it answered with a header that cannot be sent: `{}`", name.escape_debug())));
    }
    Ok(Reply { status: reply.status, headers: reply.headers, body: reply.body })
}

pub(super) fn subscription(made: subscriptions::Subscription) -> Subscription {
    Subscription { id: made.id, url: made.url, topics: made.topics }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_character() {
        let text = shortened("ż".repeat(TEXT));
        assert!(text.len() <= TEXT && text.chars().all(|letter| letter == 'ż') && text.len() > TEXT - 2);
        assert_eq!(shortened("short".to_owned()), "short");
    }

    #[test]
    fn answer_that_cannot_be_sent_is_refused() {
        let answer = |status, value: &str| webhooks::Reply {
            status,
            headers: vec![("x-note".to_owned(), value.to_owned())],
            body: Vec::new(),
        };
        assert!(reply(answer(200, "fine")).is_ok());
        for refused in [answer(100, "fine"), answer(700, "fine"), answer(200, "two\r\nlines")] {
            assert!(matches!(reply(refused), Err(Stop::Misuse(_))));
        }
    }
}
