//! Optimakers (OptiMES, Syneo): orders, customers and products of a Polish production system, and its webhooks.
//!
//! The vendor publishes the webhook message only. Paths, fields, statuses and error bodies of the REST API are
//! \[assumed\], with switches in [`Options`]. Names in bodies and queries count in any casing; what nobody documented is
//! ignored in silence, as ASP.NET does. Ids begin beyond 32 bits.
//!
//! Every instance has reference lists of its own; this one starts with those of [`lists`].
//!
//! Faults of its own by name: `maintenance` answers 503, `login_page` answers 200 with HTML.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::response::Response;
use http::header;
use http::request::Parts;
use serde_json::{Value, json};

use crate::admin::{Inspect, System};
use crate::authority::Authority;
use crate::fault::{self, Faults, Vendor};
use crate::log::Log;
use crate::server::{Running, Server};

mod answer;
mod clock;
mod command;
pub mod lists;
mod options;
mod rules;
mod service;
mod store;
mod webhook;

use answer::Refusal;
pub use options::{Casing, Emission, ListShape, Options, Paging, Paths};
use service::{Service, State};
pub use store::Table;
use store::{Record, Store};
use webhook::Emitter;
pub use webhook::{Attempt, Webhook};

/// Settings of a simulator before it starts.
#[derive(Clone, Debug)]
pub struct Builder {
    options: Options,
    api_key: String,
    webhook_root_pem: Option<String>,
    faults: Faults,
    port: u16,
}

impl Builder {
    /// Changes switches; see [`Options`] for the defaults.
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Sets the API key; `optimes-key` unless set.
    pub fn api_key(mut self, api_key: &str) -> Self {
        self.api_key = api_key.to_owned();
        self
    }

    /// Trusts this root where webhooks go out over TLS; plain http needs none.
    pub fn webhook_root(mut self, pem: &str) -> Self {
        self.webhook_root_pem = Some(pem.to_owned());
        self
    }

    /// Uses this fault table; an empty one unless set.
    pub fn faults(mut self, faults: &Faults) -> Self {
        self.faults = faults.clone();
        self
    }

    /// Binds this port of 127.0.0.1; a free one unless set.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Starts to serve, over TLS with an authority, else over plain http.
    ///
    /// Fails when the port is taken or the root for webhooks is none.
    pub async fn start(self, authority: Option<&Authority>) -> io::Result<Simulator> {
        let state = State { options: self.options, api_key: self.api_key, store: Store::default() };
        let (log, faults, service) = (Log::new(), self.faults, Arc::new(Service::new(state)));
        lists::seed(&service);
        let router = fault::layer(router(Arc::clone(&service)), &service, &faults, &log);
        let running = Server::new().port(self.port).log(&log).start(router, authority).await?;
        let emitter =
            Emitter::start(Arc::clone(&service), self.webhook_root_pem.as_deref()).map_err(io::Error::other)?;
        Ok(Simulator { service, running, faults, log, _emitter: emitter })
    }
}

/// Makes the router of the vendor's API; faults and the log lie in front of it.
fn router(service: Arc<Service>) -> Router {
    Router::new().fallback(handle).with_state(service)
}

async fn handle(Shared(service): Shared<Arc<Service>>, parts: Parts, body: Bytes) -> Response {
    let latency = service.state().options.latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    service.answer(&parts, &body).map(Body::from)
}

impl Service {
    fn retry_after(&self) -> Option<u32> {
        self.state().options.retry_after_seconds
    }
}

impl Vendor for Service {
    fn operation(&self, request: &Parts, _body: &[u8]) -> String {
        service::operation(&self.state().options, &request.method, request.uri.path())
    }

    fn rate_limited(&self) -> Response {
        sent(&Refusal::new(429, "Too Many Requests").retry_after(self.retry_after()))
    }

    fn unauthorized(&self) -> Response {
        sent(&Refusal::unauthorized())
    }

