//! Answers: the three wrappers of lists, and errors, of which only the status is known.

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::options::Wrapper;

/// What the simulator sends back.
pub(crate) type Answer = Response<String>;

/// Why a call was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    error: String,
    retry_after_seconds: Option<u32>,
}

impl Refusal {
    pub(crate) fn new(status: u16, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), retry_after_seconds: None }
    }

    /// Refuses a token, be it that of the panel or of a session.
    pub(crate) fn invalid_token(status: u16) -> Self {
        Self::new(status, "invalid token")
    }

    pub(crate) fn too_many(retry_after_seconds: Option<u32>) -> Self {
        Self { retry_after_seconds, ..Self::new(429, "too many requests") }
    }

    pub(crate) fn answer(&self) -> Answer {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut answer = reply(status, &json!({ "error": self.error }));
        if let Some(seconds) = self.retry_after_seconds {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

/// Builds an answer with a JSON body.
pub(crate) fn reply(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(body.to_string());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// Wraps the rows of a list.
pub(crate) fn list(rows: Vec<Value>, wrapper: Wrapper, name: &str) -> Answer {
    let rows = Value::from(rows);
    let body = match wrapper {
        Wrapper::Bare => rows,
        Wrapper::Records => json!({ "records": rows }),
        Wrapper::Named => json!({ "records": { name: rows } }),
    };
    reply(StatusCode::OK, &body)
}
