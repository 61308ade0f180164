//! The only file that opens outgoing sockets.
//!
//! One client per origin of a connection, so that name resolution knows the port that the operator carved out, and so
//! that neither pools nor TLS sessions are shared between connections. No proxy, no redirects, no retries: whatever
//! the client library would send a second time on its own is switched off, because a request may be a write.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, RANGE};
use http::{HeaderMap, Method};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::{Instant as Moment, timeout_at};
use tower::BoxError;
use url::{Host, Url};

use super::connected::Connected;
use super::decoded;
use crate::error::{Blame, Error, ErrorKind};
use crate::limits::Limits;
use crate::policy::{Denied, Policy};
use crate::surroundings::Resolver;

/// Headers of an answer, at most.
const MAX_HEADERS: usize = 100;

/// How long an unused connection is kept. Shorter than the shortest common keep-alive of servers (Node.js and Apache:
/// 5 s), because a write that meets a connection closed by the other side is a write with unknown outcome.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// Clients that a connection keeps; origins beyond that (a wildcard makes many) displace the oldest.
const MAX_CLIENTS: usize = 32;

/// TLS roots: the system's, and those that the operator adds.
#[derive(Clone)]
pub(crate) struct Roots(Arc<RootsInner>);

struct RootsInner {
    added: Vec<rustls::pki_types::CertificateDer<'static>>,
    store: OnceLock<Arc<rustls::RootCertStore>>,
}

impl Roots {
    /// Reads the operator's certificates, PEM, none or many. The system's are read when TLS is first needed.
    ///
    /// # Errors
    /// `Setup`, when there is text without a certificate that can be read.
    pub(crate) fn with_added(pem: &[u8]) -> Result<Self, Error> {
        use rustls::pki_types::pem::PemObject;
        let added: Vec<_> = rustls::pki_types::CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| roots_invalid(&error.to_string()))?;
        if added.is_empty() && !pem.trim_ascii().is_empty() {
            return Err(roots_invalid("there is no certificate in it"));
        }
        let mut probe = rustls::RootCertStore::empty();
        for certificate in &added {
            probe.add(certificate.clone()).map_err(|error| roots_invalid(&error.to_string()))?;
        }
        Ok(Self(Arc::new(RootsInner { added, store: OnceLock::new() })))
    }

    fn store(&self) -> Arc<rustls::RootCertStore> {
        let load = || {
            let mut store = rustls::RootCertStore::empty();
            // A system without certificates is no error here: connecting says so, by name.
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            store.add_parsable_certificates(self.0.added.iter().cloned());
            Arc::new(store)
        };
        Arc::clone(self.0.store.get_or_init(load))
    }
}

fn roots_invalid(reason: &str) -> Error {
    Error::new(
        ErrorKind::Setup,
        "root-certificates-invalid",
        Blame::Operator,
        format!("the added `root_certificates` cannot be read: {reason}; give PEM text of CA certificates"),
    )
}

/// A request that passed the policy and has its credential.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

/// A whole answer, decompressed, as it came.
pub(super) struct Received {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no whole answer. The texts may hold what the remote wrote: redact them.
#[derive(Debug)]
pub(super) enum Failure {
    /// The address behind the name is refused; nothing left.
    Denied(Denied),
    /// Nothing left the host.
    NotSent(String),
    /// It may have arrived.
    SentNoAnswer(String),
    /// The answer is over this many bytes.
    TooLarge(u64),
    /// The call's time is over; whether the request may have left.
    Deadline(bool),
}

/// The sockets of one connection.
pub(super) struct Transport {
    policy: Arc<Policy>,
    resolver: Arc<dyn Resolver>,
    roots: Roots,
    limits: Arc<Limits>,
    tls: OnceLock<rustls::ClientConfig>,
    clients: Mutex<Vec<(String, Client)>>,
}

#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    /// Whether any connection to this origin was ever up. As long as none was, nothing can have left.
    connected: Arc<AtomicBool>,
}

impl Transport {
    pub(super) fn new(policy: Arc<Policy>, resolver: Arc<dyn Resolver>, roots: Roots, limits: Arc<Limits>) -> Self {
        Self { policy, resolver, roots, limits, tls: OnceLock::new(), clients: Mutex::default() }
    }

