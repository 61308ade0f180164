//! Changing orders: the fields that a document has, and no others. A transition is a change of the state.

use wharf_sdk::document::Order;
use wharf_sdk::{Action, Applied, Failure, Intent, Outcome, Preview, Result, Verdict, log, violation};

use super::PLACE;
use crate::api::Draft;
use crate::client::{Client, envelope, refusal};
use crate::convert::order::{CUSTOM_VALUES, There, change, check_change};

/// Plans the changing of an order.
pub(crate) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    let (order, target) = (document(intent)?, intent.target()?);
    let draft = change(&order, target, &There::default(), &client.config);
    let preview = client.first_read(&[PLACE.path, target], &[])?;
    let note = "reads the order, so that its description keeps what the document does not say";
    Ok(preview.note(note).note(format!("then PATCH /orders/{target} with {}", draft.body())))
}

/// Changes an order. Values of custom fields that are refused are left out, as with a new order.
pub(crate) fn apply(client: &Client, intent: &Intent) -> Result<Outcome> {
    let target = intent.target()?;
    let Some(mut draft) = difference(client, intent, target)? else { return Ok(Outcome::NothingToDo) };
    let mut response = client.patch(&[PLACE.path, target], &draft)?;
    if let Some(refused) = refusal(PLACE.entity, &response)
        && (refused.pointers.is_empty() || refused.pointers.iter().any(|pointer| pointer.contains(CUSTOM_VALUES)))
        && draft.drop_relation(CUSTOM_VALUES)
    {
        log::info("order changed without custom fields", &[("refused", &refused.pointers.join(" "))]);
        if draft.is_empty() {
            return client.written(PLACE.entity, response).map(|_| Outcome::NothingToDo);
        }
        response = client.patch(&[PLACE.path, target], &draft)?;
    }
    if matches!(response.status(), 404 | 410) {
        return Err(Failure::subject_not_found(PLACE.entity, target).with_evidence(response.evidence()));
    }
    client.written(PLACE.entity, response)?;
    Ok(Outcome::applied(target))
}

/// Asks whether an order says what was to be written. Custom fields that FLOWii does not take are no matter.
pub(crate) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    let target = intent.target()?;
    let there = match difference(client, intent, target)? {
        None => true,
        Some(mut draft) => draft.drop_relation(CUSTOM_VALUES) && says(client, &draft, target)?,
    };
    Ok(if there { Verdict::Found(Applied::new(target)) } else { Verdict::Absent })
}

fn says(client: &Client, draft: &Draft, target: &str) -> Result<bool> {
    let response = client.get_one(PLACE.entity, &[PLACE.path, target], target)?;
    draft.is_said_by(&envelope(&response)?.resource()?)
}

/// Returns what is to be sent; none where it is there already.
fn difference(client: &Client, intent: &Intent, target: &str) -> Result<Option<Draft>> {
    let order = document(intent)?;
    let response = client.get_one(PLACE.entity, &[PLACE.path, target], target)?;
    let envelope = envelope(&response)?;
    let row = envelope.resource()?;
    let draft = change(&order, target, &There::of(&envelope, &row)?, &client.config);
    Ok(if draft.is_said_by(&row)? { None } else { Some(draft) })
}

fn document(intent: &Intent) -> Result<Order> {
    let order: Order = intent.document()?;
    check_change(&order)?;
    if intent.action == Action::Transition && order.status.as_deref().is_none_or(str::is_empty) {
        let message = "the document names no state; give one of the list `order-status` in `status`";
        return Err(Failure::invalid_record(vec![violation("/status", "required", message)]));
    }
    Ok(order)
}
