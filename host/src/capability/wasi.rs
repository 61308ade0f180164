//! The WASI that other languages' tools import: an empty one. Clocks and randomness are the host's; there are no files but
//! those of a directory that was granted, no environment, no arguments, no sockets; what is printed goes to the call's log;
//! HTTP goes the one way out.

mod held;
mod printed;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, Method};
use http_body_util::{BodyExt, Full};
use rand_core::TryRng;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use self::held::{Held, Part};
use self::printed::Printed;
use super::Rooms;
use super::files::{Files, FilesView};
use super::http::scope::Allowance;
use super::http::{CallScope, Refusal, Request, Response, SendError};
use super::log::{Level, Log};
use crate::call::Call;
use crate::limits::Limits;
use crate::model::Effect;
use crate::surroundings::{Clock, Randomness};

/// Handles that a guest may hold at once: streams, requests, headers. A request takes about ten, so one that gives none of
/// them back still has enough for the 200 of a call.
const HANDLES: usize = 2_500;

/// Bytes that the headers of a request take in memory. The pipeline refuses what is over 32 KiB of text or 100 headers.
const FIELDS: usize = 48 << 10;

/// Bytes of a request's body that are on their way from the guest to the host. Every body that a guest has begun holds so many.
const CHUNK: usize = 64 << 10;

/// Random bytes that one call gives, in bytes.
const RANDOM: u64 = 64 << 10;

/// Header by which a guest names the credential slot. The host takes it out.
const CREDENTIAL: HeaderName = HeaderName::from_static("wharf-credential");

/// Header by which a guest says what the request does: `read`, `idempotent-write` or `write`. The host takes it out.
const EFFECT: HeaderName = HeaderName::from_static("wharf-effect");

/// Header by which a guest names the budget. The host takes it out.
const BUDGET: HeaderName = HeaderName::from_static("wharf-budget");

type Sending<T> = Box<dyn Future<Output = T> + Send>;
type Sent = Result<(http::Response<WasiBody>, Sending<Result<(), HttpError>>), HttpError>;

/// The WASI world of one call.
pub(crate) struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    way_out: WayOut,
    files: Files,
}

impl Wasi {
    /// Makes the world of a call. In a pure call time stands still and randomness is the same each time.
    pub(crate) fn new(
        rooms: &Arc<Rooms>,
        scope: &Arc<CallScope>,
        (call, log): (&str, &Arc<Mutex<Log>>),
        limits: &Limits,
    ) -> Self {
        let mut context = WasiCtx::builder();
        context.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false).max_random_size(RANDOM);
        context.stdout(Printed::new((rooms, scope), log, "printed", Level::Info));
        context.stderr(Printed::new((rooms, scope), log, "printed as an error", Level::Warn));
        if scope.allowance() == Allowance::Nothing {
            let same = || Deterministic::new((0..=u8::MAX).collect());
            context.wall_clock(Still).monotonic_clock(Still);
            context.secure_random(same()).insecure_random(same()).insecure_random_seed(0);
        } else {
            let (clock, randomness) = scope.surroundings(rooms);
            let random = || HostRandom(Arc::clone(&randomness));
            context.wall_clock(HostClock(clock));
            context.secure_random(random()).insecure_random(random());
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS);
        let (request_bytes, held) = (limits.request_bytes, Held::new(limits.host_bytes));
        let way_out = WayOut { rooms: Arc::clone(rooms), scope: Arc::clone(scope), request_bytes, held };
        let files = Files::new(rooms, scope, call);
        Self { context: context.build(), table, http, way_out, files }
    }

    fn files(&mut self) -> FilesView<'_> {
        let wasi = WasiFilesystemCtxView { ctx: self.context.filesystem(), table: &mut self.table };
        FilesView { wasi, files: &mut self.files }
    }
}

