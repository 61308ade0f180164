//! Creating an order, and finding one that was created.

use wharf_sdk::civil::parse_rfc3339;
use wharf_sdk::document::{Address, Decimal, Order, OrderLine, PartnerKind, TaxRate};
use wharf_sdk::failure::Cause;
use wharf_sdk::http::Effect;
use wharf_sdk::{Intent, Outcome, Preview, Result, Verdict};

use super::parameters::{Parameters, Sent};
use super::{Call, applied};
use crate::api::Raw;
use crate::api::order::{Added, Order as WireOrder};
use crate::assumed::{SEARCH_MARGIN_SECONDS, TAX_CODES};
use crate::client::Client;
use crate::config::CorrelationField;
use crate::orders::question::Question;
use crate::records::{all, search};

const METHOD: &str = "addOrder";
/// Longest address of e-mail that `getOrders` filters by.
const FILTER_EMAIL_CHARS: usize = 50;

/// Returns the call that adds the order, or the look-up before it with a note of the call.
pub(super) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    let order: Order = intent.document()?;
    let call = Call { method: METHOD, parameters: parameters(client, intent, &order)? };
    if !client.config.check_before_create {
        return client.request(METHOD, &call.parameters, Effect::Write)?.preview();
    }
    let look_up = Question { id_from: Some(1), ..whereabouts(client, &order) };
    let preview = client.request("getOrders", &look_up, Effect::Read)?.preview()?;
    Ok(preview.note("looks whether the order is there already").note(call.note("unless it is:")))
}

/// Adds the order, unless it is there.
pub(super) fn apply(client: &Client, intent: &Intent) -> Result<Outcome> {
    let order: Order = intent.document()?;
    let parameters = parameters(client, intent, &order)?;
    if client.config.check_before_create
        && let Some(id) = find(client, intent, &order)?
    {
        return Ok(Outcome::AlreadyApplied(applied(&id)));
    }
    let answer = client.write(METHOD, &parameters, Effect::Write)?;
    let Added(id) = answer.payload()?;
    if id.is_no_id() {
        return Err(answer.response().unreadable("`addOrder` tells no `order_id`"));
    }
    Ok(Outcome::Applied(applied(&id.text())))
}

/// Looks for the order by its correlation text.
pub(super) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    let order: Order = intent.document()?;
    match find(client, intent, &order) {
        Ok(Some(id)) => Ok(Verdict::Found(applied(&id))),
        Ok(None) => Ok(Verdict::Absent),
        Err(failure) if matches!(failure.cause(), Cause::TooLarge(_) | Cause::ContractChanged(_)) => {
            Ok(Verdict::Inconclusive(failure.message().to_owned()))
        }
        Err(failure) => Err(failure),
    }
}

/// Finds the order that has the correlation text.
///
/// No filter of the vendor's takes an additional field. So the orders are gone through that were created since the time
/// that the new one was given, confirmed or not; the buyer's e-mail narrows them where there is one.
fn find(client: &Client, intent: &Intent, order: &Order) -> Result<Option<String>> {
    let field = client.config.correlation_field;
    let is_it = |order: &WireOrder<'_>| has_correlation(order, field, &intent.correlation);
    let found = search(client, whereabouts(client, order), 1, is_it)?;
    Ok(found.into_iter().next().map(|item| item.id))
}

fn whereabouts<'a>(client: &Client, order: &'a Order) -> Question<'a> {
    let email = order.customer.email.as_deref().filter(|email| !email.is_empty());
    let created = order.created_at.as_deref().and_then(parse_rfc3339).unwrap_or(0) / 1000;
    Question {
        date_from: Some(created.saturating_sub(SEARCH_MARGIN_SECONDS).max(1)),
        filter_email: email.filter(|email| email.chars().count() <= FILTER_EMAIL_CHARS),
        ..all(client)
    }
}

fn has_correlation(order: &WireOrder<'_>, field: CorrelationField, correlation: &str) -> bool {
    let text = match field {
        CorrelationField::AdminComments => order.admin_comments,
        other => order.unknown.get(other.name()).map_or(Raw::default(), Raw::new),
    };
    has_word(&text.text(), correlation)
}

/// Tells whether a text has the correlation text as a word of its own.
pub(super) fn has_word(text: &str, correlation: &str) -> bool {
    text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '-')).any(|word| word == correlation)
}

