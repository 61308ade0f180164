//! Moving many orders to a status, one call for each status.

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::batch::each;
use wharf_sdk::failure::Cause;
use wharf_sdk::http::Effect;
use wharf_sdk::{Intent, Outcome, Preview, Result, Verdict};

use super::order::named;
use super::parameters::{Parameters, Sent};
use super::{Call, applied, number, verification};
use crate::assumed::BULK_STATUSES;
use crate::client::Client;

/// Document of an `order-status`: the status that the order is moved to. The target is the order's id.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusChange {
    /// Id of the order, where the intent has no target.
    #[serde(default)]
    order_id: Option<String>,
    /// Id of the status, of the list `order-status`.
    status: String,
}

/// Orders that are moved to one status.
struct Group {
    status: u64,
    /// Place among the intents, and the order.
    orders: Vec<(usize, u64)>,
}

/// Returns the request of each order; orders of one status share it.
pub(super) fn plan(client: &Client, intents: &[Intent]) -> Vec<Result<Preview>> {
    let (groups, mut results) = grouped(intents);
    for group in groups {
        let call = group.call();
        for (place, _) in &group.orders {
            let preview = call.preview(client, Effect::IdempotentWrite);
            let note = format!("one request for {} orders", group.orders.len());
            set(&mut results, *place, preview.map(|preview| preview.note(note)));
        }
    }
    finished(results)
}

/// Moves them. An order that is not there makes the vendor refuse all: then each is moved by itself.
pub(super) fn apply(client: &Client, intents: &[Intent]) -> Vec<Result<Outcome>> {
    let (groups, mut results) = grouped(intents);
    let mut stopped = None;
    for group in groups {
        let outcome = stopped.clone().map_or_else(|| group.call().set(client), Err);
        let alone = group.orders.len() > 1;
        let to_blame = matches!(&outcome, Err(failure) if alone && matches!(failure.cause(), Cause::InvalidRecord(_)));
        for (place, order) in &group.orders {
            let outcome = match (&stopped, to_blame) {
                (Some(failure), _) => Err(wharf_sdk::Failure::clone(failure)),
                (None, true) => one(client, *order, group.status),
                (None, false) => outcome.clone().map_err(|failure| named(failure, &order.to_string(), &group.call())),
            };
            stopped = stopped.or_else(|| outcome.as_ref().err().filter(|one| one.stops_the_connection()).cloned());
            set(&mut results, *place, outcome.map(|()| Outcome::Applied(applied(&order.to_string()))));
        }
    }
    finished(results)
}

/// Asks for each order whether it has the status.
pub(super) fn verify(client: &Client, intents: &[Intent]) -> Vec<Result<Verdict>> {
    each(intents.iter().map(Ok), |intent| {
        let (order, status) = read(intent)?;
        verification::of_change(client, &order.to_string(), &[one_call(order, status)])
    })
}

fn one(client: &Client, order: u64, status: u64) -> Result<()> {
    let call = one_call(order, status);
    call.set(client).map_err(|failure| named(failure, &order.to_string(), &call))
}

fn one_call(order: u64, status: u64) -> Call {
    let mut parameters = Parameters::default();
    parameters.put("order_id", Sent::Whole(order));
    parameters.put("status_id", Sent::Whole(status));
    Call { method: "setOrderStatus", parameters }
}

impl Group {
    fn call(&self) -> Call {
        if let [(_, order)] = self.orders.as_slice() {
            return one_call(*order, self.status);
        }
        let mut parameters = Parameters::default();
        parameters.put("order_ids", Sent::Ids(self.orders.iter().map(|(_, order)| *order).collect()));
        parameters.put("status_id", Sent::Whole(self.status));
        Call { method: "setOrderStatuses", parameters }
    }
}

/// Puts intents together by their status, in the order in which each order's statuses were wanted; those that cannot be
/// read have their failures.
fn grouped<T>(intents: &[Intent]) -> (Vec<Group>, Vec<Option<Result<T>>>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut results = Vec::with_capacity(intents.len());
    for (place, intent) in intents.iter().enumerate() {
        match read(intent) {
            Ok((order, status)) => {
                // An order that is moved twice is moved in turn.
                let after = groups.iter().rposition(|group| group.orders.iter().any(|(_, known)| *known == order));
                let open = groups.iter_mut().skip(after.map_or(0, |after| after + 1));
                let mut fits = open.filter(|group| group.status == status && group.orders.len() < BULK_STATUSES);
                match fits.next() {
                    Some(group) => group.orders.push((place, order)),
                    None => groups.push(Group { status, orders: vec![(place, order)] }),
                }
                results.push(None);
            }
            Err(failure) => results.push(Some(Err(failure))),
        }
    }
    (groups, results)
}

fn read(intent: &Intent) -> Result<(u64, u64)> {
    if intent.action != wharf_sdk::Action::Transition {
        return super::no_action(intent);
    }
    let change: StatusChange = intent.document()?;
    let mut status = Parameters::default();
    status.listed("status_id", "order-status", &change.status);
    let status = status.checked()?.text_of("status_id").unwrap_or_default();
    let order = match (&intent.target, &change.order_id) {
        (None, Some(order)) => number("/order_id", order)?,
        _ => number("", intent.target()?)?,
    };
    Ok((order, number("/status", &status)?))
}

fn set<T>(results: &mut [Option<Result<T>>], place: usize, result: Result<T>) {
    if let Some(slot) = results.get_mut(place) {
        *slot = Some(result);
    }
}

fn finished<T>(results: Vec<Option<Result<T>>>) -> Vec<Result<T>> {
    let none = || Err(wharf_sdk::Failure::internal("an intent of a batch was left out"));
    results.into_iter().map(|result| result.unwrap_or_else(none)).collect()
}
