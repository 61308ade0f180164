//! Invoices of suppliers and orders to them.

use wharf_sdk::document::{Decimal, Invoice, InvoiceKind, InvoiceLine, Partner};
use wharf_sdk::{Failure, Result, Violation, violation};

use super::{date_violation, day, key};
use crate::assumed::{supplier_invoice, supplier_order};
use crate::body::Body;
use crate::config::Config;
use crate::document::{SupplierOrder, SupplierOrderLine};
use crate::row::Row;

/// Makes the common document of an invoice of a supplier. Two suppliers may use the same number.
pub(crate) fn read_invoice(row: &Row<'_>, config: &Config) -> Result<Invoice> {
    use supplier_invoice::{DATE, DESCRIPTION, DUE, LINES, NUMBER, SUPPLIER};
    let text = |field| row.text(config.name(field));
    let known = [NUMBER, SUPPLIER, DATE, DUE, DESCRIPTION, LINES].map(|field| config.name(field));
    let number = key(row, NUMBER, config)?;
    let lines = row.parts(config.name(LINES))?;
    Ok(Invoice {
        id: Some(number.clone()),
        kind: InvoiceKind::Purchase,
        number: Some(number),
        issued_on: day(text(DATE)?),
        due_on: day(text(DUE)?),
        partner: Partner { id: text(SUPPLIER)?, ..Partner::default() },
        lines: lines.iter().map(|line| read_invoice_line(line, config)).collect::<Result<_>>()?,
        note: text(DESCRIPTION)?,
        extra: row.extra(&known),
        ..Invoice::default()
    })
}

fn read_invoice_line(row: &Row<'_>, config: &Config) -> Result<InvoiceLine> {
    use supplier_invoice::{LINE_ACCOUNT, LINE_AMOUNT, LINE_TEXT};
    let known = [LINE_ACCOUNT, LINE_AMOUNT, LINE_TEXT].map(|field| config.name(field));
    Ok(InvoiceLine {
        name: row.text(config.name(LINE_TEXT))?.unwrap_or_default(),
        quantity: "1".parse().unwrap_or_default(),
        unit_price_net: row.number(config.name(LINE_AMOUNT))?,
        account: row.text(config.name(LINE_ACCOUNT))?,
        extra: row.extra(&known),
        ..InvoiceLine::default()
    })
}

/// Returns the key of a supplier's invoice: both numbers, as two suppliers may use the same one.
pub(crate) fn invoice_key(supplier: &str, number: &str) -> String {
    format!("{supplier}/{number}")
}

/// Returns the number of an invoice's supplier: `extra.NoFournisseur` of the partner.
pub(crate) fn supplier_of(invoice: &Invoice, config: &Config) -> Option<String> {
    let number = invoice.partner.extra.get(config.name(supplier_invoice::SUPPLIER))?;
    let text = number.as_str().map_or_else(|| number.to_string(), |text| text.trim().to_owned());
    Some(text).filter(|text| !text.is_empty() && text != "null")
}

/// Makes the record of a new invoice of a supplier, and says everything that keeps it from being sent.
pub(crate) fn invoice_body(invoice: &Invoice, description: &str, config: &Config) -> Result<Body> {
    use supplier_invoice::{DATE, DESCRIPTION, DUE, LINES, NUMBER, SUPPLIER};
    let name = |field| config.name(field);
    let mut found = invoice_violations(invoice, config);
    let mut lines = Vec::new();
    for (index, line) in invoice.lines.iter().enumerate() {
        match invoice_line(index, line, config) {
            Ok(line) => lines.push(line),
            Err(violation) => found.push(violation),
        }
    }
    if !found.is_empty() {
        return Err(Failure::invalid_record(found));
    }
    Ok(Body::new()
        .text(name(NUMBER), invoice.number.as_deref().map(str::trim))
        .text(name(SUPPLIER), supplier_of(invoice, config))
        .text(name(DATE), day(invoice.issued_on.clone()))
        .text(name(DUE), day(invoice.due_on.clone()))
        .text(name(DESCRIPTION), Some(description))
        .parts(name(LINES), lines))
}

fn invoice_violations(invoice: &Invoice, config: &Config) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut wrong = |path: &str, code: &str, message: &str| found.push(violation(path, code, message));
    if invoice.kind != InvoiceKind::Purchase {
        wrong("/kind", "not-a-purchase", "an invoice of a supplier is a `purchase`; send others as `invoice`");
    }
    if invoice.number.as_deref().is_none_or(|number| number.trim().is_empty()) {
        wrong("/number", "required", "the invoice has no number; give the supplier's");
    }
    if supplier_of(invoice, config).is_none() {
        let field = config.name(supplier_invoice::SUPPLIER);
        let message = format!("the supplier has no number; give `partner.extra.{field}`");
        wrong(&format!("/partner/extra/{field}"), "required", &message);
    }
    if invoice.lines.is_empty() {
        wrong("/lines", "required", "the invoice has no lines; give one at least");
    }
    if invoice.issued_on.is_none() {
        wrong("/issued_on", "required", "the invoice has no date of issue; give one like `2026-02-01`");
    }
    found.extend(date_violation("/issued_on", invoice.issued_on.as_deref()));
    found.extend(date_violation("/due_on", invoice.due_on.as_deref()));
    found
}

