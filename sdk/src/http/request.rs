//! Building and sending a request.

use serde::Serialize;

use super::address::{form, push_query};
use super::{Effect, Response, classify};
use crate::host::{RawBody, RawRequest};
use crate::{Failure, Preview, Result};

/// A request in the making. What goes wrong while it is built comes out of [`send`](Self::send).
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    raw: RawRequest,
    mistake: Option<String>,
}

/// Starts a GET, a [`read`](Effect::Read).
pub fn get(url: &str) -> RequestBuilder {
    request("GET", url)
}

/// Starts a POST, a [`write`](Effect::Write) unless [`effect`](RequestBuilder::effect) says otherwise.
pub fn post(url: &str) -> RequestBuilder {
    request("POST", url)
}

/// Starts a PUT, an [`idempotent-write`](Effect::IdempotentWrite) unless [`effect`](RequestBuilder::effect) says
/// otherwise.
pub fn put(url: &str) -> RequestBuilder {
    request("PUT", url)
}

/// Starts a PATCH, a [`write`](Effect::Write) unless [`effect`](RequestBuilder::effect) says otherwise.
pub fn patch(url: &str) -> RequestBuilder {
    request("PATCH", url)
}

/// Starts a DELETE, an [`idempotent-write`](Effect::IdempotentWrite) unless [`effect`](RequestBuilder::effect) says
/// otherwise.
pub fn delete(url: &str) -> RequestBuilder {
    request("DELETE", url)
}

/// Starts a request of any method; its effect is what RFC 9110 says of the method.
pub fn request(method: &str, url: &str) -> RequestBuilder {
    let method = method.to_ascii_uppercase();
    let effect = match method.as_str() {
        "GET" | "HEAD" | "OPTIONS" => Effect::Read,
        "PUT" | "DELETE" => Effect::IdempotentWrite,
        _ => Effect::Write,
    };
    let raw = RawRequest {
        method,
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        credential: None,
        effect,
        budget: None,
        keep: false,
    };
    RequestBuilder { raw, mistake: None }
}

impl RequestBuilder {
    /// Appends a query parameter, percent-encoded; `$` in names stays.
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        push_query(&mut self.raw.url, name, &value.to_string());
        self
    }

    /// Appends a query parameter where there is a value.
    pub fn query_if(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a header. Host, Content-Length, Transfer-Encoding, Connection, Accept-Encoding, Cookie, Authorization and
    /// what the credential sets are the host's: it denies a request that brings one of them.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.raw.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Names the credential slot of the manifest whose secret the host adds.
    pub fn credential(mut self, slot: &str) -> Self {
        self.raw.credential = Some(slot.to_owned());
        self
    }

    /// Names the budget of the manifest that this request counts against, instead of `default`.
    pub fn budget(mut self, name: &str) -> Self {
        self.raw.budget = Some(name.to_owned());
        self
    }

    /// Says what the request does in the remote system, where the method does not: a POST may be a read.
    pub fn effect(mut self, effect: Effect) -> Self {
        self.raw.effect = effect;
        self
    }

    /// Has the host hold the answer's body until the end of this call, so that items can be slices of it.
    pub fn keep(mut self) -> Self {
        self.raw.keep = true;
        self
    }

    /// Sets a JSON body, and `Content-Type: application/json` unless there is a content type already.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        match serde_json::to_string(body) {
            Ok(text) => self.text("application/json", text),
            Err(error) => {
                self.mistake = Some(format!("the body of the request cannot be written as JSON: {error}"));
                self
            }
        }
    }

    /// Sets a urlencoded body, and its content type unless there is one already.
    pub fn form<'a>(self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.text("application/x-www-form-urlencoded", form(fields))
    }

    /// Sets a body of text, and its content type unless there is one already.
    pub fn text(self, content_type: &str, body: impl Into<String>) -> Self {
        self.body(content_type, RawBody::Text(body.into()))
    }

    /// Sets a body of bytes, and its content type unless there is one already.
    pub fn bytes(self, content_type: &str, body: Vec<u8>) -> Self {
        self.body(content_type, RawBody::Bytes(body))
    }

    /// Sends the request and waits for the whole answer.
    ///
    /// Any HTTP status is a success here. Where the host gives no answer the failure has the cause that the contract
    /// names for it, so `?` is right: see [`Response::expect_success`] for what to do with an answer.
    pub fn send(self) -> Result<Response> {
        if let Some(mistake) = self.mistake {
            return Err(Failure::internal(mistake));
        }
        let effect = self.raw.effect;
        let reads = format!("{} {}", self.raw.method, without_query(&self.raw.url));
        crate::host::with(|host| host.send(self.raw))
            .map(|raw| Response::new(raw, effect))
            .map_err(|error| classify::refusal(error, effect, &reads))
    }

    /// Returns what would be sent, for `Writing::plan`. A body of bytes is described, not shown.
    pub fn preview(self) -> Result<Preview> {
        if let Some(mistake) = self.mistake {
            return Err(Failure::internal(mistake));
        }
        let body = match self.raw.body {
            None => String::new(),
            Some(RawBody::Text(text)) => text,
            Some(RawBody::Bytes(bytes)) => format!("({} bytes)", bytes.len()),
        };
        Ok(Preview { method: self.raw.method, url: self.raw.url, body, notes: Vec::new() })
    }

    fn body(mut self, content_type: &str, body: RawBody) -> Self {
        if !self.raw.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            self.raw.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        }
        self.raw.body = Some(body);
        self
    }
}

impl Preview {
    /// Adds what a person should know, e.g. `finds or creates the partner first`.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}
