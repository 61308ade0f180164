//! What a person does in the company's own system, for the admin of another process.
//!
//! | command | what it does |
//! |---|---|
//! | `{"add": {"codigo": "900", "nome": "ANA"}}` | adds a customer |
//! | `{"edit": {"codigo": "1", "fields": {"nome": "ANA"}}}` | changes fields of a customer |
//! | `{"remove": "1"}` | removes a customer |

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::service::Service;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    Add(Map<String, Value>),
    Edit { codigo: String, fields: Map<String, Value> },
    Remove(String),
}

/// Carries out a command; the answer is what came of it.
pub(super) fn run(service: &Service, command: Value) -> Result<Value, String> {
    let command: Command = serde_json::from_value(command).map_err(|error| format!("no such command: {error}"))?;
    let mut state = service.state();
    match command {
        Command::Add(customer) => {
            let code = customer.get("codigo").and_then(Value::as_str).ok_or("a customer needs the text `codigo`")?;
            if state.place(code).is_some() {
                return Err(format!("there is a customer `{code}` already; use another `codigo`"));
            }
            state.customers.push(customer);
        }
        Command::Edit { codigo, fields } => {
            let customer = state.customer_mut(&codigo).ok_or_else(|| nobody(&codigo))?;
            customer.extend(fields);
        }
        Command::Remove(code) => {
            let place = state.place(&code).ok_or_else(|| nobody(&code))?;
            state.customers.remove(place);
        }
    }
    Ok(json!({ "done": true }))
}

fn nobody(code: &str) -> String {
    format!("there is no customer `{code}`; read their codes from the API")
}
