//! Single records, by their id or by what is known of them; orders above all.

use serde_json::json;
use wharf_sdk::{Failure, Item, Result, clock, violation};

use crate::api::order::{FoundOrders, Order, Orders};
use crate::api::{Raw, Rows};
use crate::assumed::{DAY_MS, PAGE_ROWS};
use crate::client::Client;
use crate::listing::Listing;
use crate::orders::question::Question;
use crate::orders::{ENTITY, item};
use crate::payments::{self, OfOrder};
use crate::{catalog, documents, storages};

/// Keys that an order can be looked up by.
pub(crate) const KEYS: [&str; 6] = ["id", "email", "phone", "external_number", "extra_field_1", "extra_field_2"];

/// Longest address of e-mail that `getOrders` filters by.
const FILTER_EMAIL_CHARS: usize = 50;

/// Reads a record of any entity.
pub(crate) fn any(client: &Client, entity: &str, id: &str) -> Result<Item> {
    match entity {
        ENTITY => get(client, id),
        catalog::ENTITY => catalog::get(client, id),
        storages::ENTITY => storages::get(client, id),
        "order-return" => documents::RETURNS.get(client, "return_id", id),
        "invoice" => documents::INVOICES.get(client, "invoice_id", id),
        // There is no filter by the receipt's own id, but a list from it on.
        "receipt" => documents::RECEIPTS.get(client, "id_from", id),
        _ => Err(Failure::no_records(entity)),
    }
}

/// Looks records of any entity up.
pub(crate) fn lookup_any(client: &Client, entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
    if entity == ENTITY {
        return lookup(client, query, limit);
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    match entity {
        catalog::ENTITY => {
            checked_keys(query, &catalog::KEYS)?;
            catalog::lookup(client, query, limit)
        }
        "order-return" => of_listing(client, &documents::RETURNS, ("return_id", query), limit),
        "invoice" => of_listing(client, &documents::INVOICES, ("invoice_id", query), limit),
        "payment" => of_order(client, &payments::PAYMENTS, query, limit),
        "package" => of_order(client, &payments::PACKAGES, query, limit),
        _ => Err(Failure::unsupported(entity, format!("`{entity}` records cannot be looked up"))),
    }
}

/// Looks documents up by their own id and that of their order.
fn of_listing(
    client: &Client,
    listing: &Listing,
    (id_parameter, query): (&str, &[(String, String)]),
    limit: usize,
) -> Result<Vec<Item>> {
    checked_keys(query, &["id", "order_id"])?;
    let value = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, value)| value.trim());
    let (id, order) = (value("id"), value("order_id"));
    let asked = id.map(|id| (id_parameter, id)).or(order.map(|order| ("order_id", order)));
    let Some((parameter, Ok(number))) = asked.map(|(parameter, number)| (parameter, number.parse())) else {
        return Ok(Vec::new());
    };
    listing.find(client, (parameter, number), limit, |row| {
        id.is_none_or(|id| row.id.to_string() == id)
            && order.is_none_or(|order| row.fields.get("order_id").text() == order)
    })
}

/// Looks up what the vendor has by order only.
fn of_order(client: &Client, kind: &OfOrder, query: &[(String, String)], limit: usize) -> Result<Vec<Item>> {
    checked_keys(query, &["order_id"])?;
    let orders = query.iter().filter_map(|(_, order)| order.trim().parse().ok());
    let mut found = orders.map(|order| kind.of_order(client, order)).next().unwrap_or_else(|| Ok(Vec::new()))?;
    found.truncate(limit);
    Ok(found)
}

/// Refuses a look-up by nothing, and by what cannot be asked for.
fn checked_keys(query: &[(String, String)], keys: &[&str]) -> Result<()> {
    let wrong = query.iter().find(|(key, value)| !keys.contains(&key.as_str()) || value.trim().is_empty());
    let message = match wrong {
        Some((key, _)) => format!("it cannot be looked up by this `{key}`; give one of {} a value", keys.join(", ")),
        None if query.is_empty() => format!("the look-up says nothing; give one of {}", keys.join(", ")),
        None => return Ok(()),
    };
    let path = wrong.map(|(key, _)| format!("/{key}")).unwrap_or_default();
    Err(Failure::invalid_record(vec![violation(path, "lookup-key", message)]))
}

/// Reads an order, confirmed or not.
pub(crate) fn get(client: &Client, id: &str) -> Result<Item> {
    read(client, id, |order| Ok(item(order)))
}