fn parameters(client: &Client, intent: &Intent, order: &Order) -> Result<Parameters> {
    let mut parameters = Parameters::default();
    head(&mut parameters, client, order);
    paid(&mut parameters, order);
    parameters.text("user_comments", "/customer_note", 510, order.customer_note.as_deref());
    parameters.buyer(order);
    parameters.delivery(order);
    addresses(&mut parameters, order);
    parameters.extra_fields(&order.extra);
    correlation(&mut parameters, client.config.correlation_field, intent, order);
    let lines = order.lines.iter().enumerate().map(|(index, line)| product(&format!("/lines/{index}"), line)).collect();
    parameters.rows("products", lines);
    if order.lines.is_empty() {
        parameters.wrong("/lines", "required", "the order has no lines; map `lines`");
    }
    parameters.checked()
}

fn head(parameters: &mut Parameters, client: &Client, order: &Order) {
    match &order.status {
        Some(status) => parameters.listed("order_status_id", "order-status", status),
        None => parameters.wrong("/status", "required", "the order has no status; map `status`"),
    }
    source(parameters, client, order);
    match order.created_at.as_deref().map(parse_rfc3339) {
        Some(Some(created)) => parameters.put("date_add", Sent::Whole(created / 1000)),
        Some(None) => {
            let message = "`created_at` is no time; write it like `2026-02-01T10:00:00Z`";
            parameters.wrong("/created_at", "not-a-time", message);
        }
        None => parameters.wrong("/created_at", "required", "the order has no time of creation; map `created_at`"),
    }
    match &order.currency {
        Some(currency) => parameters.text("currency", "/currency", 3, Some(currency)),
        None => parameters.wrong("/currency", "required", "the order has no currency; map `currency`"),
    }
}

/// Only personal sources can be given; the key is `personal:5` or the number alone.
fn source(parameters: &mut Parameters, client: &Client, order: &Order) {
    match &order.source {
        Some(source) => {
            let id = source.strip_prefix("personal:").unwrap_or(source);
            parameters.listed("custom_source_id", "order-source", id);
        }
        None => {
            if let Some(id) = client.config.custom_source_id {
                parameters.put("custom_source_id", Sent::Whole(id));
            }
        }
    }
}

/// `addOrder` knows an order that is paid and one that is not.
fn paid(parameters: &mut Parameters, order: &Order) {
    let payment = order.payment.clone().unwrap_or_default();
    parameters.text("payment_method", "/payment/method", 30, Some(payment.method.as_deref().unwrap_or("")));
    parameters.flag("payment_method_cod", Some(payment.cash_on_delivery.unwrap_or(false)));
    let paid = payment.paid.unwrap_or_default();
    let is_paid = paid > Decimal::ZERO;
    if is_paid && total(order).is_some_and(|total| paid < total) {
        let message =
            format!("{paid} is a part of the order's value, and a new order is paid whole or not at all; map 0");
        parameters.wrong("/payment/paid", "partly-paid", message);
    }
    parameters.flag("paid", Some(is_paid));
}

/// Returns the gross value of the order; none when a price is missing or the number does not fit.
fn total(order: &Order) -> Option<Decimal> {
    let delivery = order.delivery.as_ref().and_then(|delivery| delivery.price_gross).unwrap_or_default();
    let sum = order.lines.iter().try_fold(delivery.get(), |sum, line| {
        sum.checked_add(gross_price(line)?.get().checked_mul(line.quantity.get())?)
    });
    sum.map(Decimal::new)
}

/// Sends both addresses: where one is missing, the customer's own.
fn addresses(parameters: &mut Parameters, order: &Order) {
    let delivery = order.delivery.as_ref().and_then(|delivery| delivery.address.as_ref());
    let (at, address) = match (delivery, &order.customer.address) {
        (Some(address), _) => ("/delivery/address", address.clone()),
        (None, Some(address)) => ("/customer/address", address.clone()),
        (None, None) => ("/customer", Address::default()),
    };
    parameters.delivery_address(at, &named(address, order));
    let invoice = order.invoice_address.as_ref().map(|address| ("/invoice_address", address));
    let invoice = invoice.or(order.customer.address.as_ref().map(|address| ("/customer/address", address)));
    if let Some((at, address)) = invoice {
        parameters.invoice_address(at, &named(address.clone(), order));
    }
}

/// Puts the customer's name into an address without one.
fn named(mut address: Address, order: &Order) -> Address {
    let nobody = address.name.is_none() && address.company.is_none() && !order.customer.name.is_empty();
    if nobody {
        let name = Some(order.customer.name.clone());
        match order.customer.kind {
            PartnerKind::Company => address.company = name,
            PartnerKind::Person => address.name = name,
        }
    }
    address
}

