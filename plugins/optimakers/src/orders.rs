//! Orders: making them, changing them, and finding what was made.
//!
//! An order is found again by its external number, the source's order number. Whether an order of that number is ours is
//! told by the correlation in its note and, where somebody has edited that, by its content.

use std::ops::ControlFlow;

use wharf_sdk::document::Order;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, Walk};

use crate::api::{self, row};
use crate::body::{Body, Fields};
use crate::client::{Client, Resource};
use crate::config::ItemProducts;
use crate::convert::order::{Prepared, change, prepare, wanted_status};
use crate::convert::price::{PricedLine, priced, rates_of_document};
use crate::listing::{page_of, walk};
use crate::{correlation, customers, products};

/// An order that has the external number.
#[derive(Debug)]
struct Existing {
    id: String,
    number: Option<String>,
    /// Its note has the correlation.
    is_ours: bool,
    is_same: bool,
}

impl Existing {
    fn applied(self) -> Applied {
        numbered(self.id, self.number)
    }
}

fn numbered(id: String, number: Option<String>) -> Applied {
    match number {
        Some(number) => Applied::new(id).number(number),
        None => Applied::new(id),
    }
}

/// Plans the making of an order.
pub(crate) fn plan_create(client: &Client, intent: &Intent) -> Result<Preview> {
    let order: Order = intent.document()?;
    let prepared = prepare(&order, &client.config, &intent.correlation)?;
    let key = customers::Key::of(&order.customer, &client.config).ok_or_else(customers::no_key)?;
    let lines = priced(&prepared.lines, &rates_of_document(&prepared.lines), &client.config)?;
    let preview = client.list_preview(Resource::VatRates, &page_of(&[], 1, client.config.page_size))?;
    let body = prepared.body("", &lines).to_json();
    Ok(preview
        .note("reads the VAT rates, by which net prices are worked out")
        .note(format!("then finds the customer by `{}`; without it nothing is written", key.text()))
        .note(format!("then looks whether order `{}` is there already", prepared.external_number))
        .note(format!("then POST {} with {body}, and the customer's id", client.config.paths.orders)))
}

/// Makes an order, unless it is there.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let order: Order = intent.document()?;
    let prepared = prepare(&order, &client.config, &intent.correlation)?;
    let mut lines = priced(&prepared.lines, client.vat_rates()?, &client.config)?;
    let customer = customer_of(client, &order)?;
    if let Some(existing) = find(client, &prepared, &customer, &lines, &intent.correlation)? {
        return already(existing, &prepared);
    }
    name_products(client, &order, &mut lines)?;
    let response = client.post(Resource::Orders, &prepared.body(&customer, &lines))?;
    if response.status() == 409 {
        // Somebody was faster, or the look before was answered from the past.
        return match find(client, &prepared, &customer, &lines, &intent.correlation)? {
            Some(existing) => already(existing, &prepared),
            None => {
                let number = &prepared.external_number;
                let message = format!("Optimakers says that order `{number}` is there already, and does not show it");
                Err(Failure::conflict(None, None, message).with_evidence(response.evidence()))
            }
        };
    }
    let made: api::Order<'_> = response.json()?;
    if made.id.filled().is_none() {
        return Err(response.unreadable("the new order has no `id`"));
    }
    Ok(Outcome::Applied(numbered(made.id.as_str().to_owned(), made.number.filled())))
}

/// Asks whether an order was made.
pub(crate) fn verify_create(client: &Client, intent: &Intent) -> Result<Verdict> {
    let order: Order = intent.document()?;
    let prepared = prepare(&order, &client.config, &intent.correlation)?;
    let lines = priced(&prepared.lines, client.vat_rates()?, &client.config)?;
    // A customer that is not there has no order of ours.
    let Some(customer) = customers::find(client, &order.customer)? else { return Ok(Verdict::Absent) };
    let found = find(client, &prepared, &customer.id, &lines, &intent.correlation)?;
    // An order of that number with other content is not this one; `apply` says so as a conflict.
    Ok(match found {
        Some(existing) if existing.is_ours || existing.is_same => Verdict::Found(existing.applied()),
        _ => Verdict::Absent,
    })
}

fn customer_of(client: &Client, order: &Order) -> Result<String> {
    match customers::find(client, &order.customer)? {
        Some(found) => Ok(found.id),
        None => {
            let key = customers::Key::of(&order.customer, &client.config).ok_or_else(customers::no_key)?;
            let message = format!("Optimakers has no customer with `{}`; make it first", key.text());
            Err(Failure::dependency_missing("partner", key.text(), message))
        }
    }
}

fn already(existing: Existing, prepared: &Prepared<'_>) -> Result<Outcome> {
    if existing.is_ours {
        return Ok(Outcome::AlreadyApplied(existing.applied()));
    }
    let same = existing.is_same;
    let what = if same { "the same content" } else { "other content; compare them" };
    let message = format!("order {} has the number `{}` and {what}", existing.id, prepared.external_number);
    Err(Failure::conflict(Some(existing.id), Some(same), message))
}

