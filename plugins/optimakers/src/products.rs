//! Products: making, changing and taking them out of use.
//!
//! A product has no field for a text of ours, and is recognised by its code.

use std::ops::ControlFlow;

use wharf_sdk::document::Product;
use wharf_sdk::failure::{Cause, MissingKind};
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, Walk};

use crate::api::{self, row};
use crate::body::{Body, Fields};
use crate::client::{Client, Resource};
use crate::config::{DeletedProducts, RemoteId};
use crate::convert::product::{Mapped, check, mapped};
use crate::convert::words;
use crate::listing::{page_of, walk};
use crate::references::VatRates;

/// A product that is in Optimakers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    id: String,
    name: String,
}

/// Returns the id of the product with that code; `dependency-missing` when there is none.
pub(crate) fn id_of(client: &Client, code: &str) -> Result<RemoteId> {
    let found = by_code(client, code)?.and_then(|found| RemoteId::parse(&found.id));
    found.ok_or_else(|| {
        let message = format!("Optimakers has no product with the code `{code}`; make it first");
        Failure::dependency_missing("product", code, message)
    })
}

/// Finds a product by its code. The filter is not trusted: each row is looked at.
fn by_code(client: &Client, code: &str) -> Result<Option<Found>> {
    let query = [("code", code.to_owned())];
    let walked: Walk<Found> = walk(client, Resource::Products, &query, |raw| {
        let product: api::Product<'_> = row(raw)?;
        if product.code.as_str().trim() != code {
            return Ok(ControlFlow::Continue(()));
        }
        Ok(ControlFlow::Break(Found { id: product.id.into_string(), name: product.name.into_string() }))
    })?;
    walked.found(Resource::Products.name(), "search_pages")
}

fn code_of(product: &Product) -> &str {
    product.sku.as_deref().unwrap_or_default().trim()
}

/// Makes what is sent, with the VAT rates where one price is worked out from the other.
fn body_of(client: &Client, mapped: &Mapped<'_>) -> Result<Body> {
    let none = VatRates::default();
    let rates = if mapped.needs_rates() { client.vat_rates()? } else { &none };
    Ok(mapped.body(&client.config, rates))
}

/// Plans the making of a product.
pub(crate) fn plan_create(client: &Client, intent: &Intent) -> Result<Preview> {
    let product: Product = intent.document()?;
    check(&product)?;
    let body = mapped(&product, &client.config)?.body(&client.config, &VatRates::default()).to_json();
    let query = [("code", code_of(&product).to_owned())];
    let preview = client.list_preview(Resource::Products, &page_of(&query, 1, client.config.page_size))?;
    Ok(preview
        .note("looks for the product's code first, and makes it only if it is not there")
        .note(format!("then POST {} with {body}", client.config.paths.products)))
}

/// Makes a product, unless it is there.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let product: Product = intent.document()?;
    check(&product)?;
    let mapped = mapped(&product, &client.config)?;
    let code = code_of(&product);
    if let Some(found) = by_code(client, code)? {
        return already(&product, found);
    }
    let body = body_of(client, &mapped)?;
    let response = client.post(Resource::Products, &body)?;
    if response.status() == 409 {
        return match by_code(client, code)? {
            Some(found) => already(&product, found),
            None => {
                let message = format!("Optimakers says that product `{code}` is there already, and does not show it");
                Err(Failure::conflict(None, None, message).with_evidence(response.evidence()))
            }
        };
    }
    let made: api::Identified<'_> = response.json()?;
    made.id.filled().map(Outcome::applied).ok_or_else(|| response.unreadable("the new product has no `id`"))
}

fn already(product: &Product, found: Found) -> Result<Outcome> {
    let same = words(&found.name).to_lowercase() == words(&product.name).to_lowercase();
    let message = format!("product {} has the same code `{}`; use it, or change it", found.id, code_of(product));
    Err(Failure::conflict(Some(found.id), Some(same), message))
}

