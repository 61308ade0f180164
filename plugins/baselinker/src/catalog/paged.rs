//! Lists with page numbers whose rows are passed on as they are: stock and prices of the inventories, products of
//! external storages. Each round reads all of them again.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wharf_sdk::quirks::Entries;
use wharf_sdk::{Bounds, Completeness, Cursor, Item, Page, PageBuilder, Result, log};

use super::inventories;
use crate::api::{Fields, Raw};
use crate::client::{Answer, Client};

/// Version of the cursors.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// One such list.
#[derive(Debug)]
pub(crate) struct Paged {
    /// Entity of its records.
    pub(crate) entity: &'static str,
    pub(crate) method: &'static str,
    /// What the list is of: the parameter that says which inventory or storage.
    pub(crate) of: &'static str,
    /// Returns the inventories or storages that a feed goes through.
    pub(crate) groups: fn(&Client, &Bounds) -> Result<Vec<String>>,
    /// Whether a record's id begins with that of its group, as its own is unique there only.
    pub(crate) grouped_ids: bool,
}

/// Stock by product.
pub(crate) const STOCK: Paged = Paged {
    entity: "product-stock",
    method: "getInventoryProductsStock",
    of: "inventory_id",
    groups: inventory_keys,
    grouped_ids: false,
};

/// Prices by product.
pub(crate) const PRICES: Paged = Paged {
    entity: "product-price",
    method: "getInventoryProductsPrices",
    of: "inventory_id",
    groups: inventory_keys,
    grouped_ids: false,
};

fn inventory_keys(client: &Client, bounds: &Bounds) -> Result<Vec<String>> {
    Ok(inventories(client, bounds)?.iter().map(u64::to_string).collect())
}

/// Where a feed is. The default begins a round.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    /// Inventories or storages that are still to be read, the one that is being read first. None before a round.
    groups: Vec<String>,
    /// Page that is being read, from 1.
    page: u64,
    /// Rows of the page that were taken already.
    taken: usize,
    /// First id of the page before: a server that gives the same page again does not know page numbers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    before: String,
}

impl Paged {
    /// Pulls a page.
    pub(crate) fn pull(&self, client: &Client, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
        let place = cursor.map(|cursor| cursor.decode::<Place>(CURSOR_VERSION)).transpose()?;
        let mut place = place.unwrap_or_default();
        if place.groups.is_empty() {
            place = Place { groups: (self.groups)(client, bounds)?, page: 1, ..Place::default() };
        }
        let Some(group) = place.groups.first().cloned() else {
            return finish(PageBuilder::new(bounds), &Place::default(), Completeness::CaughtUp);
        };
        let answer = client.read(self.method, &self.question(&group, place.page))?;
        let rows = rows(&answer)?;
        let first = rows.first().map(|(id, _)| id.clone()).unwrap_or_default();
        if rows.is_empty() || first == place.before {
            report_repetition(&rows, self.method);
            return place.next_group(bounds);
        }
        let mut page = PageBuilder::new(bounds);
        for (id, row) in rows.iter().skip(place.taken) {
            if page.push(self.item(&group, id, *row, &answer)?).is_some() {
                return finish(page, &place, Completeness::More);
            }
            place.taken += 1;
        }
        let next = Place { page: place.page.saturating_add(1), taken: 0, before: first, ..place };
        finish(page, &next, Completeness::More)
    }

    fn question(&self, group: &str, page: u64) -> Map<String, Value> {
        let group = group.parse::<u64>().map_or_else(|_| Value::from(group), Value::from);
        Map::from_iter([(self.of.to_owned(), group), ("page".to_owned(), page.into())])
    }

    /// Makes the item of a row, with what the row itself leaves out: its id and its group.
    pub(crate) fn item(&self, group: &str, id: &str, row: Raw<'_>, answer: &Answer) -> Result<Item> {
        let fields: Fields<'_> = answer.read(row)?;
        let added = [(self.of, group), ("product_id", id)];
        let mut text = String::with_capacity(row.json().len() + 64);
        text.push('{');
        for (name, value) in added.into_iter().filter(|(name, _)| !fields.get(name).is_present()) {
            text.push_str(&format!("{}:{},", Value::from(name), Value::from(value)));
        }
        let members = row.json().trim_start().strip_prefix('{').unwrap_or("}");
        if members.trim_start() == "}" {
            text.truncate(text.trim_end_matches(',').len());
        }
        text.push_str(members);
        let id = if self.grouped_ids { format!("{group}:{id}") } else { id.to_owned() };
        Ok(Item::from_text(self.entity, id, text))
    }
}

impl Place {
    fn next_group(mut self, bounds: &Bounds) -> Result<Page> {
        self.groups.remove(0);
        let state = if self.groups.is_empty() { Completeness::CaughtUp } else { Completeness::More };
        let next = Place { groups: self.groups, page: 1, ..Place::default() };
        finish(PageBuilder::new(bounds), &next, state)
    }
}

fn report_repetition(rows: &[(String, Raw<'_>)], method: &str) {
    if !rows.is_empty() {
        log::warn("a list does not go on by page", &[("method", &method)]);
    }
}

/// Reads the rows and their ids: the key of the map, or what the row itself says.
fn rows(answer: &Answer) -> Result<Vec<(String, Raw<'_>)>> {
    let entries: Entries<'_, Raw<'_>> = answer.under("products")?;
    let mut rows = Vec::with_capacity(entries.len());
    for (key, row) in entries.iter() {
        let fields: Fields<'_> = answer.read(*row)?;
        let own = fields.first(&["product_id", "id"]);
        rows.push((if own.is_blank() { key.to_owned() } else { own.text().into_owned() }, *row));
    }
    Ok(rows)
}

fn finish(page: PageBuilder, place: &Place, state: Completeness) -> Result<Page> {
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, place)?, state))
}