fn invoice_line(index: usize, line: &InvoiceLine, config: &Config) -> std::result::Result<Body, Violation> {
    use supplier_invoice::{LINE_ACCOUNT, LINE_AMOUNT, LINE_TEXT};
    let wrong = |field: &str, message: &str| violation(format!("/lines/{index}/{field}"), "required", message);
    let account = line.account.as_deref().map(str::trim).filter(|account| !account.is_empty());
    let account = account.ok_or_else(|| wrong("account", "the line has no account of the ledger; give one"))?;
    let price = line.unit_price_net.ok_or_else(|| {
        wrong("unit_price_net", "the line has no price without tax; give one, as taxes have lines of their own")
    })?;
    let amount = times(price, line.quantity)
        .ok_or_else(|| wrong("quantity", "price times quantity cannot be worked out; correct one of them"))?;
    Ok(Body::new()
        .text(config.name(LINE_ACCOUNT), Some(account))
        .number(config.name(LINE_AMOUNT), Some(amount))
        .text(config.name(LINE_TEXT), Some(line.name.trim())))
}

/// Works out an amount, in cents: halves are rounded away from zero, as on an invoice.
fn times(price: Decimal, quantity: Decimal) -> Option<Decimal> {
    price.get().checked_mul(quantity.get()).map(|amount| Decimal::new(amount).round(2))
}

/// Makes the document of an order to a supplier.
pub(crate) fn read_order(row: &Row<'_>, config: &Config) -> Result<SupplierOrder> {
    use supplier_order::{DATE, DESCRIPTION, LINES, NUMBER, SUPPLIER};
    let text = |field| row.text(config.name(field));
    let known = [NUMBER, SUPPLIER, DATE, DESCRIPTION, LINES].map(|field| config.name(field));
    let number = key(row, NUMBER, config)?;
    let lines = row.parts(config.name(LINES))?;
    Ok(SupplierOrder {
        id: Some(number.clone()),
        number: Some(number),
        supplier: text(SUPPLIER)?.unwrap_or_default(),
        ordered_on: day(text(DATE)?),
        description: text(DESCRIPTION)?,
        lines: lines.iter().map(|line| read_order_line(line, config)).collect::<Result<_>>()?,
        extra: row.extra(&known),
    })
}

fn read_order_line(row: &Row<'_>, config: &Config) -> Result<SupplierOrderLine> {
    use supplier_order::{LINE_PRICE, LINE_PRODUCT, LINE_QUANTITY, LINE_TEXT};
    let known = [LINE_PRODUCT, LINE_TEXT, LINE_QUANTITY, LINE_PRICE].map(|field| config.name(field));
    Ok(SupplierOrderLine {
        sku: row.text(config.name(LINE_PRODUCT))?.unwrap_or_default(),
        name: row.text(config.name(LINE_TEXT))?,
        quantity: row.number(config.name(LINE_QUANTITY))?.unwrap_or_default(),
        unit_price_net: row.number(config.name(LINE_PRICE))?,
        extra: row.extra(&known),
    })
}

/// Makes the record of a new order to a supplier, and says everything that keeps it from being sent.
pub(crate) fn order_body(order: &SupplierOrder, number: &str, description: &str, config: &Config) -> Result<Body> {
    use supplier_order::{
        DATE, DESCRIPTION, LINE_PRICE, LINE_PRODUCT, LINE_QUANTITY, LINE_TEXT, LINES, NUMBER, SUPPLIER,
    };
    let found = order_violations(order);
    if !found.is_empty() {
        return Err(Failure::invalid_record(found));
    }
    let name = |field| config.name(field);
    let line = |line: &SupplierOrderLine| {
        Body::new()
            .text(name(LINE_PRODUCT), Some(line.sku.trim()))
            .text(name(LINE_TEXT), line.name.as_deref())
            .number(name(LINE_QUANTITY), Some(line.quantity))
            .number(name(LINE_PRICE), line.unit_price_net)
    };
    Ok(Body::new()
        .text(name(NUMBER), Some(number))
        .text(name(SUPPLIER), Some(order.supplier.trim()))
        .text(name(DATE), day(order.ordered_on.clone()))
        .text(name(DESCRIPTION), Some(description))
        .parts(name(LINES), order.lines.iter().map(line).collect()))
}

fn order_violations(order: &SupplierOrder) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut wrong = |path: &str, message: &str| found.push(violation(path, "required", message));
    if order.supplier.trim().is_empty() {
        wrong("/supplier", "the order has no supplier; give the supplier's number");
    }
    if order.lines.is_empty() {
        wrong("/lines", "the order has no lines; give one at least");
    }
    for (index, _) in order.lines.iter().enumerate().filter(|(_, line)| line.sku.trim().is_empty()) {
        wrong(&format!("/lines/{index}/sku"), "the line has no product; give its number");
    }
    found.extend(date_violation("/ordered_on", order.ordered_on.as_deref()));
    found
}
