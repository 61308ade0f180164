//! From gross to net, line by line, with a check on the total.
//!
//! Optimakers keeps net prices [assumed], shops have gross ones. The net price of a unit is worked out by the mapped
//! rate and rounded, so that a line's gross value, worked out again from the net price, may differ by some cents from
//! what the customer paid. Nothing is added to make up for it: the difference is accepted where the rounding of the
//! prices explains it (or `gross_tolerance` allows it), and is a mistake in the document where it does not.

use wharf_sdk::document::{Decimal, Order, OrderLine};
use wharf_sdk::{Failure, Result, Violation, violation};

use super::filled;
use super::product::rate_key;
use crate::body::Body;
use crate::config::{Config, ItemProducts, RemoteId};
use crate::references::VatRates;

/// Decimal places of an amount of money.
const PLACES: u32 = 2;

/// A line whose VAT rate is mapped.
#[derive(Debug, Clone)]
pub(crate) struct MappedLine<'a> {
    line: &'a OrderLine,
    vat_rate: RemoteId,
    /// Product that the document gives as one of Optimakers.
    given_product: Option<RemoteId>,
}

/// A line as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PricedLine {
    pub(crate) name: String,
    pub(crate) quantity: Decimal,
    pub(crate) net: Decimal,
    pub(crate) vat_rate: RemoteId,
    pub(crate) product: Option<RemoteId>,
}

/// Maps the VAT rates of an order's lines. All that is wrong and all that is not mapped is told at once.
pub(crate) fn mapped<'a>(order: &'a Order, config: &Config) -> Result<Vec<MappedLine<'a>>> {
    let (mut found, mut wrong, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    if order.lines.is_empty() {
        wrong.push(violation("/lines", "required", "the order has no lines; map `lines`"));
    }
    for (index, line) in order.lines.iter().enumerate() {
        wrong.extend(line_violations(index, line));
        let given_product = given_product(index, line, config, &mut wrong);
        match vat_rate(index, line, config) {
            Ok(vat_rate) => found.push(MappedLine { line, vat_rate, given_product }),
            Err(Unmapped::Wrong(violation)) => wrong.push(violation),
            Err(Unmapped::Missing(key)) if missing.contains(&key) => {}
            Err(Unmapped::Missing(key)) => missing.push(key),
        }
    }
    if !wrong.is_empty() {
        return Err(Failure::invalid_record(wrong));
    }
    if !missing.is_empty() {
        return Err(Failure::mapping_missing(missing.iter().map(|key| ("vat-rate", key.as_str()))));
    }
    Ok(found)
}

fn line_violations(index: usize, line: &OrderLine) -> Vec<Violation> {
    let mut found = Vec::new();
    if line.name.trim().is_empty() {
        found.push(violation(format!("/lines/{index}/name"), "required", "the line has no name; map `name`"));
    }
    if line.unit_price_net.is_none() && line.unit_price_gross.is_none() {
        let message = "the line has no price; map `unit_price_gross` or `unit_price_net`";
        found.push(violation(format!("/lines/{index}/unit_price_gross"), "required", message));
    }
    found
}

fn given_product(index: usize, line: &OrderLine, config: &Config, wrong: &mut Vec<Violation>) -> Option<RemoteId> {
    let text = filled(line.product_id.as_deref()).filter(|_| config.item_products == ItemProducts::AsGiven)?;
    let id = RemoteId::parse(text);
    if id.is_none() {
        let message = format!("`{text}` is no product id of Optimakers; map one, or set `item_products` to `by-code`");
        wrong.push(violation(format!("/lines/{index}/product_id"), "not-an-id", message));
    }
    id
}

/// Why a line has no VAT rate.
enum Unmapped {
    Wrong(Violation),
    Missing(String),
}

/// Returns the VAT rate of a line: the id that a flow's mapping put into `extra.vat_rate_id`, else the configured one.
fn vat_rate(index: usize, line: &OrderLine, config: &Config) -> std::result::Result<RemoteId, Unmapped> {
    if let Some(given) = super::order::given_id(&line.extra, "vat_rate_id") {
        let place = format!("/lines/{index}/extra/vat_rate_id");
        let message = "`vat_rate_id` is no id; map it to one of the reference list `vat-rate`";
        return given.ok_or_else(|| Unmapped::Wrong(violation(place, "not-an-id", message)));
    }
    match &line.tax_rate {
        Some(rate) if rate.percent.is_some() || rate.code.is_some() => {
            config.vat_rate(rate).cloned().ok_or_else(|| Unmapped::Missing(rate_key(rate)))
        }
        _ => {
            let message = "the line has no tax rate; map `tax_rate`";
            Err(Unmapped::Wrong(violation(format!("/lines/{index}/tax_rate"), "required", message)))
        }
    }
}

