//! The format, and reading it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FORMAT;
use crate::model::{Effect, Instant};
use crate::tape::{Asked, Told};

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Line {
    /// The first line.
    Recording(Head),
    /// A call.
    Call(Call),
    /// The last line.
    End(Value),
}

/// What the file is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    /// Version of the host that wrote it.
    pub(super) host: String,
    pub(super) started: Instant,
    /// What the program that recorded says of it.
    pub(super) about: Value,
}

/// A call with its steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) connection: String,
    pub(super) connector: String,
    pub(super) name: String,
    pub(super) arguments: Value,
    pub(super) steps: Vec<Step>,
}

/// One thing that a connector asked, and what it was told.
#[expect(clippy::large_enum_variant, reason = "most steps are requests, so that boxing them would save nothing")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Step {
    /// The time.
    Now(Instant),
    /// Random bytes, in hex.
    Random(String),
    /// A request.
    Request {
        asked: Request,
        #[serde(skip_serializing_if = "Option::is_none")]
        answered: Option<Answer>,
        #[serde(skip_serializing_if = "Option::is_none")]
        refused: Option<Refused>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Body>,
    pub(super) credential: Option<String>,
    pub(super) effect: Effect,
    pub(super) budget: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refused {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<bool>,
}

/// A body: text, or bytes in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Body {
    Text(String),
    Base64(String),
}

impl Body {
    fn of(bytes: &Bytes) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    fn bytes(&self) -> Bytes {
        match self {
            Self::Text(text) => Bytes::from(text.clone()),
            // What is no base64 was written over: the guest sees that it is not what it was.
            Self::Base64(text) => Bytes::from(STANDARD.decode(text).unwrap_or_default()),
        }
    }
}

impl From<&Asked> for Request {
    fn from(asked: &Asked) -> Self {
        Self {
            method: asked.method.clone(),
            url: asked.url.clone(),
            headers: asked.headers.clone(),
            body: asked.body.as_ref().map(Body::of),
            credential: asked.credential.clone(),
            effect: asked.effect,
            budget: asked.budget.clone(),
        }
    }
}

impl Step {
    pub(super) fn request(asked: &Asked, told: &Told) -> Self {
        let asked = Request::from(asked);
        match told.clone() {
            Told::Answered { status, headers, body } => Self::Request {
                asked,
                answered: Some(Answer { status, headers, body: Body::of(&body) }),
                refused: None,
            },
            Told::Refused { code, rule, message, number, flag } => {
                let refused = Some(Refused { code, rule, message, number, flag });
                Self::Request { asked, answered: None, refused }
            }
        }
    }

    /// A request that the end of the call met.
    pub(super) fn unanswered(asked: &Asked) -> Self {
        Self::Request { asked: Request::from(asked), answered: None, refused: None }
    }

    /// Returns what the step was told; none for other steps than requests.
    pub(super) fn told(&self) -> Option<Told> {
        match self {
            Self::Request { answered: Some(answer), .. } => Some(Told::Answered {
                status: answer.status,
                headers: answer.headers.clone(),
                body: answer.body.bytes(),
            }),
            Self::Request { refused: Some(Refused { code, rule, message, number, flag }), .. } => Some(Told::Refused {
                code: code.clone(),
                rule: rule.clone(),
                message: message.clone(),
                number: *number,
                flag: *flag,
            }),
            Self::Request { .. } => Some(Told::Refused {
                code: "deadline".to_owned(),
                rule: None,
                message: None,
                number: None,
                flag: Some(true),
            }),
            _ => None,
        }
    }

    /// Names the step for people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Now(_) => "the time".to_owned(),
            Self::Random(_) => "random bytes".to_owned(),
            Self::Request { asked, .. } => format!("{} {}", asked.method, asked.url),
        }
    }
}

/// Why a file is no recording that can be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// A line cannot be read.
    #[error("line {line} of the recording cannot be read: {reason}; record the run again")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It is of another format.
    #[error(
        "the recording has format {found}, written by wharf {host}, and this is wharf {own}, which reads format {FORMAT}; record the run again, or use the version that wrote it"
    )]
    Format {
        /// Its format.
        found: u32,
        /// Version that wrote it.
        host: String,
        /// Version of this host.
        own: &'static str,
    },
    /// It does not begin as one.
    #[error("the file does not begin as a recording; name a file that `wharf run --record` wrote")]
    NoRecording,
}

/// A recording that was read.
#[derive(Debug, Clone)]
pub struct Recording {
    head: Head,
    pub(super) calls: Vec<Call>,
    end: Option<Value>,
}

impl Recording {
    /// Reads a recording.
    ///
    /// # Errors
    /// When it is none, is of another format, or a line of it is broken.
    pub fn read(text: &str) -> Result<Self, RecordingError> {
        let (mut head, mut calls, mut end) = (None, Vec::new(), None);
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            if head.is_none() {
                head = Some(first(text)?);
                continue;
            }
            match serde_json::from_str(text) {
                Ok(Line::Call(call)) => calls.push(call),
                Ok(Line::End(value)) => end = Some(value),
                Ok(Line::Recording(_)) => return Err(broken(line, "a second recording begins here")),
                Err(error) => return Err(broken(line, &error.to_string())),
            }
        }
        let head = head.ok_or(RecordingError::NoRecording)?;
        Ok(Self { head, calls, end })
    }

    /// Returns what the program that recorded said of it.
    pub fn about(&self) -> &Value {
        &self.head.about
    }

    /// Returns when it was begun.
    pub fn started(&self) -> Instant {
        self.head.started
    }

    /// Returns how it ended; none when the recording process was killed.
    pub fn end(&self) -> Option<&Value> {
        self.end.as_ref()
    }

    /// Returns the name of the connector of each connection that was called.
    pub fn connectors(&self) -> BTreeMap<String, String> {
        self.calls.iter().map(|call| (call.connection.clone(), call.connector.clone())).collect()
    }

    /// Returns how many calls it has.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }
}

fn first(text: &str) -> Result<Head, RecordingError> {
    // The format is read by itself first: what another format has besides, this version cannot know.
    let value: Value = serde_json::from_str(text).map_err(|_| RecordingError::NoRecording)?;
    let head = value.get("recording").ok_or(RecordingError::NoRecording)?;
    let found = head.get("format").and_then(Value::as_u64).ok_or(RecordingError::NoRecording)?;
    if found != u64::from(FORMAT) {
        let host = head.get("host").and_then(Value::as_str).unwrap_or("of an unknown version").to_owned();
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        return Err(RecordingError::Format { found, host, own: env!("CARGO_PKG_VERSION") });
    }
    match serde_json::from_value(value) {
        Ok(Line::Recording(head)) => Ok(head),
        Ok(_) => Err(RecordingError::NoRecording),
        Err(error) => Err(broken(1, &error.to_string())),
    }
}

fn broken(line: usize, reason: &str) -> RecordingError {
    RecordingError::Line { line, reason: reason.to_owned() }
}