/// Gives a component the WASI interfaces.
pub(crate) fn link(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    // Ours count what is written; they stand in the place of the ones that came with the rest.
    linker.allow_shadowing(true);
    types::add_to_linker::<Call, Granted>(linker, |call| call.wasi().files())?;
    preopens::add_to_linker::<Call, Granted>(linker, |call| call.wasi().files())?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Names the view that the file interfaces work on.
struct Granted;

impl HasData for Granted {
    type Data<'a> = FilesView<'a>;
}

impl WasiView for Call {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

impl WasiHttpView for Call {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let wasi = self.wasi();
        WasiHttpCtxView { hooks: &mut wasi.way_out, table: &mut wasi.table, ctx: &mut wasi.http }
    }
}

struct HostClock(Arc<dyn Clock>);

impl HostWallClock for HostClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.now().0)
    }
}

/// A clock that stands still.
struct Still;

impl HostWallClock for Still {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Still {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        0
    }
}

struct HostRandom(Arc<dyn Randomness>);

impl TryRng for HostRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    #[expect(
        clippy::panic,
        reason = "the trait has no other way to end the call, and predictable bytes would be worse"
    )]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        match self.0.fill(bytes) {
            Ok(()) => Ok(()),
            Err(error) => panic!("no randomness: {error}"),
        }
    }
}

/// Sends what comes through `wasi:http` the same way as every other request.
struct WayOut {
    rooms: Arc<Rooms>,
    scope: Arc<CallScope>,
    request_bytes: usize,
    held: Held,
}

impl WasiHttpHooks for WayOut {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _done: Sending<Result<(), HttpError>>,
    ) -> Sending<Sent> {
        let (rooms, scope, limit) = (Arc::clone(&self.rooms), Arc::clone(&self.scope), self.request_bytes);
        let (mut asked, mut answered) = (self.held.part(), self.held.part());
        Box::new(async move {
            let request = taken_over(request, (limit, &scope), &mut asked).await?;
            let Some(connected) = &rooms.connected else { return Err(HttpError::HttpRequestDenied) };
            let response = connected.egress.send(&scope, request).await.map_err(refused)?;
            drop(asked);
            if !answered.take(response.body.len()) {
                scope.holds_too_much();
                return Err(HttpError::HttpResponseBodySize(u64::try_from(response.body.len()).ok()));
            }
            Ok((handed_back(response, answered)?, Box::new(async { Ok(()) }) as Sending<_>))
        })
    }

    /// The pipeline refuses the headers that are the host's own, and says which.
    fn is_forbidden_header(&mut self, _name: &HeaderName) -> bool {
        false
    }

    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }
}

async fn taken_over(
    request: http::Request<WasiBody>,
    (limit, scope): (usize, &CallScope),
    part: &mut Part,
) -> Result<Request, HttpError> {
    let (mut parts, body) = request.into_parts();
    let body = collected(body, (limit, scope), part).await?;
    let effect = effect(&parts.method, parts.headers.remove(EFFECT))?;
    let mut named = |name: HeaderName| match parts.headers.remove(name) {
        Some(value) => value.to_str().map(|text| Some(text.to_owned())).map_err(|_| HttpError::HttpRequestDenied),
        None => Ok(None),
    };
    let (credential, budget) = (named(CREDENTIAL)?, named(BUDGET)?);
    // The length that the guest set is the host's to say; it was held against the body before.
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Ok(Request {
        method: parts.method.as_str().to_owned(),
        url: parts.uri.to_string(),
        headers: fields(&parts.headers)?,
        body: (!body.is_empty()).then_some(body),
        credential,
        effect,
        budget,
    })
}