/// Asks whether a product was made: whether one has its code.
pub(crate) fn verify_create(client: &Client, intent: &Intent) -> Result<Verdict> {
    let product: Product = intent.document()?;
    check(&product)?;
    let found = by_code(client, code_of(&product))?;
    Ok(found.map_or(Verdict::Absent, |found| Verdict::Found(Applied::new(found.id))))
}

/// Plans the change of a product.
pub(crate) fn plan_update(client: &Client, intent: &Intent) -> Result<Preview> {
    let (product, target) = (intent.document::<Product>()?, intent.target()?);
    let change = mapped(&product, &client.config)?.body(&client.config, &VatRates::default()).to_json();
    plan_change(client, target, &change)
}

fn plan_change(client: &Client, target: &str, change: &str) -> Result<Preview> {
    let path = &client.config.paths.products;
    let preview = client.get_preview(Resource::Products, target)?;
    Ok(preview.note(format!("then PUT {path}/{target} with the whole product, changed by {change}")))
}

/// Changes a product: the fields that the document has, and no others.
pub(crate) fn update(client: &Client, intent: &Intent) -> Result<Outcome> {
    let (product, target) = (intent.document::<Product>()?, intent.target()?);
    let mapped = mapped(&product, &client.config)?;
    let changed = client.change(Resource::Products, target, |_| body_of(client, &mapped))?;
    Ok(if changed { Outcome::applied(target) } else { Outcome::NothingToDo })
}

/// Asks whether a product says what was to be written.
pub(crate) fn verify_update(client: &Client, intent: &Intent) -> Result<Verdict> {
    let (product, target) = (intent.document::<Product>()?, intent.target()?);
    let mapped = mapped(&product, &client.config)?;
    let body = body_of(client, &mapped)?;
    verify_change(client, target, &body)
}

fn verify_change(client: &Client, target: &str, change: &Body) -> Result<Verdict> {
    let response = client.get(Resource::Products, target)?;
    let record: Fields<'_> = response.json()?;
    Ok(if change.is_in(&record) { Verdict::Found(Applied::new(target)) } else { Verdict::Absent })
}

fn deactivation() -> Body {
    Body::new().flag("isActive", Some(false))
}

/// Plans the end of a product.
pub(crate) fn plan_delete(client: &Client, intent: &Intent) -> Result<Preview> {
    let target = intent.target()?;
    match client.config.deleted_products {
        DeletedProducts::Deactivate => plan_change(client, target, &deactivation().to_json()),
        DeletedProducts::Remove => client.delete_preview(Resource::Products, target),
    }
}

/// Deactivates or removes a product; one that is gone already is as wanted.
pub(crate) fn delete(client: &Client, intent: &Intent) -> Result<Outcome> {
    let target = intent.target()?;
    let done = match client.config.deleted_products {
        DeletedProducts::Deactivate => client.change(Resource::Products, target, |_| Ok(deactivation())),
        DeletedProducts::Remove => client.delete(Resource::Products, target).map(|_| true),
    };
    match done {
        Ok(true) => Ok(Outcome::applied(target)),
        Ok(false) => Ok(Outcome::NothingToDo),
        Err(failure) if is_gone(&failure) => Ok(Outcome::NothingToDo),
        Err(failure) => Err(failure),
    }
}

/// Asks whether a product is out of use.
pub(crate) fn verify_delete(client: &Client, intent: &Intent) -> Result<Verdict> {
    let target = intent.target()?;
    let verdict = match client.config.deleted_products {
        DeletedProducts::Deactivate => verify_change(client, target, &deactivation()),
        DeletedProducts::Remove => client.get(Resource::Products, target).map(|_| Verdict::Absent),
    };
    match verdict {
        Err(failure) if is_gone(&failure) => Ok(Verdict::Found(Applied::new(target))),
        verdict => verdict,
    }
}

fn is_gone(failure: &Failure) -> bool {
    matches!(failure.cause(), Cause::NotFound(missing) if missing.kind == MissingKind::Subject)
}
