//! Stock and prices of many products in one call. Setting them again leaves the same.
//!
//! One product that the vendor does not take is no error of the call: it is in `warnings`, by its id, and only its own
//! intent fails. A call that is refused as a whole is halved until the products to blame are found.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::document::{Decimal, Price, Stock, TaxRate};
use wharf_sdk::failure::Cause;
use wharf_sdk::http::Effect;
use wharf_sdk::quirks::Entries;
use wharf_sdk::{Action, Failure, Intent, Outcome, Preview, Result, Verdict, log, violation};

use super::create::gross_of_net;
use super::parameters::{Parameters, Sent};
use super::product::no_key;
use super::{Call, no_action};
use crate::api::Raw;
use crate::assumed::{BLAME_CALLS, BULK_PRODUCTS, NOT_THERE};
use crate::client::Client;

pub(crate) mod external;
mod search;
mod stored;

/// Document of a `product-stock`. The target is the product's id; without one `product_id` or `sku` says which it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockChange {
    /// Inventory, where it is not the configuration's.
    #[serde(default)]
    inventory_id: Option<String>,
    /// Id of the product or variant, where the intent has no target.
    #[serde(default)]
    product_id: Option<String>,
    /// Stock keeping unit, where the id is not known.
    #[serde(default)]
    sku: Option<String>,
    /// Quantities, by the list `warehouse`; what is left out stays.
    stock: Vec<Stock>,
}

/// Document of a `product-price`. The target is the product's id; without one `product_id` or `sku` says which it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceChange {
    /// Inventory, where it is not the configuration's.
    #[serde(default)]
    inventory_id: Option<String>,
    /// Id of the product or variant, where the intent has no target.
    #[serde(default)]
    product_id: Option<String>,
    /// Stock keeping unit, where the id is not known.
    #[serde(default)]
    sku: Option<String>,
    /// Prices, by the list `price-list`; what is left out stays.
    prices: Vec<Price>,
    /// Tax rate, for prices without tax.
    #[serde(default)]
    tax_rate: Option<TaxRate>,
}

/// A kind of bulk write.
pub(super) struct Bulk {
    method: &'static str,
    /// Parameter that says which inventory or storage.
    group: &'static str,
    /// Field of a product that is written.
    field: &'static str,
    read: fn(&Client, &Intent) -> Result<Wish>,
    /// Writes the products of a call.
    products: fn(&[&Wish]) -> Sent,
    /// Reads what products have.
    stored: fn(&Client, &str, &[&Wish]) -> Result<Stored>,
}

/// Stock of products.
pub(super) static STOCK: Bulk = Bulk {
    method: "updateInventoryProductsStock",
    group: "inventory_id",
    field: "stock",
    read: stock_wish,
    products: by_product,
    stored: stored::of_inventory,
};

/// Prices of products.
pub(super) static PRICES: Bulk = Bulk {
    method: "updateInventoryProductsPrices",
    group: "inventory_id",
    field: "prices",
    read: price_wish,
    products: by_product,
    stored: stored::of_inventory,
};

/// What products have: by id, their fields as they were written.
type Stored = BTreeMap<String, String>;

/// What one intent wants.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    /// Place among the intents.
    place: usize,
    /// Inventory or storage.
    group: String,
    /// Id of the product; empty while only its stock keeping unit is known.
    product: String,
    /// Variant of an external product.
    variant: String,
    sku: String,
    /// What is set: quantities by warehouse, prices by price group.
    amounts: Vec<(String, Sent)>,
}

/// Results by place, as they come in.
struct Results<T>(Vec<Option<Result<T>>>);

impl<T> Results<T> {
    fn set(&mut self, place: usize, result: Result<T>) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = Some(result);
        }
    }

    fn finish(self) -> Vec<Result<T>> {
        let none = || Err(Failure::internal("an intent of a batch was left out"));
        self.0.into_iter().map(|result| result.unwrap_or_else(none)).collect()
    }
}

