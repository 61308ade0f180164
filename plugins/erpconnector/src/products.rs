//! Products: making and changing them.

use wharf_sdk::document::Product;
use wharf_sdk::{Failure, Intent, Outcome, Preview, Result, Verdict};

use crate::assumed::product::NUMBER;
use crate::body::Body;
use crate::client::{Client, made_key, row};
use crate::convert;
use crate::convert::product::{body, number};
use crate::query::Query;
use crate::row::Row;
use crate::verbs::{Entity, Verb, require};

/// Plans the making of a product.
pub(crate) fn plan_create(client: &Client, intent: &Intent) -> Result<Preview> {
    let (product, body) = prepared(client, intent)?;
    let sku = number(&product)?;
    let text = serde_json::to_string(&body).unwrap_or_default();
    let preview = client.list_preview(Entity::Product, &by_number(client, sku))?;
    Ok(preview.note("looks for the SKU first").note(format!("then POST /Entity/Product/ with {text}")))
}

/// Makes a product, unless its number is taken.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let (product, body) = prepared(client, intent)?;
    let sku = number(&product)?;
    if let Some(same) = compared(client, sku, &product)? {
        return Err(taken(client, sku, Some(same)));
    }
    let response = client.post(Entity::Product, &body)?;
    if response.status() == 412 {
        let same = compared(client, sku, &product)?;
        return Err(taken(client, sku, same).with_evidence(response.evidence()));
    }
    let key = made_key(&response, client.config.name(NUMBER), sku)?;
    Ok(Outcome::Applied(client.applied(&key)))
}

/// Asks whether a product was made: its number is its own, so being there with the same content is enough.
pub(crate) fn verify_create(client: &Client, intent: &Intent) -> Result<Verdict> {
    let (product, _) = prepared(client, intent)?;
    let sku = number(&product)?;
    Ok(match compared(client, sku, &product)? {
        None => Verdict::Absent,
        Some(true) => Verdict::Found(client.applied(sku)),
        Some(false) => Verdict::Inconclusive(format!("product `{sku}` is there with other content; compare them")),
    })
}

/// Plans the changing of a product.
pub(crate) fn plan_update(client: &Client, intent: &Intent, target: &str) -> Result<Preview> {
    let (_, changes) = change(client, intent)?;
    let text = serde_json::to_string(&changes).unwrap_or_default();
    let preview = client.get_preview(Entity::Product, target)?;
    let note = "reads the product first, as a PUT replaces it whole, and keeps the fields that the document has not";
    Ok(preview.note(note).note(format!("then PUT /Entity/Product/{target} with {text} over what was read")))
}

/// Changes a product: the fields that the document has, and no others.
pub(crate) fn update(client: &Client, intent: &Intent, target: &str) -> Result<Outcome> {
    let (product, changes) = change(client, intent)?;
    let response = client.get(Entity::Product, target)?;
    let there = row(&response)?;
    if says(client, &there, &product)? {
        return Ok(Outcome::NothingToDo);
    }
    let whole = changes.text(client.config.name(NUMBER), Some(target)).over(&there)?;
    client.put(Entity::Product, target, &whole)?;
    Ok(Outcome::Applied(client.applied(target)))
}

/// Asks whether a product says what was to be written.
pub(crate) fn verify_update(client: &Client, intent: &Intent, target: &str) -> Result<Verdict> {
    let (product, _) = change(client, intent)?;
    let response = client.get(Entity::Product, target)?;
    Ok(match says(client, &row(&response)?, &product)? {
        true => Verdict::Found(client.applied(target)),
        false => Verdict::Absent,
    })
}

fn prepared(client: &Client, intent: &Intent) -> Result<(Product, Body)> {
    require(&client.config, Entity::Product, Verb::Get)?;
    require(&client.config, Entity::Product, Verb::Post)?;
    let product: Product = intent.document()?;
    let body = body(&product, &client.config)?.text(client.config.name(NUMBER), Some(number(&product)?));
    Ok((product, body))
}

fn change(client: &Client, intent: &Intent) -> Result<(Product, Body)> {
    require(&client.config, Entity::Product, Verb::Get)?;
    require(&client.config, Entity::Product, Verb::Put)?;
    let product: Product = intent.document()?;
    let changes = body(&product, &client.config)?;
    Ok((product, changes))
}

fn by_number(client: &Client, sku: &str) -> Query {
    Query::new().text_is(client.config.name(NUMBER), sku).top(1)
}

/// Tells whether the product of that number says the same; none when there is none.
fn compared(client: &Client, sku: &str, product: &Product) -> Result<Option<bool>> {
    let found = client.find(Entity::Product, &by_number(client, sku), |row| {
        let is_it = row.text(client.config.name(NUMBER))?.is_some_and(|number| number.eq_ignore_ascii_case(sku));
        if is_it { says(client, row, product).map(Some) } else { Ok(None) }
    })?;
    Ok(found.into_iter().next())
}

/// Tells whether a record has everything that a document sets.
fn says(client: &Client, row: &Row<'_>, product: &Product) -> Result<bool> {
    let there = convert::product::read(row, &client.config)?;
    let wanted = convert::product::price(product, &client.config)?;
    let price = there.prices.first().and_then(|price| price.net);
    Ok(there.name == product.name.trim()
        && (wanted.is_none() || wanted == price)
        && (product.active.is_none() || product.active == there.active)
        && (product.category.is_none() || product.category == there.category))
}

fn taken(client: &Client, sku: &str, same: Option<bool>) -> Failure {
    let message = format!("product `{sku}` is there already; change it instead");
    Failure::conflict(Some(client.id(sku)), same, message)
}
