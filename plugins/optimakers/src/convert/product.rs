//! Products.

use wharf_sdk::document::{Decimal, Extra, Price, Product, TaxRate};
use wharf_sdk::{Failure, Result, Violation, violation};

use super::price::gross_of_unit;
use crate::api;
use crate::body::Body;
use crate::config::{Config, RemoteId};
use crate::references::{Currencies, VatRates};

/// Makes the common document of a product.
pub(crate) fn read(row: &api::Product<'_>, rates: &VatRates, currencies: &Currencies) -> Product {
    let mut extra = Extra::new();
    row.unknown.add_to(&mut extra);
    let (vat_rate, currency) = (row.vat_rate_id.filled(), row.currency_id.filled());
    let price = Price {
        price_list: None,
        currency: currency.as_deref().and_then(|id| currencies.code(id)),
        gross: row.gross_price.get(),
        net: row.net_price.get(),
    };
    let tax_rate = vat_rate.as_deref().and_then(|id| rates.tax_rate(id));
    for (name, id) in [("vatRateId", vat_rate), ("currencyId", currency)] {
        if let Some(id) = id {
            extra.insert(name.to_owned(), id.into());
        }
    }
    Product {
        id: row.id.filled(),
        sku: row.code.filled(),
        ean: row.ean.filled(),
        name: row.name.as_str().to_owned(),
        unit: row.unit.filled(),
        tax_rate,
        prices: if price.gross.is_some() || price.net.is_some() { vec![price] } else { Vec::new() },
        active: row.is_active.get(),
        extra,
        ..Product::default()
    }
}

/// A product of a document, with what its values are mapped to.
#[derive(Debug)]
pub(crate) struct Mapped<'a> {
    product: &'a Product,
    price: Option<&'a Price>,
    vat_rate: Option<RemoteId>,
    currency: Option<RemoteId>,
}

/// Maps the VAT rate and the currency of a product.
pub(crate) fn mapped<'a>(product: &'a Product, config: &Config) -> Result<Mapped<'a>> {
    let price = chosen_price(product)?;
    let mut missing = Vec::new();
    let vat_rate = match &product.tax_rate {
        Some(rate) if !is_empty(rate) => {
            config.vat_rate(rate).cloned().or_else(|| noted(&mut missing, "vat-rate", rate_key(rate)))
        }
        _ => None,
    };
    let currency = match price.and_then(|price| price.currency.as_deref()) {
        Some(code) => config.currency(code).cloned().or_else(|| noted(&mut missing, "currency", code.to_owned())),
        None => None,
    };
    if !missing.is_empty() {
        return Err(Failure::mapping_missing(missing.iter().map(|(list, value)| (*list, value.as_str()))));
    }
    Ok(Mapped { product, price, vat_rate, currency })
}

fn noted<T>(missing: &mut Vec<(&'static str, String)>, list: &'static str, value: String) -> Option<T> {
    missing.push((list, value));
    None
}

fn is_empty(rate: &TaxRate) -> bool {
    rate.percent.is_none() && rate.code.is_none()
}

/// Returns what a rate is filed under when it has no mapping.
pub(crate) fn rate_key(rate: &TaxRate) -> String {
    let percent = rate.percent.map(|percent| percent.get().normalize().to_string());
    percent.or_else(|| rate.code.clone()).unwrap_or_default()
}

/// Optimakers has one price for a product.
fn chosen_price(product: &Product) -> Result<Option<&Price>> {
    match product.prices.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        many => match many.iter().find(|price| price.price_list.is_none()) {
            Some(price) => Ok(Some(price)),
            None => {
                let message = format!("there are {} prices and Optimakers keeps one; map one of them", many.len());
                Err(Failure::invalid_record(vec![violation("/prices", "several-prices", message)]))
            }
        },
    }
}

impl Mapped<'_> {
    /// Tells whether the other price has to be worked out, for which the percentages of the rates are needed.
    pub(crate) fn needs_rates(&self) -> bool {
        self.vat_rate.is_some() && self.price.is_some_and(|price| price.net.is_some() != price.gross.is_some())
    }

    /// Makes what is sent: the fields that the document has. `rates` are asked for percentages where one price is to be
    /// worked out from the other.
    pub(crate) fn body(&self, config: &Config, rates: &VatRates) -> Body {
        let percent = self.vat_rate.as_ref().and_then(|id| rates.percent(id.as_str()));
        let (net, gross) = self.prices(percent, config.net_price_places);
        let product = self.product;
        Body::new()
            .text("name", Some(product.name.as_str()))
            .text("code", product.sku.as_deref())
            .text("ean", product.ean.as_deref())
            .text("unit", product.unit.as_deref())
            .number("netPrice", net)
            .number("grossPrice", gross)
            .id("vatRateId", self.vat_rate.as_ref())
            .id("currencyId", self.currency.as_ref())
            .flag("isActive", product.active)
    }

    fn prices(&self, percent: Option<Decimal>, places: u32) -> (Option<Decimal>, Option<Decimal>) {
        let Some(price) = self.price else { return (None, None) };
        let net = price.net.or_else(|| price.gross?.net_of_gross(percent?, places));
        let gross = price.gross.or_else(|| gross_of_unit(price.net?, percent?));
        (net, gross)
    }
}

/// Says what keeps a product from being made.
pub(crate) fn check(product: &Product) -> Result<()> {
    let filled = |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty());
    let mut found: Vec<Violation> = Vec::new();
    if !filled(Some(&product.name)) {
        found.push(violation("/name", "required", "the product has no name; map `name`"));
    }
    if !filled(product.sku.as_deref()) {
        let message = "the product has no code, by which it would be found again; map `sku`";
        found.push(violation("/sku", "required", message));
    }
    if found.is_empty() { Ok(()) } else { Err(Failure::invalid_record(found)) }
}