/// Collects the body of a request, and counts it as it comes. Trailers are left out.
async fn collected(
    mut body: WasiBody,
    (limit, scope): (usize, &CallScope),
    part: &mut Part,
) -> Result<Bytes, HttpError> {
    let too_large = || HttpError::HttpRequestBodySize(u64::try_from(limit).ok());
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(HttpError::InternalError(Some("the body broke off".into()))) };
        let Ok(chunk) = frame.into_data() else { continue };
        if bytes.len().saturating_add(chunk.len()) > limit {
            return Err(too_large());
        }
        if !part.take(chunk.len()) {
            scope.holds_too_much();
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Reads what the request does; without a word of the guest, only what is safe by its method is a read.
fn effect(method: &Method, said: Option<http::HeaderValue>) -> Result<Effect, HttpError> {
    match said.as_ref().map(http::HeaderValue::as_bytes) {
        Some(b"read") => Ok(Effect::Read),
        Some(b"idempotent-write") => Ok(Effect::IdempotentWrite),
        Some(b"write") => Ok(Effect::Write),
        Some(_) => Err(HttpError::HttpRequestDenied),
        None if method.is_safe() => Ok(Effect::Read),
        None => Ok(Effect::Write),
    }
}

fn fields(headers: &HeaderMap) -> Result<Vec<(String, String)>, HttpError> {
    let field = |(name, value): (&HeaderName, &http::HeaderValue)| match value.to_str() {
        Ok(text) => Ok((name.as_str().to_owned(), text.to_owned())),
        Err(_) => Err(HttpError::HttpRequestHeaderSize { field_name: Some(name.to_string()), field_size: None }),
    };
    headers.iter().map(field).collect()
}

fn handed_back(response: Response, part: Part) -> Result<http::Response<WasiBody>, HttpError> {
    let mut builder = http::Response::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    let body = Full::new(part.counting(response.body)).map_err(|never: Infallible| match never {}).boxed_unsync();
    builder.body(body).map_err(|_| HttpError::HttpProtocolError)
}

/// Says in `wasi:http`'s words why there is no answer.
fn refused(error: SendError) -> HttpError {
    match error.refusal {
        Refusal::Denied { .. } | Refusal::WouldWrite | Refusal::CredentialUnavailable(_) => {
            HttpError::HttpRequestDenied
        }
        Refusal::BudgetExhausted(_) => HttpError::ConnectionLimitReached,
        Refusal::NotSent(_) => HttpError::DestinationUnavailable,
        Refusal::SentNoAnswer(_) => HttpError::HttpResponseIncomplete,
        Refusal::TooLarge(limit) => HttpError::HttpResponseBodySize(Some(limit)),
        Refusal::Deadline(_) => HttpError::HttpResponseTimeout,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;

    fn request(method: &str, headers: &[(&str, &str)], body: &'static str) -> http::Request<WasiBody> {
        let mut builder = http::Request::builder().method(method).uri("https://api.example.com/a?b=c");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Full::new(Bytes::from(body)).map_err(|never: Infallible| match never {}).boxed_unsync()).unwrap()
    }

    /// Takes a request over in a call that may hold 20 bytes.
    async fn taken(request: http::Request<WasiBody>) -> (Result<Request, HttpError>, CallScope) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let scope = CallScope::new(Allowance::Reads, deadline, Arc::new(Limits::default()));
        let request = taken_over(request, (10, &scope), &mut Held::new(20).part()).await;
        (request, scope)
    }

    #[tokio::test]
    async fn words_for_the_host_are_taken_out_of_the_headers() {
        let headers = [
            ("wharf-credential", "login"),
            ("wharf-effect", "read"),
            ("wharf-budget", "slow"),
            ("accept", "text/plain"),
            ("content-length", "2"),
        ];
        let taken = taken(request("POST", &headers, "{}")).await.0.unwrap();
        assert_eq!(taken.headers, [("accept".to_owned(), "text/plain".to_owned())]);
        assert_eq!((taken.credential.as_deref(), taken.budget.as_deref()), (Some("login"), Some("slow")));
        assert_eq!((taken.effect, taken.url.as_str()), (Effect::Read, "https://api.example.com/a?b=c"));
        assert_eq!(taken.body.as_deref(), Some(&b"{}"[..]));
    }

    #[tokio::test]
    async fn request_without_a_word_is_a_read_only_when_its_method_is_safe() {
        for (method, effect) in [("GET", Effect::Read), ("POST", Effect::Write), ("DELETE", Effect::Write)] {
            assert_eq!(taken(request(method, &[], "")).await.0.unwrap().effect, effect, "{method}");
        }
        let odd = taken(request("GET", &[("wharf-effect", "harmless")], "")).await.0;
        assert!(matches!(odd, Err(HttpError::HttpRequestDenied)));
    }

    #[tokio::test]
    async fn body_over_the_limit_is_refused() {
        let refused = taken(request("POST", &[], "12345678901")).await;
        assert!(matches!(refused, (Err(HttpError::HttpRequestBodySize(Some(10))), scope) if !scope.held_too_much()));
    }
}