impl Bulk {
    /// Returns the request of each intent; those of one call share it.
    pub(super) fn plan(&self, client: &Client, intents: &[Intent]) -> Vec<Result<Preview>> {
        let (wishes, mut results) = self.wishes(client, intents);
        let (searched, known): (Vec<Wish>, Vec<Wish>) = wishes.into_iter().partition(|wish| wish.product.is_empty());
        for wish in &searched {
            results.set(wish.place, self.searched(client, wish));
        }
        for call in calls(&known) {
            let preview = self.call(&call).and_then(|request| request.preview(client, Effect::IdempotentWrite));
            let note = format!("one request for {} products", call.len());
            for wish in call {
                results.set(wish.place, preview.clone().map(|preview| preview.note(note.clone())));
            }
        }
        results.finish()
    }

    /// Sets what the intents want.
    pub(super) fn apply(&self, client: &Client, intents: &[Intent]) -> Vec<Result<Outcome>> {
        let (wishes, mut results) = self.wishes(client, intents);
        let wishes = search::resolve(client, wishes, |wish, failure| results.set(wish.place, Err(failure)));
        let mut stopped: Option<Failure> = None;
        let mut blame = BLAME_CALLS;
        for call in calls(&wishes) {
            match &stopped {
                Some(failure) => call.iter().for_each(|wish| results.set(wish.place, Err(failure.clone()))),
                None => stopped = self.send(client, &call, &mut blame, &mut results),
            }
        }
        results.finish()
    }

    /// Compares what the products have with what the intents want.
    pub(super) fn verify(&self, client: &Client, intents: &[Intent]) -> Vec<Result<Verdict>> {
        let (wishes, mut results) = self.wishes(client, intents);
        let wishes = search::resolve(client, wishes, |wish, failure| {
            let absent = matches!(failure.cause(), Cause::NotFound(_));
            results.set(wish.place, if absent { Ok(Verdict::Absent) } else { Err(failure) });
        });
        for call in calls(&wishes) {
            let Some(group) = call.first().map(|wish| wish.group.clone()) else { continue };
            let stored = (self.stored)(client, &group, &call);
            for wish in call {
                let verdict = stored.as_ref().map(|stored| self.verdict(stored, wish)).map_err(Clone::clone);
                results.set(wish.place, verdict);
            }
        }
        results.finish()
    }

    /// Reads the intents; those that cannot be read have their failures.
    fn wishes<T>(&self, client: &Client, intents: &[Intent]) -> (Vec<Wish>, Results<T>) {
        let (mut wishes, mut results) = (Vec::with_capacity(intents.len()), Results(Vec::with_capacity(intents.len())));
        for (place, intent) in intents.iter().enumerate() {
            let read = if intent.action == Action::Update { (self.read)(client, intent) } else { no_action(intent) };
            results.0.push(None);
            match read {
                Ok(wish) => wishes.push(Wish { place, ..wish }),
                Err(failure) => results.set(place, Err(failure)),
            }
        }
        (wishes, results)
    }

    /// Shows the search that comes first where only the stock keeping unit is known.
    fn searched(&self, client: &Client, wish: &Wish) -> Result<Preview> {
        let preview = client.request("getInventoryProductsList", &search::question(wish), Effect::Read)?.preview()?;
        let amounts = Sent::Map(wish.amounts.clone());
        let amounts = serde_json::to_string(&amounts).unwrap_or_default();
        Ok(preview
            .note("looks for the product by its stock keeping unit")
            .note(format!("then `{}`: {amounts}", self.method)))
    }

    fn call(&self, wishes: &[&Wish]) -> Result<Call> {
        let mut parameters = Parameters::default();
        let group = wishes.first().map(|wish| wish.group.as_str()).unwrap_or_default();
        match group.parse() {
            Ok(number) => parameters.put(self.group, Sent::Whole(number)),
            Err(_) => parameters.put(self.group, Sent::Text(group.to_owned())),
        }
        parameters.put("products", (self.products)(wishes));
        Ok(Call { method: self.method, parameters: parameters.checked()? })
    }

    /// Makes a call. Returns the failure after which nothing else should be sent.
    fn send(
        &self,
        client: &Client,
        wishes: &[&Wish],
        blame: &mut u32,
        results: &mut Results<Outcome>,
    ) -> Option<Failure> {
        let warnings = match self.set(client, wishes) {
            Ok(warnings) => warnings,
            Err(failure) => return self.failed(client, failure, wishes, blame, results),
        };
        let mut warnings = warnings;
        for wish in wishes {
            let outcome = match warnings.remove(&wish.product) {
                Some(warning) => Err(warned(wish, &warning)),
                None => Ok(Outcome::applied(wish.id())),
            };
            results.set(wish.place, outcome);
        }
        for (product, warning) in warnings {
            log::warn("a warning is about no product of the call", &[("product", &product), ("warning", &warning)]);
        }
        None
    }