    fn special(&self, name: &str) -> Option<Response> {
        match name {
            "maintenance" => Some(sent(&Refusal::new(503, "Service Unavailable").retry_after(self.retry_after()))),
            "login_page" => {
                let mut page = http::Response::new("<!DOCTYPE html><html><body>Zaloguj się</body></html>".to_owned());
                answer::set(&mut page, header::CONTENT_TYPE, "text/html; charset=utf-8");
                Some(page.map(Body::from))
            }
            _ => None,
        }
    }
}

fn sent(refusal: &Refusal) -> Response {
    refusal.answer().map(Body::from)
}

/// A record as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its kind.
    pub table: Table,
    /// Its id.
    pub id: i64,
    /// Whether it was seeded and not made by a call.
    pub seeded: bool,
    /// Whether a call or a person has changed it.
    pub changed: bool,
    /// All its fields.
    pub value: Value,
}

impl Document {
    fn new(table: Table, id: i64, record: &Record) -> Self {
        let (seeded, changed) = (record.is_seeded, record.is_changed);
        Self { table, id, seeded, changed, value: record.value.clone() }
    }

    fn json(&self) -> Value {
        let number = match self.table {
            Table::Orders => &self.value["number"],
            _ => &Value::Null,
        };
        json!({
            "entity": self.table.name(),
            "id": self.id,
            "number": number,
            "changed": self.changed,
            "value": self.value,
            "texts": texts(&self.value),
        })
    }
}

/// Returns each text of a record, those of its parts included.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(elements) => elements.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// A running instance.
#[derive(Debug)]
pub struct Simulator {
    service: Arc<Service>,
    running: Running,
    faults: Faults,
    log: Log,
    _emitter: Emitter,
}

impl Simulator {
    /// Starts from the defaults.
    pub fn builder() -> Builder {
        Builder {
            options: Options::default(),
            api_key: "optimes-key".to_owned(),
            webhook_root_pem: None,
            faults: Faults::new(),
            port: 0,
        }
    }

    /// Returns the address of the instance without a slash at its end; the API lies below `/api`.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// Returns the server.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Returns the fault table.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the record of requests.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns the API key.
    pub fn api_key(&self) -> String {
        self.service.state().api_key.clone()
    }

    /// Makes a new API key, so that calls with the old one are refused.
    pub fn set_api_key(&self, api_key: &str) {
        self.service.state().api_key = api_key.to_owned();
    }

