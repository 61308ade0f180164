//! Creating and changing records.

use wharf_sdk::batch::{each, only};
use wharf_sdk::http::Effect;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict};

use crate::api::Done;
use crate::client::Client;
use crate::{catalog, orders};

mod bulk;
mod change;
mod create;
mod line;
mod order;
mod package;
mod parameters;
mod payment;
mod product;
mod statuses;
mod verification;

pub(crate) use bulk::external::ExternalStockChange;
pub(crate) use bulk::{PriceChange, StockChange};
pub(crate) use line::Line;
pub(crate) use package::Package;
use parameters::Parameters;
pub(crate) use statuses::StatusChange;

/// One call that changes something.
#[derive(Debug)]
struct Call {
    method: &'static str,
    parameters: Parameters,
}

impl Call {
    /// Says what is sent, after a word that says when.
    fn note(&self, when: &str) -> String {
        format!("{when} `{}`: {:?}", self.method, self.parameters)
    }

    fn preview(&self, client: &Client, effect: Effect) -> Result<Preview> {
        client.request(self.method, &self.parameters, effect)?.preview()
    }

    /// Makes the call, which leaves the same however often it is made.
    fn set(&self, client: &Client) -> Result<()> {
        let Done {} = client.write(self.method, &self.parameters, Effect::IdempotentWrite)?.payload()?;
        Ok(())
    }
}

/// People know orders by their ids.
fn applied(id: &str) -> Applied {
    Applied::new(id).number(id)
}

/// Returns the first request that [`apply`] makes.
pub(crate) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    match intent.entity.as_str() {
        orders::ENTITY => order::plan(client, intent),
        "order-line" => line::plan(client, intent),
        "payment" => payment::plan(client, intent),
        "package" => package::plan(client, intent),
        catalog::ENTITY => product::plan(client, intent),
        _ => only(plan_batch(client, std::slice::from_ref(intent))),
    }
}

/// Does it.
pub(crate) fn apply(client: &Client, intent: &Intent) -> Result<Outcome> {
    match intent.entity.as_str() {
        orders::ENTITY => order::apply(client, intent),
        "order-line" => line::apply(client, intent),
        "payment" => payment::apply(client, intent),
        "package" => package::apply(client, intent),
        catalog::ENTITY => product::apply(client, intent),
        _ => only(apply_batch(client, std::slice::from_ref(intent))),
    }
}

/// Asks whether it happened.
pub(crate) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    match intent.entity.as_str() {
        orders::ENTITY => order::verify(client, intent),
        "order-line" => line::verify(client, intent),
        "payment" => payment::verify(client, intent),
        "package" => package::verify(client, intent),
        catalog::ENTITY => product::verify(client, intent),
        _ => only(verify_batch(client, std::slice::from_ref(intent))),
    }
}

/// Plans intents of one kind together.
pub(crate) fn plan_batch(client: &Client, intents: &[Intent]) -> Vec<Result<Preview>> {
    match kind(intents) {
        Kind::Statuses => statuses::plan(client, intents),
        Kind::Bulk(bulk) => bulk.plan(client, intents),
        Kind::Single => intents.iter().map(|intent| plan(client, intent)).collect(),
        Kind::Unknown => refuse(intents),
    }
}

/// Applies intents of one kind together.
pub(crate) fn apply_batch(client: &Client, intents: &[Intent]) -> Vec<Result<Outcome>> {
    match kind(intents) {
        Kind::Statuses => statuses::apply(client, intents),
        Kind::Bulk(bulk) => bulk.apply(client, intents),
        Kind::Single => each(intents.iter().map(Ok), |intent| apply(client, intent)),
        Kind::Unknown => refuse(intents),
    }
}

/// Verifies intents of one kind together.
pub(crate) fn verify_batch(client: &Client, intents: &[Intent]) -> Vec<Result<Verdict>> {
    match kind(intents) {
        Kind::Statuses => statuses::verify(client, intents),
        Kind::Bulk(bulk) => bulk.verify(client, intents),
        Kind::Single => intents.iter().map(|intent| verify(client, intent)).collect(),
        Kind::Unknown => refuse(intents),
    }
}

/// How intents are done.
enum Kind {
    Single,
    Statuses,
    Bulk(&'static bulk::Bulk),
    Unknown,
}

/// The host puts intents of one entity into a batch; others go one by one.
fn kind(intents: &[Intent]) -> Kind {
    let Some(entity) = intents.first().map(|intent| intent.entity.as_str()) else { return Kind::Single };
    let all = intents.iter().all(|intent| intent.entity == entity);
    match entity {
        orders::ENTITY | "order-line" | "payment" | "package" | catalog::ENTITY => Kind::Single,
        _ if !all => Kind::Single,
        "order-status" => Kind::Statuses,
        "product-stock" => Kind::Bulk(&bulk::STOCK),
        "product-price" => Kind::Bulk(&bulk::PRICES),
        "external-stock" => Kind::Bulk(&bulk::external::STOCK),
        _ => Kind::Unknown,
    }
}

fn refuse<T>(intents: &[Intent]) -> Vec<Result<T>> {
    intents.iter().map(|intent| Err(Failure::no_write(intent))).collect()
}

/// Reads the number of a record that a document or target names.
fn number(path: &str, text: &str) -> Result<u64> {
    text.trim().parse().ok().filter(|number| *number > 0).ok_or_else(|| {
        let message = format!("`{text}` is no number of a record; give the vendor's id");
        Failure::invalid_record(vec![wharf_sdk::violation(path, "not-an-id", message)])
    })
}

/// Refuses an action that the entity does not have.
fn no_action<T>(intent: &Intent) -> Result<T> {
    Err(Failure::no_write(intent))
}
