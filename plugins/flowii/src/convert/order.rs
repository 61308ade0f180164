//! Orders.

use wharf_sdk::document::{Address, Delivery, Extra, Order, Partner};
use wharf_sdk::{Failure, Result, violation};

use super::item::{self, Item};
use super::{instant, keep_relations, local, whole};
use crate::api::{self, Draft, Envelope, Resource};
use crate::config::Config;
use crate::correlation;

/// Relationships that have their place in the common document.
const KNOWN: [&str; 4] = ["state", "partner", "items", "type"];
/// Relationship with the values of custom fields, and the key of `extra` under which documents have them.
pub(crate) const CUSTOM_VALUES: &str = "custom-field-string-values";
const CUSTOM_FIELDS: &str = "custom_fields";
/// What the lines of a description begin with.
const LABELS: [&str; 10] = [
    "Ref",
    "Order",
    "Currency",
    "Customer's note",
    "Note",
    "Delivery",
    "Delivery address",
    "Pickup point",
    "Payment",
    "Invoice address",
];

/// Makes the common document of an order.
pub(crate) fn read(envelope: &Envelope<'_>, row: &Resource<'_>, config: &Config) -> Result<Order> {
    let attributes: api::Order<'_> = row.attributes()?;
    let zone = config.zone();
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    match read_custom(envelope, row)? {
        Some(values) => {
            keep_relations(row, &[&KNOWN[..], &[CUSTOM_VALUES]].concat(), &mut extra);
            if !values.is_empty() {
                extra.insert(CUSTOM_FIELDS.to_owned(), values.into());
            }
        }
        None => keep_relations(row, &KNOWN, &mut extra),
    }
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

/// Returns what an order tells of its partner: the id, and what is included of it.
pub(super) fn customer(envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Partner> {
    let Some(held) = row.one("partner")? else { return Ok(Partner::default()) };
    super::partner::read(envelope, whole(envelope, &held), &|_| Ok(None))
}

/// Says what keeps an order from being sent, without asking FLOWii.
pub(crate) fn check(order: &Order) -> Result<()> {
    super::partner::check(&order.customer, "/customer")?;
    check_times(order)
}

fn check_times(order: &Order) -> Result<()> {
    super::times(&[
        ("/created_at", &order.created_at),
        ("/confirmed_at", &order.confirmed_at),
        ("/deadline", &order.deadline),
    ])
}

/// Says what keeps an order from being changed as a document says.
pub(crate) fn check_change(order: &Order) -> Result<()> {
    check_times(order)?;
    let mut found = Vec::new();
    if !order.lines.is_empty() {
        let message = "the items of an order cannot be changed here; leave `lines` out";
        found.push(violation("/lines", "not-changeable", message));
    }
    if order.created_at.is_some() {
        let message = "the time of creation of an order cannot be changed; leave it out";
        found.push(violation("/created_at", "not-changeable", message));
    }
    if found.is_empty() { Ok(()) } else { Err(Failure::invalid_record(found)) }
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
        .many(CUSTOM_VALUES, custom_values(order, around, config))
        .many("items", items.iter().map(|item| item.draft("order-item")).collect())
}

/// Makes the values of custom fields: those of `extra.custom_fields`, and the correlation where a field takes it.
fn custom_values(order: &Order, around: &Surroundings<'_>, config: &Config) -> Vec<Draft> {
    let correlation = config.correlation_field_id.iter().map(|id| custom_value(id, around.correlation));
    correlation.chain(given_values(order).iter().map(|(id, value)| custom_value(id, value))).collect()
}

/// Returns the values that a document gives, by the fields' ids.
fn given_values(order: &Order) -> Vec<(String, String)> {
    let given = order.extra.get(CUSTOM_FIELDS).and_then(serde_json::Value::as_object).into_iter().flatten();
    given.map(|(id, value)| (id.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect()
}

fn custom_value(id: &str, value: &str) -> Draft {
    Draft::new("custom-field-string-value")
        .text("value", value)
        .one("custom-field", Draft::existing("custom-field", id))
}

/// What an order has of that which a change must not lose.
#[derive(Debug, Clone, Default)]
pub(crate) struct There {
    pub(crate) description: String,
    /// Values of custom fields, by the fields' ids.
    pub(crate) custom: Extra,
}

impl There {
    /// Reads it of an order.
    pub(crate) fn of(envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Self> {
        let attributes: api::Order<'_> = row.attributes()?;
        let custom = read_custom(envelope, row)?.unwrap_or_default();
        Ok(Self { description: attributes.description.into_string(), custom })
    }
}

/// Reads the values of custom fields by the fields' ids; none where the order only names them.
fn read_custom(envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Option<Extra>> {
    if row.relationships.get(CUSTOM_VALUES).is_none() || !row.is_whole(envelope, &[CUSTOM_VALUES])? {
        return Ok(None);
    }
    let mut values = Extra::new();
    for held in row.many(CUSTOM_VALUES)? {
        let value = whole(envelope, &held);
        let text = value.attributes::<api::CustomValue<'_>>()?.value.into_string();
        if let Some(field) = value.related_id("custom-field")? {
            values.insert(field, text.into());
        }
    }
    Ok(Some(values))
}

/// Makes what is sent to change an order: the fields that the document has.
pub(crate) fn change(order: &Order, target: &str, there: &There, config: &Config) -> Draft {
    let zone = config.zone();
    let lines = description(order);
    let text = (!lines.is_empty()).then(|| merged(&there.description, &lines));
    let number = order.number.as_deref().map(str::trim);
    Draft::new("order")
        .of_existing(target)
        .text_if("name", number)
        .text_if("accepted", local(zone, order.confirmed_at.as_deref()))
        .text_if("deadline", local(zone, order.deadline.as_deref()))
        .text_if("description", text)
        .one_if("state", order.status.as_deref().map(|id| Draft::existing("order-state", id)))
        .many(CUSTOM_VALUES, changed_values(order, there))
}

/// Returns all values of custom fields, the given ones over those that are there, as a list is replaced as a whole; none
/// where they are there already.
fn changed_values(order: &Order, there: &There) -> Vec<Draft> {
    let given = given_values(order);
    if given.iter().all(|(id, value)| there.custom.get(id).and_then(serde_json::Value::as_str) == Some(value)) {
        return Vec::new();
    }
    let mut all = there.custom.clone();
    all.extend(given.into_iter().map(|(id, value)| (id, value.into())));
    all.iter().map(|(id, value)| custom_value(id, value.as_str().unwrap_or_default())).collect()
}

/// Puts lines into a description in the place of those that say the same thing, and behind it the new ones. A line
/// without a label of ours goes with the one before it: notes may have several.
fn merged(there: &str, lines: &[String]) -> String {
    let label_of = |line: &str| {
        LABELS.into_iter().find(|label| line.strip_prefix(label).is_some_and(|rest| rest.starts_with(": ")))
    };
    let mut blocks: Vec<(Option<&str>, String)> = Vec::new();
    for line in there.lines() {
        match (label_of(line), blocks.last_mut()) {
            (None, Some((_, block))) => {
                block.push('\n');
                block.push_str(line);
            }
            (label, _) => blocks.push((label, line.to_owned())),
        }
    }
    for line in lines {
        let label = label_of(line);
        match blocks.iter_mut().find(|(known, _)| known.is_some() && *known == label) {
            Some((_, block)) => block.clone_from(line),
            None => blocks.push((label, line.clone())),
        }
    }
    blocks.into_iter().map(|(_, block)| block).collect::<Vec<_>>().join("\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_description_keeps_the_correlation_and_what_is_not_said() {
        let there = "Ref: wh12\nCurrency: EUR\nNote: one\ntwo\nDelivery: Courier";
        let lines = ["Note: three".to_owned(), "Payment: paid 5".to_owned()];
        assert_eq!(merged(there, &lines), "Ref: wh12\nCurrency: EUR\nNote: three\nDelivery: Courier\nPayment: paid 5");
        assert_eq!(merged("by hand\nmore", &lines), "by hand\nmore\nNote: three\nPayment: paid 5");
        assert_eq!(merged("", &lines), "Note: three\nPayment: paid 5");
    }
}
