//! From the vendor's products to the common document.

use serde_json::Value;
use wharf_sdk::document::{Price, Product, ProductKind, Stock};
use wharf_sdk::quirks::Entries;

use super::source::{Source, number};
use crate::api::{Fields, Raw};

/// Makes the common document of a product of an inventory.
pub(crate) fn product(id: &str, inventory: u64, fields: &Fields<'_>) -> Product {
    let source = Source::new(fields);
    let texts: Entries<'_, Raw<'_>> = serde_json::from_str(source.peek("text_fields").json()).unwrap_or_default();
    let sku = source.text("sku");
    let (prices, stock) = (prices(&source), stock(&source));
    let mut product = Product {
        id: Some(id.to_owned()),
        kind: ProductKind::Goods,
        name: name(&texts).or_else(|| sku.clone()).unwrap_or_default(),
        sku,
        ean: source.text("ean"),
        description: text_of(&texts, "description"),
        unit: None,
        category: source.id("category_id"),
        tax_rate: source.tax_rate("tax_rate"),
        prices,
        stock,
        weight_kg: source.number("weight"),
        active: None,
        extra: source.rest(),
    };
    if let Some(Value::Object(texts)) = product.extra.get_mut("text_fields") {
        texts.retain(|key, _| key != "name" && key != "description");
    }
    product.extra.retain(|_, value| !matches!(value, Value::Object(map) if map.is_empty()));
    product.extra.insert("inventory_id".to_owned(), inventory.into());
    product
}

/// Names of other languages are `name|de`; one of them is better than none.
fn name(texts: &Entries<'_, Raw<'_>>) -> Option<String> {
    text_of(texts, "name").or_else(|| {
        let named = texts.iter().filter(|(key, _)| key.starts_with("name|"));
        named.map(|(_, value)| value.text().into_owned()).find(|name| !name.is_empty())
    })
}

fn text_of(texts: &Entries<'_, Raw<'_>>, key: &str) -> Option<String> {
    let value = texts.get(key).filter(|value| !value.is_blank() && !value.is_nested())?;
    Some(value.text().into_owned())
}

/// Prices are gross, by price group. A map with a price that is none stays in `extra` as it is.
fn prices(source: &Source<'_>) -> Vec<Price> {
    let price = |(group, value): (&str, &Raw<'_>)| {
        Some(Price { price_list: Some(group.to_owned()), currency: None, gross: Some(number(*value)?), net: None })
    };
    amounts(source, "prices", price)
}

fn stock(source: &Source<'_>) -> Vec<Stock> {
    let stock = |(warehouse, value): (&str, &Raw<'_>)| {
        Some(Stock { warehouse: Some(warehouse.to_owned()), quantity: number(*value)?, reserved: None })
    };
    amounts(source, "stock", stock)
}

fn amounts<T>(source: &Source<'_>, name: &'static str, read: impl Fn((&str, &Raw<'_>)) -> Option<T>) -> Vec<T> {
    let map: Entries<'_, Raw<'_>> = serde_json::from_str(source.peek(name).json()).unwrap_or_default();
    let amounts: Option<Vec<T>> = map.iter().map(read).collect();
    match amounts {
        Some(amounts) => {
            source.done_with(name);
            amounts
        }
        None => Vec::new(),
    }
}