/// Reads an order and makes something of it; `not-found` when there is none.
pub(crate) fn read<T>(client: &Client, id: &str, make: impl FnOnce(&Order<'_>) -> Result<T>) -> Result<T> {
    let missing = || Failure::subject_not_found(ENTITY, id);
    let number: u64 = id.parse().map_err(|_| missing())?;
    let question = Question { order_id: Some(number), ..all(client) };
    let answer = client.read("getOrders", &question)?;
    let Orders(Rows(orders)) = answer.payload()?;
    let found = orders.iter().find(|order| order.order_id.whole() == Some(number));
    make(found.ok_or_else(missing)?)
}

/// Looks orders up: the narrowest key that the vendor knows asks, the others are compared here.
pub(crate) fn lookup(client: &Client, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
    let query = Query::of(query)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if let Some(id) = query.value("id") {
        return by_ids(client, &query, &[id.to_owned()], limit);
    }
    if let Some(number) = query.value("external_number") {
        return by_external_number(client, &query, number, limit);
    }
    match (query.value("email"), query.value("phone")) {
        (Some(email), _) if email.chars().count() <= FILTER_EMAIL_CHARS => {
            search(client, Question { filter_email: Some(email), ..all(client) }, limit, |order| query.fits(order))
        }
        (Some(email), _) => by_ids(client, &query, &found(client, "getOrdersByEmail", "email", email)?, limit),
        (None, Some(phone)) => by_ids(client, &query, &found(client, "getOrdersByPhone", "phone", phone)?, limit),
        (None, None) => {
            let days = u64::from(client.config.search_days);
            let since = clock::now().saturating_sub(days * DAY_MS) / 1000;
            search(client, Question { date_from: Some(since), ..all(client) }, limit, |order| query.fits(order))
        }
    }
}

/// Goes through the orders of a question, by their ids, and returns those that fit, at most `limit`.
///
/// `too-large` when the configuration's `search_pages` are not enough to see all of them.
pub(crate) fn search(
    client: &Client,
    mut question: Question<'_>,
    limit: usize,
    fits: impl Fn(&Order<'_>) -> bool,
) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let mut id_from = 1;
    for _ in 0..client.config.search_pages {
        question.id_from = Some(id_from);
        let answer = client.read("getOrders", &question)?;
        let Orders(Rows(orders)) = answer.payload()?;
        let new = |order: &&Order<'_>| order.order_id.whole().is_some_and(|id| id >= id_from);
        items.extend(orders.iter().filter(new).filter(|order| fits(order)).map(item));
        let ids: Vec<u64> = orders.iter().filter_map(|order| order.order_id.whole()).collect();
        let last = ids.last().copied().unwrap_or(0);
        if orders.len() < PAGE_ROWS || items.len() >= limit {
            items.truncate(limit);
            return Ok(items);
        }
        if !ids.is_sorted() || last < id_from {
            // Going on after the last id would leave out what is sorted behind it with a lower one.
            return Err(answer.response().unreadable("`getOrders` asked by `id_from` does not list orders by id"));
        }
        id_from = last.saturating_add(1);
    }
    let pages = client.config.search_pages;
    let message = format!("the search is not over after {pages} answers; narrow it, or raise `search_pages`");
    Err(Failure::too_large(0, message))
}

/// Asks for all orders, confirmed or not.
pub(crate) fn all<'a>(client: &Client) -> Question<'a> {
    Question { get_unconfirmed_orders: true, ..Question::with_includes(&client.config) }
}

/// Finds by the marketplace's number, and where there is none by the shop's.
fn by_external_number(client: &Client, query: &Query<'_>, number: &str, limit: usize) -> Result<Vec<Item>> {
    let question = Question { filter_external_order_id: Some(number), ..all(client) };
    let found = search(client, question, limit, |order| query.fits(order))?;
    match number.parse() {
        Ok(shop) if shop > 0 && found.is_empty() => {
            let question = Question { filter_shop_order_id: Some(shop), ..all(client) };
            search(client, question, limit, |order| query.fits(order))
        }
        _ => Ok(found),
    }
}

/// Returns the ids that one of the vendor's special searches finds.
fn found(client: &Client, method: &'static str, key: &str, value: &str) -> Result<Vec<String>> {
    let answer = client.read(method, &json!({key: value}))?;
    let FoundOrders(Rows(orders)) = answer.payload()?;
    Ok(orders.iter().map(|order| order.order_id.text().into_owned()).collect())
}

fn by_ids(client: &Client, query: &Query<'_>, ids: &[String], limit: usize) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for id in ids.iter().take_while(|id| !id.is_empty()) {
        if items.len() >= limit {
            break;
        }
        match read(client, id, |order| Ok(query.fits(order).then(|| item(order)))) {
            Ok(found) => items.extend(found),
            Err(failure) if matches!(failure.cause(), wharf_sdk::failure::Cause::NotFound(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(items)
}

/// What is known of the orders.
struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    fn of(query: &'a [(String, String)]) -> Result<Self> {
        checked_keys(query, &KEYS)?;
        Ok(Self(query.iter().map(|(key, value)| (key.as_str(), value.trim())).collect()))
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// Tells whether the order is one. A server that does not know a filter returns everything, so each is compared.
    fn fits(&self, order: &Order<'_>) -> bool {
        self.0.iter().all(|(key, value)| match *key {
            "id" => order.order_id.text() == *value,
            "email" => order.email.text().eq_ignore_ascii_case(value),
            "phone" => is_phone(&order.phone.text(), value),
            "external_number" => order.external_order_id.text() == *value || order.shop_order_id.text() == *value,
            extra => order.unknown.get(extra).is_some_and(|json| Raw::new(json).text() == *value),
        })
    }
}

/// Telephone numbers are the same however they are spaced, and with or without the country's prefix.
fn is_phone(written: &str, wanted: &str) -> bool {
    let digits = |phone: &str| phone.chars().filter(char::is_ascii_digit).collect::<String>();
    let wanted_digits = digits(wanted);
    written == wanted || (!wanted_digits.is_empty() && digits(written).ends_with(&wanted_digits))
}
