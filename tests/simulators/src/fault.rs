//! Faults: what goes wrong, with which operation, and how often.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::log::{Log, Note};
use crate::server::Cut;

mod body;

/// Largest request body a simulator reads, in bytes; beyond it the answer is 413.
///
/// Sixty-four MiB hold any bulk call with an attached file of the systems' own limit of 2 MB many times over.
pub const MAX_REQUEST_BYTES: usize = 64 << 20;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Refuses in the system's own way of saying "too many requests"; not processed.
    RateLimit,
    /// Refuses in the system's own way of saying "the token is not (any longer) valid"; not processed.
    Unauthorized,
    /// A fault that only this system knows, by its name; not processed.
    Vendor(String),
    /// Answers with this status and body; not processed.
    Status {
        /// HTTP status.
        status: u16,
        /// Body text.
        #[serde(default)]
        body: String,
        /// Content type of the body; default `text/plain`.
        #[serde(default = "plain_text")]
        content_type: String,
        /// Further headers, name and value.
        #[serde(default)]
        headers: Vec<(String, String)>,
    },
    /// Answers with the HTML page of a proxy, status 502; not processed.
    HtmlInsteadOfJson,
    /// Processes, then sends the first half of the body with the whole answer's status.
    TruncatedJson,
    /// Processes, then ends the connection or stream without an answer.
    DropResponse,
    /// Ends the connection or stream without processing.
    ResetBefore,
    /// Processes at once and answers after a wait.
    Delay {
        /// Wait in milliseconds.
        ms: u64,
    },
    /// Processes, then sends the body in small pieces.
    SlowDrip {
        /// Bytes of a piece.
        chunk_bytes: usize,
        /// Wait before each piece, in milliseconds.
        pause_ms: u64,
    },
    /// Answers with an error whose text repeats all request headers and the request body; not processed.
    EchoRequestHeaders {
        /// HTTP status.
        status: u16,
    },
    /// Answers 200 with a JSON text of about this size, without a content length; not processed.
    HugeBody {
        /// Size in bytes.
        bytes: u64,
    },
    /// Answers 200 with a small gzip body that unpacks to this size; not processed.
    GzipBomb {
        /// Unpacked size in bytes.
        bytes: u64,
    },
}

impl Kind {
    /// Returns the fault's name as it appears in the log and in JSON, e.g. `drop_response`.
    pub fn name(&self) -> &str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::Unauthorized => "unauthorized",
            Self::Vendor(name) => name,
            Self::Status { .. } => "status",
            Self::HtmlInsteadOfJson => "html_instead_of_json",
            Self::TruncatedJson => "truncated_json",
            Self::DropResponse => "drop_response",
            Self::ResetBefore => "reset_before",
            Self::Delay { .. } => "delay",
            Self::SlowDrip { .. } => "slow_drip",
            Self::EchoRequestHeaders { .. } => "echo_request_headers",
            Self::HugeBody { .. } => "huge_body",
            Self::GzipBomb { .. } => "gzip_bomb",
        }
    }

    /// Tells whether the system does its work in spite of the fault.
    pub fn is_processed(&self) -> bool {
        matches!(self, Self::TruncatedJson | Self::DropResponse | Self::Delay { .. } | Self::SlowDrip { .. })
    }
}

fn plain_text() -> String {
    "text/plain".to_owned()
}

/// Which of the matching requests are hit, counted from 1 since the fault was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hits {
    /// Only this one.
    Nth(u64),
    /// This one and all before it.
    First(u64),
    /// All that come after this one.
    After(u64),
    /// Every so many, e.g. 3 hits the third, sixth, ninth ...
    Every(u64),
    /// Each one.
    All,
}

impl Hits {
    fn include(self, number: u64) -> bool {
        match self {
            Self::Nth(nth) => number == nth,
            Self::First(count) => number <= count,
            Self::After(count) => number > count,
            Self::Every(step) => step > 0 && number.is_multiple_of(step),
            Self::All => true,
        }
    }
}

/// One line of the table: an operation (or all), the requests hit, and what goes wrong with them.
///
/// In JSON: `{"operation":"addOrder","hits":{"nth":2},"kind":"drop_response"}`; without `operation` any request counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Operation as the system names it, e.g. `addOrder` or `POST /orders`; none for any.
    #[serde(default)]
    pub operation: Option<String>,
    /// Requests that are hit.
    pub hits: Hits,
    /// What goes wrong.
    pub kind: Kind,
}

#[derive(Debug)]
struct Line {
    fault: Fault,
    seen: u64,
}

