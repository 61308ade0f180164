//! A client that trusts the private root, and calls BaseLinker's endpoint.

use serde_json::{Value, json};
use wharf_simulators::authority::Authority;
use wharf_simulators::baselinker::{Builder, Order, PATH, Product, Simulator};

pub(crate) fn trusting(authority: &Authority) -> reqwest::Client {
    // A second test of the process finds the provider installed already.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let root = reqwest::Certificate::from_pem(authority.root_pem().as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([root]).build().unwrap()
}

pub(crate) struct Account {
    pub(crate) simulator: Simulator,
    pub(crate) http: reqwest::Client,
}

impl Account {
    pub(crate) async fn start(builder: Builder) -> Self {
        let authority = Authority::new().unwrap();
        let simulator = builder.start(Some(&authority)).await.unwrap();
        Self { simulator, http: trusting(&authority) }
    }

    pub(crate) fn request(&self, method: &str, parameters: &Value) -> reqwest::RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("method", method)
            .append_pair("parameters", &parameters.to_string())
            .finish();
        self.post(body).header("X-BLToken", self.simulator.token())
    }

    pub(crate) fn post(&self, body: String) -> reqwest::RequestBuilder {
        let url = format!("{}{PATH}", self.simulator.url());
        self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    pub(crate) async fn call(&self, method: &str, parameters: Value) -> Value {
        answer(self.request(method, &parameters)).await
    }

    pub(crate) async fn ids(&self, parameters: Value) -> Vec<i64> {
        let answer = self.call("getOrders", parameters).await;
        let orders = answer["orders"].as_array().unwrap_or_else(|| panic!("no orders in {answer}"));
        orders.iter().map(|order| order["order_id"].as_i64().unwrap()).collect()
    }
}

/// Sends, and insists on HTTP 200, which this vendor gives to errors too.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

pub(crate) fn order(order_id: i64, date_confirmed: i64) -> Order {
    let row = Product {
        product_id: "77".to_owned(),
        name: "Kubek „Żółw”".to_owned(),
        price_brutto: 53.75,
        tax_rate: 23.0,
        quantity: 2,
        ..Product::default()
    };
    Order {
        order_id,
        order_status_id: 202,
        date_add: date_confirmed - 100,
        date_confirmed,
        email: format!("kupiec{order_id}@example.org"),
        delivery_country_code: "PL".to_owned(),
        products: vec![row],
        ..Order::default()
    }
}

pub(crate) fn error_code(answer: &Value) -> &str {
    assert_eq!(answer["status"], json!("ERROR"), "{answer}");
    answer["error_code"].as_str().unwrap()
}
