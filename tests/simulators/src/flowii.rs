//! FLOWii: a CRM and ERP with a JSON:API of its own dialect.
//!
//! What is public is little: a manual page on token and company access, and two working integrations. Everything else is
//! an assumption, marked `[assumed]` where it is made and a switch of [`Options`] where it matters.
//!
//! Each call needs `Api-Key`, a token of a few minutes and `companyId`. Two companies are visible, a third exists and is
//! not in the access list; no record, code list entry or partner of one is known in another.
//!
//! Faults of its own by name: `rate_limit_seconds` and `rate_limit_http_date` answer 429 with the two forms of
//! `Retry-After`.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

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
mod clock;
mod company;
mod draft;
mod model;
mod options;
mod query;
mod report;
mod route;
mod service;
mod store;

use answer::Answer;
use company::Company;
pub use options::{CreatedFilter, Options, Paging, RetryAfter, ZoneSuffix};
pub use report::{Document, Order, Partner};
use service::{Credentials, Service, State};

/// Id of the company that tests use unless they say otherwise.
pub const COMPANY: &str = "4711";
/// Id of the second visible company.
pub const OTHER_COMPANY: &str = "4712";
/// Id of the company that exists and is not in the access list.
pub const HIDDEN_COMPANY: &str = "4799";

const COMPANIES: [(u64, &str, bool); 3] =
    [(4711, "Demo s.r.o.", true), (4712, "Sklad Košice s.r.o.", true), (4799, "Cudzia a.s.", false)];
/// Ids below are code lists and users.
const FIRST_RECORD: u64 = 1000;

/// Settings of a simulator before it starts.
#[derive(Clone, Debug)]
pub struct Builder {
    options: Options,
    credentials: Credentials,
    faults: Faults,
    port: u16,
}

impl Builder {
    /// Changes switches; see [`Options`] for the defaults.
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Sets who may log in; key `K1`, user `api@demo.sk`, password `heslo` unless set.
    pub fn credentials(mut self, api_key: &str, username: &str, password: &str) -> Self {
        self.credentials =
            Credentials { api_key: api_key.into(), username: username.into(), password: password.into() };
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
        let (log, faults) = (Log::new(), self.faults);
        let service = Arc::new(Service::new(first_state(self.options, self.credentials)));
        let router = fault::layer(router(Arc::clone(&service)), &service, &faults, &log);
        let running = Server::new().port(self.port).log(&log).start(router, authority).await?;
        service.set_base(running.url());
        Ok(Simulator { service, running, faults, log })
    }
}

fn first_state(options: Options, credentials: Credentials) -> State {
    let mut state = State::new(options, credentials, FIRST_RECORD);
    state.users = vec![(12, "Novak Jan".to_owned()), (13, "Mala Eva".to_owned())];
    for (index, (id, name, allowed)) in (0..).zip(COMPANIES) {
        let mut company = Company::new(id, name, allowed);
        // Entries of different companies have different ids, so that a mix-up is refused.
        fill_code_lists(&mut company, index * 100);
        state.companies.push(company);
    }
    state
}

fn fill_code_lists(company: &mut Company, base: u64) {
    let lists: [(&str, u64, &[&str]); 7] = [
        ("ordertypes", 1, &["Zákazka", "Servis"]),
        ("orderstates", 11, &["Nová", "Rozpracovaná", "Ukončená"]),
        ("activitytypes", 21, &["Úloha", "Telefonát"]),
        ("companydata", 31, &[&company.name.clone()]),
        ("businesscasestates", 41, &["Otvorený", "Vyhratý", "Prehratý"]),
        ("productcategories", 51, &["Tovar", "Služby"]),
        ("orders/customfields", 61, &["Externé číslo", "Poznámka eshopu"]),
    ];
    for (path, first, names) in lists {
        for (id, name) in (base + first..).zip(names) {
            company.add_code(path, id, name, None);
        }
    }
    company.add_code("ordertypes", base + 9, "Servis v záruke", Some(base + 2));
    // Countries are the same everywhere.
    for (id, name) in (1..).zip(["Slovensko", "Česko", "Maďarsko", "Poľsko"]) {
        company.add_code("countries", id, name, None);
    }
}

/// Makes the router of the vendor's API; faults and the log lie in front of it.
fn router(service: Arc<Service>) -> Router {
    Router::new().fallback(handle).with_state(service)
}

