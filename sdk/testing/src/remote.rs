//! A remote that is asked over HTTP.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use ureq::http;
use wharf_sdk::host::{RawBody, RawRequest, Refusal};

use crate::Answer;

/// Most bytes of an answer; a longer one counts as lost.
const MOST_BYTES: u64 = 64 << 20;

/// Seconds that an answer is waited for.
const WAITS_SECONDS: u64 = 20;

/// A remote that is asked over real HTTP, such as a simulator on loopback.
///
/// It sends what the connector sends, with the headers of the credential slot that the request names. Plain `http` only,
/// no proxy, no redirect is followed, an answer is waited for 20 seconds and may have 64 MiB.
///
/// ```
/// use std::io::{Read, Write};
///
/// use wharf_sdk::http;
/// use wharf_sdk_testing::{FakeHost, Remote};
///
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let base = format!("http://{}", listener.local_addr()?);
/// let server = std::thread::spawn(move || -> std::io::Result<String> {
///     let (mut stream, _) = listener.accept()?;
///     let mut asked = [0; 1024];
///     let length = stream.read(&mut asked)?;
///     stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")?;
///     Ok(String::from_utf8_lossy(&asked[..length]).into_owned())
/// });
///
/// let remote = Remote::new().credential("token", [("X-Token", "abc")]);
/// let host = FakeHost::new().respond(move |request| remote.send(request)).install();
/// let response = http::get(&format!("{base}/orders")).credential("token").send()?;
/// assert_eq!(response.text()?, "[]");
/// assert!(server.join().expect("the server ends")?.contains("abc"));
/// assert_eq!(host.requests().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Remote {
    agent: ureq::Agent,
    credentials: BTreeMap<String, Vec<(String, String)>>,
}

impl Default for Remote {
    fn default() -> Self {
        Self::new()
    }
}

impl Remote {
    /// Starts without credentials.
    pub fn new() -> Self {
        let settings = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(WAITS_SECONDS)));
        Self { agent: settings.build().into(), credentials: BTreeMap::new() }
    }

    /// Sets the headers that a request gets when it names this slot, such as `("Authorization", "Bearer abc")`.
    #[must_use]
    pub fn credential<'h>(mut self, slot: &str, headers: impl IntoIterator<Item = (&'h str, &'h str)>) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.credentials.insert(slot.to_owned(), headers.collect());
        self
    }

    /// Sends a request and returns what came back.
    ///
    /// Where the connection is refused nothing left; whatever else goes wrong, the answer is lost. A request that names a
    /// slot without a credential here is denied.
    pub fn send(&self, request: &RawRequest) -> Answer {
        let builder = match self.addressed(request) {
            Ok(builder) => builder,
            Err(refusal) => return Answer::refused(refusal),
        };
        let sent = match &request.body {
            None => builder.body(()).map(|request| self.agent.run(request)),
            Some(RawBody::Text(text)) => builder.body(text.as_str()).map(|request| self.agent.run(request)),
            Some(RawBody::Bytes(bytes)) => builder.body(bytes.as_slice()).map(|request| self.agent.run(request)),
        };
        match sent {
            Ok(Ok(response)) => answer(response),
            Ok(Err(error)) if never_left(&error) => Answer::unreachable(),
            Ok(Err(_)) => Answer::lost(),
            Err(error) => {
                let sentence = format!("`{} {}` cannot be sent: {error}; correct it", request.method, request.url);
                Answer::refused(Refusal::Denied(("not-a-request".to_owned(), sentence)))
            }
        }
    }

    fn addressed(&self, request: &RawRequest) -> Result<http::request::Builder, Refusal> {
        let mut builder = http::Request::builder().method(request.method.as_str()).uri(&request.url);
        for (name, value) in self.headers_of(request.credential.as_deref())?.iter().chain(&request.headers) {
            builder = builder.header(name, value);
        }
        Ok(builder)
    }

    fn headers_of(&self, slot: Option<&str>) -> Result<&[(String, String)], Refusal> {
        let Some(slot) = slot else { return Ok(&[]) };
        self.credentials.get(slot).map(Vec::as_slice).ok_or_else(|| {
            let sentence = format!("the test has no credential for the slot `{slot}`; set it");
            Refusal::Denied(("no-credential".to_owned(), sentence))
        })
    }
}

fn never_left(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        _ => false,
    }
}

fn answer(mut response: http::Response<ureq::Body>) -> Answer {
    let status = response.status().as_u16();
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    match response.body_mut().with_config().limit(MOST_BYTES).read_to_vec() {
        Ok(body) => Answer::of(status, headers, body),
        Err(_) => Answer::lost(),
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("slots", &self.credentials.keys()).finish_non_exhaustive()
    }
}
