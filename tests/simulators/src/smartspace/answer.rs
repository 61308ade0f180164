//! An answer to Smartspace, and what is wrong with it.

use std::time::Duration;

use serde_json::{Map, Value};

use super::caller::Settings;
use super::json::Read;
use super::report::{Severity, Violation};

/// Most customers of an answer \[assumed\].
const MOST_HITS: usize = 20;

/// An answer as it came, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// HTTP status; 0 when no answer came.
    pub status: u16,
    /// The customers, where there are some.
    pub customers: Vec<Map<String, Value>>,
    /// Text under `erro`, where there is one.
    pub error: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// What is wrong.
    pub violations: Vec<Violation>,
    pub(super) request: String,
}

/// What came over the wire.
pub(super) struct Raw {
    pub(super) request: String,
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    pub(super) took: Duration,
}

impl Answer {
    /// Returns a field of the customer with that code; none when it is not there.
    pub fn field(&self, code: &str, name: &str) -> Option<&str> {
        self.with_code(code)?.get(name)?.as_str()
    }

    pub(super) fn with_code(&self, code: &str) -> Option<&Map<String, Value>> {
        self.customers.iter().find(|customer| customer.get("codigo").and_then(Value::as_str) == Some(code))
    }

    pub(super) fn lost(request: &str, why: &str) -> Self {
        let mut answer = Self { request: request.to_owned(), ..Self::default() };
        answer.error("no-answer", why);
        answer
    }

    /// Reads an answer that should be customers when it is a success.
    pub(super) fn of_customers(raw: &Raw, settings: &Settings) -> Self {
        let (mut answer, value) = Self::read(raw, settings);
        if (200..300).contains(&answer.status) {
            answer.take_customers(value, settings);
        } else {
            answer.take_error(&value);
        }
        answer
    }

    /// Reads an answer whose body is anything, as long as it is JSON.
    pub(super) fn of_anything(raw: &Raw, settings: &Settings) -> Self {
        let (mut answer, value) = Self::read(raw, settings);
        if !(200..300).contains(&answer.status) {
            answer.take_error(&value);
        }
        answer
    }

    fn read(raw: &Raw, settings: &Settings) -> (Self, Value) {
        let mut answer = Self { status: raw.status, took: raw.took, request: raw.request.clone(), ..Self::default() };
        if raw.took > settings.slow_after {
            answer.error("slow", &format!("an agent waited {} ms", raw.took.as_millis()));
        }
        let kind = raw.content_type.to_ascii_lowercase();
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            answer.error("content-type", &format!("`{kind}` is not application/json"));
        } else if !kind.contains("charset=utf-8") {
            answer.warn("content-type", "the charset is not said; write `; charset=utf-8`");
        }
        match serde_json::from_slice::<Read>(&raw.body) {
            Ok(read) => {
                for name in read.repeated {
                    answer.error("duplicate-name", &format!("`{name}` is there twice"));
                }
                (answer, read.value)
            }
            Err(error) => {
                answer.error("not-json", &error.to_string());
                (answer, Value::Null)
            }
        }
    }

    fn take_customers(&mut self, value: Value, settings: &Settings) {
        let Value::Array(rows) = value else {
            self.error("array", "the top level is not an array");
            return;
        };
        if rows.len() > MOST_HITS {
            self.error("too-many", &format!("{} customers; at most {MOST_HITS} are read", rows.len()));
        }
        for row in rows {
            match row {
                Value::Object(customer) => {
                    self.check_customer(&customer, settings);
                    self.customers.push(customer);
                }
                _ => self.error("object", "an entry of the array is no object"),
            }
        }
    }

    fn check_customer(&mut self, customer: &Map<String, Value>, settings: &Settings) {
        for name in settings.mandatory.iter().filter(|name| !customer.contains_key(*name)) {
            self.error("missing-name", &format!("`{name}` is missing"));
        }
        for (name, value) in customer {
            match value {
                Value::String(_) => {}
                Value::Array(_) | Value::Object(_) => {
                    self.error("nested", &format!("`{name}` has a second level, which is not read"));
                }
                _ => self.warn("not-text", &format!("`{name}` is no text")),
            }
            if name.is_empty() || !name.is_ascii() {
                self.error("name", &format!("`{name}` is no ASCII name"));
            }
        }
        for name in ["cpf", "telefone", "enderecoCep", "endereco_cep"] {
            let text = customer.get(name).and_then(Value::as_str).unwrap_or_default();
            if !text.bytes().all(|byte| byte.is_ascii_digit()) {
                self.warn("digits", &format!("`{name}` has other characters than digits"));
            }
        }
    }

    fn take_error(&mut self, value: &Value) {
        self.error = value["erro"].as_str().map(str::to_owned);
        // Token endpoints and the checks before the API speak OAuth2.
        if self.error.is_none() && !value["error"].is_string() {
            self.warn("error-body", &format!("status {} without `erro`", self.status));
        }
    }

    pub(super) fn error(&mut self, check: &'static str, detail: &str) {
        self.add(check, Severity::Error, detail);
    }

    pub(super) fn warn(&mut self, check: &'static str, detail: &str) {
        self.add(check, Severity::Warning, detail);
    }

    fn add(&mut self, check: &'static str, severity: Severity, detail: &str) {
        let request = self.request.clone();
        self.violations.push(Violation { check, severity, request, detail: detail.to_owned() });
    }

    /// Finds fault with a status that is another.
    pub(super) fn expect(&mut self, check: &'static str, statuses: &[u16]) {
        if self.status != 0 && !statuses.contains(&self.status) {
            let wanted: Vec<String> = statuses.iter().map(u16::to_string).collect();
            self.error(check, &format!("status {} instead of {}", self.status, wanted.join(" or ")));
        }
    }
}
