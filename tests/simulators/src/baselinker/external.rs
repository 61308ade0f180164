//! External storages: connected shops and wholesalers with products of their own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, php_map, php_number, success};
use super::parameters::{self, Parameters, missing};
use super::state::State;

/// Products on a page; how many the vendor gives is not documented \[assumed\].
pub const EXTERNAL_PAGE: usize = 1000;
/// Most rows of one update of quantities; beyond it the call is refused [assumed].
const MAX_ROWS: usize = 1000;

/// Calls that a storage supports unless it is made with others.
const METHODS: [&str; 5] = [
    "getExternalStorageCategories",
    "getExternalStorageProductsData",
    "getExternalStorageProductsList",
    "getExternalStorageProductsQuantity",
    "updateExternalStorageProductsQuantity",
];

/// A connected shop or wholesaler.
#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    /// Id, such as `shop_2444`.
    pub storage_id: String,
    /// Name in the panel.
    pub name: String,
    /// Names of the calls that it supports.
    pub methods: Vec<String>,
    /// Its products, by their ids, which are the shop's and may be any text.
    pub products: BTreeMap<String, ExternalProduct>,
}

/// A product of a storage.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the fields are the vendor's")]
pub struct ExternalProduct {
    pub name: String,
    pub sku: String,
    pub ean: String,
    pub category_id: i64,
    pub price: f64,
    pub quantity: i64,
    /// Quantities of the variants, by their ids.
    pub variants: BTreeMap<String, i64>,
}

impl Storage {
    /// Makes a storage that supports all calls, without products.
    pub fn new(storage_id: &str, name: &str) -> Self {
        let methods = METHODS.map(str::to_owned).to_vec();
        Self { storage_id: storage_id.to_owned(), name: name.to_owned(), methods, products: BTreeMap::new() }
    }

    /// Adds a product.
    pub fn product(mut self, id: &str, product: ExternalProduct) -> Self {
        self.products.insert(id.to_owned(), product);
        self
    }

    /// Supports only these calls.
    pub fn methods(mut self, methods: impl IntoIterator<Item = &'static str>) -> Self {
        self.methods = methods.into_iter().map(str::to_owned).collect();
        self
    }
}

fn storage<'a>(state: &'a mut State, sent: &Parameters) -> Result<&'a mut Storage, Refusal> {
    let id = sent.filled_text("storage_id").ok_or_else(|| missing("storage_id"))?;
    let found = state.storages.iter_mut().find(|storage| storage.storage_id == id);
    found.ok_or_else(|| Refusal::new("ERROR_STORAGE_ID", format!("Storage {id} does not exist")))
}

pub(super) fn storages(state: &mut State, _: &Parameters, _: i64) -> Answer {
    let rows = state
        .storages
        .iter()
        .map(|storage| json!({"storage_id": storage.storage_id, "name": storage.name, "methods": storage.methods}));
    success(json!({"storages": rows.collect::<Vec<_>>()}))
}