    /// Sends a request once and reads the whole answer.
    pub(super) async fn send(&self, outgoing: Outgoing, deadline: Moment) -> Result<Received, Failure> {
        self.vet_literal(&outgoing.url)?;
        let client = self.client(&outgoing.url)?;
        let host = outgoing.url.host_str().unwrap_or_default().to_owned();
        let answer = self.head(&client, outgoing, &host, deadline).await?;
        self.vet_peer(&host, answer.remote_addr())?;
        let status = answer.status().as_u16();
        self.vet_headers(&host, answer.headers())?;
        let announced = decoded::announced(answer.headers()).unwrap_or(0);
        let (head, body) = decoded::decoded(answer).await.into_parts();
        let body = self.body(body, announced, &host, deadline).await?;
        Ok(Received { status, headers: head.headers, body })
    }

    /// The client asks no resolver about a typed address, so it is vetted here.
    fn vet_literal(&self, url: &Url) -> Result<(), Failure> {
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            _ => return Ok(()),
        };
        let address = SocketAddr::new(ip, url.port_or_known_default().unwrap_or_default());
        self.policy.address(&ip.to_string(), address).map_err(Failure::Denied)
    }

    /// What was vetted is what was connected to. This is the second lock on the same door.
    fn vet_peer(&self, host: &str, peer: Option<SocketAddr>) -> Result<(), Failure> {
        match peer {
            Some(peer) => self.policy.address(host, peer).map_err(|denied| Failure::SentNoAnswer(denied.message)),
            None => Err(Failure::SentNoAnswer(format!("the address that `{host}` answered from is not known"))),
        }
    }

    async fn head(
        &self,
        client: &Client,
        outgoing: Outgoing,
        host: &str,
        deadline: Moment,
    ) -> Result<reqwest::Response, Failure> {
        let patience = self.limits.connect.saturating_add(self.limits.first_byte);
        let until = (Moment::now() + patience).min(deadline);
        match timeout_at(until, client.http.execute(request(outgoing))).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(failure(error, host)),
            Err(_) if until == deadline => Err(Failure::Deadline(client.connected.load(Ordering::Acquire))),
            Err(_) if !client.connected.load(Ordering::Acquire) => {
                Err(Failure::NotSent(format!("`{host}` could not be connected to within {patience:?}")))
            }
            Err(_) => Err(Failure::SentNoAnswer(format!("`{host}` did not begin to answer within {patience:?}"))),
        }
    }

    fn vet_headers(&self, host: &str, headers: &HeaderMap) -> Result<(), Failure> {
        let limit = self.limits.response_header_bytes;
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if bytes > limit || headers.len() > MAX_HEADERS {
            return Err(Failure::TooLarge(wide(limit)));
        }
        match decoded::foreign(headers) {
            None => Ok(()),
            Some(coding) => {
                let text = format!("`{host}` answered in coding {coding}, which was not asked for");
                Err(Failure::SentNoAnswer(text))
            }
        }
    }

    async fn body(
        &self,
        body: impl Body<Data = Bytes, Error = BoxError>,
        announced: u64,
        host: &str,
        deadline: Moment,
    ) -> Result<Bytes, Failure> {
        let limit = self.limits.response_bytes;
        let too_large = Failure::TooLarge(wide(limit));
        if announced > wide(limit) {
            return Err(too_large);
        }
        let (mut body, mut collected) = (std::pin::pin!(body), Collected::default());
        loop {
            let until = (Moment::now() + self.limits.idle).min(deadline);
            let chunk = match timeout_at(until, body.frame()).await {
                // Trailers are nobody's.
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                Ok(None) => return Ok(collected.into_bytes()),
                Ok(Some(Err(error))) => {
                    let why = innermost(&*error);
                    return Err(Failure::SentNoAnswer(format!("the answer of `{host}` broke off: {why}")));
                }
                Err(_) if until == deadline => return Err(Failure::Deadline(true)),
                Err(_) => {
                    let idle = self.limits.idle;
                    return Err(Failure::SentNoAnswer(format!("the answer of `{host}` stood still for {idle:?}")));
                }
            };
            if collected.len() + chunk.len() > limit {
                return Err(too_large);
            }
            collected.push(chunk, announced);
        }
    }

    fn client(&self, url: &Url) -> Result<Client, Failure> {
        let origin = url.origin().ascii_serialization();
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| *known == origin) {
            return Ok(client.clone());
        }
        let client = self.build(url)?;
        if clients.len() >= MAX_CLIENTS {
            clients.remove(0);
        }
        clients.push((origin, client.clone()));
        Ok(client)
    }

    fn build(&self, url: &Url) -> Result<Client, Failure> {
        let connected = Arc::new(AtomicBool::new(false));
        let vetted = Vetted {
            port: url.port_or_known_default().unwrap_or_default(),
            policy: Arc::clone(&self.policy),
            resolver: Arc::clone(&self.resolver),
        };
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(vetted)
            .connector_layer(Connected::layer(Arc::clone(&connected)))
            .connect_timeout(self.limits.connect)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(self.limits.concurrent_requests)
            .http2_max_header_list_size(u32::try_from(self.limits.response_header_bytes).unwrap_or(u32::MAX));
        builder = builder.tls_backend_preconfigured(self.tls(url)?);
        let http = builder.build().map_err(|error| Failure::NotSent(format!("no client: {}", reason(error))))?;
        Ok(Client { http, connected })
    }

    /// Returns the TLS set-up of the connection. Plain http never uses it and so waits for no roots to be read.
    fn tls(&self, url: &Url) -> Result<rustls::ClientConfig, Failure> {
        if url.scheme() == "http" {
            return tls_with(Arc::new(rustls::RootCertStore::empty()));
        }
        if let Some(config) = self.tls.get() {
            return Ok(config.clone());
        }
        let config = tls_with(self.roots.store())?;
        Ok(self.tls.get_or_init(|| config).clone())
    }
}

