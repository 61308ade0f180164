//! Items of orders and invoices.

use wharf_sdk::document::{Decimal, Extra, InvoiceLine, OrderLine, TaxRate};
use wharf_sdk::{Failure, Result, violation};

use crate::api::{self, Draft, Resource};
use crate::config::{Config, UnitPrices};

/// An item as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) quantity: Decimal,
    pub(crate) unit: Option<String>,
    pub(crate) unit_price: Option<Decimal>,
    pub(crate) vat_rate: Option<Decimal>,
}

impl Item {
    /// Makes what is sent for it; `kind` is `order-item` or `document-item`.
    pub(crate) fn draft(&self, kind: &'static str) -> Draft {
        Draft::new(kind)
            .text("name", self.name.as_str())
            .number("quantity", self.quantity)
            .text_if("unit", self.unit.as_deref())
            .number_if("unit-price", self.unit_price)
            .number_if("vat-rate", self.vat_rate)
    }

    /// Tells whether FLOWii's item is this one; it may write spaces and zeros its own way.
    pub(crate) fn is(&self, name: &str, quantity: Option<Decimal>) -> bool {
        name.split_whitespace().eq(self.name.split_whitespace()) && quantity.is_none_or(|it| it == self.quantity)
    }
}

/// What is known of the price of a line.
struct Pricing<'a> {
    net: Option<Decimal>,
    gross: Option<Decimal>,
    rate: Option<&'a TaxRate>,
}

/// Makes the items of an order.
pub(crate) fn of_order(lines: &[OrderLine], config: &Config) -> Result<Vec<Item>> {
    let item = |(index, line): (usize, &OrderLine)| {
        let pricing = Pricing { net: line.unit_price_net, gross: line.unit_price_gross, rate: line.tax_rate.as_ref() };
        make(index, &line.name, line.quantity, line.unit.as_deref(), &pricing, config)
    };
    lines.iter().enumerate().map(item).collect()
}

/// Makes the items of an invoice.
pub(crate) fn of_invoice(lines: &[InvoiceLine], config: &Config) -> Result<Vec<Item>> {
    let item = |(index, line): (usize, &InvoiceLine)| {
        let pricing = Pricing { net: line.unit_price_net, gross: line.unit_price_gross, rate: line.tax_rate.as_ref() };
        make(index, &line.name, line.quantity, line.unit.as_deref(), &pricing, config)
    };
    lines.iter().enumerate().map(item).collect()
}

fn make(
    index: usize,
    name: &str,
    quantity: Decimal,
    unit: Option<&str>,
    pricing: &Pricing<'_>,
    config: &Config,
) -> Result<Item> {
    if name.trim().is_empty() {
        let message = "the line has no name; FLOWii needs one";
        return Err(refused(index, "name", "required", message));
    }
    let vat_rate = vat_rate(pricing)?;
    let unit_price = unit_price(index, pricing, vat_rate, config)?;
    Ok(Item { name: name.to_owned(), quantity, unit: unit.map(str::to_owned), unit_price, vat_rate })
}

/// Returns the percentage; a rate without one has no counterpart in FLOWii, which knows numbers only.
fn vat_rate(pricing: &Pricing<'_>) -> Result<Option<Decimal>> {
    match pricing.rate {
        Some(TaxRate { percent: Some(percent), .. }) => Ok(Some(*percent)),
        Some(TaxRate { percent: None, code: Some(code) }) => {
            Err(Failure::mapping_missing([("vat-rate", code.as_str())]))
        }
        Some(TaxRate { percent: None, code: None }) | None => Ok(None),
    }
}

fn unit_price(index: usize, pricing: &Pricing<'_>, rate: Option<Decimal>, config: &Config) -> Result<Option<Decimal>> {
    let places = config.unit_price_places;
    let (wanted, other) = match config.unit_prices {
        UnitPrices::Net => (pricing.net, pricing.gross),
        UnitPrices::Gross => (pricing.gross, pricing.net),
    };
    let (None, Some(other)) = (wanted, other) else { return Ok(wanted) };
    let Some(rate) = rate else {
        let message = "the price cannot be worked out without a tax rate; give `tax_rate.percent`, or both prices";
        return Err(refused(index, "tax_rate", "required", message));
    };
    let price = match config.unit_prices {
        UnitPrices::Net => other.net_of_gross(rate, places),
        UnitPrices::Gross => gross_of_net(other, rate, places),
    };
    let message = "the price at that tax rate cannot be worked out; correct one of them";
    price.map(Some).ok_or_else(|| refused(index, "tax_rate", "not-computable", message))
}

fn gross_of_net(net: Decimal, rate: Decimal, places: u32) -> Option<Decimal> {
    let hundred = "100".parse::<Decimal>().ok()?.get();
    let factor = hundred.checked_add(rate.get())?;
    let gross = net.get().checked_mul(factor)?.checked_div(hundred)?;
    Some(Decimal::new(gross).round(places))
}

fn refused(index: usize, field: &str, code: &str, message: &str) -> Failure {
    Failure::invalid_record(vec![violation(format!("/lines/{index}/{field}"), code, message)])
}

/// Makes a line of an order.
pub(crate) fn read(row: &Resource<'_>, config: &Config) -> Result<OrderLine> {
    let attributes: api::OrderItem<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    let price = attributes.unit_price.get();
    let (net, gross) = match config.unit_prices {
        UnitPrices::Net => (price, None),
        UnitPrices::Gross => (None, price),
    };
    Ok(OrderLine {
        id: row.id.filled(),
        product_id: row.related_id("product")?,
        quantity: attributes.quantity.or_zero(),
        unit: attributes.unit.filled(),
        unit_price_net: net,
        unit_price_gross: gross,
        tax_rate: attributes.vat_rate.get().map(|percent| TaxRate { percent: Some(percent), code: None }),
        name: attributes.name.into_string(),
        extra,
        ..OrderLine::default()
    })
}

/// Makes a line of an invoice.
pub(crate) fn read_invoiced(row: &Resource<'_>, config: &Config) -> Result<InvoiceLine> {
    let line = read(row, config)?;
    Ok(InvoiceLine {
        product_id: line.product_id,
        name: line.name,
        quantity: line.quantity,
        unit: line.unit,
        unit_price_net: line.unit_price_net,
        unit_price_gross: line.unit_price_gross,
        tax_rate: line.tax_rate,
        extra: line.extra,
        ..InvoiceLine::default()
    })
}
