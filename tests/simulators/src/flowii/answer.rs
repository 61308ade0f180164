//! Answers: JSON:API documents, and the errors of business calls in the same form \[assumed\].

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// What the simulator sends back.
pub(crate) type Answer = Response<String>;

/// The media type of every body but the token's.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.api+json";

/// One thing that is wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    detail: String,
    pointer: Option<String>,
}

impl Problem {
    pub(crate) fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), pointer: None }
    }

    pub(crate) fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), pointer: Some(pointer.into()) }
    }
}

/// Why a call was not carried out: one status, one or more problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    problems: Vec<Problem>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, problems: vec![Problem::new(detail)] }
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn invalid(problems: Vec<Problem>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, problems }
    }

    pub(crate) fn answer(&self) -> Answer {
        let errors: Vec<Value> = self.problems.iter().map(|problem| self.error(problem)).collect();
        reply(self.status, json!({ "errors": errors }).to_string())
    }

    fn error(&self, problem: &Problem) -> Value {
        let mut error = json!({
            "status": self.status.as_u16().to_string(),
            "title": self.title(),
            "detail": problem.detail,
        });
        if let Some(pointer) = &problem.pointer {
            error["source"] = json!({ "pointer": pointer });
        }
        error
    }

    fn title(&self) -> &'static str {
        match self.status {
            StatusCode::UNPROCESSABLE_ENTITY => "Validation failed",
            status => status.canonical_reason().unwrap_or("Error"),
        }
    }
}

/// Builds an answer with a JSON:API body.
pub(crate) fn reply(status: StatusCode, body: String) -> Answer {
    with_type(status, body, MEDIA_TYPE)
}

/// Builds an answer with a body of plain JSON, as the token call gives.
pub(crate) fn plain(status: StatusCode, body: &Value) -> Answer {
    with_type(status, body.to_string(), "application/json; charset=utf-8")
}

fn with_type(status: StatusCode, body: String, media_type: &'static str) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// Wraps serialized resources into a list document.
pub(crate) fn list<'a>(rows: impl Iterator<Item = &'a str>, links: &Value) -> Answer {
    let mut body = String::from("{\"data\":");
    push_array(&mut body, rows);
    body.push_str(",\"links\":");
    body.push_str(&links.to_string());
    body.push('}');
    reply(StatusCode::OK, body)
}

/// Wraps one serialized resource and what is included with it.
pub(crate) fn one<'a>(status: StatusCode, row: &str, included: impl Iterator<Item = &'a str>) -> Answer {
    let mut body = String::with_capacity(row.len() + 64);
    body.push_str("{\"data\":");
    body.push_str(row);
    let mut included = included.peekable();
    if included.peek().is_some() {
        body.push_str(",\"included\":");
        push_array(&mut body, included);
    }
    body.push('}');
    reply(status, body)
}

fn push_array<'a>(body: &mut String, rows: impl Iterator<Item = &'a str>) {
    body.push('[');
    for (index, row) in rows.enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(row);
    }
    body.push(']');
}