/// Leaves the text by which the order is found again.
fn correlation(parameters: &mut Parameters, field: CorrelationField, intent: &Intent, order: &Order) {
    let text = intent.correlation.as_str();
    let name = field.name();
    match field {
        CorrelationField::AdminComments => {
            let note = order.internal_note.as_deref().filter(|note| !note.is_empty());
            let note = note.map_or_else(|| format!("[{text}]"), |note| format!("{note} [{text}]"));
            parameters.text(name, "/internal_note", 200, Some(&note));
        }
        CorrelationField::ExtraField1 | CorrelationField::ExtraField2 => {
            if !parameters.text_of(name).unwrap_or_default().is_empty() {
                let message =
                    format!("`{name}` keeps the text by which orders are found again; map the value elsewhere");
                parameters.wrong(format!("/extra/{name}"), "reserved", message);
            }
            parameters.replace(name, Sent::Text(text.to_owned()));
            parameters.text("admin_comments", "/internal_note", 200, order.internal_note.as_deref());
        }
    }
}

/// Makes the parameters of a product of an order; `at` is where the line is in the document.
pub(super) fn product(at: &str, line: &OrderLine) -> Parameters {
    let path = |field: &str| format!("{at}/{field}");
    let mut product = Parameters::default();
    // Without an origin the product is one of the account's own catalog.
    let storage = line.extra.get("storage").and_then(|storage| storage.as_str()).unwrap_or("db");
    product.text("storage", &path("extra/storage"), 20, Some(storage));
    product.whole_extra("storage_id", &line.extra);
    product.text("product_id", &path("product_id"), 50, line.product_id.as_deref());
    product.text("variant_id", &path("variant_id"), 30, line.variant_id.as_deref());
    product.text("name", &path("name"), 200, Some(&line.name));
    product.text("sku", &path("sku"), 50, line.sku.as_deref());
    product.text("ean", &path("ean"), 32, line.ean.as_deref());
    for (name, most) in [("location", 50), ("attributes", 350)] {
        if let Some(value) = line.extra.get(name) {
            product.scalar(name, &path(&format!("extra/{name}")), most, value);
        }
    }
    product.whole_extra("warehouse_id", &line.extra);
    match gross_price(line) {
        Some(price) => product.number("price_brutto", Some(price)),
        None => product.wrong(path("unit_price_gross"), "required", "the line has no price with tax; map one"),
    }
    tax_rate(&mut product, &path("tax_rate"), line.tax_rate.as_ref());
    quantity(&mut product, &path("quantity"), line.quantity);
    if let Some(weight) = line.extra.get("weight").and_then(|weight| weight.to_string().trim_matches('"').parse().ok())
    {
        product.number("weight", Some(weight));
    }
    product
}

/// Returns the price with tax: the document's, or the one without tax and the rate, rounded to two places.
fn gross_price(line: &OrderLine) -> Option<Decimal> {
    line.unit_price_gross.or_else(|| gross_of_net(line.unit_price_net?, line.tax_rate.as_ref()?))
}

/// Returns the amount with tax, rounded to two places.
pub(super) fn gross_of_net(net: Decimal, rate: &TaxRate) -> Option<Decimal> {
    let percent = rate.percent.or(rate.code.is_some().then_some(Decimal::ZERO))?;
    let hundred: Decimal = "100".parse().ok()?;
    let gross = net.get().checked_mul(hundred.get().checked_add(percent.get())?)?.checked_div(hundred.get())?;
    Some(Decimal::new(gross).round(2))
}

/// Sends a rate of tax, which has to be there.
pub(super) fn tax_rate(product: &mut Parameters, path: &str, rate: Option<&TaxRate>) {
    match rate {
        Some(TaxRate { percent: Some(percent), .. }) => product.number("tax_rate", Some(*percent)),
        Some(TaxRate { code: Some(code), .. }) => {
            let special = TAX_CODES.iter().find(|(_, known)| known == code).and_then(|(number, _)| number.parse().ok());
            match special {
                Some(number) => product.number("tax_rate", Some(number)),
                None => product.unmapped("vat-rate", code),
            }
        }
        _ => product.wrong(path, "required", "the line has no tax rate; map one"),
    }
}

/// The vendor counts whole units.
pub(super) fn quantity(product: &mut Parameters, path: &str, quantity: Decimal) {
    let whole = quantity.round(0);
    if whole == quantity
        && let Ok(whole) = whole.to_string().parse::<u64>()
    {
        product.put("quantity", Sent::Whole(whole));
    } else {
        let message = format!("{quantity} is no whole number of units; map the line to another unit");
        product.wrong(path, "not-whole", message);
    }
}
