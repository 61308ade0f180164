//! Products of an order: adding, changing and removing a line.
//!
//! `addOrderProduct` makes a new line each time. The correlation text goes into the line's `attributes`, the only free
//! text that a line has, where `verify` finds it.

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::document::{Decimal, Extra, OrderLine, TaxRate};
use wharf_sdk::http::Effect;
use wharf_sdk::{Action, Applied, Failure, Intent, Outcome, Preview, Result, Verdict};

use super::create::{has_word, product, quantity, tax_rate};
use super::parameters::{Parameters, Sent};
use super::{Call, no_action, number, verification};
use crate::api::order::RawOrders;
use crate::api::{Fields, Raw, Rows};
use crate::client::Client;
use crate::orders::question::Question;
use crate::records::all;

const ENTITY: &str = "order-line";
const ADD: &str = "addOrderProduct";

/// Document of an `order-line`. To create one: `order_id`, name, quantity, price and tax rate. To change one, the target is
/// `ORDER:LINE`, and what is missing stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Line {
    /// Id of the order that gets a new line.
    order_id: Option<String>,
    /// The product in its storage.
    product_id: Option<String>,
    /// Its variant.
    variant_id: Option<String>,
    /// Name.
    name: Option<String>,
    /// Stock keeping unit.
    sku: Option<String>,
    /// European article number.
    ean: Option<String>,
    /// Whole units.
    quantity: Option<Decimal>,
    /// Price of one unit with tax.
    unit_price_gross: Option<Decimal>,
    /// Price of one unit without tax, where there is none with it.
    unit_price_net: Option<Decimal>,
    /// Tax rate.
    tax_rate: Option<TaxRate>,
    /// `storage`, `storage_id`, `warehouse_id`, `location`, `attributes`, `weight`.
    extra: Extra,
}

/// Returns the first request.
pub(super) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    if intent.action != Action::Create {
        return change(intent)?.preview(client, Effect::IdempotentWrite);
    }
    let (order, call) = addition(intent)?;
    if !client.config.check_before_create {
        return call.preview(client, Effect::Write);
    }
    let preview = client.request("getOrders", &question(client, order), Effect::Read)?.preview()?;
    Ok(preview.note("looks whether the line is there already").note(call.note("unless it is:")))
}

/// Does it.
pub(super) fn apply(client: &Client, intent: &Intent) -> Result<Outcome> {
    if intent.action != Action::Create {
        change(intent)?.set(client)?;
        return Ok(Outcome::applied(intent.target()?));
    }
    let (order, call) = addition(intent)?;
    if client.config.check_before_create
        && let Some(found) = find(client, order, &intent.correlation)?
    {
        return Ok(Outcome::AlreadyApplied(found));
    }
    let answer = client.write(call.method, &call.parameters, Effect::Write)?;
    let line = answer.fields()?.get("order_product_id");
    if line.is_no_id() {
        return Err(answer.response().unreadable("`addOrderProduct` tells no `order_product_id`"));
    }
    Ok(Outcome::applied(format!("{order}:{}", line.text())))
}

/// Looks for the line, or compares it.
pub(super) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    if intent.action == Action::Create {
        let (order, _) = addition(intent)?;
        let found = find(client, order, &intent.correlation)?;
        return Ok(found.map_or(Verdict::Absent, Verdict::Found));
    }
    let (order, line) = target(intent)?;
    let call = change(intent)?;
    let removed = intent.action == Action::Delete;
    let done = with_lines(client, order, |lines| {
        let found = lines.iter().find(|fields| fields.get("order_product_id").whole() == Some(line));
        match found {
            None => removed,
            Some(fields) => !removed && verification::has_all(fields, &call.parameters),
        }
    })?;
    let gone = done.is_none() && removed;
    Ok(if gone || done == Some(true) { Verdict::Found(Applied::new(intent.target()?)) } else { Verdict::Absent })
}

/// Returns the call that adds the line, and the order that it is added to.
fn addition(intent: &Intent) -> Result<(u64, Call)> {
    let line: Line = intent.document()?;
    let mut parameters = Parameters::default();
    let order = match &line.order_id {
        Some(order) => number("/order_id", order)?,
        None => return Err(missing("order_id", "the line has no order")),
    };
    for (name, present) in [("name", line.name.is_some()), ("quantity", line.quantity.is_some())] {
        if !present {
            parameters.wrong(format!("/{name}"), "required", format!("a new line has no `{name}`; map one"));
        }
    }
    let mut extra = line.extra;
    let attributes = extra.get("attributes").and_then(|text| text.as_str()).filter(|text| !text.is_empty());
    let marked = attributes
        .map_or_else(|| format!("[{}]", intent.correlation), |text| format!("{text} [{}]", intent.correlation));
    extra.insert("attributes".to_owned(), marked.into());
    let whole = OrderLine {
        product_id: line.product_id,
        variant_id: line.variant_id,
        sku: line.sku,
        ean: line.ean,
        name: line.name.unwrap_or_default(),
        quantity: line.quantity.unwrap_or_default(),
        unit_price_gross: line.unit_price_gross,
        unit_price_net: line.unit_price_net,
        tax_rate: line.tax_rate,
        extra,
        ..OrderLine::default()
    };
    parameters.take_over(product("", &whole));
    Ok((order, Call { method: ADD, parameters: parameters.checked()?.first("order_id", Sent::Whole(order)) }))
}

