//! Orders.

use serde_json::Value;
use wharf_sdk::document::{Address, Delivery, Extra, Order, OrderLine, Partner, PaymentTerms};
use wharf_sdk::{Failure, Result, Violation, violation};

use super::price::{self, MappedLine, PricedLine};
use super::{attribute_value, filled, local_of, rfc3339, words};
use crate::api::{self, Attribute};
use crate::body::{Body, attribute};
use crate::config::{Config, RemoteId};
use crate::correlation;
use crate::references::{Currencies, VatRates};

/// Additional fields, as documents carry them under `extra`.
const ADDITIONAL: [&str; 2] = ["extra_field_1", "extra_field_2"];

/// Makes the common document of an order.
pub(crate) fn read(
    row: &api::Order<'_>,
    customer: Partner,
    rates: &VatRates,
    currencies: &Currencies,
    config: &Config,
) -> Order {
    let zone = config.zone();
    let attributes = row.attributes.as_deref();
    let value = |id: &Option<RemoteId>| attribute_value(attributes, id.as_ref());
    let price =
        value(&config.order_attribute_delivery_price).and_then(|text| text.replace(',', ".").trim().parse().ok());
    let delivery =
        Delivery { method: value(&config.order_attribute_delivery_method), price_gross: price, ..Delivery::default() };
    let method = value(&config.order_attribute_payment_method);
    Order {
        id: row.id.filled(),
        number: row.number.filled(),
        external_number: row.external_number.filled(),
        status: row.status_id.filled(),
        created_at: rfc3339(zone, &row.order_date),
        deadline: rfc3339(zone, &row.deadline),
        currency: row.currency_id.filled().and_then(|id| currencies.code(&id)),
        customer,
        delivery: Some(delivery).filter(|delivery| *delivery != Delivery::default()),
        payment: method.map(|method| PaymentTerms { method: Some(method), ..PaymentTerms::default() }),
        lines: row.items.iter().flatten().map(|line| read_line(line, rates)).collect(),
        customer_note: value(&config.order_attribute_note),
        internal_note: row.note.filled(),
        extra: extra(row, config),
        ..Order::default()
    }
}

fn extra(row: &api::Order<'_>, config: &Config) -> Extra {
    let attributes = row.attributes.as_deref();
    let mut extra = Extra::new();
    row.unknown.add_to(&mut extra);
    if let Some(completed) = row.is_completed.get() {
        extra.insert("isCompleted".to_owned(), completed.into());
    }
    if let Some(currency) = row.currency_id.filled() {
        extra.insert("currencyId".to_owned(), currency.into());
    }
    let additional = [&config.order_attribute_additional_field_1, &config.order_attribute_additional_field_2];
    for (name, id) in ADDITIONAL.into_iter().zip(additional) {
        if let Some(value) = attribute_value(attributes, id.as_ref()) {
            extra.insert(name.to_owned(), value.into());
        }
    }
    keep_attributes(attributes, &config.order_attributes().map(|(_, id)| id), &mut extra);
    extra
}

/// Keeps the attributes that have no place in the document, by their ids.
pub(super) fn keep_attributes(attributes: Option<&[Attribute<'_>]>, known: &[Option<&RemoteId>], extra: &mut Extra) {
    let is_known = |id: &str| known.iter().flatten().any(|known| known.as_str() == id);
    let others: Extra = attributes
        .unwrap_or_default()
        .iter()
        .filter(|one| !is_known(one.attribute_id.as_str()) && !one.value.as_str().is_empty())
        .map(|one| (one.attribute_id.as_str().to_owned(), one.value.as_str().into()))
        .collect();
    if !others.is_empty() {
        extra.insert("attributes".to_owned(), Value::Object(others));
    }
}

fn read_line(row: &api::Line<'_>, rates: &VatRates) -> OrderLine {
    let mut extra = Extra::new();
    row.unknown.add_to(&mut extra);
    let vat_rate = row.vat_rate_id.filled();
    let tax_rate = vat_rate.as_deref().and_then(|id| rates.tax_rate(id));
    if let Some(id) = vat_rate {
        extra.insert("vatRateId".to_owned(), id.into());
    }
    OrderLine {
        id: row.id.filled(),
        product_id: row.product_id.filled(),
        name: row.name.as_str().to_owned(),
        quantity: row.quantity.or_zero(),
        unit_price_net: row.net_price.get(),
        tax_rate,
        extra,
        ..OrderLine::default()
    }
}

/// Returns the id that a flow's mapping put under `extra`; the inner none says that it is no id.
pub(super) fn given_id(extra: &Extra, name: &str) -> Option<Option<RemoteId>> {
    match extra.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(RemoteId::parse(text)),
        Value::Number(number) => Some(RemoteId::parse(&number.to_string())),
        _ => Some(None),
    }
}

