//! The feed `unconfirmed-orders`: orders that have no time of confirmation yet, by their ids.

use serde::{Deserialize, Serialize};
use wharf_sdk::{Bounds, Completeness, Cursor, Page, PageBuilder, Result};

use crate::api::Rows;
use crate::api::order::{Order, Orders};
use crate::assumed::PAGE_ROWS;
use crate::client::Client;
use crate::orders::question::Question;
use crate::orders::walk::Row;
use crate::orders::{item, row};
use crate::records::all;

/// Version of the cursors.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Where the feed is.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// Orders with this id or a higher one are still to come.
    id_from: u64,
}

/// Pulls a page. The vendor lists confirmed orders with them, so a page may be empty and have more.
pub(crate) fn pull(client: &Client, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let place = cursor.map(|cursor| cursor.decode::<Place>(CURSOR_VERSION)).transpose()?;
    let place = place.unwrap_or(Place { id_from: 1 });
    let date_from = bounds.since.map(|since| since.div_ceil(1000));
    let question = Question { id_from: Some(place.id_from), date_from, ..all(client) };
    let answer = client.read("getOrders", &question)?;
    let Orders(Rows(orders)) = answer.payload()?;
    let mut rows: Vec<(Row, &Order<'_>)> = Vec::with_capacity(orders.len());
    for order in &orders {
        rows.push((row(order.order_id, order.date_confirmed, order.date_add, &answer)?, order));
    }
    let full = rows.len() >= PAGE_ROWS && !is_by_confirmation(&rows);
    rows.retain(|(row, _)| row.id >= place.id_from);
    rows.sort_by_key(|(row, _)| row.id);
    let last = rows.last().map(|(row, _)| row.id);
    let mut page = PageBuilder::new(bounds);
    for (row, order) in rows {
        let wanted = is_unconfirmed(row, order) && bounds.contain(row.added.saturating_mul(1000));
        if wanted && page.push(item(order)).is_some() {
            return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &Place { id_from: row.id })?, Completeness::More));
        }
    }
    // A full answer without a row at or after `id_from` would come again and again.
    let more = full && last.is_some();
    let id_from = last.map_or(place.id_from, |last| last.saturating_add(1));
    let state = if more { Completeness::More } else { Completeness::CaughtUp };
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &Place { id_from })?, state))
}

/// Tells whether an answer is sorted by time of confirmation instead of id. Unconfirmed orders come first then, so one that
/// ends with a confirmed order has all of them.
fn is_by_confirmation(rows: &[(Row, &Order<'_>)]) -> bool {
    let by_id = rows.is_sorted_by_key(|(row, _)| row.id);
    let by_second = rows.is_sorted_by_key(|(row, _)| row.confirmed);
    !by_id && by_second && rows.last().is_some_and(|(row, _)| row.confirmed > 0)
}

fn is_unconfirmed(row: Row, order: &Order<'_>) -> bool {
    !order.confirmed.flag().unwrap_or(row.confirmed > 0)
}
