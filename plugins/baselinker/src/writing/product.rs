//! Products of the catalog. `addInventoryProduct` makes one, or changes the fields that are sent where the product's id is
//! given. The stock keeping unit is the key against doubles: a new product has to have one.

use serde_json::{Map, Value};
use wharf_sdk::document::{Product, ProductKind};
use wharf_sdk::http::Effect;
use wharf_sdk::{Action, Applied, Failure, Intent, Outcome, Preview, Result, Verdict, violation};

use super::bulk::{price_entries, stock_entries};
use super::create::tax_rate;
use super::parameters::{Parameters, Sent};
use super::{Call, no_action, verification};
use crate::catalog::{ENTITY, list, read_data};
use crate::client::Client;

const ADD: &str = "addInventoryProduct";

/// Fields of `extra` that are passed on as they are.
const PASSED_ON: [&str; 8] =
    ["is_bundle", "ean_additional", "tags", "locations", "images", "links", "bundle_products", "average_cost"];

/// Fields that are sent and come back otherwise, or not at all: images under other addresses, the rest elsewhere.
const NOT_READ_BACK: [&str; 8] =
    ["inventory_id", "parent_id", "ean_additional", "images", "links", "locations", "bundle_products", "average_cost"];

/// A write of a product.
struct Wish {
    inventory: u64,
    sku: String,
    /// The product's id, where it is known.
    target: Option<u64>,
    /// Everything but the product's id.
    parameters: Parameters,
}

/// Returns the first request.
pub(super) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    if intent.action == Action::Delete {
        return removal(intent)?.preview(client, Effect::IdempotentWrite);
    }
    let wish = Wish::of(client, intent)?;
    let Some(id) = wish.target else {
        let preview = client.request("getInventoryProductsList", &wish.look_up(), Effect::Read)?.preview()?;
        let outcome =
            if intent.action == Action::Upsert { "changes the product that is found, else:" } else { "unless it is:" };
        return Ok(preview
            .note("looks whether a product with the stock keeping unit is there already")
            .note(Call { method: ADD, parameters: wish.parameters }.note(outcome)));
    };
    wish.change(id).preview(client, Effect::IdempotentWrite)
}

/// Does it.
pub(super) fn apply(client: &Client, intent: &Intent) -> Result<Outcome> {
    if intent.action == Action::Delete {
        removal(intent)?.set(client).map_err(|failure| without_product(failure, intent))?;
        return Ok(Outcome::applied(intent.target()?));
    }
    let wish = Wish::of(client, intent)?;
    let known = match wish.target {
        Some(id) => Some(id),
        None => wish.find(client)?,
    };
    match (known, intent.action) {
        (Some(id), Action::Create) => Err(wish.conflict(client, id)?),
        (Some(id), _) => {
            let call = wish.change(id);
            client.write(call.method, &call.parameters, Effect::IdempotentWrite)?.fields()?;
            Ok(Outcome::applied(id.to_string()))
        }
        (None, _) => wish.add(client),
    }
}

/// Looks for the product, or compares it.
pub(super) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    if intent.action == Action::Delete {
        return verify_removal(client, intent);
    }
    let wish = Wish::of(client, intent)?;
    let id = match wish.target {
        Some(id) => Some(id),
        None => wish.find(client)?,
    };
    match id {
        Some(id) if intent.action == Action::Create || wish.is_there(client, id)? => {
            Ok(Verdict::Found(Applied::new(id.to_string())))
        }
        _ => Ok(Verdict::Absent),
    }
}

/// Reads the document. One that changes a product may have no name.
fn document(intent: &Intent) -> Result<Product> {
    if intent.action != Action::Update {
        return intent.document();
    }
    let mut fields: Map<String, Value> = intent.document()?;
    fields.entry("name").or_insert_with(|| "".into());
    let named = Intent { document: Value::Object(fields).to_string(), ..intent.clone() };
    named.document()
}