async fn handle(Shared(service): Shared<Arc<Service>>, parts: Parts, body: Bytes) -> Response {
    let visit = service.enter();
    let latency = service.state().options.latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    service.answer(&visit, &parts, &body).map(Body::from)
}

impl Vendor for Service {
    fn operation(&self, request: &Parts, _body: &[u8]) -> String {
        route::operation(request.method.as_str(), request.uri.path())
    }

    fn rate_limited(&self) -> Response {
        let retry_after = self.state().options.retry_after;
        self.too_many(retry_after)
    }

    fn unauthorized(&self) -> Response {
        self.state().forget_tokens();
        sent(Service::unauthorized().answer())
    }

    fn special(&self, name: &str) -> Option<Response> {
        match name {
            "rate_limit_seconds" => Some(self.too_many(RetryAfter::Seconds(2))),
            "rate_limit_http_date" => Some(self.too_many(RetryAfter::HttpDate(2))),
            _ => None,
        }
    }
}

impl Service {
    fn too_many(&self, retry_after: RetryAfter) -> Response {
        sent(self.too_many_requests(retry_after))
    }
}

fn sent(answer: Answer) -> Response {
    answer.map(Body::from)
}

/// A record to have before the first call.
#[derive(Clone, Debug)]
pub struct Seed<'a> {
    /// Id of the company; [`COMPANY`] in most tests.
    pub company: &'a str,
    /// Path of the table, e.g. `partners`.
    pub table: &'a str,
    /// The resource as it would be posted, without the envelope `data`.
    pub resource: Value,
}

/// A running FLOWii.
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
            credentials: Credentials {
                api_key: "K1".to_owned(),
                username: "api@demo.sk".to_owned(),
                password: "heslo".to_owned(),
            },
            faults: Faults::new(),
            port: 0,
        }
    }

    /// Returns the base address, without a slash at its end.
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

    /// Returns API key, user and password.
    pub fn credentials(&self) -> (String, String, String) {
        let known = self.service.state().credentials.clone();
        (known.api_key, known.username, known.password)
    }

    /// Changes switches while it runs.
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.service.state().options);
    }

    /// Changes the password, so that the next log-in with the old one fails; tokens live on.
    pub fn set_password(&self, password: &str) {
        self.service.state().credentials.password = password.to_owned();
    }

    /// Puts the simulator's clock forward, so that tokens and minutes end without waiting.
    pub fn advance(&self, by: Duration) {
        self.service.clock.advance(by);
    }

    /// Ends all tokens.
    pub fn forget_tokens(&self) {
        self.service.state().forget_tokens();
    }

    /// Returns how many log-ins succeeded.
    pub fn tokens_given(&self) -> u64 {
        self.service.state().tokens_given()
    }

    /// Stores a record as if it had been there before, and returns its id.
    ///
    /// Fails with the system's error document when the resource is not valid.
    pub fn seed(&self, seed: &Seed<'_>) -> Result<String, String> {
        let table = model::TABLES.iter().find(|(path, _)| *path == seed.table);
        let table = table.map(|(path, _)| *path).ok_or_else(|| format!("there is no table `{}`", seed.table))?;
        let company = seed.company.parse().map_err(|_| format!("there is no company `{}`", seed.company))?;
        let mut state = self.service.state();
        let mut desk =
            state.desk(company, &self.service.clock, true).ok_or_else(|| format!("there is no company `{company}`"))?;
        let id = desk.create(table, &seed.resource).map_err(|refusal| refusal.answer().into_body())?;
        Ok(id.to_string())
    }

    /// Stores a partner of [`COMPANY`] with one contact and returns its id.
    pub fn seed_partner(&self, name: &str, ico: &str, email: &str) -> Result<String, String> {
        let contact = json!({ "data": { "type": "contact", "attributes": { "email": email } } });
        let attributes = json!({ "name": name, "ico": ico });
        let resource =
            json!({ "type": "partner", "attributes": attributes, "relationships": { "key-contact": contact } });
        self.seed(&Seed { company: COMPANY, table: "partners", resource })
    }

    /// Adds an entry to a code list of a company and returns its id.
    pub fn seed_code(&self, company: &str, list: &str, name: &str) -> Result<String, String> {
        let mut state = self.service.state();
        state.last_id += 1;
        let id = state.last_id;
        let found = state.companies.iter_mut().find(|one| one.id.to_string() == company);
        let added = found.is_some_and(|one| one.add_code(list, id, name, None));
        if added { Ok(id.to_string()) } else { Err(format!("there is no list `{list}` of company `{company}`")) }
    }

    /// Finds an entry of a code list by its name.
    pub fn code(&self, company: &str, list: &str, name: &str) -> Option<String> {
        let state = self.service.state();
        let company = state.companies.iter().find(|one| one.id.to_string() == company)?;
        Some(company.codes(list).iter().find(|code| code.name == name)?.id.to_string())
    }

    /// Returns the records of a table over all companies, in the order of their ids within each.
    pub fn table(&self, table: &str) -> Vec<Document> {
        let Some((path, _)) = model::TABLES.iter().find(|(path, _)| *path == table) else { return Vec::new() };
        documents_of(&self.service.state(), path)
    }

    /// Returns the partners.
    pub fn partners(&self) -> Vec<Partner> {
        self.table("partners").into_iter().map(Partner::from).collect()
    }

    /// Returns the orders.
    pub fn orders(&self) -> Vec<Order> {
        self.table("orders").into_iter().map(Order::from).collect()
    }

    /// Returns which of these texts stand in more than one record of a table, with the ids of those records.
    ///
    /// A text counts when it stands alone in any text attribute of the record or of its children.
    pub fn duplicates(&self, table: &str, texts: &[&str]) -> BTreeMap<String, Vec<String>> {
        let mentioned = |document: &Document| {
            texts.iter().filter(|text| document.mentions(text)).map(|text| (*text).to_owned()).collect()
        };
        report::duplicates(self.table(table).iter(), mentioned)
    }

    /// Returns the keys that more than one record of a table has, with the ids of those records.
    pub fn duplicates_by(
        &self,
        table: &str,
        key: impl Fn(&Document) -> Option<String>,
    ) -> BTreeMap<String, Vec<String>> {
        report::duplicates(self.table(table).iter(), |document| key(document).into_iter().collect())
    }

    /// Returns the numbers of what is there: records by table, and the log-ins.
    pub fn counts(&self) -> Value {
        self.service.counts()
    }

    /// Returns what calls have created, as a JSON array.
    pub fn documents(&self) -> Value {
        self.service.documents()
    }

    /// Returns what the admin needs of this system, under the name `flowii`.
    pub fn system(&self) -> System {
        System::new("flowii", &self.service, &self.faults, &self.log)
    }
}

