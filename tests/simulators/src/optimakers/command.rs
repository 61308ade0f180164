//! What a person does in the instance, for tests of this process and for the admin of another.
//!
//! | command | what it does |
//! |---|---|
//! | `{"register": {"url": "http://...", "token": "...", "sources": ["order.updated"]}}` | registers a webhook |
//! | `{"add": {"table": "products", "record": {"code": "K-1"}}}` | adds a record; the answer has its `id` |
//! | `{"edit": {"table": "orders", "id": 1, "fields": {"isCompleted": true}}}` | writes fields over a record |
//! | `{"remove": {"table": "products", "id": 1}}` | removes a record |
//! | `{"emit": {"source": "order.updated", "ids": [1, 2]}}` | sends a message |
//! | `{"advance_seconds": 300}` | puts the clock forward |
//! | `{"attempts": null}` | lists the tries to deliver messages |

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::service::Service;
use super::store::Table;
use super::webhook::Webhook;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    Register(Webhook),
    Add { table: String, record: Value },
    Edit { table: String, id: i64, fields: Value },
    Remove { table: String, id: i64 },
    Emit { source: String, ids: Vec<i64> },
    AdvanceSeconds(u64),
    Attempts(()),
}

/// Carries out a command; the answer is what came of it.
pub(crate) fn run(service: &Service, command: Value) -> Result<Value, String> {
    let command: Command = serde_json::from_value(command).map_err(|error| format!("no such command: {error}"))?;
    match command {
        Command::Register(webhook) => service.outbox.register(webhook),
        Command::Add { table, record } => return Ok(json!({ "id": add(service, named(&table)?, record) })),
        Command::Edit { table, id, fields } => found(edit(service, named(&table)?, id, &fields), &table, id)?,
        Command::Remove { table, id } => found(remove(service, named(&table)?, id), &table, id)?,
        Command::Emit { source, ids } => {
            let emission = service.state().options.webhooks.clone();
            service.outbox.put(&source, &ids, &emission, &service.clock);
        }
        Command::AdvanceSeconds(seconds) => {
            service.clock.advance(Duration::from_secs(seconds));
            service.outbox.wake();
        }
        Command::Attempts(()) => return Ok(json!(service.outbox.attempts())),
    }
    Ok(json!({ "done": true }))
}

fn named(table: &str) -> Result<Table, String> {
    let found = Table::ALL.into_iter().find(|one| one.name() == table);
    found.ok_or_else(|| {
        let names: Vec<&str> = Table::ALL.into_iter().map(Table::name).collect();
        format!("there is no table `{table}`; use one of {}", names.join(", "))
    })
}

fn found(was_there: bool, table: &str, id: i64) -> Result<(), String> {
    if was_there { Ok(()) } else { Err(format!("there is no record {id} of `{table}`")) }
}

/// Adds a record and tells of it; returns its id.
pub(crate) fn add(service: &Service, table: Table, record: Value) -> i64 {
    let mut state = service.state();
    let id = state.store.add(table, record, service.clock.now(), true);
    service.tell(&state, table, "created", &[id]);
    id
}

/// Writes fields over a record and tells of it; false when it is not there.
pub(crate) fn edit(service: &Service, table: Table, id: i64, fields: &Value) -> bool {
    let mut state = service.state();
    let Some(mut value) = state.store.get(table, id).map(|record| record.value.clone()) else { return false };
    for (name, field) in fields.as_object().into_iter().flatten() {
        value[name] = field.clone();
    }
    let now = service.clock.now();
    let replaced = state.store.replace(table, id, value, now).is_some();
    service.tell(&state, table, "updated", &[id]);
    replaced
}

/// Removes a record and tells of it; false when it is not there.
pub(crate) fn remove(service: &Service, table: Table, id: i64) -> bool {
    let mut state = service.state();
    let removed = state.store.remove(table, id).is_some();
    if removed {
        service.tell(&state, table, "deleted", &[id]);
    }
    removed
}
