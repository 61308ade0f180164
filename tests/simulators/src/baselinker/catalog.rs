//! The product catalog: inventories, price groups, warehouses, categories, products.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, success};
use super::parameters::{Parameters, missing};
use super::state::State;

pub(super) mod list;
mod product;
pub(super) mod update;

pub(super) use product::{Product, assign};

/// How "no warnings" is printed by the bulk updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoWarnings {
    /// `""`, as in the vendor's samples.
    #[default]
    Text,
    /// `[]`.
    List,
    /// `{}`.
    Map,
    /// One after the other.
    Alternating,
}

/// An inventory, i.e. one catalog of products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inventory {
    /// Id.
    pub inventory_id: i64,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Language codes.
    pub languages: Vec<String>,
    /// One of the languages.
    pub default_language: String,
    /// Ids of its price groups.
    pub price_groups: Vec<i64>,
    /// One of the price groups.
    pub default_price_group: i64,
    /// Warehouses as `type_id`, e.g. `bl_205`.
    pub warehouses: Vec<String>,
    /// One of the warehouses.
    pub default_warehouse: String,
    /// Whether reservations are kept.
    pub reservations: bool,
    /// Whether it is the account's first choice.
    pub is_default: bool,
}

impl Inventory {
    /// Makes an inventory with price group 105 and the warehouses `bl_205` and `bl_206`, in Polish.
    pub fn new(inventory_id: i64, name: &str) -> Self {
        Self {
            inventory_id,
            name: name.to_owned(),
            description: String::new(),
            languages: vec!["pl".to_owned()],
            default_language: "pl".to_owned(),
            price_groups: vec![105],
            default_price_group: 105,
            warehouses: vec!["bl_205".to_owned(), "bl_206".to_owned()],
            default_warehouse: "bl_205".to_owned(),
            reservations: false,
            is_default: false,
        }
    }
}

#[derive(Debug)]
pub(super) struct Catalog {
    pub(super) inventories: Vec<Inventory>,
    pub(super) products: BTreeMap<i64, Product>,
    pub(super) tags: BTreeSet<String>,
    pub(super) no_warnings: NoWarnings,
    updates: u64,
}

impl Catalog {
    pub(super) fn new(no_warnings: NoWarnings) -> Self {
        let (inventories, products, tags) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        Self { inventories, products, tags, no_warnings, updates: 0 }
    }

    /// Reads and checks the inventory of a call.
    pub(super) fn inventory(&self, sent: &Parameters) -> Result<&Inventory, Refusal> {
        let id = sent.required("inventory_id")?;
        self.inventories
            .iter()
            .find(|inventory| inventory.inventory_id == id)
            .ok_or_else(|| Refusal::new("ERROR_STORAGE_ID", format!("Inventory {id} does not exist")))
    }

    /// Products of an inventory that are no variants, by id.
    pub(super) fn roots(&self, inventory_id: i64) -> impl DoubleEndedIterator<Item = (i64, &Product)> {
        let of = move |(_, product): &(&i64, &Product)| product.inventory_id == inventory_id && product.parent_id == 0;
        self.products.iter().filter(of).map(|(id, product)| (*id, product))
    }

    pub(super) fn variants(&self, parent_id: i64) -> impl Iterator<Item = (i64, &Product)> {
        let variants = self.products.iter().filter(move |(_, product)| product.parent_id == parent_id);
        variants.map(|(id, product)| (*id, product))
    }

    pub(super) fn next_product_id(&self) -> i64 {
        self.products.last_key_value().map_or(2685, |(last, _)| last + 1)
    }

    pub(super) fn warnings(&mut self, warnings: Map<String, Value>) -> Value {
        if !warnings.is_empty() {
            return Value::Object(warnings);
        }
        self.updates += 1;
        match (self.no_warnings, self.updates % 3) {
            (NoWarnings::Text, _) | (NoWarnings::Alternating, 1) => json!(""),
            (NoWarnings::List, _) | (NoWarnings::Alternating, 2) => json!([]),
            _ => json!({}),
        }
    }
}

pub(super) fn inventories(state: &mut State, _: &Parameters, _: i64) -> Answer {
    success(json!({"inventories": state.catalog.inventories}))
}

pub(super) fn price_groups(state: &mut State, _: &Parameters, _: i64) -> Answer {
    let ids: BTreeSet<i64> = state.catalog.inventories.iter().flat_map(|one| one.price_groups.clone()).collect();
    let groups = ids.into_iter().zip(0..).map(|(id, index)| {
        json!({"price_group_id": id, "name": format!("Cennik {id}"), "description": "", "currency": "PLN",
               "is_default": index == 0})
    });
    success(json!({"price_groups": groups.collect::<Vec<_>>()}))
}

