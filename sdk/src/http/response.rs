//! Reading an answer.

use serde::Deserialize;

use super::{Effect, classify};
use crate::failure::{Evidence, MissingKind, excerpt};
use crate::host::{RawBody, RawResponse};
use crate::{Failure, Result};

/// What some servers begin a text with; no part of it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The answer to a request, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    raw: RawResponse,
    effect: Effect,
}

impl Response {
    pub(super) fn new(raw: RawResponse, effect: Effect) -> Self {
        Self { raw, effect }
    }

    /// Returns the number of the request within this call, from 1; slices and evidence name it.
    pub fn number(&self) -> u32 {
        self.raw.number
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.raw.status
    }

    /// Tells whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.raw.status)
    }

    /// Returns the effect that the request declared.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Returns the first value of a header; the case of its name does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.raw.headers.iter();
        headers.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the headers, names in lower case, in the order received.
    pub fn headers(&self) -> &[(String, String)] {
        &self.raw.headers
    }

    /// Returns the body as it came.
    pub fn bytes(&self) -> &[u8] {
        match &self.raw.body {
            RawBody::Text(text) => text.as_bytes(),
            RawBody::Bytes(bytes) => bytes,
        }
    }

    /// Returns the body as text, without the byte order mark that some servers begin with; `contract-changed` when it is
    /// not UTF-8.
    pub fn text(&self) -> Result<&str> {
        self.text_if_any().ok_or_else(|| self.unreadable("the body is not UTF-8 text"))
    }

    /// Returns the body as text where it is text, without a byte order mark.
    pub fn text_if_any(&self) -> Option<&str> {
        match &self.raw.body {
            RawBody::Text(text) => Some(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)),
            RawBody::Bytes(_) => None,
        }
    }

    /// Takes the body out, as text; fails like [`text`](Self::text).
    pub fn into_text(self) -> Result<String> {
        match self.raw.body {
            RawBody::Text(text) => match text.strip_prefix(BYTE_ORDER_MARK) {
                Some(marked) => Ok(marked.to_owned()),
                None => Ok(text),
            },
            RawBody::Bytes(_) => Err(self.unreadable("the body is not UTF-8 text")),
        }
    }

    /// Reads the body as JSON. What is borrowed in `T` points into the body, so nothing is copied.
    ///
    /// An HTML page and JSON that ends early are `unavailable`: something between the remote and the host answered, or
    /// the answer was cut. JSON of another shape is `contract-changed`, with a sample. After a request that writes both
    /// are `outcome-unknown`, as the write may have happened.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_str(self.text()?).map_err(|error| classify::not_the_json(self, &error))
    }

    /// Returns when the next call may succeed, in milliseconds since 1970: `Retry-After` in seconds or as a date.
    ///
    /// `now` is [`clock::now`](crate::clock::now). None without the header, or when it says something else.
    pub fn retry_after(&self, now: u64) -> Option<u64> {
        let value = self.header("retry-after")?.trim();
        let seconds = value.parse::<u64>().ok();
        let from_now = seconds.map(|seconds| now.saturating_add(seconds.saturating_mul(1000)));
        from_now.or_else(|| crate::civil::parse_http_date(value))
    }

    /// Returns the answer if its status is 2xx, and else the failure that the status stands for:
    ///
    /// | status | cause |
    /// |---|---|
    /// | 400, 422 | `invalid-record` after a write; `contract-changed` after a read, as there is no record to blame |
    /// | 401 | `auth-expired` |
    /// | 402, 403 | `forbidden` |
    /// | 404, 410, 3xx | `not-found`, kind `endpoint`; [`expect_found`](Self::expect_found) for kind `subject` |
    /// | 405, 501 | `unsupported` |
    /// | 408, 425, 5xx | `unavailable`, with `Retry-After`; `outcome-unknown` after an [`Effect::Write`] |
    /// | 409, 412 | `conflict` |
    /// | 413 | `too-large` |
    /// | 423 | `precondition` `locked` |
    /// | 429 | `rate-limited`, with `Retry-After` |
    /// | others | `contract-changed` |
    ///
    /// Look at the body before, where the remote says more in it.
    pub fn expect_success(self) -> Result<Self> {
        if self.is_success() { Ok(self) } else { Err(classify::status(&self)) }
    }

    /// Is [`expect_success`](Self::expect_success) for a request about one document: 404 and 410 mean that it is not
    /// there.
    pub fn expect_found(self, entity: &str, id: &str) -> Result<Self> {
        match self.raw.status {
            404 | 410 => {
                let message = format!("there is no {entity} `{id}`");
                Err(Failure::not_found(MissingKind::Subject, entity, id, message).with_evidence(self.evidence()))
            }
            _ => self.expect_success(),
        }
    }

    /// Returns evidence of this answer: number, status and the first KiB of the body.
    pub fn evidence(&self) -> Evidence {
        let text = self.text_if_any().map(excerpt).filter(|text| !text.is_empty());
        Evidence { request: self.number(), http_status: Some(self.raw.status), remote_code: None, excerpt: text }
    }

    /// Returns the failure for a body that cannot be what it should be: `outcome-unknown` after an [`Effect::Write`],
    /// as the write may have happened, else `contract-changed` with a sample.
    pub fn unreadable(&self, detail: &str) -> Failure {
        let failure = match self.effect {
            Effect::Write => Failure::outcome_unknown(format!("the answer to a write cannot be read: {detail}")),
            _ => Failure::contract_changed(detail, &String::from_utf8_lossy(self.bytes())),
        };
        failure.with_evidence(self.evidence())
    }
}
