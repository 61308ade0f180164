//! Operand: agency management of Brazil, with jobs and a financial module.
//!
//! Written from what a public client does and from the vendor's help article; the financial module is \[assumed\], with
//! switches in [`Options`]. An account has one live panel token: [`Simulator::generate_token`] ends the one before and every
//! session that came of it. Lists have three wrappers, no date is `0000-00-00 00:00:00`, and the list of jobs has entries
//! that are none.
//!
//! Fault of its own by name: `forbidden` answers 403.

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

mod agency;
mod answer;
mod command;
mod options;
mod query;
mod route;
mod service;
mod state;

use answer::Refusal;
pub use options::{LoginWrapper, Options, Order, Wrapper, WriteBack};
pub use route::Table;
use service::Service;
use state::State;

/// Settings of a simulator before it starts.
#[derive(Clone, Debug)]
pub struct Builder {
    options: Options,
    token: String,
    faults: Faults,
    port: u16,
}

impl Builder {
    /// Changes switches; see [`Options`] for the defaults.
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Sets the panel token; `panel-token-0001` unless set.
    pub fn token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
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
        let state = State { options: self.options, panel_token: Some(self.token), ..State::default() };
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
    service.answer(&parts, &body).map(Body::from)
}

impl Vendor for Service {
    fn operation(&self, request: &Parts, _body: &[u8]) -> String {
        route::operation(request.method.as_str(), request.uri.path())
    }

    fn rate_limited(&self) -> Response {
        sent(&Refusal::too_many(self.state().options.retry_after_seconds))
    }

    /// Ends all sessions; the panel token stays good.
    fn unauthorized(&self) -> Response {
        let mut state = self.state();
        state.sessions.clear();
        sent(&Refusal::invalid_token(state.options.refused_session_status))
    }

    fn special(&self, name: &str) -> Option<Response> {
        (name == "forbidden").then(|| sent(&Refusal::new(403, "not allowed")))
    }
}

fn sent(refusal: &Refusal) -> Response {
    refusal.answer().map(Body::from)
}

impl Inspect for Service {
    fn counts(&self) -> Value {
        let state = self.state();
        let numbers: serde_json::Map<String, Value> = Table::ALL
            .into_iter()
            .map(|table| {
                let records = state.records(table);
                let changed = records.iter().filter(|stored| stored.changed).count();
                (table.name().to_owned(), json!({ "all": records.len(), "changed": changed }))
            })
            .collect();
        json!({ "records": numbers, "logins": state.sessions_made })
    }

    fn documents(&self) -> Value {
        let state = self.state();
        let changed = |table: Table| {
            let changed = state.records(table).iter().filter(|stored| stored.changed);
            changed.map(
                move |stored| json!({ "entity": table.name(), "id": stored.value.get(table.key()), "value": stored.value }),
            )
        };
        Table::ALL.into_iter().flat_map(changed).collect()
    }

    fn command(&self, command: Value) -> Result<Value, String> {
        command::run(self, command)
    }
}

/// A running Operand.
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
        let token = "panel-token-0001".to_owned();
        Builder { options: Options::default(), token, faults: Faults::new(), port: 0 }
    }

    /// Returns the base address without a slash at its end.
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

    /// Returns the live panel token; none after it was deactivated.
    pub fn token(&self) -> Option<String> {
        self.service.state().panel_token.clone()
    }

    /// Generates a new panel token, as the button in the panel does: the one before dies, and its sessions with it.
    pub fn generate_token(&self) -> String {
        self.service.state().generate_token()
    }

    /// Deactivates the API, as the other button does.
    pub fn deactivate_token(&self) {
        self.service.state().deactivate_token();
    }

    /// Returns how many sessions were ever given.
    pub fn logins(&self) -> u32 {
        self.service.state().sessions_made
    }

    /// Puts the clock forward: sessions end, minutes pass, and what changes bears a later time.
    pub fn advance(&self, by: Duration) {
        self.service.advance(by);
    }

    /// Changes switches while it runs.
    pub fn change_options(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.service.state().options);
    }

    /// Stores a record, a JSON object; id and `updatedAt` are given where they are missing. Returns its id.
    ///
    /// Fails when the id is taken.
    pub fn seed(&self, table: Table, record: Value) -> Result<String, String> {
        self.service.state().add(table, record, self.service.now())
    }

    /// Stores so many receivables, half as many payables, and the clients, jobs, tasks and code lists around them: the same
    /// ones at every start, with missing dates and with entries among the jobs that are none.
    ///
    /// Fails when records with their ids are there.
    pub fn populate(&self, receivables: u64) -> Result<(), String> {
        let now = self.service.now();
        let mut state = self.service.state();
        agency::records(receivables, now).into_iter().try_for_each(|(table, record)| {
            state.add(table, record, now)?;
            Ok(())
        })
    }

    /// Changes fields of a record as a person would, and its `updatedAt`; false when it is not there.
    pub fn change(&self, table: Table, id: &str, fields: Value) -> bool {
        let Value::Object(fields) = fields else { return false };
        self.service.state().change(table, id, fields, self.service.now())
    }

    /// Removes a record; false when it is not there.
    pub fn remove(&self, table: Table, id: &str) -> bool {
        self.service.state().remove(table, id)
    }

    /// Returns a record as it is stored, none when it is not there.
    pub fn record(&self, table: Table, id: &str) -> Option<Value> {
        self.service.state().find(table, id).map(|stored| Value::Object(stored.value.clone()))
    }

    /// Returns the records of a kind as they are stored.
    pub fn records(&self, table: Table) -> Vec<Value> {
        let state = self.service.state();
        state.records(table).iter().map(|stored| Value::Object(stored.value.clone())).collect()
    }

    /// Returns the numbers of what is there.
    pub fn counts(&self) -> Value {
        self.service.counts()
    }

    /// Returns what was changed since the start, as a JSON array.
    pub fn documents(&self) -> Value {
        self.service.documents()
    }

    /// Returns what the admin needs of this system, under the name `operand`.
    pub fn system(&self) -> System {
        System::new("operand", &self.service, &self.faults, &self.log)
    }
}
