//! Customer invoices.

use wharf_sdk::document::{Decimal, Invoice, InvoiceKind, InvoiceLine, Partner};
use wharf_sdk::{Failure, Result, Violation, violation};

use super::{date_violation, day, key};
use crate::assumed::invoice::{
    CUSTOMER, CUSTOMER_NUMBER, DATE, DESCRIPTION, LINE_PRICE, LINE_PRODUCT, LINE_QUANTITY, LINE_TEXT, LINES, NUMBER,
    TOTAL,
};
use crate::body::Body;
use crate::config::Config;
use crate::row::Row;

/// Makes the common document of an invoice. The number is its id.
pub(crate) fn read(row: &Row<'_>, config: &Config) -> Result<Invoice> {
    let known = [NUMBER, DATE, CUSTOMER, DESCRIPTION, LINES, TOTAL].map(|field| config.name(field));
    let number = key(row, NUMBER, config)?;
    let date = day(row.text(config.name(DATE))?);
    let customer = row.part(config.name(CUSTOMER))?;
    let partner = Partner {
        id: customer.text(config.name(CUSTOMER_NUMBER))?,
        name: customer.text(config.name(crate::assumed::customer::NAME))?.unwrap_or_default(),
        ..Partner::default()
    };
    let lines = row.parts(config.name(LINES))?;
    Ok(Invoice {
        id: Some(number.clone()),
        kind: InvoiceKind::Sale,
        number: Some(number),
        issued_on: date,
        partner,
        lines: lines.iter().map(|line| read_line(line, config)).collect::<Result<_>>()?,
        total_gross: row.number(config.name(TOTAL))?,
        note: row.text(config.name(DESCRIPTION))?,
        extra: row.extra(&known),
        ..Invoice::default()
    })
}

fn read_line(row: &Row<'_>, config: &Config) -> Result<InvoiceLine> {
    let known = [LINE_PRODUCT, LINE_TEXT, LINE_QUANTITY, LINE_PRICE].map(|field| config.name(field));
    let sku = row.text(config.name(LINE_PRODUCT))?;
    Ok(InvoiceLine {
        product_id: sku.clone(),
        sku,
        name: row.text(config.name(LINE_TEXT))?.unwrap_or_default(),
        quantity: row.number(config.name(LINE_QUANTITY))?.unwrap_or_default(),
        unit_price_net: row.number(config.name(LINE_PRICE))?,
        extra: row.extra(&known),
        ..InvoiceLine::default()
    })
}

/// A line as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    product: Option<String>,
    text: String,
    quantity: Decimal,
    price: Option<Decimal>,
}

/// Makes the lines of an invoice, and says everything that keeps it from being sent.
pub(crate) fn lines(invoice: &Invoice, config: &Config) -> Result<Vec<Line>> {
    let mut found = head_violations(invoice, config);
    let mut lines = Vec::new();
    for (index, line) in invoice.lines.iter().enumerate() {
        match make_line(index, line, config) {
            Ok(line) => lines.push(line),
            Err(violation) => found.push(violation),
        }
    }
    if found.is_empty() { Ok(lines) } else { Err(Failure::invalid_record(found)) }
}

fn head_violations(invoice: &Invoice, config: &Config) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut wrong = |path: &str, code: &str, message: &str| found.push(violation(path, code, message));
    if invoice.kind != InvoiceKind::Sale {
        wrong("/kind", "not-a-sale", "only invoices to customers can be made; leave out purchases and credit notes");
    }
    if invoice.lines.is_empty() {
        wrong("/lines", "required", "the invoice has no lines; give one at least");
    }
    if invoice.partner.name.trim().is_empty() {
        wrong("/partner/name", "required", "the partner has no name; the ERP needs one");
    }
    if let (Some(books), Some(currency)) = (&config.currency, &invoice.currency)
        && books != currency
    {
        let message =
            format!("the invoice is in `{currency}` and the books are in `{books}`; leave it out, or convert it");
        wrong("/currency", "other-currency", &message);
    }
    found.extend(date_violation("/issued_on", invoice.issued_on.as_deref()));
    found
}

fn make_line(index: usize, line: &InvoiceLine, config: &Config) -> std::result::Result<Line, Violation> {
    let wrong = |field: &str, message: &str| violation(format!("/lines/{index}/{field}"), "required", message);
    let product = line.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty());
    if product.is_none() && line.name.trim().is_empty() {
        return Err(wrong("name", "the line has neither a product nor a name; give one of them"));
    }
    let rate = line.tax_rate.as_ref().and_then(|rate| rate.percent);
    let price = match (line.unit_price_net, line.unit_price_gross, rate) {
        (Some(net), _, _) => Some(net),
        (None, Some(gross), Some(rate)) => Some(gross.net_of_gross(rate, config.price_places).ok_or_else(|| {
            wrong("tax_rate", "the price without tax cannot be worked out at that rate; correct one of them")
        })?),
        (None, Some(_), None) => {
            return Err(wrong(
                "tax_rate/percent",
                "the price is with tax and there is no rate; give `unit_price_net`, or `tax_rate.percent`",
            ));
        }
        (None, None, _) => return Err(wrong("unit_price_net", "the line has no price; give one")),
    };
    let text = line.name.trim().to_owned();
    Ok(Line { product: product.map(str::to_owned), text, quantity: line.quantity, price })
}

/// Returns the number of an invoice: the given one, else the correlation, which is as unique.
pub(crate) fn number<'a>(invoice: &'a Invoice, correlation: &'a str) -> &'a str {
    invoice.number.as_deref().map(str::trim).filter(|number| !number.is_empty()).unwrap_or(correlation)
}

/// Returns the text that carries the correlation.
pub(crate) fn description(invoice: &Invoice, correlation: &str) -> String {
    super::marked(correlation, &[invoice.order_number.as_deref(), invoice.currency.as_deref()])
}

/// Makes the record of a new invoice.
pub(crate) fn body(invoice: &Invoice, lines: &[Line], customer: &str, correlation: &str, config: &Config) -> Body {
    let name = |field| config.name(field);
    let line_body = |line: &Line| {
        Body::new()
            .text(name(LINE_PRODUCT), line.product.as_deref())
            .text(name(LINE_TEXT), Some(line.text.as_str()))
            .number(name(LINE_QUANTITY), Some(line.quantity))
            .number(name(LINE_PRICE), line.price)
    };
    Body::new()
        .text(name(NUMBER), Some(number(invoice, correlation)))
        .text(name(DATE), day(invoice.issued_on.clone()))
        .part(name(CUSTOMER), Body::new().text(name(CUSTOMER_NUMBER), Some(customer)))
        .text(name(DESCRIPTION), Some(description(invoice, correlation)))
        .parts(name(LINES), lines.iter().map(line_body).collect())
}

/// Tells whether an invoice of the ERP has these lines: products, quantities and prices, in their order.
pub(crate) fn has_lines(there: &Invoice, lines: &[Line]) -> bool {
    let same = |(there, wanted): (&InvoiceLine, &Line)| {
        there.sku == wanted.product && there.quantity == wanted.quantity && there.unit_price_net == wanted.price
    };
    there.lines.len() == lines.len() && there.lines.iter().zip(lines).all(same)
}