    /// Changes switches while it runs.
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.service.state().options);
    }

    /// Puts the clock forward; messages that come due are sent.
    pub fn advance(&self, by: Duration) {
        self.service.clock.advance(by);
        self.service.outbox.wake();
    }

    /// Stores a record as if it had been there before, under its `id` or the next one; returns the id. No rule is
    /// applied, and no webhook tells of it.
    pub fn seed(&self, table: Table, record: Value) -> i64 {
        let now = self.service.clock.now();
        self.service.state().store.add(table, record, now, true)
    }

    /// Stores a customer with that login.
    pub fn seed_customer(&self, name: &str, login: &str, email: &str) -> i64 {
        let attributes = json!([{ "attributeId": lists::CUSTOMER_LOGIN, "value": login }]);
        let record = json!({ "name": name, "taxNumber": null, "email": email, "phone": null,
            "address": { "street": "Prosta 1", "postCode": "00-001", "city": "Warszawa", "countryCode": "PL" },
            "attributes": attributes });
        self.seed(Table::Customers, record)
    }

    /// Stores an active product in PLN at 23 %.
    pub fn seed_product(&self, name: &str, code: &str, net_price: f64) -> i64 {
        let record = json!({ "name": name, "code": code, "ean": null, "unit": "szt", "netPrice": net_price,
            "grossPrice": (net_price * 123.0).round() / 100.0, "vatRateId": lists::VAT_23, "currencyId": lists::PLN,
            "isActive": true });
        self.seed(Table::Products, record)
    }

    /// Writes fields over a record, as a person does; the webhooks tell of it. False when it is not there.
    pub fn edit(&self, table: Table, id: i64, fields: &Value) -> bool {
        command::edit(&self.service, table, id, fields)
    }

    /// Marks an order as completed ("Zrealizowane: Tak"), as a person does.
    pub fn complete_order(&self, id: i64) -> bool {
        self.edit(Table::Orders, id, &json!({ "isCompleted": true }))
    }

    /// Removes a record, as a person does; the webhooks tell of it. False when it is not there.
    pub fn remove(&self, table: Table, id: i64) -> bool {
        command::remove(&self.service, table, id)
    }

    /// Registers a webhook, as a person does under Settings.
    pub fn register(&self, webhook: Webhook) {
        self.service.outbox.register(webhook);
    }

    /// Sends a message of that source and these ids, whatever happened.
    pub fn emit(&self, source: &str, ids: &[i64]) {
        let emission = self.service.state().options.webhooks.clone();
        self.service.outbox.put(source, ids, &emission, &self.service.clock);
    }

    /// Returns the tries to deliver messages, in their order.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.service.outbox.attempts()
    }

    /// Returns how many messages wait for their next try.
    pub fn waiting_messages(&self) -> usize {
        self.service.outbox.waiting()
    }

    /// Returns how long it is to the next try of a message that waits; none when none waits.
    pub fn next_try_in(&self) -> Option<Duration> {
        let due = self.service.outbox.next_due()?.saturating_sub(self.service.clock.now());
        Some(Duration::from_millis(u64::try_from(due).unwrap_or(0)))
    }

    /// Waits until so many tries were made in all.
    pub async fn wait_for_attempts(&self, attempts: usize) {
        self.service.outbox.wait_for(attempts).await;
    }

    /// Returns the records of a table by id.
    pub fn records(&self, table: Table) -> Vec<Document> {
        documents_of(&self.service.state(), table)
    }

    /// Returns a record.
    pub fn record(&self, table: Table, id: i64) -> Option<Value> {
        self.service.state().store.get(table, id).map(|record| record.value.clone())
    }

    /// Returns the external numbers that more than one order has, with how many.
    pub fn duplicates(&self) -> BTreeMap<String, usize> {
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for order in self.records(Table::Orders) {
            if let Some(number) = order.value["externalNumber"].as_str() {
                *numbers.entry(number.to_owned()).or_default() += 1;
            }
        }
        numbers.retain(|_, count| *count > 1);
        numbers
    }

    /// Returns the numbers of what is there: records by table, tries to deliver messages.
    pub fn counts(&self) -> Value {
        self.service.counts()
    }

    /// Returns what calls and persons have made or changed, as a JSON array.
    pub fn documents(&self) -> Value {
        self.service.documents()
    }

    /// Returns what the admin needs of this system, under the name `optimakers`.
    pub fn system(&self) -> System {
        System::new("optimakers", &self.service, &self.faults, &self.log)
    }
}

impl Inspect for Service {
    fn counts(&self) -> Value {
        let state = self.state();
        let of = |table: Table| {
            let documents = documents_of(&state, table);
            let created = documents.iter().filter(|document| !document.seeded).count();
            (table.name(), json!({ "all": documents.len(), "created": created }))
        };
        let records: BTreeMap<&str, Value> = Table::ALL.into_iter().map(of).collect();
        let attempts = self.outbox.attempts();
        let delivered =
            attempts.iter().filter(|one| one.status.is_some_and(|status| (200..300).contains(&status))).count();
        let webhooks = json!({ "attempts": attempts.len(), "delivered": delivered, "waiting": self.outbox.waiting() });
        json!({ "records": records, "webhooks": webhooks })
    }

    fn documents(&self) -> Value {
        let state = self.state();
        let all = Table::ALL.into_iter().flat_map(|table| documents_of(&state, table));
        all.filter(|document| !document.seeded || document.changed).map(|document| document.json()).collect()
    }

    fn command(&self, command: Value) -> Result<Value, String> {
        command::run(self, command)
    }
}

fn documents_of(state: &State, table: Table) -> Vec<Document> {
    state.store.records(table).map(|(id, record)| Document::new(table, id, record)).collect()
}
