//! Answers to Smartspace: JSON, errors as `{"erro": ...}`.

use serde_json::{Map, Value};
use wharf_sdk::Reply;
use wharf_sdk::failure::{Cause, Failure};

/// A customer as it leaves: one level, all texts.
pub(crate) type Flat = Map<String, Value>;

/// Why a request is not answered with customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    text: String,
    header: Option<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), header: None }
    }

    /// The path is known, the method is not.
    pub(crate) fn method(allowed: &str) -> Self {
        let header = Some(("allow", allowed.to_owned()));
        Self { header, ..Self::new(405, format!("método não permitido; use {allowed}")) }
    }

    /// What an owner's failure means to who asked. Its own sentence may have customers' data in it and stays here.
    pub(crate) fn of(failure: &Failure, owner: &str) -> Self {
        match failure.cause() {
            Cause::NotFound(_) => Self::new(404, "cliente não encontrado"),
            Cause::InvalidRecord(found) => {
                let places: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
                Self::new(422, format!("`{owner}` recusou a alteração: {}", places.join(", ")))
            }
            Cause::Conflict(_) => {
                Self::new(422, format!("o cliente foi alterado em `{owner}` ao mesmo tempo; leia-o de novo"))
            }
            Cause::Unsupported(_) => Self::new(405, format!("`{owner}` não permite esta operação")),
            Cause::RateLimited(_) => Self::new(429, format!("`{owner}` recebeu chamadas demais; tente mais tarde")),
            _ => Self::new(500, format!("`{owner}` não respondeu; tente mais tarde")),
        }
    }

    pub(crate) fn reply(&self) -> Reply {
        let mut reply = json(self.status, &serde_json::json!({ "erro": self.text }));
        reply.headers.extend(self.header.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        reply
    }
}

/// Answers with customers: always an array.
pub(crate) fn customers(status: u16, customers: Vec<Flat>) -> Reply {
    json(status, &Value::from(customers.into_iter().map(Value::Object).collect::<Vec<_>>()))
}

/// Answers with JSON.
pub(crate) fn json(status: u16, body: &Value) -> Reply {
    Reply::text(status, "application/json; charset=utf-8", body.to_string())
}