/// The shared table of faults; clones see the same table.
///
/// When several lines hit one request, the one added first applies; the others count the request all the same.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Faults {
    /// Starts an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    pub fn add(&self, fault: Fault) -> &Self {
        self.lock().push(Line { fault, seen: 0 });
        self
    }

    /// Adds a line for the nth request of one operation.
    pub fn nth(&self, operation: &str, nth: u64, kind: Kind) -> &Self {
        self.add(Fault { operation: Some(operation.to_owned()), hits: Hits::Nth(nth), kind })
    }

    /// Adds a line for every request of one operation.
    pub fn all(&self, operation: &str, kind: Kind) -> &Self {
        self.add(Fault { operation: Some(operation.to_owned()), hits: Hits::All, kind })
    }

    /// Lets `requests` requests of any operation pass and refuses the next one as too many, once.
    pub fn rate_limit_after(&self, requests: u64) -> &Self {
        self.add(Fault { operation: None, hits: Hits::Nth(requests.saturating_add(1)), kind: Kind::RateLimit })
    }

    /// Processes the nth request of an operation and loses its answer.
    pub fn drop_response_of(&self, operation: &str, nth: u64) -> &Self {
        self.nth(operation, nth, Kind::DropResponse)
    }

    /// Answers the nth request of an operation with a proxy's HTML page; not processed.
    pub fn html_instead_of_json(&self, operation: &str, nth: u64) -> &Self {
        self.nth(operation, nth, Kind::HtmlInsteadOfJson)
    }

    /// Refuses the nth request of an operation as if its token had died.
    pub fn unauthorized_at(&self, operation: &str, nth: u64) -> &Self {
        self.nth(operation, nth, Kind::Unauthorized)
    }

    /// Removes all lines.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Returns the lines with the number of requests each has matched so far.
    pub fn lines(&self) -> Vec<(Fault, u64)> {
        self.lock().iter().map(|line| (line.fault.clone(), line.seen)).collect()
    }

    /// Counts a request and returns what goes wrong with it, if anything.
    pub fn strike(&self, operation: &str) -> Option<Kind> {
        let mut struck = None;
        for line in self.lock().iter_mut() {
            if line.fault.operation.as_deref().is_some_and(|wanted| wanted != operation) {
                continue;
            }
            line.seen += 1;
            if struck.is_none() && line.fault.hits.include(line.seen) {
                struck = Some(line.fault.kind.clone());
            }
        }
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the fault layer has to know of a system.
pub trait Vendor: Send + Sync + 'static {
    /// Names the operation of a request, the key of the fault table and of the log.
    ///
    /// Ids in a path are written as `{id}`: `GET /partners/{id}`.
    fn operation(&self, request: &Parts, body: &[u8]) -> String;

    /// Answers "too many requests" in the system's way.
    fn rate_limited(&self) -> Response;

    /// Answers "token not valid" in the system's way, and forgets the token where the system has one.
    fn unauthorized(&self) -> Response;

    /// Answers a fault that only this system knows; none when the name is unknown, which is answered with 501.
    fn special(&self, _name: &str) -> Option<Response> {
        None
    }
}

/// Puts the fault table and the log in front of a router.
///
/// Request bodies are read whole before the router sees them.
pub fn layer<V: Vendor>(router: Router, vendor: &Arc<V>, faults: &Faults, log: &Log) -> Router {
    let vendor: Arc<dyn Vendor> = Arc::<V>::clone(vendor);
    let gate = Gate { vendor, faults: faults.clone(), log: log.clone() };
    router.layer(from_fn_with_state(Arc::new(gate), pass))
}

struct Gate {
    vendor: Arc<dyn Vendor>,
    faults: Faults,
    log: Log,
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_REQUEST_BYTES).await else {
        return body::refusal(413, "the request body is too large");
    };
    let operation = gate.vendor.operation(&parts, &body);
    let fault = gate.faults.strike(&operation);
    let name = fault.as_ref().map(|kind| kind.name().to_owned());
    let response = apply(&gate, fault, parts, body, next).await;
    let unanswered = response.extensions().get::<Cut>().is_some() && name.as_deref() == Some("reset_before");
    let status = if unanswered { 0 } else { response.status().as_u16() };
    let note = response.extensions().get::<Note>().map(|note| note.0.clone());
    gate.log.record(&operation, status, name, note);
    response
}

async fn apply(gate: &Gate, fault: Option<Kind>, parts: Parts, body: Bytes, next: Next) -> Response {
    let kind = match fault {
        None => return next.run(Request::from_parts(parts, body.into())).await,
        Some(kind) => kind,
    };
    if let Some(refusal) = refuse(gate, &kind, &parts, &body) {
        return refusal;
    }
    let response = next.run(Request::from_parts(parts, body.into())).await;
    spoil(kind, response).await
}

/// Answers the faults that keep the system from working.
fn refuse(gate: &Gate, kind: &Kind, parts: &Parts, request_body: &Bytes) -> Option<Response> {
    Some(match kind {
        Kind::RateLimit => gate.vendor.rate_limited(),
        Kind::Unauthorized => gate.vendor.unauthorized(),
        Kind::Vendor(name) => gate.vendor.special(name).unwrap_or_else(|| unknown(name)),
        Kind::Status { status, body, content_type, headers } => body::custom(*status, body, content_type, headers),
        Kind::HtmlInsteadOfJson => body::bad_gateway_page(),
        Kind::ResetBefore => body::cut(Response::default()),
        Kind::EchoRequestHeaders { status } => body::echo(*status, parts, request_body),
        Kind::HugeBody { bytes } => body::huge(*bytes),
        Kind::GzipBomb { bytes } => body::gzip_bomb(*bytes),
        Kind::TruncatedJson | Kind::DropResponse | Kind::Delay { .. } | Kind::SlowDrip { .. } => return None,
    })
}

/// A mistake in a test must not pass as a system without faults.
fn unknown(name: &str) -> Response {
    body::refusal(501, &format!("`{name}` is not a fault of this simulator; see its documentation for their names"))
}

/// Spoils the answer to a request that was processed.
async fn spoil(kind: Kind, response: Response) -> Response {
    match kind {
        Kind::DropResponse => body::cut(response),
        Kind::TruncatedJson => body::truncated(response).await,
        Kind::SlowDrip { chunk_bytes, pause_ms } => body::slow(response, chunk_bytes, pause_ms).await,
        Kind::Delay { ms } => {
            tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
            response
        }
        _ => response,
    }
}
