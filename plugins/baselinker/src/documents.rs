//! Returns, invoices and receipts: lists by id.

use wharf_sdk::{Item, Result};

use crate::client::Answer;
use crate::config::Config;
use crate::convert::invoice::invoice;
use crate::listing::{Filter, Listing, Row};

/// Returns of orders, as the vendor writes them.
pub(crate) const RETURNS: Listing = Listing {
    entity: "order-return",
    method: "getOrderReturns",
    key: "returns",
    id: "return_id",
    filter: Filter { name: "status", field: "status_id", changes: true },
    item: |_, row, answer| as_written("order-return", row, answer),
};

/// Invoices as common documents.
pub(crate) const INVOICES: Listing = Listing {
    entity: "invoice",
    method: "getInvoices",
    key: "invoices",
    id: "invoice_id",
    filter: BY_SERIES,
    item: |config, row, _| common_invoice(config, row),
};

/// Invoices as the vendor writes them.
pub(crate) const RAW_INVOICES: Listing =
    Listing { item: |_, row, answer| as_written("invoice", row, answer), filter: BY_SERIES, ..INVOICES };

/// Receipts, as the vendor writes them.
pub(crate) const RECEIPTS: Listing = Listing {
    entity: "receipt",
    method: "getReceipts",
    key: "receipts",
    id: "receipt_id",
    filter: BY_SERIES,
    item: |_, row, answer| as_written("receipt", row, answer),
};

const BY_SERIES: Filter = Filter { name: "series", field: "series_id", changes: false };

fn as_written(entity: &str, row: &Row<'_>, answer: &Answer) -> Result<Item> {
    let item = Item::slice_of(entity, row.id.to_string(), answer.response(), row.raw.json())?;
    Ok(updated(item, row))
}

fn common_invoice(config: &Config, row: &Row<'_>) -> Result<Item> {
    let item = Item::new("invoice", row.id.to_string(), &invoice(&row.fields, config.zone()))?;
    Ok(updated(item, row))
}

/// A return tells when it came into its status, the others when they were made.
fn updated(item: Item, row: &Row<'_>) -> Item {
    match row.fields.first(&["date_in_status", "date_add"]).whole() {
        Some(second) if second > 0 => item.updated(second.saturating_mul(1000)),
        _ => item,
    }
}