/// Returns the call that changes or removes a line.
fn change(intent: &Intent) -> Result<Call> {
    let (order, line) = target(intent)?;
    let (method, parameters) = match intent.action {
        Action::Delete => ("deleteOrderProduct", Parameters::default()),
        Action::Update => ("setOrderProductFields", fields(&intent.document()?)?),
        _ => return no_action(intent),
    };
    let parameters = parameters.first("order_product_id", Sent::Whole(line)).first("order_id", Sent::Whole(order));
    Ok(Call { method, parameters })
}

/// Reads `ORDER:LINE`.
fn target(intent: &Intent) -> Result<(u64, u64)> {
    let target = intent.target()?;
    let missing = || Failure::subject_not_found(ENTITY, target);
    let (order, line) = target.split_once(':').ok_or_else(missing)?;
    Ok((order.parse().map_err(|_| missing())?, line.parse().map_err(|_| missing())?))
}

fn fields(line: &Line) -> Result<Parameters> {
    let mut fields = Parameters::default();
    fields.text("product_id", "/product_id", 50, line.product_id.as_deref());
    fields.text("variant_id", "/variant_id", 30, line.variant_id.as_deref());
    fields.text("name", "/name", 200, line.name.as_deref());
    fields.text("sku", "/sku", 50, line.sku.as_deref());
    fields.text("ean", "/ean", 32, line.ean.as_deref());
    for (name, most) in [("storage", 20), ("location", 50), ("attributes", 350)] {
        if let Some(value) = line.extra.get(name) {
            fields.scalar(name, &format!("/extra/{name}"), most, value);
        }
    }
    for name in ["storage_id", "warehouse_id"] {
        fields.whole_extra(name, &line.extra);
    }
    fields.decimal_extra("weight", &line.extra);
    fields.number(
        "price_brutto",
        line.unit_price_gross.or_else(|| {
            line.tax_rate
                .as_ref()
                .zip(line.unit_price_net)
                .and_then(|(rate, net)| super::create::gross_of_net(net, rate))
        }),
    );
    if line.tax_rate.is_some() {
        tax_rate(&mut fields, "/tax_rate", line.tax_rate.as_ref());
    }
    if let Some(units) = line.quantity {
        quantity(&mut fields, "/quantity", units);
    }
    if fields.is_empty() {
        fields.wrong("", "empty", "the document has no field that a line can be changed by; map at least one");
    }
    fields.checked()
}

fn question<'a>(client: &Client, order: u64) -> Question<'a> {
    Question { order_id: Some(order), ..all(client) }
}

/// Looks for the line that has the correlation text.
fn find(client: &Client, order: u64, correlation: &str) -> Result<Option<Applied>> {
    let found = with_lines(client, order, |lines| {
        let line = lines.iter().find(|line| has_word(&line.get("attributes").text(), correlation))?;
        Some(Applied::new(format!("{order}:{}", line.get("order_product_id").text())))
    })?;
    Ok(found.flatten())
}

/// Reads the lines of an order; none when there is no such order.
fn with_lines<T>(client: &Client, order: u64, does: impl FnOnce(&[Fields<'_>]) -> T) -> Result<Option<T>> {
    let answer = client.read("getOrders", &question(client, order))?;
    let RawOrders(Rows(orders)) = answer.payload()?;
    for raw in orders {
        let fields: Fields<'_> = answer.read(raw)?;
        if fields.get("order_id").whole() == Some(order) {
            let products = fields.get("products");
            let products = if products.is_present() { products } else { Raw::new("[]") };
            let Rows(lines): Rows<Fields<'_>> = answer.read(products)?;
            return Ok(Some(does(&lines)));
        }
    }
    Ok(None)
}

fn missing(name: &str, what: &str) -> Failure {
    let message = format!("{what}; map `{name}`");
    Failure::invalid_record(vec![wharf_sdk::violation(format!("/{name}"), "required", message)])
}