pub(super) fn categories(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let storage = storage(state, sent)?;
    let mut ids: Vec<i64> = storage.products.values().map(|product| product.category_id).filter(|id| *id > 0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = ids.iter().map(|id| json!({"category_id": id, "name": format!("Kategoria {id}"), "parent_id": 0}));
    success(json!({"storage_id": storage.storage_id, "categories": rows.collect::<Vec<_>>()}))
}

/// `getExternalStorageProductsList`: a list of rows.
pub(super) fn list(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let wanted = |field: &str, parameter: &str| (field.to_owned(), sent.filled_text(parameter));
    let texts = [wanted("sku", "filter_sku"), wanted("ean", "filter_ean")];
    let (id, name) = (sent.filled_text("filter_id"), sent.filled_text("filter_name").map(|name| name.to_lowercase()));
    let category = sent.integer("filter_category_id")?.filter(|id| *id != 0);
    let row = |id: &String, product: &ExternalProduct| {
        json!({"product_id": id, "name": product.name, "quantity": product.quantity, "price": php_number(product.price),
               "sku": product.sku, "ean": product.ean})
    };
    let is_text = |product: &ExternalProduct, (field, wanted): &(String, Option<String>)| {
        let own = if field == "sku" { &product.sku } else { &product.ean };
        wanted.as_ref().is_none_or(|wanted| own == wanted)
    };
    paged(state, sent, |(own, product)| {
        let fits = id.as_ref().is_none_or(|id| own == id)
            && texts.iter().all(|text| is_text(product, text))
            && name.as_ref().is_none_or(|part| product.name.to_lowercase().contains(part))
            && category.is_none_or(|id| product.category_id == id);
        fits.then(|| row(own, product))
    })
}

pub(super) fn quantities(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    paged(state, sent, |(id, product)| {
        let variants = product.variants.iter().map(|(id, quantity)| json!({"variant_id": id, "quantity": quantity}));
        Some(json!({"product_id": id, "quantity": product.quantity, "variants": variants.collect::<Vec<_>>()}))
    })
}

pub(super) fn prices(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    paged(state, sent, |(id, product)| {
        let price = php_number(product.price);
        let variants = product.variants.keys().map(|id| json!({"variant_id": id, "price": price}));
        Some(json!({"product_id": id, "price": price, "variants": variants.collect::<Vec<_>>()}))
    })
}

fn paged(state: &mut State, sent: &Parameters, row: impl Fn((&String, &ExternalProduct)) -> Option<Value>) -> Answer {
    let page = usize::try_from(sent.integer("page")?.unwrap_or(1).max(1)).unwrap_or(usize::MAX);
    let rows = storage(state, sent)?.products.iter().filter_map(row);
    let rows: Vec<Value> = rows.skip((page - 1).saturating_mul(EXTERNAL_PAGE)).take(EXTERNAL_PAGE).collect();
    success(json!({"products": rows}))
}

/// `getExternalStorageProductsData`: a map by id, numbers as strings.
pub(super) fn data(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let ids = sent.value("products").and_then(Value::as_array).cloned().ok_or_else(|| missing("products"))?;
    let storage = storage(state, sent)?;
    let found = ids.iter().map(parameters::text).filter_map(|id| {
        let product = storage.products.get(&id)?;
        let variants = product.variants.iter().map(|(id, quantity)| {
            json!({"variant_id": id, "quantity": quantity.to_string(), "price": format!("{:.2}", product.price)})
        });
        let shown = json!({
            "product_id": id, "sku": product.sku, "ean": product.ean, "name": product.name,
            "quantity": product.quantity.to_string(), "price_brutto": format!("{:.2}", product.price),
            "category_id": product.category_id.to_string(), "tax_rate": "23", "weight": "0.00", "features": [],
            "images": [], "variants": variants.collect::<Vec<_>>(),
        });
        Some((id, shown))
    });
    let found: Map<String, Value> = found.collect();
    success(json!({"storage_id": storage.storage_id, "products": php_map(found)}))
}

/// `updateExternalStorageProductsQuantity`: rows of product, variant or 0, quantity.
pub(super) fn update(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let rows = sent.value("products").and_then(Value::as_array).cloned().ok_or_else(|| missing("products"))?;
    if rows.len() > MAX_ROWS {
        return Err(Refusal::parameters(format!("at most {MAX_ROWS} products can be updated at once")));
    }
    let storage = storage(state, sent)?;
    let (mut counter, mut warnings) = (0, Map::new());
    for row in &rows {
        match set_quantity(storage, row) {
            Ok(()) => counter += 1,
            Err((id, warning)) => drop(warnings.insert(id, Value::from(warning))),
        }
    }
    state.wrote("updateExternalStorageProductsQuantity", 0, sent, now);
    let warnings = state.catalog.warnings(warnings);
    success(json!({"counter": counter, "warnings": warnings}))
}

/// The texts of the warnings are assumed.
fn set_quantity(storage: &mut Storage, row: &Value) -> Result<(), (String, String)> {
    let at = |index| row.get(index).map(parameters::text).unwrap_or_default();
    let (id, variant) = (at(0), at(1));
    let told = |text: &str| (id.clone(), text.to_owned());
    let quantity = at(2).parse().map_err(|_| told("Invalid quantity"))?;
    let product = storage.products.get_mut(&id).ok_or_else(|| told("Product not found"))?;
    if matches!(variant.as_str(), "" | "0") {
        product.quantity = quantity;
    } else {
        *product.variants.get_mut(&variant).ok_or_else(|| told("Variant not found"))? = quantity;
    }
    Ok(())
}