    /// Sends one call and returns the warnings, by product.
    fn set(&self, client: &Client, wishes: &[&Wish]) -> Result<BTreeMap<String, String>> {
        let call = self.call(wishes)?;
        let answer = client.write(call.method, &call.parameters, Effect::IdempotentWrite)?;
        let fields = answer.fields()?;
        let warnings = fields.get("warnings");
        if warnings.is_blank() {
            return Ok(BTreeMap::new());
        }
        let warnings: Entries<'_, Raw<'_>> = answer.read(warnings)?;
        let text =
            |value: &Raw<'_>| if value.is_nested() { value.json().to_owned() } else { value.text().into_owned() };
        Ok(warnings.iter().map(|(product, warning)| (product.to_owned(), text(warning))).collect())
    }

    /// Halves a call that was refused for what is in it.
    fn failed(
        &self,
        client: &Client,
        failure: Failure,
        wishes: &[&Wish],
        blame: &mut u32,
        results: &mut Results<Outcome>,
    ) -> Option<Failure> {
        let for_content = matches!(failure.cause(), Cause::InvalidRecord(_));
        if !for_content || wishes.len() < 2 || *blame < 2 {
            wishes.iter().for_each(|wish| results.set(wish.place, Err(failure.clone())));
            return failure.stops_the_connection().then_some(failure);
        }
        *blame -= 2;
        let (left, right) = wishes.split_at(wishes.len() / 2);
        match self.send(client, left, blame, results) {
            None => self.send(client, right, blame, results),
            Some(stopped) => {
                right.iter().for_each(|wish| results.set(wish.place, Err(stopped.clone())));
                Some(stopped)
            }
        }
    }

    fn verdict(&self, stored: &Stored, wish: &Wish) -> Verdict {
        let wanted = Sent::Map(wish.amounts.clone());
        match stored.get(&wish.id()).or_else(|| stored.get(&wish.product)) {
            Some(fields) if super::verification::is(stored::field(fields, self.field), &wanted) => {
                Verdict::Found(wharf_sdk::Applied::new(wish.id()))
            }
            _ => Verdict::Absent,
        }
    }
}

impl Wish {
    /// Returns the id of the record.
    fn id(&self) -> String {
        match (self.group.parse::<u64>().is_ok(), self.variant.is_empty()) {
            (true, _) => self.product.clone(),
            (false, true) => format!("{}:{}", self.group, self.product),
            (false, false) => format!("{}:{}:{}", self.group, self.product, self.variant),
        }
    }
}

/// Puts wishes into calls: of one group, each product once, and as many as the vendor takes.
fn calls(wishes: &[Wish]) -> Vec<Vec<&Wish>> {
    struct Open<'a> {
        wishes: Vec<&'a Wish>,
        products: std::collections::BTreeSet<(&'a str, &'a str)>,
    }
    let mut calls: Vec<Open<'_>> = Vec::new();
    for wish in wishes {
        let key = (wish.product.as_str(), wish.variant.as_str());
        // Of a product that is set twice the later one has to come later.
        let after = calls.iter().rposition(|call| call.products.contains(&key)).map_or(0, |last| last + 1);
        let fits = |call: &&mut Open<'_>| {
            call.wishes.len() < BULK_PRODUCTS && call.wishes.first().is_some_and(|first| first.group == wish.group)
        };
        match calls.iter_mut().skip(after).find(fits) {
            Some(call) => {
                call.wishes.push(wish);
                call.products.insert(key);
            }
            None => calls.push(Open { wishes: vec![wish], products: [key].into() }),
        }
    }
    calls.into_iter().map(|call| call.wishes).collect()
}

fn by_product(wishes: &[&Wish]) -> Sent {
    Sent::Map(wishes.iter().map(|wish| (wish.product.clone(), Sent::Map(wish.amounts.clone()))).collect())
}