fn removal(intent: &Intent) -> Result<Call> {
    let mut parameters = Parameters::default();
    parameters.put("product_id", Sent::Whole(target(intent)?));
    Ok(Call { method: "deleteInventoryProduct", parameters })
}

/// The product is gone when no inventory has it.
fn verify_removal(client: &Client, intent: &Intent) -> Result<Verdict> {
    let id = target(intent)?.to_string();
    match crate::catalog::get(client, &id) {
        Ok(_) => Ok(Verdict::Absent),
        Err(failure) if matches!(failure.cause(), wharf_sdk::failure::Cause::NotFound(_)) => {
            Ok(Verdict::Found(Applied::new(id)))
        }
        Err(failure) => Err(failure),
    }
}

/// Says which product is missing, where the vendor's code names one. Codes are not documented.
fn without_product(failure: Failure, intent: &Intent) -> Failure {
    let evidence = failure.evidence().cloned();
    match evidence {
        Some(evidence) if evidence.remote_code.as_deref().is_some_and(|code| code.contains("PRODUCT_ID")) => {
            Failure::subject_not_found(ENTITY, intent.target.as_deref().unwrap_or_default()).with_evidence(evidence)
        }
        _ => failure,
    }
}

fn target(intent: &Intent) -> Result<u64> {
    let target = intent.target()?;
    target.parse().map_err(|_| Failure::subject_not_found(ENTITY, target))
}

impl Wish {
    fn of(client: &Client, intent: &Intent) -> Result<Self> {
        let product = document(intent)?;
        let mut parameters = Parameters::default();
        let inventory = inventory(client, &product.extra, &mut parameters);
        match product.kind {
            ProductKind::Goods => {}
            ProductKind::Service => {
                parameters.wrong("/kind", "not-goods", "the catalog has goods only; filter services out")
            }
        }
        fields(client, &mut parameters, &product);
        let sku = product.sku.unwrap_or_default();
        let target = match intent.action {
            Action::Create => None,
            Action::Update => Some(target(intent)?),
            Action::Upsert => intent.target.as_ref().map(|_| target(intent)).transpose()?,
            _ => return no_action(intent),
        };
        if target.is_none() && product.name.trim().is_empty() {
            parameters.wrong("/name", "required", "a new product has no `name`; map one");
        }
        if target.is_none() && sku.trim().is_empty() {
            parameters.wrong("/sku", "required", "a new product has no `sku`, by which it is found again; map one");
        }
        Ok(Self { inventory, sku, target, parameters: parameters.checked()? })
    }

    fn look_up(&self) -> Value {
        serde_json::json!({
            "inventory_id": self.inventory, "page": 1, "filter_sort": "id ASC", "filter_sku": self.sku,
            "include_variants": true,
        })
    }

    /// Finds the product that has the stock keeping unit.
    fn find(&self, client: &Client) -> Result<Option<u64>> {
        let filters = [("filter_sku", Value::from(self.sku.as_str())), ("include_variants", true.into())];
        let rows = list(client, self.inventory, 1, &filters)?;
        Ok(rows.iter().find(|row| row.sku == self.sku).map(|row| row.id))
    }

    fn add(&self, client: &Client) -> Result<Outcome> {
        let answer = client.write(ADD, &self.parameters, Effect::Write)?;
        let fields = answer.fields()?;
        let id = fields.get("product_id");
        if id.is_no_id() {
            return Err(answer.response().unreadable("`addInventoryProduct` tells no `product_id`"));
        }
        let warnings = fields.get("warnings");
        if !warnings.is_blank() {
            wharf_sdk::log::warn(
                "a product was added with warnings",
                &[("product_id", &id.text()), ("warnings", &warnings.json())],
            );
        }
        Ok(Outcome::applied(id.text()))
    }

    fn change(&self, id: u64) -> Call {
        Call { method: ADD, parameters: self.parameters.clone().first("product_id", Sent::Whole(id)) }
    }

