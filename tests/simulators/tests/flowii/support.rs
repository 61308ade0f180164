//! What the tests of FLOWii share.

use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use wharf_simulators::authority::Authority;
use wharf_simulators::flowii::{COMPANY, Options, Simulator};

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn id(&self) -> String {
        self.body["data"]["id"].as_str().expect("an id as text").to_owned()
    }

    pub(crate) fn ids(&self) -> Vec<&str> {
        self.body["data"].as_array().expect("a list").iter().map(|row| row["id"].as_str().unwrap()).collect()
    }

    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().expect("a list of errors");
        errors.iter().map(|error| error["source"]["pointer"].as_str().unwrap_or_default()).collect()
    }
}

pub(crate) struct Caller {
    pub(crate) http: Client,
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Caller {
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("a whole body");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        Answer { status, headers, body }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.header("Api-Key", "K1").header("Accept", "application/vnd.api+json").bearer_auth(&self.token)
    }

    /// Calls in [`COMPANY`].
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut request = self.request(method, &format!("{path}{joint}companyId={COMPANY}"));
        if let Some(body) = body {
            request = request.header("Content-Type", "application/vnd.api+json").body(body.to_string());
        }
        self.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, data: Value) -> Answer {
        self.call(Method::POST, path, Some(json!({ "data": data }))).await
    }

    pub(crate) async fn patch(&self, path: &str, data: Value) -> Answer {
        self.call(Method::PATCH, path, Some(json!({ "data": data }))).await
    }

    pub(crate) async fn log_in(&self, password: &str) -> Answer {
        let form = format!("grant_type=password&username=api%40demo.sk&password={password}");
        let request = self.http.post(format!("{}/token", self.url)).header("Api-Key", "K1");
        self.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(form)).await
    }
}

pub(crate) async fn start(change: impl FnOnce(&mut Options)) -> (Simulator, Caller) {
    let authority = Authority::new().unwrap();
    let simulator = Simulator::builder().options(change).start(Some(&authority)).await.unwrap();
    // Already installed by another test of this process is as good.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let root = Certificate::from_pem(authority.root_pem().as_bytes()).unwrap();
    let http = Client::builder().tls_certs_only([root]).no_proxy().build().unwrap();
    let mut caller = Caller { http, url: simulator.url(), token: String::new() };
    let answer = caller.log_in("heslo").await;
    caller.token = answer.body["access_token"].as_str().unwrap().to_owned();
    (simulator, caller)
}

pub(crate) fn partner(name: &str) -> Value {
    json!({ "type": "partner", "attributes": { "name": name, "type": 1, "ico": "12345678" } })
}

pub(crate) fn full_partner() -> Value {
    json!({
        "type": "partner",
        "attributes": { "name": "ACME s.r.o.", "type": 1, "ico": "12345678", "dic": "2020202020", "ic-dph": "SK2020202020" },
        "relationships": {
            "billing-address": { "data": {
                "type": "address", "attributes": { "street": "Hlavna 1", "city": "Kosice", "zip": "04001" },
                "relationships": { "country": { "data": { "type": "country", "id": "1" } } } } },
            "responsible-user": { "data": { "type": "user", "id": "12" } },
            "key-contact": { "data": {
                "type": "contact", "attributes": { "first-name": "Eva", "last-name": "Mala", "email": "e@x.sk" } } },
        },
    })
}

pub(crate) fn order(partner: &str) -> Value {
    json!({
        "type": "order",
        "attributes": { "name": "Objednávka 1001", "created": "2026-02-01T08:00:00", "description": "wharf:abc" },
        "relationships": {
            "type": { "data": { "type": "order-type", "id": "1" } },
            "partner": { "data": { "type": "partner", "id": partner } },
        },
    })
}

pub(crate) fn with(mut resource: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    resource.pointer_mut(parent).expect("the parent is there")[name] = value;
    resource
}
