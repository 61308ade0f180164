//! Products.

use wharf_sdk::document::{Price, Product, Stock};
use wharf_sdk::{Failure, Result, violation};

use super::key;
use crate::assumed::product::{ACTIVE, DESCRIPTION, GROUP, GROUP_CODE, NUMBER, PRICE, STOCK};
use crate::body::Body;
use crate::config::Config;
use crate::row::Row;

/// Makes the common document of a product. The number is its id and its SKU.
pub(crate) fn read(row: &Row<'_>, config: &Config) -> Result<Product> {
    let known = [NUMBER, DESCRIPTION, PRICE, STOCK, ACTIVE, GROUP].map(|field| config.name(field));
    let group = row.part(config.name(GROUP))?;
    let mut extra = row.extra(&known);
    let more = group.extra(&[config.name(GROUP_CODE)]);
    if !more.is_empty() {
        extra.insert(config.name(GROUP).to_owned(), more.into());
    }
    let number = key(row, NUMBER, config)?;
    let price = row.number(config.name(PRICE))?.map(|net| Price { net: Some(net), ..Price::default() });
    let stock = row.number(config.name(STOCK))?.map(|quantity| Stock { quantity, ..Stock::default() });
    Ok(Product {
        id: Some(number.clone()),
        sku: Some(number),
        name: row.text(config.name(DESCRIPTION))?.unwrap_or_default(),
        category: group.text(config.name(GROUP_CODE))?,
        prices: price.into_iter().collect(),
        stock: stock.into_iter().collect(),
        active: row.flag(config.name(ACTIVE))?,
        extra,
        ..Product::default()
    })
}

/// Returns the number that a new product gets: its SKU.
pub(crate) fn number(product: &Product) -> Result<&str> {
    let sku = product.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty());
    sku.ok_or_else(|| {
        let message = "the product has no SKU; the ERP needs one, as the product's number";
        Failure::invalid_record(vec![violation("/sku", "required", message)])
    })
}

/// Makes the fields that a document sets. Stock is left alone: the ERP's own movements make it.
pub(crate) fn body(product: &Product, config: &Config) -> Result<Body> {
    let group = Body::new().text(config.name(GROUP_CODE), product.category.as_deref());
    let body = Body::new().text(config.name(DESCRIPTION), Some(product.name.trim()));
    let body = body.number(config.name(PRICE), price(product, config)?);
    Ok(body.flag(config.name(ACTIVE), product.active).part(config.name(GROUP), group))
}

/// Returns the selling price without tax: the given one, or worked out from the one with tax.
pub(crate) fn price(product: &Product, config: &Config) -> Result<Option<wharf_sdk::document::Decimal>> {
    let Some(price) = product.prices.first() else { return Ok(None) };
    let rate = product.tax_rate.as_ref().and_then(|rate| rate.percent);
    match (price.net, price.gross, rate) {
        (Some(net), _, _) => Ok(Some(net)),
        (None, None, _) => Ok(None),
        (None, Some(gross), Some(rate)) => Ok(gross.net_of_gross(rate, config.price_places)),
        (None, Some(_), None) => {
            let message = "the price is with tax and there is no tax rate; give `net`, or `tax_rate.percent`";
            Err(Failure::invalid_record(vec![violation("/prices/0/net", "required", message)]))
        }
    }
}