    /// Says that another product has the stock keeping unit, and whether it is the same.
    fn conflict(&self, client: &Client, id: u64) -> Result<Failure> {
        let same = self.is_there(client, id)?;
        let message =
            format!("product `{id}` has the stock keeping unit `{}` already; use `upsert` to change it", self.sku);
        Ok(Failure::conflict(Some(id.to_string()), Some(same), message))
    }

    /// Tells whether a product has what would be sent.
    fn is_there(&self, client: &Client, id: u64) -> Result<bool> {
        let comparable = self.parameters.clone().without(&NOT_READ_BACK);
        let mut is = false;
        read_data(client, self.inventory, &[id], |_, fields| {
            is = verification::has_all(fields, &comparable);
            Ok(())
        })?;
        Ok(is)
    }
}

/// Sends the inventory: the document's, else the configuration's.
fn inventory(client: &Client, extra: &wharf_sdk::document::Extra, parameters: &mut Parameters) -> u64 {
    let before = parameters.iter().count();
    parameters.whole_extra("inventory_id", extra);
    if parameters.iter().count() == before {
        match client.config.inventory_id {
            Some(id) => parameters.put("inventory_id", Sent::Whole(id)),
            None => {
                let message = "the product has no inventory; set `inventory_id` in the configuration, or map it";
                parameters.wrong("/extra/inventory_id", "required", message);
            }
        }
    }
    parameters.text_of("inventory_id").and_then(|id| id.parse().ok()).unwrap_or(0)
}

fn fields(client: &Client, parameters: &mut Parameters, product: &Product) {
    parameters.text("sku", "/sku", 50, product.sku.as_deref());
    parameters.text("ean", "/ean", 32, product.ean.as_deref());
    if product.tax_rate.is_some() {
        tax_rate(parameters, "/tax_rate", product.tax_rate.as_ref());
    }
    parameters.number("weight", product.weight_kg);
    if let Some(category) = &product.category {
        parameters.listed("category_id", "product-category", category);
    }
    if !product.prices.is_empty() {
        let prices = price_entries(client, parameters, &product.prices, product.tax_rate.as_ref());
        parameters.put("prices", Sent::Map(prices));
    }
    if !product.stock.is_empty() {
        let stock = stock_entries(client, parameters, &product.stock);
        parameters.put("stock", Sent::Map(stock));
    }
    texts(parameters, product);
    rest(parameters, product);
}

/// Sends name and description with the other texts that the document has.
fn texts(parameters: &mut Parameters, product: &Product) {
    let mut texts: Vec<(String, Sent)> = Vec::new();
    if !product.name.is_empty() {
        texts.push(("name".to_owned(), Sent::Text(product.name.clone())));
    }
    if let Some(description) = &product.description {
        texts.push(("description".to_owned(), Sent::Text(description.clone())));
    }
    if let Some(Value::Object(more)) = product.extra.get("text_fields") {
        texts.extend(more.iter().map(|(key, text)| (key.clone(), Sent::Json(text.clone()))));
    }
    if !texts.is_empty() {
        parameters.put("text_fields", Sent::Map(texts));
    }
}

fn rest(parameters: &mut Parameters, product: &Product) {
    if let Some(asin) = product.extra.get("asin") {
        parameters.scalar("asin", "/extra/asin", 50, asin);
    }
    for name in ["parent_id", "manufacturer_id", "star"] {
        parameters.whole_extra(name, &product.extra);
    }
    for name in ["height", "width", "length"] {
        parameters.decimal_extra(name, &product.extra);
    }
    for name in PASSED_ON {
        if let Some(value) = product.extra.get(name).filter(|value| !value.is_null()) {
            parameters.put(name, Sent::Json(value.clone()));
        }
    }
    if let Some(unit) = product.unit.as_deref().filter(|unit| !unit.is_empty()) {
        wharf_sdk::log::debug("the catalog has no units of measure", &[("unit", &unit)]);
    }
}

/// Makes the violation of a price or quantity that names no list.
pub(super) fn no_key(path: String, list: &str, config: &str) -> wharf_sdk::Violation {
    violation(path, "required", format!("it names no `{list}`; map one, or set `{config}` in the configuration"))
}
