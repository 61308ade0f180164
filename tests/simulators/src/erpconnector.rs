//! ERPConnector (OnlineERP): one REST face on the accounting systems of Quebec.
//!
//! A hub finds the customer's robot by licence code; the robot works in the accounting system and the answer travels back.
//! What each system offers of each entity is the vendor's own table; the query options are those of its query page. Fields
//! beyond the evidenced names, statuses and error bodies are \[assumed\], with switches in [`Options`].
//!
//! Companies `0` and `1` exist, with separate books; `0` is used when the header `COMPANY_ID` is absent.
//!
//! Faults of its own by name: `robot_offline` answers 503, `robot_slow` 504.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::response::Response;
use http::request::Parts;
use serde_json::{Value, json};

use crate::admin::{Inspect, System};
use crate::authority::Authority;
use crate::fault::{self, Faults, Vendor};
use crate::log::Log;
use crate::server::{Running, Server};

mod answer;
mod books;
mod filter;
mod options;
mod profile;
mod query;
mod rules;
mod service;

use answer::Refusal;
use books::{Books, Posting, key_of};
pub use options::{Options, Robot};
pub use profile::{Entity, Erp, Verb};
use service::{Service, State};

/// Company that is meant when the header is absent.
pub const COMPANY: &str = "0";
/// The second company of the licence.
pub const OTHER_COMPANY: &str = "1";

/// Settings of a simulator before it starts.
#[derive(Clone, Debug)]
pub struct Builder {
    options: Options,
    licence: String,
    secret: String,
    faults: Faults,
    port: u16,
}

impl Builder {
    /// Sets the accounting system; Acomba unless set.
    pub fn erp(mut self, erp: Erp) -> Self {
        self.options.erp = erp;
        self
    }

    /// Changes switches; see [`Options`] for the defaults.
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Sets licence code and secret key; `LIC-001` and `secret` unless set.
    pub fn credentials(mut self, licence: &str, secret: &str) -> Self {
        (self.licence, self.secret) = (licence.to_owned(), secret.to_owned());
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
    /// Fails when the port is taken.
    pub async fn start(self, authority: Option<&Authority>) -> io::Result<Simulator> {
        let companies = [COMPANY, OTHER_COMPANY].map(|id| (id.to_owned(), Books::default()));
        let state = State {
            options: self.options,
            licence: self.licence,
            secret: self.secret,
            companies: BTreeMap::from(companies),
        };
        let (log, faults, service) = (Log::new(), self.faults, Arc::new(Service::new(state)));
        let router = fault::layer(router(Arc::clone(&service)), &service, &faults, &log);
        let running = Server::new().port(self.port).log(&log).start(router, authority).await?;
        Ok(Simulator { service, running, faults, log })
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

impl Vendor for Service {
    fn operation(&self, request: &Parts, _body: &[u8]) -> String {
        service::operation(request.method.as_str(), request.uri.path())
    }

    /// No limit is known of this system; the hub's way of speaking is \[assumed\].
    fn rate_limited(&self) -> Response {
        sent(&Refusal::new(429, "Too many requests."))
    }

    fn unauthorized(&self) -> Response {
        sent(&service::denied())
    }

    fn special(&self, name: &str) -> Option<Response> {
        match name {
            "robot_offline" => Some(sent(&service::robot_offline())),
            "robot_slow" => Some(sent(&service::robot_slow())),
            _ => None,
        }
    }
}

fn sent(refusal: &Refusal) -> Response {
    refusal.answer().map(Body::from)
}

/// A record as it stands in the books.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// `COMPANY_ID` of its company.
    pub company: String,
    /// Its kind.
    pub entity: Entity,
    /// Its key or number.
    pub key: String,
    /// Whether it was seeded and not created by a call.
    pub seeded: bool,
    /// Whether a call has changed it.
    pub changed: bool,
    /// All its fields.
    pub value: Value,
}

impl Document {
    fn new(company: &str, entity: Entity, posting: &Posting) -> Self {
        Self {
            company: company.to_owned(),
            entity,
            key: key_of(entity, &posting.value).to_owned(),
            seeded: posting.seeded,
            changed: posting.changed,
            value: posting.value.clone(),
        }
    }

    /// Returns each text in it, those of its lines included.
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        collect_texts(&self.value, &mut texts);
        texts
    }

    /// Returns what makes it the same document when it is booked twice: company, entity, number, and supplier if any.
    fn identity(&self) -> String {
        let supplier = self.value["NoFournisseur"].as_str().unwrap_or_default();
        format!("{}/{}/{}/{supplier}", self.company, self.entity.name(), self.key)
    }

    fn json(&self) -> Value {
        json!({
            "company": self.company,
            "entity": self.entity.name(),
            "id": self.key,
            "number": self.key,
            "changed": self.changed,
            "value": self.value,
            "texts": self.texts(),
        })
    }
}

fn collect_texts<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(elements) => elements.iter().for_each(|element| collect_texts(element, texts)),
        Value::Object(members) => members.values().for_each(|member| collect_texts(member, texts)),
        _ => {}
    }
}

