//! What a person does in Operand, for the admin of another process.
//!
//! | command | what it does |
//! |---|---|
//! | `{"generate_token": null}` | generates a new panel token; the answer has it as `token`, and the old one is dead |
//! | `{"deactivate_token": null}` | deactivates the API |
//! | `{"add": {"table": "receivables", "record": {"value": 10}}}` | adds a record; the answer has its `id` |
//! | `{"edit": {"table": "receivables", "id": "1001", "fields": {"situation": "late"}}}` | changes fields of a record |
//! | `{"remove": {"table": "receivables", "id": "1001"}}` | removes a record |
//! | `{"refuse_write_back": 405}` | takes the route of the write-back away; `null` brings it back |
//! | `{"advance_seconds": 300}` | puts the clock forward |

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::options::WriteBack;
use super::route::Table;
use super::service::Service;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    GenerateToken(()),
    DeactivateToken(()),
    Add { table: String, record: Value },
    Edit { table: String, id: String, fields: Map<String, Value> },
    Remove { table: String, id: String },
    RefuseWriteBack(Option<u16>),
    AdvanceSeconds(u64),
}

/// Carries out a command; the answer is what came of it.
pub(crate) fn run(service: &Service, command: Value) -> Result<Value, String> {
    let command: Command = serde_json::from_value(command).map_err(|error| format!("no such command: {error}"))?;
    match command {
        Command::GenerateToken(()) => return Ok(json!({ "token": service.state().generate_token() })),
        Command::DeactivateToken(()) => service.state().deactivate_token(),
        Command::Add { table, record } => {
            let id = service.state().add(named(&table)?, record, service.now())?;
            return Ok(json!({ "id": id }));
        }
        Command::Edit { table, id, fields } => {
            let was_there = service.state().change(named(&table)?, &id, fields, service.now());
            found(was_there, &table, &id)?;
        }
        Command::Remove { table, id } => {
            let was_there = service.state().remove(named(&table)?, &id);
            found(was_there, &table, &id)?;
        }
        Command::RefuseWriteBack(status) => {
            service.state().options.write_back = status.map_or(WriteBack::Works, WriteBack::Refused);
        }
        Command::AdvanceSeconds(seconds) => service.advance(Duration::from_secs(seconds)),
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

fn found(was_there: bool, table: &str, id: &str) -> Result<(), String> {
    if was_there { Ok(()) } else { Err(format!("there is no record `{id}` of {table}; read their ids from the API")) }
}
