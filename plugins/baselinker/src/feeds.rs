//! Feeds: by their names to what reads them.

use wharf_sdk::{Bounds, Cursor, Failure, Page, Result};

use crate::client::Client;
use crate::{catalog, documents, journal, orders, payments, storages, unconfirmed};

/// Returns the page after `cursor`.
pub(crate) fn pull(client: &Client, feed: &str, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    match feed {
        "orders" => orders::pull(client, cursor, bounds),
        "raw-orders" => orders::pull_raw(client, cursor, bounds),
        "unconfirmed-orders" => unconfirmed::pull(client, cursor, bounds),
        "journal" => journal::pull(client, cursor, bounds),
        "order-returns" => documents::RETURNS.pull(client, cursor, bounds),
        "invoices" => documents::INVOICES.pull(client, cursor, bounds),
        "raw-invoices" => documents::RAW_INVOICES.pull(client, cursor, bounds),
        "receipts" => documents::RECEIPTS.pull(client, cursor, bounds),
        "payments" => payments::PAYMENTS.pull(client, cursor, bounds),
        "packages" => payments::PACKAGES.pull(client, cursor, bounds),
        "products" => catalog::products::pull(client, cursor, bounds),
        "product-stock" => catalog::paged::STOCK.pull(client, cursor, bounds),
        "product-prices" => catalog::paged::PRICES.pull(client, cursor, bounds),
        "external-products" => storages::PRODUCTS.pull(client, cursor, bounds),
        _ => Err(Failure::no_feed(feed)),
    }
}
