//! What the fake host answers.

use wharf_sdk::host::{RawBody, RawRequest, RawResponse, Refusal};

/// What comes back for one request: an answer, or the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer(Result<Reply, Refusal>);

#[derive(Debug, Clone, PartialEq)]
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: RawBody,
}

impl Answer {
    /// Answers with a JSON text.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self::text(status, "application/json", body)
    }

    /// Answers with a page of HTML, as a proxy in front of the remote would.
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Self::text(status, "text/html; charset=utf-8", body)
    }

    /// Answers with a text.
    pub fn text(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self(Ok(Reply { status, headers, body: RawBody::Text(body.into()) }))
    }

    /// Answers with bytes that are no UTF-8.
    pub fn bytes(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self(Ok(Reply { status, headers: Vec::new(), body: RawBody::Bytes(body.into()) }))
    }

    /// Answers with what came from a remote; a body that is no UTF-8 stays bytes.
    pub(crate) fn of(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        let body = match String::from_utf8(body) {
            Ok(text) => RawBody::Text(text),
            Err(error) => RawBody::Bytes(error.into_bytes()),
        };
        Self(Ok(Reply { status, headers, body }))
    }

    /// Answers with a status and no body.
    pub fn empty(status: u16) -> Self {
        Self(Ok(Reply { status, headers: Vec::new(), body: RawBody::Text(String::new()) }))
    }

    /// Gives no answer, for that reason.
    pub fn refused(reason: Refusal) -> Self {
        Self(Err(reason))
    }

    /// The request left and the answer was lost: a write may have happened.
    pub fn lost() -> Self {
        Self::refused(Refusal::SentNoAnswer("the connection was closed before the answer".to_owned()))
    }

    /// The remote cannot be reached: nothing left.
    pub fn unreachable() -> Self {
        Self::refused(Refusal::NotSent("the connection was refused".to_owned()))
    }

    /// Adds a header; its name is put in lower case, as hosts do. Nothing happens to an answer that does not come.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok(reply) = &mut self.0 {
            reply.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        self
    }

    pub(crate) fn into_response(self, number: u32) -> Result<RawResponse, Refusal> {
        self.0.map(|reply| RawResponse { number, status: reply.status, headers: reply.headers, body: reply.body })
    }
}

/// Returns the text of a request's body, empty without one; panics for bytes.
#[expect(clippy::panic, reason = "a test fails where it stands")]
pub fn text_body(request: &RawRequest) -> &str {
    match &request.body {
        None => "",
        Some(RawBody::Text(text)) => text,
        Some(RawBody::Bytes(bytes)) => panic!("the body of `{}` is {} bytes and no text", request.url, bytes.len()),
    }
}

/// Returns the body of a request as JSON; panics when it is none.
#[expect(clippy::panic, reason = "a test fails where it stands")]
pub fn json_body(request: &RawRequest) -> serde_json::Value {
    let text = text_body(request);
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => panic!("the body of `{}` is not JSON: {error}: {text}", request.url),
    }
}