/// A document that is ready to be sent, but for what Optimakers has to be asked.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub(crate) external_number: String,
    pub(crate) currency: RemoteId,
    pub(crate) lines: Vec<MappedLine<'a>>,
    status: Option<RemoteId>,
    order_date: Option<String>,
    deadline: Option<String>,
    attributes: Vec<Body>,
    note: String,
}

/// Says what keeps an order from being sent, without asking Optimakers, and maps its values.
pub(crate) fn prepare<'a>(order: &'a Order, config: &Config, correlation: &str) -> Result<Prepared<'a>> {
    let external_number = external_number(order, config)?;
    let lines = price::mapped(order, config);
    let currency = currency(order, config);
    let (lines, currency) = both(lines, currency)?;
    let zone = config.zone();
    let placed = order.created_at.as_deref().map(|time| ("/created_at", time));
    let placed = placed.or(order.confirmed_at.as_deref().map(|time| ("/confirmed_at", time)));
    let order_date = placed.map(|(path, time)| local_of(zone, path, Some(time))).transpose()?.flatten();
    let texts = texts(order)?;
    Ok(Prepared {
        external_number,
        currency,
        lines,
        status: status(order, config)?,
        order_date,
        deadline: local_of(zone, "/deadline", order.deadline.as_deref())?,
        attributes: attributes(&texts, config),
        note: correlation::headed(correlation, &note(order, &texts, config)),
    })
}

/// Values without a mapping are told together, whichever list they are missing in.
fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    use wharf_sdk::failure::Cause;
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) => match (one.cause(), other.cause()) {
            (Cause::MappingMissing(first), Cause::MappingMissing(second)) => {
                let all = first.iter().chain(second);
                Err(Failure::mapping_missing(all.map(|one| (one.reference_list.as_str(), one.value.as_str()))))
            }
            (Cause::MappingMissing(_), _) => Err(other),
            _ => Err(one),
        },
        (Err(failure), _) | (_, Err(failure)) => Err(failure),
    }
}

/// Returns the number by which the order is found again: the one that people know it by in the source, else the source's
/// id.
pub(crate) fn external_number(order: &Order, config: &Config) -> Result<String> {
    let numbers = [&order.number, &order.id, &order.external_number];
    let number = numbers.into_iter().find_map(|number| filled(number.as_deref())).ok_or_else(|| {
        let message = "the order has no number, by which it would be found again; map `number`";
        Failure::invalid_record(vec![violation("/number", "required", message)])
    })?;
    Ok(format!("{}{number}", config.external_number_prefix))
}

fn currency(order: &Order, config: &Config) -> Result<RemoteId> {
    if let Some(given) = given_id(&order.extra, "currency_id") {
        let message = "`currency_id` is no id; map it to one of the reference list `currency`";
        let wrong = || Failure::invalid_record(vec![violation("/extra/currency_id", "not-an-id", message)]);
        return given.ok_or_else(wrong);
    }
    let Some(code) = filled(order.currency.as_deref()) else {
        let message = "the order has no currency; map `currency`";
        return Err(Failure::invalid_record(vec![violation("/currency", "required", message)]));
    };
    config.currency(code).cloned().ok_or_else(|| Failure::mapping_missing([("currency", code)]))
}

/// The document's own status is another system's.
fn status(order: &Order, config: &Config) -> Result<Option<RemoteId>> {
    match given_id(&order.extra, "status_id") {
        None => Ok(config.order_status.clone()),
        Some(Some(given)) => Ok(Some(given)),
        Some(None) => {
            let message = "`status_id` is no id; map it to one of the reference list `order-status`";
            Err(Failure::invalid_record(vec![violation("/extra/status_id", "not-an-id", message)]))
        }
    }
}