/// A running ERPConnector.
#[derive(Debug)]
pub struct Simulator {
    service: Arc<Service>,
    running: Running,
    faults: Faults,
    log: Log,
}

impl Simulator {
    /// Starts from the documented defaults.
    pub fn builder() -> Builder {
        Builder {
            options: Options::default(),
            licence: "LIC-001".to_owned(),
            secret: "secret".to_owned(),
            faults: Faults::new(),
            port: 0,
        }
    }

    /// Returns the base address without a slash at its end; entities lie under `/api/Entity/`.
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

    /// Returns licence code and secret key.
    pub fn credentials(&self) -> (String, String) {
        let state = self.service.state();
        (state.licence.clone(), state.secret.clone())
    }

    /// Changes switches while it runs.
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.service.state().options);
    }

    /// Changes the secret key, so that calls with the old one are denied.
    pub fn set_secret(&self, secret: &str) {
        self.service.state().secret = secret.to_owned();
    }

    /// Stores a record as if it had been there before: no rule is applied, and fields of any name are known from then on.
    ///
    /// Fails when the company does not exist or the record has no key.
    pub fn seed(&self, company: &str, entity: Entity, record: Value) -> Result<(), String> {
        if key_of(entity, &record).is_empty() {
            return Err(format!("a {} needs the text `{}`", entity.name(), entity.key()));
        }
        let mut state = self.service.state();
        let books = state.companies.get_mut(company).ok_or_else(|| format!("there is no company `{company}`"))?;
        books.add(entity, record, true);
        Ok(())
    }

    /// Stores a customer of company `0`.
    pub fn seed_customer(&self, number: &str, name: &str, email: &str) -> Result<(), String> {
        let record = json!({
            "NoClient": number, "NomClient": name, "Courriel": email, "Telephone": "4185550000", "EstActif": true,
            "Adresse": { "Ligne1": "1 rue A", "Ville": "Québec", "Province": "QC", "CodePostal": "G1A1A1", "Pays": "CA" },
            "InfoAgeDesComptes": { "MontantDu_Cycle1_Courant": 0 },
        });
        self.seed(COMPANY, Entity::Customer, record)
    }

    /// Stores a product of company `0`.
    pub fn seed_product(&self, number: &str, description: &str, price: f64) -> Result<(), String> {
        let record = json!({
            "NoProduit": number, "Description": description, "PrixVente": price, "CoutMoyen": 0.8, "QteEnMain": 500,
            "EstActif": true, "GroupeProduit": { "CodeGroupe": "VIS", "Description": "Visserie" },
            "ExtendedProperties": { "Poids": 1 },
        });
        self.seed(COMPANY, Entity::Product, record)
    }

    /// Returns the records of an entity over all companies, in the order of their booking.
    pub fn records(&self, entity: Entity) -> Vec<Document> {
        documents_of(&self.service.state(), entity)
    }

    /// Returns the numbers that were booked more than once, with how often: `company/entity/number/supplier`.
    pub fn duplicates(&self) -> BTreeMap<String, usize> {
        let state = self.service.state();
        let all = Entity::ALL.into_iter().flat_map(|entity| documents_of(&state, entity));
        repeated(all.map(|document| document.identity()))
    }

    /// Returns the keys that more than one record of an entity has, with how many.
    pub fn duplicates_by(&self, entity: Entity, key: impl Fn(&Document) -> Option<String>) -> BTreeMap<String, usize> {
        repeated(self.records(entity).iter().filter_map(key))
    }

    /// Returns the numbers of what is there: records by entity.
    pub fn counts(&self) -> Value {
        self.service.counts()
    }

    /// Returns what calls have created or changed, as a JSON array.
    pub fn documents(&self) -> Value {
        self.service.documents()
    }

    /// Returns what the admin needs of this system, under the name `erpconnector`.
    pub fn system(&self) -> System {
        System::new("erpconnector", &self.service, &self.faults, &self.log)
    }
}

impl Inspect for Service {
    fn counts(&self) -> Value {
        let state = self.state();
        let number = |entity: Entity, created: bool| -> usize {
            let of = |books: &Books| books.postings(entity).filter(|one| !(created && one.seeded)).count();
            state.companies.values().map(of).sum()
        };
        let numbers: BTreeMap<&str, Value> = Entity::ALL
            .into_iter()
            .map(|entity| (entity.name(), json!({ "all": number(entity, false), "created": number(entity, true) })))
            .collect();
        json!({ "records": numbers })
    }

    fn documents(&self) -> Value {
        let state = self.state();
        let all = Entity::ALL.into_iter().flat_map(|entity| documents_of(&state, entity));
        all.filter(|document| !document.seeded || document.changed).map(|document| document.json()).collect()
    }
}

fn repeated(keys: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for key in keys {
        *numbers.entry(key).or_default() += 1;
    }
    numbers.retain(|_, number| *number > 1);
    numbers
}

fn documents_of(state: &State, entity: Entity) -> Vec<Document> {
    let of = |(company, books): (&String, &Books)| -> Vec<Document> {
        books.postings(entity).map(|posting| Document::new(company, entity, posting)).collect()
    };
    state.companies.iter().flat_map(of).collect()
}