/// `getInventoryWarehouses`: type and number apart, to be joined by `_`; the automatic ones of shops among them.
pub(super) fn warehouses(state: &mut State, _: &Parameters, _: i64) -> Answer {
    let keys: BTreeSet<&String> = state.catalog.inventories.iter().flat_map(|one| &one.warehouses).collect();
    let rows = keys.into_iter().zip(0..).filter_map(|(key, index)| {
        let (kind, id) = key.split_once('_')?;
        let id: i64 = id.parse().ok()?;
        Some(json!({"warehouse_type": kind, "warehouse_id": id, "name": format!("Magazyn {id}"), "description": "",
                    "stock_edition": kind == "bl", "is_default": index == 0}))
    });
    success(json!({"warehouses": rows.collect::<Vec<_>>()}))
}

pub(super) fn categories(state: &mut State, _: &Parameters, _: i64) -> Answer {
    let ids: BTreeSet<i64> = state.catalog.products.values().map(|product| product.number("category_id")).collect();
    let rows = ids
        .into_iter()
        .filter(|id| *id > 0)
        .map(|id| json!({"category_id": id, "name": format!("Kategoria {id}"), "parent_id": 0}));
    success(json!({"categories": rows.collect::<Vec<_>>()}))
}

/// `getInventoryManufacturers`: those that products have.
pub(super) fn manufacturers(state: &mut State, _: &Parameters, _: i64) -> Answer {
    let ids = state.catalog.products.values().map(|product| product.number("manufacturer_id"));
    let ids: BTreeSet<i64> = ids.filter(|id| *id > 0).collect();
    let rows = ids.into_iter().map(|id| json!({"manufacturer_id": id, "name": format!("Producent {id}")}));
    success(json!({"manufacturers": rows.collect::<Vec<_>>()}))
}

/// `getInventoryTags`.
pub(super) fn tags(state: &mut State, _: &Parameters, _: i64) -> Answer {
    let rows = state.catalog.tags.iter().map(|name| json!({"name": name}));
    success(json!({"tags": rows.collect::<Vec<_>>()}))
}

/// `getInventoryExtraFields`.
pub(super) fn extra_fields(_: &mut State, _: &Parameters, _: i64) -> Answer {
    success(json!({"extra_fields": [
        {"extra_field_id": 75, "name": "Materiał", "kind": 0, "editor_type": "text", "options": []},
    ]}))
}

/// `getInventoryIntegrations`: none.
pub(super) fn integrations(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    state.catalog.inventory(sent)?;
    success(json!({"integrations": []}))
}

/// `getInventoryAvailableTextFieldKeys`: key to name.
pub(super) fn text_field_keys(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    state.catalog.inventory(sent)?;
    success(json!({"text_field_keys": {"name": "Nazwa", "description": "Opis", "features": "Parametry"}}))
}

pub(super) fn add_product(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let product_id = store_product(state, sent)?;
    state.wrote("addInventoryProduct", 0, sent, now);
    let warnings = state.catalog.warnings(Map::new());
    success(json!({"product_id": product_id, "warnings": warnings}))
}

pub(super) fn store_product(state: &mut State, sent: &Parameters) -> Result<i64, Refusal> {
    let inventory_id = state.catalog.inventory(sent)?.inventory_id;
    let product_id = sent.integer("product_id")?.filter(|id| *id != 0);
    let mut product = match product_id {
        None => Product::new(inventory_id, sent.integer("parent_id")?.unwrap_or_default()),
        Some(id) => known(&state.catalog, id, inventory_id)?.clone(),
    };
    assign(&mut product, sent, &state.catalog.tags)?;
    let product_id = product_id.unwrap_or_else(|| state.catalog.next_product_id());
    state.catalog.products.insert(product_id, product);
    Ok(product_id)
}

fn known(catalog: &Catalog, product_id: i64, inventory_id: i64) -> Result<&Product, Refusal> {
    let found = catalog.products.get(&product_id).filter(|product| product.inventory_id == inventory_id);
    let text = || format!("Product {product_id} does not belong to inventory {inventory_id}");
    found.ok_or_else(|| Refusal::new("ERROR_STORAGE_ID", text()))
}

pub(super) fn delete_product(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let product_id = sent.integer("product_id")?.ok_or_else(|| missing("product_id"))?;
    let products = &mut state.catalog.products;
    if products.remove(&product_id).is_none() {
        // Code assumed.
        return Err(Refusal::new("ERROR_PRODUCT_ID", format!("Product {product_id} does not exist")));
    }
    products.retain(|_, product| product.parent_id != product_id);
    state.wrote("deleteInventoryProduct", 0, sent, now);
    super::answer::done()
}
