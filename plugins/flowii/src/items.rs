//! Items of an order that is in FLOWii.

use std::ops::ControlFlow;

use wharf_sdk::document::{Decimal, OrderLine};
use wharf_sdk::failure::{Cause, MissingKind};
use wharf_sdk::{Failure, Result};

use crate::api;
use crate::client::Client;
use crate::config::ItemsIn;
use crate::convert::item::{self, Item};
use crate::listing::walk;

/// Adds the items that an order lacks, one by one; returns how many.
pub(crate) fn complete(client: &Client, order: &str, wanted: &[Item]) -> Result<usize> {
    let missing = missing(client, order, wanted)?;
    for item in &missing {
        client.written("order", client.post(&["orders", order, "items"], &item.draft("order-item"))?)?;
    }
    Ok(missing.len())
}

/// Returns the items that an order lacks.
///
/// Sent inside the order they came with it. Where that is to be found out, the order's own list is asked; a FLOWii that
/// has no such list took them with the order, as it refused nothing.
pub(crate) fn missing(client: &Client, order: &str, wanted: &[Item]) -> Result<Vec<Item>> {
    if wanted.is_empty() || client.config.items_in == ItemsIn::Inline {
        return Ok(Vec::new());
    }
    match present(client, order) {
        Ok(there) => Ok(lacking(wanted, there)),
        Err(failure) if client.config.items_in == ItemsIn::Auto && is_no_list(&failure) => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

fn is_no_list(failure: &Failure) -> bool {
    match failure.cause() {
        Cause::NotFound(missing) => missing.kind == MissingKind::Endpoint,
        Cause::Unsupported(_) => true,
        _ => false,
    }
}

/// Reads the lines of an order; none where FLOWii has no list of them.
pub(crate) fn lines(client: &Client, order: &str) -> Result<Vec<OrderLine>> {
    let mut lines = Vec::new();
    let read = walk(client, &["orders", order, "items"], &[], client.config.search_pages, |_, row| {
        lines.push(item::read(row, &client.config)?);
        Ok(ControlFlow::<()>::Continue(()))
    });
    match read {
        Err(failure) if is_no_list(&failure) => Ok(Vec::new()),
        Err(failure) => Err(failure),
        Ok(_) => Ok(lines),
    }
}

/// Returns name and quantity of the items that are there.
fn present(client: &Client, order: &str) -> Result<Vec<(String, Option<Decimal>)>> {
    let mut there = Vec::new();
    walk(client, &["orders", order, "items"], &[], client.config.search_pages, |_, row| {
        let attributes: api::OrderItem<'_> = row.attributes()?;
        there.push((attributes.name.into_string(), attributes.quantity.get()));
        Ok(ControlFlow::<()>::Continue(()))
    })?;
    Ok(there)
}

/// As many as wanted are enough, whatever they are called: FLOWii may write a name its own way, and an item too many is
/// worse than a name that differs.
fn lacking(wanted: &[Item], mut there: Vec<(String, Option<Decimal>)>) -> Vec<Item> {
    if there.len() >= wanted.len() {
        return Vec::new();
    }
    let most = wanted.len() - there.len();
    let mut lacking: Vec<Item> = wanted.to_vec();
    lacking.retain(|item| match there.iter().position(|(name, quantity)| item.is(name, *quantity)) {
        Some(index) => {
            there.swap_remove(index);
            false
        }
        None => true,
    });
    lacking.truncate(most);
    lacking
}
