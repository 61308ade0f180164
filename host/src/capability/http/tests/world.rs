//! A connection's pipeline and the world that it lives in.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant as Moment;

use super::super::scope::Allowance;
use super::super::{CallScope, Egress, EgressSettings, Lasting, Refusal, Request, Response, Roots, SendError};
use crate::error::Error;
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::model::{Effect, Instant};
use crate::policy::{Grant, Policy};
use crate::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use crate::store::{MemoryStore, Store};
use crate::surroundings::{Clock, Resolver};

/// What connections of a host share, and what a test turns.
pub(super) struct World {
    pub(super) secrets: Arc<Secrets>,
    pub(super) clock: Arc<HandClock>,
    pub(super) store: Arc<dyn Store>,
    pub(super) resolver: Arc<Names>,
    pub(super) lasting: Arc<Lasting>,
    pub(super) roots: Roots,
    pub(super) limits: Limits,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            secrets: Arc::default(),
            clock: Arc::default(),
            store: Arc::new(MemoryStore::default()),
            resolver: Arc::default(),
            lasting: Arc::default(),
            roots: Roots::with_added(b"").unwrap(),
            limits: Limits::default(),
        }
    }

    /// Makes the pipeline of connection `name`.
    pub(super) fn egress(&self, name: &str, manifest: &Manifest, grant: &Grant) -> Result<Egress, Error> {
        self.egress_with(name, manifest, grant, json!({}))
    }

    pub(super) fn egress_with(
        &self,
        name: &str,
        manifest: &Manifest,
        grant: &Grant,
        config: Value,
    ) -> Result<Egress, Error> {
        Egress::new(EgressSettings {
            connection: name.to_owned(),
            policy: Policy::effective(name, manifest, grant, &config)?,
            slots: manifest.credentials.clone(),
            budget_requests: manifest.budgets.clone(),
            config,
            lasting: Arc::clone(&self.lasting),
            secrets: Arc::clone(&self.secrets) as _,
            store: Arc::clone(&self.store),
            resolver: Arc::clone(&self.resolver) as _,
            network: None,
            roots: self.roots.clone(),
            limits: Arc::new(self.limits.clone()),
            clock: Arc::clone(&self.clock) as _,
        })
    }

    /// Makes the scope of a call that may write, with ten seconds.
    pub(super) fn scope(&self) -> CallScope {
        self.scope_for(Allowance::Writes, Duration::from_secs(10))
    }

    pub(super) fn scope_for(&self, allowance: Allowance, time: Duration) -> CallScope {
        CallScope::new(allowance, Moment::now() + time, Arc::new(self.limits.clone()))
    }
}

/// A manifest with these hosts, slots and budgets.
pub(super) fn manifest(hosts: &[&str], credentials: Value, budgets: Value) -> Manifest {
    let hosts: Vec<Value> = hosts.iter().map(|origin| json!({"origin": origin})).collect();
    serde_json::from_value(json!({
        "name": "tester", "version": "1.0.0", "summary": "Tests.",
        "config": {"version": 1, "schema": {"type": "object"}},
        "hosts": hosts, "credentials": credentials, "budgets": budgets,
    }))
    .unwrap()
}

/// A manifest with hosts only.
pub(super) fn hosts(hosts: &[&str]) -> Manifest {
    manifest(hosts, json!([]), json!([]))
}

/// A grant of plain http to a server on loopback.
pub(super) fn loopback(addresses: &[SocketAddr]) -> Grant {
    addresses.iter().fold(Grant::new(), |grant, address| {
        grant.plain_http(format!("http://{address}")).private_address(address.to_string())
    })
}

pub(super) fn get(url: impl Into<String>) -> Request {
    request("GET", url, Effect::Read)
}

pub(super) fn post(url: impl Into<String>, body: &str) -> Request {
    Request { body: Some(Bytes::copy_from_slice(body.as_bytes())), ..request("POST", url, Effect::Write) }
}

pub(super) fn request(method: &str, url: impl Into<String>, effect: Effect) -> Request {
    Request {
        method: method.to_owned(),
        url: url.into(),
        headers: Vec::new(),
        body: None,
        credential: None,
        effect,
        budget: None,
    }
}

impl Request {
    pub(super) fn with(mut self, slot: &str) -> Self {
        self.credential = Some(slot.to_owned());
        self
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn budget(mut self, name: &str) -> Self {
        self.budget = Some(name.to_owned());
        self
    }
}

impl Response {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the code of a refusal, and why.
pub(super) fn denied(result: Result<Response, SendError>) -> (&'static str, String) {
    match result.map_err(|error| error.refusal) {
        Err(Refusal::Denied { code, message }) => (code, message),
        other => panic!("expected a denial, got {other:?}"),
    }
}

/// Secrets by slot and part, the same for every connection. Slot `vault-that-hangs` never gets an answer.
#[derive(Default)]
pub(super) struct Secrets(Mutex<HashMap<(String, String), Vec<u8>>>);

impl Secrets {
    pub(super) fn set(&self, slot: &str, part: &str, value: impl AsRef<[u8]>) {
        self.0.lock().unwrap().insert((slot.to_owned(), part.to_owned()), value.as_ref().to_vec());
    }
}

#[async_trait::async_trait]
impl SecretSource for Secrets {
    async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        if part.slot == "vault-that-hangs" {
            std::future::pending::<()>().await;
        }
        let known = self.0.lock().unwrap();
        let found = known.get(&(part.slot.to_owned(), part.part.to_owned()));
        found.map(|value| Secret::new(value.as_slice())).ok_or_else(|| SecretUnavailable("not set".into()))
    }
}

/// A clock that a test moves.
pub(super) struct HandClock(AtomicU64);

impl Default for HandClock {
    fn default() -> Self {
        Self(AtomicU64::new(1_800_000_000_000))
    }
}

impl HandClock {
    pub(super) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }
}

/// Names with a list of answers each: one per question, the last one again and again.
#[derive(Default)]
pub(super) struct Names(Mutex<HashMap<String, Vec<Vec<SocketAddr>>>>);

impl Names {
    pub(super) fn set(&self, host: &str, answers: &[&[SocketAddr]]) {
        let answers = answers.iter().rev().map(|answer| answer.to_vec()).collect();
        self.0.lock().unwrap().insert(host.to_owned(), answers);
    }
}

#[async_trait::async_trait]
impl Resolver for Names {
    async fn lookup(&self, host: &str, _port: u16) -> std::io::Result<Vec<SocketAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(host).ok_or_else(|| std::io::Error::other("no such name"))?;
        if answers.len() > 1 {
            return Ok(answers.pop().unwrap());
        }
        Ok(answers[0].clone())
    }
}
