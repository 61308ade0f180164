//! The controls of the pull: plain native loops that read the same orders from the same server.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// What a loop read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Read {
    /// Orders.
    pub(crate) orders: u64,
    /// Bytes of the documents made of them.
    pub(crate) bytes: u64,
}

/// An account to read from.
pub(crate) struct Account {
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Account {
    /// Connects with one more root certificate.
    pub(crate) fn new(url: &str, token: &str, root_pem: &[u8]) -> Result<Self> {
        // Installed by whoever comes first in this process; the host brings the same one.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let certificates = reqwest::Certificate::from_pem_bundle(root_pem)?;
        let client = reqwest::Client::builder().tls_certs_merge(certificates).no_proxy().build()?;
        Ok(Self { client, url: format!("{url}/connector.php"), token: token.to_owned() })
    }

    async fn orders(&self, place: &Place) -> Result<Vec<u8>> {
        let mut parameters = json!({ "date_confirmed_from": place.second, "include_custom_extra_fields": true });
        if let Some(id) = place.inside {
            parameters["id_from"] = json!(id + 1);
        }
        let parameters = parameters.to_string();
        let body = [("method", "getOrders"), ("parameters", parameters.as_str())];
        let form: String = body.iter().map(|(name, value)| format!("{name}={}&", encoded(value))).collect();
        let request = self.client.post(&self.url).header("X-BLToken", &self.token);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
        Ok(request.send().await?.error_for_status()?.bytes().await?.to_vec())
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Where a loop stands: pages are cut inside seconds, so each begins with the last second again.
#[derive(Default)]
struct Place {
    second: i64,
    /// Last id, inside a second that fills a page.
    inside: Option<i64>,
    seen: HashSet<i64>,
    /// First second and last id of the page.
    page: Option<(i64, i64)>,
}

impl Place {
    fn is_new(&mut self, id: i64, confirmed: i64) -> bool {
        self.page = Some((self.page.map_or(confirmed, |(first, _)| first), id));
        if confirmed > self.second {
            self.second = confirmed;
            self.seen.clear();
        }
        self.seen.insert(id)
    }

    /// Ends a page: a full one that begins and ends in the same second is gone on with by id.
    fn end_page(&mut self) {
        let page = self.page.take();
        self.inside = page.filter(|(first, _)| *first == self.second).map(|(_, id)| id);
    }
}

/// The loop that one writes first: every page becomes a tree, every order a document in the common shape.
pub(crate) async fn trees(account: &Account) -> Result<Read> {
    let mut read = Read::default();
    let mut place = Place::default();
    loop {
        let page: Value = serde_json::from_slice(&account.orders(&place).await?)?;
        ensure!(page["status"] == "SUCCESS", "the server answers {page}");
        let Value::Object(mut page) = page else { continue };
        let Some(Value::Array(orders)) = page.remove("orders") else { break };
        let count = orders.len();
        for order in orders {
            let Value::Object(order) = order else { continue };
            let id = order.get("order_id").and_then(Value::as_i64).context("an order without id")?;
            let confirmed = order.get("date_confirmed").and_then(Value::as_i64).context("an order without date")?;
            if place.is_new(id, confirmed) {
                read.orders += 1;
                read.bytes += serde_json::to_vec(&document(order))?.len() as u64;
            }
        }
        if count < 100 {
            break;
        }
        place.end_page();
    }
    Ok(read)
}

/// Brings an order into the common shape; what has no place there stays under `extra`.
fn document(mut order: Map<String, Value>) -> Value {
    let mut take = |name: &str| order.remove(name).unwrap_or(Value::Null);
    let text = |value: Value| match value {
        Value::Number(number) => Value::String(number.to_string()),
        other => other,
    };
    let document = json!({
        "id": text(take("order_id")), "external_number": take("external_order_id"), "status": text(take("order_status_id")),
        "source": take("order_source"), "created_at": take("date_add"), "confirmed_at": take("date_confirmed"),
        "currency": take("currency"),
        "customer": { "name": take("invoice_fullname"), "email": take("email"), "phone": take("phone"),
                      "login": take("user_login"), "tax_number": take("invoice_nip") },
        "invoice_address": { "company": take("invoice_company"), "street": take("invoice_address"),
                             "postcode": take("invoice_postcode"), "city": take("invoice_city"),
                             "state": take("invoice_state"), "country": take("invoice_country_code") },
        "wants_invoice": take("want_invoice"),
        "delivery": { "method": take("delivery_method"), "price_gross": text(take("delivery_price")),
                      "address": { "name": take("delivery_fullname"), "company": take("delivery_company"),
                                   "street": take("delivery_address"), "postcode": take("delivery_postcode"),
                                   "city": take("delivery_city"), "state": take("delivery_state"),
                                   "country": take("delivery_country_code") },
                      "carrier": take("delivery_package_module"), "tracking_number": take("delivery_package_nr") },
        "payment": { "method": take("payment_method"), "cash_on_delivery": take("payment_method_cod"),
                     "paid": text(take("payment_done")) },
        "lines": lines(take("products")),
        "customer_note": take("user_comments"), "internal_note": take("admin_comments"),
    });
    let Value::Object(mut document) = document else { return Value::Null };
    document.insert("extra".to_owned(), Value::Object(order));
    Value::Object(document)
}

fn lines(products: Value) -> Value {
    let Value::Array(products) = products else { return Value::Null };
    let text = |value: Value| match value {
        Value::Number(number) => Value::String(number.to_string()),
        other => other,
    };
    let line = |product: Value| {
        let Value::Object(mut product) = product else { return Value::Null };
        let mut take = |name: &str| product.remove(name).unwrap_or(Value::Null);
        let line = json!({
            "id": text(take("order_product_id")), "product_id": take("product_id"), "variant_id": take("variant_id"),
            "sku": take("sku"), "ean": take("ean"), "name": take("name"), "quantity": text(take("quantity")),
            "unit_price_gross": text(take("price_brutto")), "tax_rate": { "percent": text(take("tax_rate")) },
        });
        let Value::Object(mut line) = line else { return Value::Null };
        line.insert("extra".to_owned(), Value::Object(product));
        Value::Object(line)
    };
    Value::Array(products.into_iter().map(line).collect())
}

#[derive(Deserialize)]
struct RawPage<'a> {
    #[serde(borrow)]
    orders: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Keys {
    order_id: i64,
    date_confirmed: i64,
}

/// The loop of somebody who only moves orders: each is kept as the server wrote it.
pub(crate) async fn raw(account: &Account) -> Result<Read> {
    let mut read = Read::default();
    let mut place = Place::default();
    loop {
        let body = account.orders(&place).await?;
        let page: RawPage<'_> = serde_json::from_slice(&body)?;
        for order in &page.orders {
            let keys: Keys = serde_json::from_str(order.get())?;
            if place.is_new(keys.order_id, keys.date_confirmed) {
                read.orders += 1;
                read.bytes += order.get().to_owned().len() as u64;
            }
        }
        if page.orders.len() < 100 {
            break;
        }
        place.end_page();
    }
    Ok(read)
}