impl Inspect for Service {
    fn counts(&self) -> Value {
        let state = self.state();
        let number = |table: &str, created: bool| -> usize {
            let of =
                |company: &Company| company.records(table).iter().filter(|record| !(created && record.seeded)).count();
            state.companies.iter().map(of).sum()
        };
        let tables = model::TABLES.iter();
        let numbers: BTreeMap<&str, Value> = tables
            .map(|(table, _)| (*table, json!({ "all": number(table, false), "created": number(table, true) })))
            .collect();
        json!({ "records": numbers, "tokens_given": state.tokens_given() })
    }

    fn documents(&self) -> Value {
        let state = self.state();
        let all = model::TABLES.iter().flat_map(|(table, _)| documents_of(&state, table));
        all.filter(|document| !document.seeded).map(|document| document.json()).collect()
    }

    /// `{"remove": {"table": "orders", "id": 5001}}` removes a record, as a person does.
    fn command(&self, command: Value) -> Result<Value, String> {
        let wanted = command.get("remove").ok_or("there is no such command; use `remove`")?;
        let (table, id) = (wanted["table"].as_str().unwrap_or_default(), wanted["id"].as_u64().unwrap_or_default());
        let removed = self.state().companies.iter_mut().find_map(|company| company.remove(table, id));
        let none = || format!("there is no record `{id}` of `{table}`; read their ids from the API");
        removed.map(|_| json!({ "done": true })).ok_or_else(none)
    }
}

fn documents_of(state: &State, table: &'static str) -> Vec<Document> {
    let of = |company: &Company| -> Vec<Document> {
        company.records(table).iter().map(|record| Document::new(company, table, record)).collect()
    };
    state.companies.iter().flat_map(of).collect()
}