/// Says what the vendor's warning about a product means.
fn warned(wish: &Wish, warning: &str) -> Failure {
    let lower = warning.to_lowercase();
    if NOT_THERE.iter().any(|words| lower.contains(words)) {
        return Failure::subject_not_found("product", &wish.id())
            .with_message(format!("product `{}`: {warning}", wish.id()));
    }
    let message = format!("product `{}`: {warning}; correct it", wish.id());
    Failure::invalid_record(vec![violation("", "warning", message)])
}

fn stock_wish(client: &Client, intent: &Intent) -> Result<Wish> {
    let change: StockChange = intent.document()?;
    let mut parameters = Parameters::default();
    let amounts = stock_entries(client, &mut parameters, &change.stock);
    wish(client, intent, parameters, amounts, [change.inventory_id, change.product_id, change.sku])
}

fn price_wish(client: &Client, intent: &Intent) -> Result<Wish> {
    let change: PriceChange = intent.document()?;
    let mut parameters = Parameters::default();
    let amounts = price_entries(client, &mut parameters, &change.prices, change.tax_rate.as_ref());
    wish(client, intent, parameters, amounts, [change.inventory_id, change.product_id, change.sku])
}

fn wish(
    client: &Client,
    intent: &Intent,
    mut parameters: Parameters,
    amounts: Vec<(String, Sent)>,
    [inventory, product, sku]: [Option<String>; 3],
) -> Result<Wish> {
    // What could not be read has been noted.
    if amounts.is_empty() && parameters.is_empty() {
        parameters.wrong("", "empty", "it has nothing to set; map at least one");
    }
    let group = inventory.or_else(|| client.config.inventory_id.map(|id| id.to_string())).unwrap_or_default();
    let group = group.trim().to_owned();
    if group.parse::<u64>().is_err() {
        let message =
            "it names no inventory; set `inventory_id` in the configuration, or map one of the list `inventory`";
        parameters.wrong("/inventory_id", "required", message);
    }
    let product = intent.target.clone().or(product).unwrap_or_default().trim().to_owned();
    let sku = sku.unwrap_or_default();
    if product.is_empty() && sku.trim().is_empty() {
        parameters.wrong("/product_id", "required", "it names no product; give the target, `product_id` or `sku`");
    }
    if !product.is_empty() && product.parse::<u64>().is_err() {
        return Err(Failure::subject_not_found("product", &product));
    }
    parameters.checked()?;
    Ok(Wish { place: 0, group, product, variant: String::new(), sku, amounts })
}

/// Makes the entries of stock: warehouse and quantity.
pub(super) fn stock_entries(client: &Client, parameters: &mut Parameters, stock: &[Stock]) -> Vec<(String, Sent)> {
    let mut entries = Vec::with_capacity(stock.len());
    for (index, one) in stock.iter().enumerate() {
        match one.warehouse.as_ref().or(client.config.warehouse.as_ref()) {
            Some(warehouse) if !warehouse.contains('_') => parameters.unmapped("warehouse", warehouse),
            Some(warehouse) => entries.push((warehouse.clone(), Sent::Number(one.quantity))),
            None => parameters.violate(no_key(format!("/stock/{index}/warehouse"), "warehouse", "warehouse")),
        }
    }
    entries
}

/// Makes the entries of prices: price group and gross price, made of the net one where only that is there.
pub(super) fn price_entries(
    client: &Client,
    parameters: &mut Parameters,
    prices: &[Price],
    rate: Option<&TaxRate>,
) -> Vec<(String, Sent)> {
    let mut entries = Vec::with_capacity(prices.len());
    let default = client.config.price_group_id.map(|id| id.to_string());
    for (index, price) in prices.iter().enumerate() {
        let gross: Option<Decimal> = price.gross.or_else(|| gross_of_net(price.net?, rate?));
        match (price.price_list.as_ref().or(default.as_ref()), gross) {
            (Some(group), _) if group.parse::<u64>().is_err() => parameters.unmapped("price-list", group),
            (Some(group), Some(gross)) => entries.push((group.clone(), Sent::Number(gross))),
            (None, _) => {
                parameters.violate(no_key(format!("/prices/{index}/price_list"), "price_list", "price_group_id"))
            }
            (_, None) => {
                let message = "it has no price with tax; map `gross`, or `net` and the tax rate";
                parameters.wrong(format!("/prices/{index}/gross"), "required", message);
            }
        }
    }
    entries
}
