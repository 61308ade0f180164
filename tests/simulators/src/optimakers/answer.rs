//! Answers, with refusals as the ProblemDetails of ASP.NET \[assumed\].

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// What the simulator sends back.
pub(crate) type Answer = Response<String>;

/// What is wrong, by field.
pub(crate) type Problems = BTreeMap<String, Vec<String>>;

/// Why a call was not carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    status: u16,
    title: String,
    problems: Problems,
    retry_after_seconds: Option<u32>,
}

impl Refusal {
    pub(crate) fn new(status: u16, title: impl Into<String>) -> Self {
        Self { status, title: title.into(), problems: Problems::new(), retry_after_seconds: None }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    pub(crate) fn of_fields(problems: Problems) -> Self {
        Self { problems, ..Self::new(400, "One or more validation errors occurred.") }
    }

    pub(crate) fn of_field(field: &str, problem: impl Into<String>) -> Self {
        Self::of_fields(Problems::from([(field.to_owned(), vec![problem.into()])]))
    }

    pub(crate) fn retry_after(mut self, seconds: Option<u32>) -> Self {
        self.retry_after_seconds = seconds;
        self
    }

    pub(crate) fn answer(&self) -> Answer {
        let kind = format!("https://httpstatuses.io/{}", self.status);
        let mut body = json!({ "type": kind, "title": self.title, "status": self.status });
        if !self.problems.is_empty() {
            body["errors"] = json!(self.problems);
        }
        let mut answer = reply(self.status, &body);
        set(&mut answer, header::CONTENT_TYPE, "application/problem+json; charset=utf-8");
        if let Some(seconds) = self.retry_after_seconds {
            set(&mut answer, header::RETRY_AFTER, &seconds.to_string());
        }
        answer
    }
}

/// Builds an answer with a JSON body.
pub(crate) fn reply(status: u16, body: &Value) -> Answer {
    let mut answer = Response::new(body.to_string());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    set(&mut answer, header::CONTENT_TYPE, "application/json; charset=utf-8");
    answer
}

/// Builds an answer without a body.
pub(crate) fn empty() -> Answer {
    let mut answer = Response::new(String::new());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

/// Sets a header; a value that cannot be one is left out.
pub(crate) fn set(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