/// Returns the percentages as the document has them, for a plan that asks nobody.
pub(crate) fn rates_of_document(lines: &[MappedLine<'_>]) -> VatRates {
    let percent = |line: &MappedLine<'_>| line.line.tax_rate.as_ref().and_then(|rate| rate.percent).unwrap_or_default();
    VatRates::new(lines.iter().map(|line| (line.vat_rate.to_string(), percent(line))))
}

/// Works out net prices and checks the total.
pub(crate) fn priced(lines: &[MappedLine<'_>], rates: &VatRates, config: &Config) -> Result<Vec<PricedLine>> {
    let mut totals = Totals::default();
    let mut found = Vec::with_capacity(lines.len());
    for (index, mapped) in lines.iter().enumerate() {
        let percent = rates.percent(mapped.vat_rate.as_str()).ok_or_else(|| unknown_rate(mapped))?;
        let place = format!("/lines/{index}/unit_price_gross");
        let message = "the net price at that tax rate cannot be worked out; correct one of them";
        let priced = price(mapped, percent, config)
            .ok_or_else(|| Failure::invalid_record(vec![violation(place, "not-computable", message)]))?;
        totals.add(mapped.line, &priced, percent, config.net_price_places);
        found.push(priced);
    }
    totals.check(config.gross_tolerance)?;
    Ok(found)
}

fn unknown_rate(mapped: &MappedLine<'_>) -> Failure {
    let key = mapped.line.tax_rate.as_ref().map(rate_key).unwrap_or_else(|| mapped.vat_rate.to_string());
    let message =
        format!("`{key}` is mapped to VAT rate {}, which Optimakers does not have; map it anew", mapped.vat_rate);
    Failure::mapping_missing([("vat-rate", key.as_str())]).with_message(message)
}

fn price(mapped: &MappedLine<'_>, percent: Decimal, config: &Config) -> Option<PricedLine> {
    let line = mapped.line;
    let net = match (line.unit_price_net, line.unit_price_gross) {
        (Some(net), _) => net,
        (None, Some(gross)) => gross.net_of_gross(percent, config.net_price_places)?,
        (None, None) => return None,
    };
    Some(PricedLine {
        name: super::words(&line.name),
        quantity: line.quantity,
        net,
        vat_rate: mapped.vat_rate.clone(),
        product: mapped.given_product.clone(),
    })
}

fn hundred() -> Option<Decimal> {
    "100".parse().ok()
}

/// Returns the gross price of one unit at a net price.
pub(crate) fn gross_of_unit(net: Decimal, percent: Decimal) -> Option<Decimal> {
    gross_of(net, "1".parse().ok()?, percent)
}

/// Returns the gross value of so many units at a net price, rounded as an invoice rounds it.
fn gross_of(net: Decimal, quantity: Decimal, percent: Decimal) -> Option<Decimal> {
    let hundred = hundred()?.get();
    let net = net.get().checked_mul(quantity.get())?;
    let gross = net.checked_mul(hundred.checked_add(percent.get())?)?.checked_div(hundred)?;
    Some(Decimal::new(gross).round(PLACES))
}

/// The gross total, as the document has it and as it comes out of the net prices.
#[derive(Debug, Default)]
struct Totals {
    document: Decimal,
    sent: Decimal,
    /// Most that rounding can make of it.
    rounding: Decimal,
    overflow: bool,
}

impl Totals {
    /// Counts a line; one without a gross price has nothing to compare.
    fn add(&mut self, line: &OrderLine, priced: &PricedLine, percent: Decimal, places: u32) {
        let Some(gross) = line.unit_price_gross else { return };
        let sums = || {
            let document = gross.get().checked_mul(line.quantity.get())?.checked_add(self.document.get())?;
            let sent = gross_of(priced.net, line.quantity, percent)?.get().checked_add(self.sent.get())?;
            let rounding = rounding(line.quantity, percent, places)?.get().checked_add(self.rounding.get())?;
            Some([document, sent, rounding].map(Decimal::new))
        };
        match sums() {
            Some([document, sent, rounding]) => (self.document, self.sent, self.rounding) = (document, sent, rounding),
            None => self.overflow = true,
        }
    }

    fn check(&self, tolerance: Option<Decimal>) -> Result<()> {
        let (document, sent) = (self.document.round(PLACES), self.sent);
        let difference = document.get().checked_sub(sent.get()).map(|difference| Decimal::new(difference.abs()));
        let most = tolerance.unwrap_or(self.rounding);
        if !self.overflow && difference.is_some_and(|difference| difference <= most) {
            return Ok(());
        }
        let message = format!(
            "the gross total is {document} in the document and {sent} by the net prices and mapped VAT rates; \
             correct the prices or the mapping of the rates, or raise `gross_tolerance`"
        );
        Err(Failure::invalid_record(vec![violation("/lines", "total-mismatch", message)]))
    }
}

/// Most that rounding changes a line: half of the last place of the net price for each unit, with its tax, and half a
/// cent of the line's value.
fn rounding(quantity: Decimal, percent: Decimal, places: u32) -> Option<Decimal> {
    let half_of =
        |places: u32| format!("0.{}5", "0".repeat(usize::try_from(places).unwrap_or(0))).parse::<Decimal>().ok();
    let hundred = hundred()?.get();
    let per_unit = half_of(places)?.get().checked_mul(hundred.checked_add(percent.get())?)?.checked_div(hundred)?;
    let units = quantity.get().abs().checked_mul(per_unit)?;
    units.checked_add(half_of(PLACES)?.get()).map(Decimal::new)
}

impl PricedLine {
    /// Makes what is sent for it.
    pub(crate) fn body(&self) -> Body {
        Body::new()
            .id("productId", self.product.as_ref())
            .text("name", Some(self.name.as_str()))
            .number("quantity", Some(self.quantity))
            .number("netPrice", Some(self.net))
            .id("vatRateId", Some(&self.vat_rate))
    }
}
