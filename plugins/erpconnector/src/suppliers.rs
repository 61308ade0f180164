//! Making invoices of suppliers and orders to them.

use wharf_sdk::document::Invoice;
use wharf_sdk::{Intent, Result};

use crate::assumed::{supplier_invoice, supplier_order};
use crate::client::Client;
use crate::convert::marked;
use crate::convert::supplier::{invoice_body, order_body, supplier_of};
use crate::document::SupplierOrder;
use crate::posting::Posting;
use crate::verbs::Entity;

/// Makes an invoice of a supplier ready. It is the one that it is by its number and its supplier.
pub(crate) fn invoice<'a>(client: &Client, intent: &'a Intent) -> Result<Posting<'a>> {
    use supplier_invoice::{DATE, DESCRIPTION, NUMBER, SUPPLIER};
    let invoice: Invoice = intent.document()?;
    let description = marked(&intent.correlation, &[invoice.order_number.as_deref(), invoice.note.as_deref()]);
    let body = invoice_body(&invoice, &description, &client.config)?;
    let number = invoice.number.as_deref().unwrap_or_default().trim().to_owned();
    let supplier = supplier_of(&invoice, &client.config).unwrap_or_default();
    Ok(Posting {
        entity: Entity::SupplierInvoice,
        key: NUMBER,
        identity: Some(vec![(NUMBER, number), (SUPPLIER, supplier)]),
        description: (DESCRIPTION, description),
        dated: invoice.issued_on.map(|date| (DATE, date.chars().take(10).collect())),
        correlation: &intent.correlation,
        body,
    })
}

/// Makes an order to a supplier ready. Without a number of its own it gets the correlation, which is as unique.
pub(crate) fn order<'a>(client: &Client, intent: &'a Intent) -> Result<Posting<'a>> {
    use supplier_order::{DATE, DESCRIPTION, NUMBER};
    let order: SupplierOrder = intent.document()?;
    let given = order.number.as_deref().map(str::trim).filter(|number| !number.is_empty());
    let number = given.unwrap_or(&intent.correlation).to_owned();
    let description = marked(&intent.correlation, &[order.description.as_deref()]);
    let body = order_body(&order, &number, &description, &client.config)?;
    Ok(Posting {
        entity: Entity::SupplierOrder,
        key: NUMBER,
        identity: Some(vec![(NUMBER, number)]),
        description: (DESCRIPTION, description),
        dated: order.ordered_on.map(|date| (DATE, date.chars().take(10).collect())),
        correlation: &intent.correlation,
        body,
    })
}
