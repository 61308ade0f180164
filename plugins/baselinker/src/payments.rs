//! Payments and packages: the vendor has them by order only. Their feeds follow the journal, which names the orders.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wharf_sdk::failure::Cause;
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result, log};

use crate::api::{Fields, Raw};
use crate::assumed::{ORDERS_PER_PULL, PACKAGE_EVENTS, PAYMENT_EVENTS};
use crate::client::Client;
use crate::convert::payment::payment;
use crate::journal::news;

/// Version of the cursors.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Something that the vendor tells by order.
#[derive(Debug)]
pub(crate) struct OfOrder {
    /// Entity of its records.
    pub(crate) entity: &'static str,
    /// Types of journal entries after which it is read.
    events: &'static [u64],
    /// Reads it for an order.
    read: fn(&Client, u64) -> Result<Vec<Item>>,
}

/// Payments.
pub(crate) const PAYMENTS: OfOrder =
    OfOrder { entity: "payment", events: &PAYMENT_EVENTS, read: |client, order| payments(client, order) };

/// Packages.
pub(crate) const PACKAGES: OfOrder =
    OfOrder { entity: "package", events: &PACKAGE_EVENTS, read: |client, order| packages(client, order) };

/// Where a feed is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    /// Id of the journal's entry that was read last.
    last_log_id: u64,
    /// Orders that are still to be read, the next one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    orders: Vec<u64>,
    /// Items of the first of them that were taken already.
    #[serde(default, skip_serializing_if = "is_zero")]
    taken: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl OfOrder {
    /// Pulls a page: one question to the journal, or some orders that it has named.
    pub(crate) fn pull(&self, client: &Client, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
        let place = cursor.map(|cursor| cursor.decode::<Place>(CURSOR_VERSION)).transpose()?;
        let mut place = place.unwrap_or_default();
        if place.orders.is_empty() {
            let news = news(client, place.last_log_id, self.events)?;
            place = Place { last_log_id: news.last_log_id, orders: news.orders, taken: 0 };
        }
        self.page(client, place, bounds)
    }

    /// Returns what there is of an order.
    pub(crate) fn of_order(&self, client: &Client, order: u64) -> Result<Vec<Item>> {
        (self.read)(client, order)
    }

    fn page(&self, client: &Client, mut place: Place, bounds: &Bounds) -> Result<Page> {
        let mut page = PageBuilder::new(bounds);
        for _ in 0..ORDERS_PER_PULL {
            let Some(order) = place.orders.first().copied() else { break };
            let items = self.known(client, order)?;
            for item in items.into_iter().skip(place.taken) {
                if item.updated.is_none_or(|instant| bounds.contain(instant)) && page.push(item).is_some() {
                    return finish(page, &place);
                }
                place.taken += 1;
            }
            place.orders.remove(0);
            place.taken = 0;
        }
        finish(page, &place)
    }

    /// Reads an order that the journal names; one that was deleted since then has nothing.
    fn known(&self, client: &Client, order: u64) -> Result<Vec<Item>> {
        match self.of_order(client, order) {
            Err(failure) if is_refusal(&failure) => {
                log::warn(
                    "an order of the journal cannot be read",
                    &[("order_id", &order), ("why", &failure.message())],
                );
                Ok(Vec::new())
            }
            other => other,
        }
    }
}

/// Tells whether the vendor refused to answer about this order, with a code of its own.
fn is_refusal(failure: &Failure) -> bool {
    let has_code = failure.evidence().and_then(|evidence| evidence.remote_code.as_ref()).is_some();
    has_code && matches!(failure.cause(), Cause::ContractChanged(_) | Cause::NotFound(_))
}

fn finish(page: PageBuilder, place: &Place) -> Result<Page> {
    let state = if place.orders.is_empty() { Completeness::CaughtUp } else { Completeness::More };
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, place)?, state))
}

/// Reads the payments of an order. The vendor gives them no ids: a gateway's is one, else time and sum are.
fn payments(client: &Client, order: u64) -> Result<Vec<Item>> {
    let answer = client.read("getOrderPaymentsHistory", &json!({"order_id": order, "show_full_history": true}))?;
    let rows: Vec<Fields<'_>> = answer.rows("payments")?;
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut items = Vec::new();
    for row in &rows {
        let id = unique(&mut seen, payment_id(order, row));
        let unreadable = || answer.response().unreadable("a payment has no `paid_before` and `paid_after`");
        let document = payment(&id, &order.to_string(), row).ok_or_else(unreadable)?;
        let item = Item::new(PAYMENTS.entity, id, &document)?;
        items.push(match row.get("date").whole() {
            Some(second) if second > 0 => item.updated(second.saturating_mul(1000)),
            _ => item,
        });
    }
    Ok(items)
}

fn payment_id(order: u64, row: &Fields<'_>) -> String {
    let gateway = row.get("external_payment_id");
    match gateway.is_no_id() {
        true => format!("{order}:{}:{}", row.get("date").text(), row.get("paid_after").text()),
        false => format!("{order}:{}", gateway.text()),
    }
}

/// Tells equal ids apart, by how often they came.
fn unique(seen: &mut BTreeMap<String, u32>, id: String) -> String {
    let times = seen.entry(id.clone()).or_default();
    *times += 1;
    if *times == 1 { id } else { format!("{id}#{times}") }
}

/// Reads the packages of an order. They do not say of which order they are, so that is added.
pub(crate) fn packages(client: &Client, order: u64) -> Result<Vec<Item>> {
    let answer = client.read("getOrderPackages", &json!({"order_id": order}))?;
    let rows: Vec<Raw<'_>> = answer.rows("packages")?;
    rows.into_iter()
        .map(|row| {
            let mut document: Map<String, Value> = answer.read(row)?;
            document.entry("order_id").or_insert(order.into());
            let fields: Fields<'_> = answer.read(row)?;
            let id = fields.get("package_id");
            let missing = || answer.response().unreadable("a package has no `package_id`");
            (!id.is_no_id()).then_some(()).ok_or_else(missing)?;
            Item::new(PACKAGES.entity, id.text(), &document)
        })
        .collect()
}
