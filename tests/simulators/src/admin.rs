//! Lets another process read the simulators' state and inject faults, over plain http.
//!
//! | request | answer |
//! |---|---|
//! | `GET /_sim/{system}/counts` | what the system holds and how often each operation was asked |
//! | `GET /_sim/{system}/documents` | what was created or changed, with its correlation text |
//! | `GET /_sim/{system}/log` | every request |
//! | `GET /_sim/{system}/faults` | the fault table |
//! | `POST /_sim/{system}/faults` | adds one [`Fault`] or a list of them |
//! | `DELETE /_sim/{system}/faults` | removes all faults |
//! | `POST /_sim/{system}/command` | does what a person does in the system; its module lists the commands |

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::{Fault, Faults};
use crate::log::Log;

/// What a system lets the admin see of its state.
pub trait Inspect: Send + Sync + 'static {
    /// Returns the numbers of what it holds, as a JSON object.
    fn counts(&self) -> Value;

    /// Returns what was created or changed since the start, as a JSON array.
    fn documents(&self) -> Value;

    /// Does what a person does in the system, and says what came of it; a system without commands refuses all.
    fn command(&self, _command: Value) -> Result<Value, String> {
        Err("this system has no commands".to_owned())
    }
}

/// One system under the admin's eyes.
#[derive(Clone)]
pub struct System {
    /// Name in the path, e.g. `baselinker`.
    pub name: String,
    /// Its state.
    pub state: Arc<dyn Inspect>,
    /// Its fault table.
    pub faults: Faults,
    /// Its requests.
    pub log: Log,
}

impl System {
    /// Puts a system under the admin's eyes, by its state, its fault table and its requests.
    pub fn new<S: Inspect>(name: &str, state: &Arc<S>, faults: &Faults, log: &Log) -> Self {
        let state: Arc<dyn Inspect> = Arc::<S>::clone(state);
        Self { name: name.to_owned(), state, faults: faults.clone(), log: log.clone() }
    }
}

/// Makes the admin's router over these systems; serve it with [`serve`](crate::server::serve) and no authority.
pub fn router(systems: impl IntoIterator<Item = System>) -> Router {
    let systems: BTreeMap<String, System> = systems.into_iter().map(|system| (system.name.clone(), system)).collect();
    Router::new()
        .route("/_sim/{system}/counts", get(counts))
        .route("/_sim/{system}/documents", get(documents))
        .route("/_sim/{system}/log", get(log))
        .route("/_sim/{system}/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/_sim/{system}/command", post(command))
        .with_state(Arc::new(systems))
}

type Systems = State<Arc<BTreeMap<String, System>>>;

fn on(systems: &BTreeMap<String, System>, name: &str, answer: impl FnOnce(&System) -> Value) -> Response {
    match systems.get(name) {
        Some(system) => Json(answer(system)).into_response(),
        None => {
            let known: Vec<_> = systems.keys().map(String::as_str).collect();
            let text = format!("system `{name}` is not simulated here; use one of {}", known.join(", "));
            (StatusCode::NOT_FOUND, text).into_response()
        }
    }
}

async fn counts(State(systems): Systems, Path(name): Path<String>) -> Response {
    on(&systems, &name, |system| {
        json!({
            "system": system.name,
            "state": system.state.counts(),
            "requests": {"total": system.log.total(), "by_operation": system.log.counts(),
                         "connections": system.log.connections()},
            "faults": system.log.faults(),
        })
    })
}

async fn documents(State(systems): Systems, Path(name): Path<String>) -> Response {
    on(&systems, &name, |system| system.state.documents())
}

async fn log(State(systems): Systems, Path(name): Path<String>) -> Response {
    on(&systems, &name, |system| json!(system.log.entries()))
}

async fn faults(State(systems): Systems, Path(name): Path<String>) -> Response {
    on(&systems, &name, |system| table(&system.faults))
}

fn table(faults: &Faults) -> Value {
    faults.lines().into_iter().map(|(fault, seen)| json!({"fault": fault, "seen": seen})).collect()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Fault),
    Many(Vec<Fault>),
}

async fn add_faults(State(systems): Systems, Path(name): Path<String>, Json(added): Json<OneOrMany>) -> Response {
    on(&systems, &name, |system| {
        let added = match added {
            OneOrMany::One(fault) => vec![fault],
            OneOrMany::Many(faults) => faults,
        };
        for fault in added {
            system.faults.add(fault);
        }
        table(&system.faults)
    })
}

async fn clear_faults(State(systems): Systems, Path(name): Path<String>) -> Response {
    on(&systems, &name, |system| {
        system.faults.clear();
        table(&system.faults)
    })
}

async fn command(State(systems): Systems, Path(name): Path<String>, Json(command): Json<Value>) -> Response {
    let mut refused = false;
    let mut response = on(&systems, &name, |system| match system.state.command(command) {
        Ok(answer) => answer,
        Err(why) => {
            refused = true;
            json!({"error": why})
        }
    });
    if refused {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}
