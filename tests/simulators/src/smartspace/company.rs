//! A company's API as Smartspace wants one, served: what the connector reads when the roles are as usual.
//!
//! Written from the vendor's page, and where that is silent from the contract that the caller of this module checks
//! \[assumed\]. Companies write their own, so there are switches for what differs among them in [`Options`].

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::response::Response;
use http::request::Parts;
use serde_json::{Map, Value, json};

use crate::admin::{Inspect, System};
use crate::authority::Authority;
use crate::fault::{self, Faults, Vendor};
use crate::log::Log;
use crate::server::{Running, Server};

mod command;
mod people;
mod service;

use service::{Refusal, Service, State};

/// What companies do differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether `endereco_cep` is written for `enderecoCep`, as in the vendor's sample.
    pub snake_case: bool,
    /// Whether values have types of their own, with `null` for what there is not, instead of texts only.
    pub typed_values: bool,
    /// Whether a search without a key lists everybody instead of being refused.
    pub lists_everybody: bool,
    /// Whether a code that nobody has is 404 instead of an empty array.
    pub unknown_code_is_404: bool,
    /// Most customers of an answer.
    pub most_hits: usize,
    /// How long an access token lives.
    pub token_life: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            snake_case: false,
            typed_values: false,
            lists_everybody: false,
            unknown_code_is_404: false,
            most_hits: 20,
            token_life: Duration::from_secs(3600),
        }
    }
}

/// Settings of a company's API before it starts.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    options: Options,
    faults: Faults,
}

impl Builder {
    /// Changes switches; see [`Options`] for the defaults.
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Uses this fault table; an empty one unless set.
    pub fn faults(mut self, faults: &Faults) -> Self {
        self.faults = faults.clone();
        self
    }

    /// Starts to serve on a free port, over TLS with an authority, else over plain http.
    pub async fn start(self, authority: Option<&Authority>) -> io::Result<Company> {
        let (log, faults, service) = (Log::new(), self.faults, Arc::new(Service::new(State::new(self.options))));
        let router = Router::new().fallback(handle).with_state(Arc::clone(&service));
        let router = fault::layer(router, &service, &faults, &log);
        let running = Server::new().log(&log).start(router, authority).await?;
        Ok(Company { service, running, faults, log })
    }
}

async fn handle(Shared(service): Shared<Arc<Service>>, parts: Parts, body: Bytes) -> Response {
    service.answer(&parts, &body).map(Body::from)
}

impl Vendor for Service {
    fn operation(&self, request: &Parts, _body: &[u8]) -> String {
        service::operation(request.method.as_str(), request.uri.path())
    }

    fn rate_limited(&self) -> Response {
        Refusal::new(429, "muitas chamadas").answer().map(Body::from)
    }

    /// Ends all tokens; user and password stay good.
    fn unauthorized(&self) -> Response {
        self.state().tokens.clear();
        Refusal::new(401, "não autorizado").answer().map(Body::from)
    }
}

impl Inspect for Service {
    fn counts(&self) -> Value {
        let state = self.state();
        json!({ "customers": state.customers.len(), "logins": state.tokens_made, "edits": state.edits.len() })
    }

    fn documents(&self) -> Value {
        Value::from(self.state().edits.clone())
    }

    fn command(&self, command: Value) -> Result<Value, String> {
        command::run(self, command)
    }
}

/// A running company's API.
#[derive(Debug)]
pub struct Company {
    service: Arc<Service>,
    running: Running,
    faults: Faults,
    log: Log,
}

impl Company {
    /// User and password of Basic.
    pub const BASIC: (&str, &str) = ("smartspace", "senha-da-api");
    /// Id and secret of the client of OAuth2.
    pub const CLIENT: (&str, &str) = ("smartspace-client", "segredo-da-api");
    /// A telephone number that every third of the populated customers has: the switchboard of an office.
    pub const SHARED_PHONE: &str = people::SHARED_PHONE;

    /// Starts from the documented defaults, without customers.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the base address without a slash at its end.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// Returns the fault table.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the record of requests.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Stores so many customers, the same ones at every start: persons, and every fifth a company.
    pub fn populate(&self, customers: u32) {
        self.service.state().customers.extend((1..=customers).map(people::customer));
    }

    /// Stores a customer: a flat object in camel case that has a `codigo`.
    pub fn add(&self, customer: Map<String, Value>) {
        self.service.state().customers.push(customer);
    }

    /// Changes switches while it runs.
    pub fn change_options(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.service.state().options);
    }

    /// Returns what the admin needs of this system, under the name `smartspace`.
    pub fn system(&self) -> System {
        System::new("smartspace", &self.service, &self.faults, &self.log)
    }
}
