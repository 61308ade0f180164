//! The feed of products: the list gives ids, 1,000 a page; their data is asked for in pieces.
//!
//! A feed cannot see what has changed, so it goes through everything again and again. The ids of a page that are still
//! to be read are in the cursor, so that the list is not asked for each time.
//!
//! Pages have numbers: when a product is deleted, all behind it move up, and one may slip from the next page into one
//! that was read already. So after a page has been asked for, the one before it is asked for again, in this order: what
//! was moved up is there.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wharf_sdk::{Bounds, Completeness, Cursor, Page, PageBuilder, Result, log};

use super::{data, inventories, list};
use crate::assumed::DATA_PRODUCTS;
use crate::client::Client;
use crate::orders::question::whole;

/// Version of the cursors.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Where the feed is. The default begins a round.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    /// Inventories that are still to be read, the one that is being read first. None before a round.
    inventories: Vec<u64>,
    /// Page of the list that is being read, from 1.
    page: u64,
    /// Highest id that was taken from the list; the list is sorted by id.
    last: u64,
    /// Products of the page that are still to be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<u64>,
}

/// Pulls a page.
pub(crate) fn pull(client: &Client, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let place = cursor.map(|cursor| cursor.decode::<Place>(CURSOR_VERSION)).transpose()?;
    let mut place = place.unwrap_or_default();
    if place.inventories.is_empty() {
        place = Place { inventories: inventories(client, bounds)?, page: 1, ..Place::default() };
    }
    let Some(inventory) = place.inventories.first().copied() else { return end(bounds) };
    if place.waiting.is_empty() {
        place.load(client, inventory, &filters(bounds)?)?;
    }
    if place.waiting.is_empty() {
        return place.next_inventory(bounds);
    }
    read(client, place, inventory, bounds)
}

/// Counts the products without reading their data.
pub(crate) fn count(client: &Client, bounds: &Bounds, mut answers: u32) -> Result<Option<u64>> {
    let mut count: u64 = 0;
    for inventory in inventories(client, bounds)? {
        let mut place = Place { inventories: vec![inventory], page: 1, ..Place::default() };
        loop {
            let Some(left) = answers.checked_sub(1) else { return Ok(None) };
            answers = left;
            place.load(client, inventory, &filters(bounds)?)?;
            if place.waiting.is_empty() {
                break;
            }
            count = count.saturating_add(u64::try_from(place.waiting.len()).unwrap_or(u64::MAX));
            place.waiting.clear();
        }
    }
    Ok(Some(count))
}

impl Place {
    /// Loads the ids that come next. None: the list is over.
    fn load(&mut self, client: &Client, inventory: u64, filters: &[(&str, Value)]) -> Result<()> {
        let mut ids = self.new_ids(client, inventory, self.page, filters)?;
        let mut page = self.page;
        // What has moved up is on the page before, or further up when more than a page of products was deleted.
        while page > 1 {
            let before = self.new_ids(client, inventory, page - 1, filters)?;
            if before.is_empty() {
                break;
            }
            (page, ids) = (page - 1, before);
        }
        self.page = page + 1;
        self.last = ids.last().copied().unwrap_or(self.last);
        self.waiting = ids;
        Ok(())
    }

    /// Returns the ids of a page of the list that were not taken yet, sorted.
    fn new_ids(&self, client: &Client, inventory: u64, page: u64, filters: &[(&str, Value)]) -> Result<Vec<u64>> {
        let rows = list(client, inventory, page, filters)?;
        let mut ids: Vec<u64> = rows.iter().map(|row| row.id).filter(|id| *id > self.last).collect();
        if ids.is_empty() && page >= self.page && !rows.is_empty() {
            log::warn("the list of products does not go on by page", &[("inventory_id", &inventory), ("page", &page)]);
        }
        ids.sort_unstable();
        Ok(ids)
    }

    fn next_inventory(mut self, bounds: &Bounds) -> Result<Page> {
        self.inventories.remove(0);
        if self.inventories.is_empty() {
            return end(bounds);
        }
        let next = Place { inventories: self.inventories, page: 1, ..Place::default() };
        Ok(PageBuilder::new(bounds).finish(Cursor::encode(CURSOR_VERSION, &next)?, Completeness::More))
    }
}

fn end(bounds: &Bounds) -> Result<Page> {
    Ok(PageBuilder::new(bounds).finish(Cursor::encode(CURSOR_VERSION, &Place::default())?, Completeness::CaughtUp))
}

/// Reads the data of the first products that wait.
fn read(client: &Client, mut place: Place, inventory: u64, bounds: &Bounds) -> Result<Page> {
    let most = usize::try_from(bounds.max_items).unwrap_or(DATA_PRODUCTS).clamp(1, DATA_PRODUCTS);
    let asked: Vec<u64> = place.waiting.iter().copied().take(most).collect();
    let mut page = PageBuilder::new(bounds);
    let mut done = asked.last().copied().unwrap_or(0);
    for item in data(client, inventory, &asked)? {
        let id: u64 = item.id.parse().unwrap_or(0);
        if page.push(item).is_some() {
            done = id.saturating_sub(1);
            break;
        }
    }
    place.waiting.retain(|id| *id > done);
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &place)?, Completeness::More))
}

fn filters(bounds: &Bounds) -> Result<Vec<(&'static str, Value)>> {
    let mut categories = bounds.filter_values("category");
    match (categories.next(), categories.next()) {
        (None, _) => Ok(Vec::new()),
        (Some(category), None) => Ok(vec![("filter_category_id", whole("/filter/category", category)?.into())]),
        (Some(_), Some(_)) => {
            let message = "products are filtered by one category; give one, or make a flow for each";
            Err(wharf_sdk::Failure::invalid_record(vec![wharf_sdk::violation(
                "/filter/category",
                "one-value",
                message,
            )]))
        }
    }
}