/// What goes into attributes: their labels and values, in the order of [`Config::order_attributes`].
type Texts = [(&'static str, Option<String>); 6];

fn texts(order: &Order) -> Result<Texts> {
    let delivery = order.delivery.as_ref();
    let text = |text: Option<&str>| filled(text).map(str::to_owned);
    let [first, second] = ADDITIONAL;
    Ok([
        ("Delivery method", text(delivery.and_then(|delivery| delivery.method.as_deref()))),
        (
            "Delivery price",
            delivery.and_then(|delivery| delivery.price_gross).map(|price| format!("{:.2}", price.round(2))),
        ),
        ("Payment method", text(order.payment.as_ref().and_then(|payment| payment.method.as_deref()))),
        ("Additional field 1", additional(order, first)?),
        ("Additional field 2", additional(order, second)?),
        ("Customer's note", text(order.customer_note.as_deref())),
    ])
}

fn additional(order: &Order, name: &str) -> Result<Option<String>> {
    match order.extra.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(filled(Some(text)).map(str::to_owned)),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => {
            let message = format!("`{name}` is no plain value; map a text or a number to it");
            Err(Failure::invalid_record(vec![violation(format!("/extra/{name}"), "not-text", message)]))
        }
    }
}

fn attributes(texts: &Texts, config: &Config) -> Vec<Body> {
    let ids = config.order_attributes();
    let pairs = ids.iter().zip(texts).filter_map(|((_, id), (_, text))| Some(((*id)?, text.as_deref()?)));
    pairs.map(|(id, text)| attribute(id, text)).collect()
}

/// Says in words what Optimakers' order has no field or attribute for.
fn note(order: &Order, texts: &Texts, config: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |label: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            lines.push(format!("{label}: {text}"));
        }
    };
    for ((label, text), (_, id)) in texts.iter().zip(config.order_attributes()) {
        say(label, text.clone().filter(|_| id.is_none()));
    }
    if let Some(delivery) = &order.delivery {
        say("Delivery address", delivery.address.as_ref().map(address_words));
        let point = delivery.pickup_point.as_ref();
        let parts = point.map(|point| [point.id.clone(), point.address.as_ref().map(address_words)]);
        say("Pickup point", parts.map(|parts| joined(", ", parts)));
    }
    if let Some(payment) = &order.payment {
        say(
            "Payment",
            payment.cash_on_delivery.filter(|on_delivery| *on_delivery).map(|_| "cash on delivery".to_owned()),
        );
        say("Paid", payment.paid.map(|paid| paid.to_string()));
    }
    say("Invoice address", order.invoice_address.as_ref().map(address_words));
    say("Note", order.internal_note.clone());
    lines
}

fn address_words(address: &Address) -> String {
    let street = address.street.as_deref().map(|street| street.replace('\n', ", "));
    let town = joined(" ", [address.postcode.clone(), address.city.clone()]);
    let parts = [
        address.name.clone(),
        address.company.clone(),
        street,
        Some(town),
        address.state.clone(),
        address.country.clone(),
    ];
    joined(", ", parts)
}

fn joined<const N: usize>(separator: &str, parts: [Option<String>; N]) -> String {
    let filled: Vec<String> = parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect();
    filled.join(separator)
}

impl Prepared<'_> {
    /// Makes what is sent for a new order.
    pub(crate) fn body(&self, customer: &str, lines: &[PricedLine]) -> Body {
        Body::new()
            .text("externalNumber", Some(self.external_number.as_str()))
            .id("statusId", self.status.as_ref())
            .id("customerId", RemoteId::parse(customer).as_ref())
            .id("currencyId", Some(&self.currency))
            .text("orderDate", self.order_date.as_deref())
            .text("deadline", self.deadline.as_deref())
            .text("note", Some(self.note.as_str()))
            .parts("items", lines.iter().map(PricedLine::body).collect())
            .parts("attributes", self.attributes.clone())
    }

    /// Tells whether an order in Optimakers is this one: the same customer, currency and lines. Status, notes and
    /// attributes may have moved on.
    pub(crate) fn is_same(&self, row: &api::Order<'_>, customer: &str, lines: &[PricedLine]) -> bool {
        let mut found: Vec<&api::Line<'_>> = row.items.iter().flatten().collect();
        let same_head = row.customer_id.as_str() == customer && row.currency_id.as_str() == self.currency.as_str();
        same_head
            && found.len() == lines.len()
            && lines.iter().all(|line| {
                let place = found.iter().position(|found| is_line(line, found));
                place.map(|place| found.swap_remove(place)).is_some()
            })
    }
}

fn is_line(line: &PricedLine, found: &api::Line<'_>) -> bool {
    words(found.name.as_str()) == line.name
        && found.quantity.get() == Some(line.quantity)
        && found.net_price.get() == Some(line.net)
        && found.vat_rate_id.as_str() == line.vat_rate.as_str()
}

/// Makes what is sent for a change of an order: deadline, note and attributes, where the document has them. The first
/// line of the note, by which the order is found again, stays.
pub(crate) fn change(order: &Order, note_now: &str, config: &Config) -> Result<Body> {
    let texts = texts(order)?;
    let head = note_now.lines().next().filter(|line| line.starts_with("Ref: "));
    let note = filled(order.internal_note.as_deref())
        .map(|note| joined("\n", [head.map(str::to_owned), Some(note.to_owned())]));
    Ok(Body::new()
        .text("deadline", local_of(config.zone(), "/deadline", order.deadline.as_deref())?)
        .text("note", note)
        .parts("attributes", attributes(&texts, config)))
}

/// Returns the status that a document moves an order to: an id of the reference list.
pub(crate) fn wanted_status(order: &Order) -> Result<RemoteId> {
    let Some(status) = filled(order.status.as_deref()) else {
        let message = "the document names no status; map `status`";
        let missing: Violation = violation("/status", "required", message);
        return Err(Failure::invalid_record(vec![missing]));
    };
    RemoteId::parse(status).ok_or_else(|| Failure::mapping_missing([("order-status", status)]))
}
