//! Orders.

use wharf_sdk::document::{Address, Delivery, Extra, Order, Partner};
use wharf_sdk::{Failure, Result, violation};

use super::item::{self, Item};
use super::{instant, keep_relations, local};
use crate::api::{self, Draft, Envelope, Resource};
use crate::config::Config;
use crate::correlation;

/// Relationships that have their place in the common document.
const KNOWN: [&str; 4] = ["state", "partner", "items", "type"];

/// Makes the common document of an order.
pub(crate) fn read(envelope: &Envelope<'_>, row: &Resource<'_>, config: &Config) -> Result<Order> {
    let attributes: api::Order<'_> = row.attributes()?;
    let zone = config.zone();
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &KNOWN, &mut extra);
    if let Some(name) = attributes.name.filled() {
        extra.insert("name".to_owned(), name.into());
    }
    if let Some(kind) = row.related_id("type")? {
        extra.insert("type".to_owned(), kind.into());
    }
    // Items that are only named tell nothing; the order's own list of them does.
    let held = row.many("items")?;
    let lines = if row.is_whole(envelope, &["items"])? { held } else { Vec::new() };
    let lines = lines.iter().map(|held| item::read(whole(envelope, held), config)).collect::<Result<_>>()?;
    Ok(Order {
        id: row.id.filled(),
        number: attributes.number.filled(),
        status: row.related_id("state")?,
        created_at: instant(zone, attributes.created.get()),
        confirmed_at: instant(zone, attributes.accepted.get()),
        deadline: instant(zone, attributes.deadline.get()),
        customer: customer(envelope, row)?,
        internal_note: attributes.description.filled(),
        lines,
        extra,
        ..Order::default()
    })
}

/// Returns the included resource that another names, or that other itself.
fn whole<'a, 'de>(envelope: &'a Envelope<'de>, held: &'a Resource<'de>) -> &'a Resource<'de> {
    match held.attributes {
        Some(_) => held,
        None => envelope.included(held.kind.as_str(), held.id.as_str()).unwrap_or(held),
    }
}

/// Returns what an order tells of its partner: the id, and what is included of it.
pub(super) fn customer(envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Partner> {
    let Some(held) = row.one("partner")? else { return Ok(Partner::default()) };
    super::partner::read(envelope, whole(envelope, &held), &|_| Ok(None))
}

/// Says what keeps an order from being sent, without asking FLOWii.
pub(crate) fn check(order: &Order) -> Result<()> {
    super::partner::check(&order.customer, "/customer")?;
    for (path, time) in
        [("/created_at", &order.created_at), ("/confirmed_at", &order.confirmed_at), ("/deadline", &order.deadline)]
    {
        if time.as_deref().is_some_and(|time| wharf_sdk::civil::parse_rfc3339(time).is_none()) {
            let message = "the time is not RFC 3339; write it like `2026-02-01T10:00:00Z`";
            return Err(Failure::invalid_record(vec![violation(path, "not-a-time", message)]));
        }
    }
    Ok(())
}

/// What an order is made with besides its document.
pub(crate) struct Surroundings<'a> {
    pub(crate) partner: &'a str,
    pub(crate) order_type: &'a str,
    pub(crate) correlation: &'a str,
}

/// Makes what is sent for an order, with the items inside where the configuration says so.
pub(crate) fn draft(order: &Order, items: &[Item], around: &Surroundings<'_>, config: &Config) -> Draft {
    let zone = config.zone();
    let users = config.responsible_user_ids.iter().map(|id| Draft::existing("user", id)).collect();
    let state = config.order_state_id.as_deref().map(|id| Draft::existing("order-state", id));
    let identity = config.company_data_id.as_deref().map(|id| Draft::existing("company-data", id));
    Draft::new("order")
        .text("name", name(order))
        .text("description", correlation::headed(around.correlation, &description(order)))
        .text_if("created", local(zone, order.created_at.as_deref()))
        .text_if("accepted", local(zone, order.confirmed_at.as_deref()))
        .text_if("deadline", local(zone, order.deadline.as_deref()))
        .one("type", Draft::existing("order-type", around.order_type))
        .one("partner", Draft::existing("partner", around.partner))
        .one_if("state", state)
        .many("responsible-users", users)
        .one_if("company-data", identity)
        .many("custom-field-string-values", custom_field(around.correlation, config))
        .many("items", items.iter().map(|item| item.draft("order-item")).collect())
}

fn custom_field(correlation: &str, config: &Config) -> Vec<Draft> {
    let field = config.correlation_field_id.iter();
    field
        .map(|id| {
            let value = Draft::new("custom-field-string-value").text("value", correlation);
            value.one("custom-field", Draft::existing("custom-field", id))
        })
        .collect()
}

/// Returns the name of the job: the number that people know the order by, or whose order it is.
fn name(order: &Order) -> &str {
    let numbers = [&order.number, &order.external_number, &order.id];
    let number = numbers.into_iter().flatten().map(|text| text.trim()).find(|text| !text.is_empty());
    number.unwrap_or_else(|| order.customer.name.trim())
}

/// Says in words what FLOWii's order has no field for.
fn description(order: &Order) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |label: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            lines.push(format!("{label}: {text}"));
        }
    };
    say("Order", order.external_number.clone());
    say("Currency", order.currency.clone());
    say("Customer's note", order.customer_note.clone());
    say("Note", order.internal_note.clone());
    if let Some(delivery) = &order.delivery {
        say("Delivery", delivery_words(delivery));
        say("Delivery address", delivery.address.as_ref().map(address_words));
        let point = delivery.pickup_point.as_ref();
        let parts = point.map(|point| [point.id.clone(), point.address.as_ref().map(address_words)]);
        say("Pickup point", parts.map(|parts| parts.into_iter().flatten().collect::<Vec<_>>().join(", ")));
    }
    if let Some(payment) = &order.payment {
        let on_delivery = payment.cash_on_delivery.unwrap_or(false).then(|| "cash on delivery".to_owned());
        let paid = payment.paid.map(|paid| format!("paid {paid}"));
        say("Payment", joined([payment.method.clone(), on_delivery, paid]));
    }
    say("Invoice address", order.invoice_address.as_ref().map(address_words));
    lines
}

fn delivery_words(delivery: &Delivery) -> Option<String> {
    let price = delivery.price_gross.map(|price| price.to_string());
    joined([delivery.method.clone(), price, delivery.carrier.clone(), delivery.tracking_number.clone()])
}

fn address_words(address: &Address) -> String {
    let street = address.street.as_deref().map(|street| street.replace('\n', ", "));
    let town = joined_by(" ", [address.postcode.clone(), address.city.clone()]);
    let parts =
        [address.name.clone(), address.company.clone(), street, town, address.state.clone(), address.country.clone()];
    joined(parts).unwrap_or_default()
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> Option<String> {
    joined_by(", ", parts)
}

fn joined_by<const N: usize>(separator: &str, parts: [Option<String>; N]) -> Option<String> {
    let filled: Vec<String> = parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect();
    Some(filled.join(separator)).filter(|text| !text.is_empty())
}
