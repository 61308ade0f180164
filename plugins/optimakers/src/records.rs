//! Records one by one.

use std::ops::ControlFlow;

use wharf_sdk::document::Partner;
use wharf_sdk::{Failure, Item, Result};

use crate::api::{self, row};
use crate::client::{Client, Query, Resource};
use crate::convert;
use crate::customers::Key;
use crate::feeds::{customer_item, order_item, product_item};
use crate::listing::walk;

/// Returns a record by Optimakers' id.
pub(crate) fn get(entity: &str, id: &str) -> Result<Item> {
    let client = Client::open()?;
    let response = match entity {
        "order" => client.get(Resource::Orders, id)?,
        "partner" => client.get(Resource::Customers, id)?,
        "product" => client.get(Resource::Products, id)?,
        _ => return Err(Failure::no_records(entity)),
    };
    match entity {
        "order" => order_item(&client, &response.json()?),
        "partner" => customer_item(&client, &response.json()?),
        _ => product_item(&client, &response.json()?),
    }
}

/// Returns the records for which every field of `query` holds.
pub(crate) fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
    let client = Client::open()?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    if most == 0 {
        return Ok(Vec::new());
    }
    match entity {
        "order" => orders(&client, &keyed(entity, query, &ORDER_KEYS)?, most),
        "partner" => customers(&client, query, most),
        "product" => products(&client, &keyed(entity, query, &PRODUCT_KEYS)?, most),
        _ => Err(Failure::no_records(entity)),
    }
}

/// Keys of look-ups and the parameters that they are asked for by. An order's number has none.
const ORDER_KEYS: [(&str, Option<&str>); 2] = [("external_number", Some("externalNumber")), ("number", None)];
const PRODUCT_KEYS: [(&str, Option<&str>); 2] = [("sku", Some("code")), ("ean", Some("ean"))];

/// A look-up whose keys are known: key, parameter, value.
type Keyed<'a> = Vec<(&'a str, Option<&'static str>, &'a str)>;

fn keyed<'a>(entity: &str, query: &'a [(String, String)], keys: &[(&str, Option<&'static str>)]) -> Result<Keyed<'a>> {
    let known = |(name, value): &'a (String, String)| {
        let key = keys.iter().find(|(key, _)| key == name).ok_or_else(|| Failure::no_lookup_key(entity, name))?;
        Ok((name.as_str(), key.1, value.trim()))
    };
    query.iter().map(known).collect()
}

fn parameters(keyed: &Keyed<'_>) -> Vec<(&'static str, String)> {
    keyed.iter().filter_map(|(_, parameter, value)| Some(((*parameter)?, (*value).to_owned()))).collect()
}

fn orders(client: &Client, keyed: &Keyed<'_>, most: usize) -> Result<Vec<Item>> {
    collect(client, Resource::Orders, &parameters(keyed), most, |raw| {
        let order: api::Order<'_> = row(raw)?;
        let fits = keyed.iter().all(|(key, _, value)| match *key {
            "number" => order.number.as_str().trim() == *value,
            _ => order.external_number.as_str().trim() == *value,
        });
        if fits { order_item(client, &order).map(Some) } else { Ok(None) }
    })
}

fn products(client: &Client, keyed: &Keyed<'_>, most: usize) -> Result<Vec<Item>> {
    collect(client, Resource::Products, &parameters(keyed), most, |raw| {
        let product: api::Product<'_> = row(raw)?;
        let fits = keyed.iter().all(|(key, _, value)| match *key {
            "ean" => product.ean.as_str().trim() == *value,
            _ => product.code.as_str().trim() == *value,
        });
        if fits { product_item(client, &product).map(Some) } else { Ok(None) }
    })
}

/// Every key has to fit; the first one is asked for.
fn customers(client: &Client, query: &[(String, String)], most: usize) -> Result<Vec<Item>> {
    let key_of = |(name, value): &(String, String)| {
        let mut wanted = Partner::default();
        match name.as_str() {
            "login" if client.config.customer_attribute_login.is_none() => return Err(no_login()),
            "login" => wanted.login = Some(value.clone()),
            "email" => wanted.email = Some(value.clone()),
            "tax_number" => wanted.tax_number = Some(value.clone()),
            _ => return Err(Failure::no_lookup_key("partner", name)),
        }
        Ok(Key::of(&wanted, &client.config))
    };
    let keys: Vec<Option<Key>> = query.iter().map(key_of).collect::<Result<_>>()?;
    // Nothing is what an empty value finds.
    let Some(keys) = keys.into_iter().collect::<Option<Vec<Key>>>() else { return Ok(Vec::new()) };
    let parameters: Vec<_> = keys.first().map(|key| (key.parameter(), key.text().to_owned())).into_iter().collect();
    collect(client, Resource::Customers, &parameters, most, |raw| {
        let customer: api::Customer<'_> = row(raw)?;
        let document = convert::customer::read(&customer, &client.config);
        if keys.iter().all(|key| key.fits(&document)) { customer_item(client, &customer).map(Some) } else { Ok(None) }
    })
}

/// Collects what `read` takes of the rows of a list, at most so many.
fn collect(
    client: &Client,
    resource: Resource,
    query: Query<'_>,
    most: usize,
    read: impl Fn(&serde_json::value::RawValue) -> Result<Option<Item>>,
) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    let end = walk(client, resource, query, |raw| {
        found.extend(read(raw)?);
        Ok(if found.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    end.found(resource.name(), "search_pages")?;
    Ok(found)
}

fn no_login() -> Failure {
    let message = "customers can be looked up by login where `customer_attribute_login` names the attribute; set it";
    Failure::unsupported("lookup", message)
}