/// Finds the order that has the external number; ours before others.
fn find(
    client: &Client,
    prepared: &Prepared<'_>,
    customer: &str,
    lines: &[PricedLine],
    correlation: &str,
) -> Result<Option<Existing>> {
    let mut other = None;
    let walked = walk_numbered(client, &prepared.external_number, |order| {
        let existing = Existing {
            id: order.id.as_str().to_owned(),
            number: order.number.filled(),
            is_ours: correlation::is_in(order.note.as_str(), correlation),
            is_same: prepared.is_same(order, customer, lines),
        };
        if existing.is_ours {
            return Ok(ControlFlow::Break(existing));
        }
        other.get_or_insert(existing);
        Ok(ControlFlow::Continue(()))
    })?;
    match walked {
        Walk::Found(found) => Ok(Some(found)),
        Walk::TooLong if other.is_none() => walked.found(Resource::Orders.name(), "search_pages"),
        _ => Ok(other),
    }
}

/// Visits the orders that have an external number. The filter is not trusted: each row is looked at.
pub(crate) fn walk_numbered<T>(
    client: &Client,
    external_number: &str,
    mut visit: impl FnMut(&api::Order<'_>) -> Result<ControlFlow<T>>,
) -> Result<Walk<T>> {
    let query = [("externalNumber", external_number.to_owned())];
    walk(client, Resource::Orders, &query, |raw| {
        let order: api::Order<'_> = row(raw)?;
        if order.external_number.as_str().trim() == external_number {
            visit(&order)
        } else {
            Ok(ControlFlow::Continue(()))
        }
    })
}

/// Looks the products of the lines up by their codes, where the configuration says so.
fn name_products(client: &Client, order: &Order, lines: &mut [PricedLine]) -> Result<()> {
    if client.config.item_products != ItemProducts::ByCode {
        return Ok(());
    }
    for (line, priced) in order.lines.iter().zip(lines) {
        let Some(code) = line.sku.as_deref().map(str::trim).filter(|code| !code.is_empty()) else { continue };
        priced.product = Some(products::id_of(client, code)?);
    }
    Ok(())
}

/// Plans the change of an order.
pub(crate) fn plan_update(client: &Client, intent: &Intent) -> Result<Preview> {
    let (order, target) = (intent.document::<Order>()?, intent.target()?);
    let change = change(&order, "", &client.config)?;
    let preview = client.get_preview(Resource::Orders, target)?;
    Ok(preview.note(format!(
        "then PUT {}/{target} with the whole order, changed by {}",
        client.config.paths.orders,
        change.to_json()
    )))
}

/// Changes deadline, note and attributes of an order.
pub(crate) fn update(client: &Client, intent: &Intent) -> Result<Outcome> {
    let (order, target) = (intent.document::<Order>()?, intent.target()?);
    let changed = client.change(Resource::Orders, target, |record| change(&order, &note_of(record), &client.config))?;
    Ok(if changed { Outcome::applied(target) } else { Outcome::NothingToDo })
}

/// Asks whether an order says what was to be written.
pub(crate) fn verify_update(client: &Client, intent: &Intent) -> Result<Verdict> {
    let (order, target) = (intent.document::<Order>()?, intent.target()?);
    let response = client.get(Resource::Orders, target)?;
    let record: Fields<'_> = response.json()?;
    let change = change(&order, &note_of(&record), &client.config)?;
    Ok(if change.is_in(&record) { Verdict::Found(Applied::new(target)) } else { Verdict::Absent })
}

fn note_of(record: &Fields<'_>) -> String {
    record.get("note").and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

fn status_body(order: &Order) -> Result<Body> {
    Ok(Body::new().id("statusId", Some(&wanted_status(order)?)))
}

/// Plans the moving of an order to a status.
pub(crate) fn plan_status(client: &Client, intent: &Intent) -> Result<Preview> {
    client.set_status_preview(intent.target()?, &status_body(&intent.document()?)?)
}

/// Moves an order to a status.
pub(crate) fn set_status(client: &Client, intent: &Intent) -> Result<Outcome> {
    let target = intent.target()?;
    client.set_status(target, &status_body(&intent.document()?)?)?;
    Ok(Outcome::applied(target))
}

/// Asks whether an order has the status.
pub(crate) fn verify_status(client: &Client, intent: &Intent) -> Result<Verdict> {
    let (order, target) = (intent.document::<Order>()?, intent.target()?);
    let wanted = wanted_status(&order)?;
    let response = client.get(Resource::Orders, target)?;
    let found: api::Order<'_> = response.json()?;
    let is_there = found.status_id.as_str() == wanted.as_str();
    Ok(if is_there { Verdict::Found(Applied::new(target)) } else { Verdict::Absent })
}
