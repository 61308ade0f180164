//! Reading products: list, data, stock, prices.

use serde_json::{Map, Value, json};

use super::{Catalog, Product};
use crate::baselinker::answer::{Answer, Refusal, php_map, success};
use crate::baselinker::parameters::{Parameters, missing};
use crate::baselinker::state::State;

/// Products on a page; the first page is 1.
pub(in crate::baselinker) const PAGE: usize = 1000;

struct Filter {
    id: Option<i64>,
    category: Option<i64>,
    texts: Vec<(&'static str, String)>,
    name: Option<String>,
    price: (Option<f64>, Option<f64>),
    stock: (Option<f64>, Option<f64>),
}

impl Filter {
    fn read(sent: &Parameters) -> Result<Self, Refusal> {
        let text = |field, parameter| Some((field, sent.filled_text(parameter)?));
        Ok(Self {
            id: sent.integer("filter_id")?.filter(|id| *id != 0),
            category: sent.integer("filter_category_id")?.filter(|id| *id != 0),
            texts: [text("sku", "filter_sku"), text("ean", "filter_ean"), text("asin", "filter_asin")]
                .into_iter()
                .flatten()
                .collect(),
            name: sent.filled_text("filter_name").map(|name| name.to_lowercase()),
            price: (sent.number("filter_price_from")?, sent.number("filter_price_to")?),
            stock: (sent.number("filter_stock_from")?, sent.number("filter_stock_to")?),
        })
    }

    fn lets_pass(&self, id: i64, product: &Product) -> bool {
        self.id.is_none_or(|wanted| wanted == id)
            && self.category.is_none_or(|wanted| wanted == product.number("category_id"))
            && self.texts.iter().all(|(field, wanted)| product.text(field) == wanted)
            && self.name.as_ref().is_none_or(|part| product.name().to_lowercase().contains(part))
            && within(self.price, product, "prices")
            && within(self.stock, product, "stock")
    }
}

fn within((from, to): (Option<f64>, Option<f64>), product: &Product, map: &str) -> bool {
    if from.is_none() && to.is_none() {
        return true;
    }
    let mut values = product.map(map).into_iter().flat_map(Map::values).filter_map(Value::as_f64);
    values.any(|value| from.is_none_or(|from| value >= from) && to.is_none_or(|to| value <= to))
}

fn page_number(sent: &Parameters) -> Result<usize, Refusal> {
    let page = sent.integer("page")?.unwrap_or(1).max(1);
    Ok(usize::try_from(page).unwrap_or(usize::MAX))
}

/// The page of a call, as a map by id; an empty one is a list.
fn paged<'a>(
    found: impl Iterator<Item = (i64, &'a Product)>,
    page: usize,
    row: impl Fn(i64, &'a Product) -> Value,
) -> Value {
    let start = (page - 1).saturating_mul(PAGE);
    php_map(found.skip(start).take(PAGE).map(|(id, product)| (id.to_string(), row(id, product))).collect())
}

pub(in crate::baselinker) fn products(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let catalog = &state.catalog;
    let inventory_id = catalog.inventory(sent)?.inventory_id;
    let (filter, page) = (Filter::read(sent)?, page_number(sent)?);
    let mut found: Vec<(i64, &Product)> =
        catalog.roots(inventory_id).filter(|(id, product)| filter.lets_pass(*id, product)).collect();
    if sent.flag("include_variants") {
        let roots: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
        found.extend(roots.into_iter().flat_map(|id| catalog.variants(id)));
        found.sort_by_key(|(id, _)| *id);
    }
    if sent.filled_text("filter_sort").is_some_and(|sort| sort.eq_ignore_ascii_case("id DESC")) {
        found.reverse();
    }
    success(json!({"products": paged(found.into_iter(), page, row)}))
}

fn row(id: i64, product: &Product) -> Value {
    let mut row = json!({"id": id, "sku": product.text("sku"), "ean": product.text("ean"), "asin": product.text("asin"),
                         "name": product.name(), "prices": product.printed("prices"), "stock": product.printed("stock")});
    if product.parent_id > 0 {
        row["parent_id"] = json!(product.parent_id);
    }
    row
}

/// `getInventoryProductsData`: all fields of the named products; unknown ids are left out [assumed].
pub(in crate::baselinker) fn data(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let catalog = &state.catalog;
    let inventory_id = catalog.inventory(sent)?.inventory_id;
    let ids = sent.integers("products")?.ok_or_else(|| missing("products"))?;
    let found = ids.into_iter().filter_map(|id| {
        let product = catalog.products.get(&id).filter(|product| product.inventory_id == inventory_id)?;
        Some((id.to_string(), whole(catalog, id, product)))
    });
    success(json!({"products": php_map(found.collect())}))
}

fn whole(catalog: &Catalog, id: i64, product: &Product) -> Value {
    let mut fields = product.fields.clone();
    for name in ["prices", "stock", "locations", "text_fields", "images", "links"] {
        fields.insert(name.to_owned(), product.printed(name));
    }
    // These two ids are strings here, as in the vendor's sample.
    for name in ["category_id", "manufacturer_id"] {
        fields.insert(name.to_owned(), Value::from(product.number(name).to_string()));
    }
    let variants = catalog.variants(id).map(|(id, variant)| {
        let shown = json!({"name": variant.name(), "sku": variant.text("sku"), "ean": variant.text("ean"),
                           "prices": variant.printed("prices"), "stock": variant.printed("stock"),
                           "locations": variant.printed("locations")});
        (id.to_string(), shown)
    });
    fields.insert("variants".to_owned(), php_map(variants.collect()));
    fields.remove("bundle_products");
    Value::Object(fields)
}

pub(in crate::baselinker) fn stock(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    amounts(state, sent, "stock")
}

pub(in crate::baselinker) fn prices(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    amounts(state, sent, "prices")
}

fn amounts(state: &State, sent: &Parameters, name: &str) -> Answer {
    let catalog = &state.catalog;
    let inventory_id = catalog.inventory(sent)?.inventory_id;
    let row = |id, product: &Product| {
        let variants = catalog.variants(id).map(|(id, variant)| (id.to_string(), variant.printed(name)));
        json!({"product_id": id, name: product.printed(name), "variants": php_map(variants.collect())})
    };
    success(json!({"products": paged(catalog.roots(inventory_id), page_number(sent)?, row)}))
}
