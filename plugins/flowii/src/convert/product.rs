//! Products and services. Every attribute is [assumed].

use wharf_sdk::document::{Extra, Price, Product, ProductKind, Stock, TaxRate};
use wharf_sdk::{Failure, Result, violation};

use super::keep_relations;
use crate::api::{self, Draft, Resource};
use crate::assumed::{GOODS, SERVICE};

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

/// Returns the code that a new product gets: its SKU.
pub(crate) fn code(product: &Product) -> Result<&str> {
    super::named("/name", &product.name, true)?;
    product.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty()).ok_or_else(|| {
        let message = "the product has no SKU; FLOWii would not find it again without one";
        Failure::invalid_record(vec![violation("/sku", "required", message)])
    })
}

/// Makes the fields that a document sets. Stock is left alone: FLOWii's own movements make it.
pub(crate) fn draft(product: &Product, says_kind: bool) -> Result<Draft> {
    let price = product.prices.first();
    let rate = match &product.tax_rate {
        Some(TaxRate { percent: None, code: Some(code) }) => {
            return Err(Failure::mapping_missing([("vat-rate", code.as_str())]));
        }
        Some(rate) => rate.percent,
        None => None,
    };
    let draft = Draft::new("product")
        .text_if("name", Some(product.name.trim()))
        .text_if("code", product.sku.as_deref().map(str::trim))
        .text_if("ean", product.ean.as_deref())
        .text_if("unit", product.unit.as_deref())
        .number_if("price", price.and_then(|price| price.net))
        .number_if("taxed-price", price.and_then(|price| price.gross))
        .number_if("vat-rate", rate)
        .flag_if("active", product.active)
        .one_if("category", product.category.as_deref().map(|id| Draft::existing("category", id)));
    let kind = if product.kind == ProductKind::Service { SERVICE } else { GOODS };
    Ok(if says_kind { draft.whole("type", kind) } else { draft })
}