fn tls_with(roots: Arc<rustls::RootCertStore>) -> Result<rustls::ClientConfig, Failure> {
    // The provider is passed, not installed: a process that embeds the host may have chosen its own.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::NotSent(format!("no TLS: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Makes the library's request. The body is a stream, which it cannot send twice.
fn request(outgoing: Outgoing) -> reqwest::Request {
    let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
    *request.headers_mut() = outgoing.headers;
    // A part of what is compressed could not be read.
    if !request.headers().contains_key(RANGE) {
        request.headers_mut().insert(ACCEPT_ENCODING, decoded::ACCEPTED);
    }
    *request.body_mut() = outgoing.body.map(|body| reqwest::Body::wrap(Full::new(body)));
    request
}

/// Collects a body; one chunk stays where it is.
#[derive(Default)]
struct Collected {
    only: Bytes,
    many: BytesMut,
}

impl Collected {
    fn len(&self) -> usize {
        self.only.len() + self.many.len()
    }

    fn push(&mut self, chunk: Bytes, announced: u64) {
        if chunk.is_empty() {
            return;
        }
        if self.len() == 0 {
            self.only = chunk;
            return;
        }
        if self.many.is_empty() {
            self.many.reserve(usize::try_from(announced).unwrap_or(0).max(self.only.len() * 2));
            self.many.extend_from_slice(&std::mem::take(&mut self.only));
        }
        self.many.extend_from_slice(&chunk);
    }

    fn into_bytes(self) -> Bytes {
        if self.many.is_empty() { self.only } else { self.many.freeze() }
    }
}

/// Resolves the names of one origin, once per connection that is opened, and hands over vetted addresses only.
struct Vetted {
    port: u16,
    policy: Arc<Policy>,
    resolver: Arc<dyn Resolver>,
}

/// The refusal of an address, on its way through the client library.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
struct AddressRefused(Denied);

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let (port, policy, resolver) = (self.port, Arc::clone(&self.policy), Arc::clone(&self.resolver));
        Box::pin(async move {
            let host = name.as_str();
            let found = resolver.lookup(host, port).await?;
            // The port is the origin's, whatever a resolver puts in its place.
            let found: Vec<SocketAddr> = found.into_iter().map(|found| SocketAddr::new(found.ip(), port)).collect();
            if found.is_empty() {
                return Err("the name has no address".into());
            }
            for address in &found {
                policy.address(host, *address).map_err(AddressRefused)?;
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

fn failure(error: reqwest::Error, host: &str) -> Failure {
    if let Some(denied) = denied(&error) {
        return Failure::Denied(denied);
    }
    if error.is_connect() || error.is_builder() {
        return Failure::NotSent(format!("`{host}` could not be connected to: {}", reason(error)));
    }
    if was_refused_unprocessed(&error) {
        return Failure::NotSent(format!("`{host}` refused the request before processing it; send it again"));
    }
    Failure::SentNoAnswer(format!("`{host}` did not answer: {}", reason(error)))
}

fn denied(error: &(dyn std::error::Error + 'static)) -> Option<Denied> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(AddressRefused(denied)) = error.downcast_ref() {
            return Some(denied.clone());
        }
        next = error.source();
    }
    None
}

/// Tells whether an HTTP/2 server vouches that it did nothing with the request (RFC 9113, section 8.7).
fn was_refused_unprocessed(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return error.is_remote() && error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        }
        next = error.source();
    }
    false
}

/// Returns the innermost reason. The outer ones only repeat that sending failed, and the outermost has the URL.
fn reason(error: reqwest::Error) -> String {
    innermost(&error.without_url())
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
