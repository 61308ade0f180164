//! Products and services. Every attribute is [assumed].

use wharf_sdk::Result;
use wharf_sdk::document::{Extra, Price, Product, ProductKind, Stock, TaxRate};

use super::keep_relations;
use crate::api::{self, Resource};
use crate::assumed::SERVICE;

/// Makes the common document of a product.
pub(crate) fn read(row: &Resource<'_>) -> Result<Product> {
    let attributes: api::Product<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &["category"], &mut extra);
    let price = Price { net: attributes.price.get(), gross: attributes.taxed_price.get(), ..Price::default() };
    let stock = attributes.stock.get().map(|quantity| Stock { quantity, ..Stock::default() });
    Ok(Product {
        id: row.id.filled(),
        kind: if attributes.kind.get() == Some(SERVICE) { ProductKind::Service } else { ProductKind::Goods },
        sku: attributes.code.filled(),
        ean: attributes.ean.filled(),
        unit: attributes.unit.filled(),
        category: row.related_id("category")?,
        tax_rate: attributes.vat_rate.get().map(|percent| TaxRate { percent: Some(percent), code: None }),
        prices: Some(price).filter(|price| *price != Price::default()).into_iter().collect(),
        stock: stock.into_iter().collect(),
        active: attributes.active.get(),
        name: attributes.name.into_string(),
        extra,
        ..Product::default()
    })
}
