//! Answers in the manner of ASP.NET Web API \[assumed\].

use std::collections::BTreeMap;

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// What the simulator sends back.
pub(crate) type Answer = Response<String>;

/// Why a call was not carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    status: u16,
    message: String,
    fields: BTreeMap<String, Vec<String>>,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), fields: BTreeMap::new() }
    }

    /// Refuses a query or a body as such, with what is wrong at which field.
    pub(crate) fn of_fields(status: u16, fields: BTreeMap<String, Vec<String>>) -> Self {
        Self { status, message: "The request is invalid.".to_owned(), fields }
    }

    pub(crate) fn of_field(status: u16, field: &str, problem: impl Into<String>) -> Self {
        Self::of_fields(status, BTreeMap::from([(field.to_owned(), vec![problem.into()])]))
    }

    pub(crate) fn answer(&self) -> Answer {
        let mut body = json!({ "Message": self.message });
        if !self.fields.is_empty() {
            body["ModelState"] = json!(self.fields);
        }
        let mut answer = reply(StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST), &body);
        if self.status == 401 {
            let challenge = HeaderValue::from_static("Basic realm=\"OnlineERP\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        answer
    }
}

/// Builds an answer with a JSON body.
pub(crate) fn reply(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(body.to_string());
    *answer.status_mut() = status;
    let media_type = HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, media_type);
    answer
}
