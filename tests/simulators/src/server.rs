//! Serves a router on loopback, over TLS or plain http, until its handle is dropped.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::log::Log;

/// Marks a response (as an extension) that must not be sent: the client sees its stream or connection end instead.
///
/// Over HTTP/1.1 the connection is closed, over HTTP/2 only the one stream is reset, so that other requests on the same
/// connection go on.
#[derive(Debug, Clone, Copy)]
pub struct Cut;

/// Serves a router on a free port of 127.0.0.1: over TLS with an authority, over plain http without.
pub async fn serve(router: Router, authority: Option<&Authority>) -> io::Result<Running> {
    Server::new().start(router, authority).await
}

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct Server {
    address: SocketAddr,
    log: Option<Log>,
}

impl Server {
    /// Starts from the defaults: a free port of 127.0.0.1, connections not counted.
    pub fn new() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), log: None }
    }

    /// Binds this port of 127.0.0.1 instead of a free one, e.g. to come back after a stop.
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// Counts connections in this log.
    pub fn log(mut self, log: &Log) -> Self {
        self.log = Some(log.clone());
        self
    }

    /// Binds and serves; fails when the port is taken.
    pub async fn start(self, router: Router, authority: Option<&Authority>) -> io::Result<Running> {
        let acceptor = authority.map(|authority| TlsAcceptor::from(authority.tls()));
        let site = Site { acceptor, router, log: self.log.unwrap_or_default() };
        let listener = TcpListener::bind(self.address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, site.clone()));
        Ok(Running { address, site, task: Mutex::new(Some(task)) })
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

/// What is served, and how.
#[derive(Clone)]
struct Site {
    acceptor: Option<TlsAcceptor>,
    router: Router,
    log: Log,
}

/// A server at work; dropping it closes the port and every connection.
pub struct Running {
    address: SocketAddr,
    site: Site,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Running {
    /// Returns the base address without a final slash: `https://localhost:PORT`, or `http://127.0.0.1:PORT` in plain.
    pub fn url(&self) -> String {
        let (scheme, host) = if self.site.acceptor.is_some() { ("https", "localhost") } else { ("http", "127.0.0.1") };
        format!("{scheme}://{host}:{}", self.address.port())
    }

    /// Returns the bound address.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection and the port, as an outage does, and waits until it is so; the state behind it stays.
    pub async fn pause(&self) {
        let task = self.task().take();
        if let Some(task) = task {
            task.abort();
            // The only error is the cancellation just asked for.
            let _cancelled = task.await;
        }
    }

    /// Serves again on the same port after [`pause`](Self::pause); fails when another program took it meanwhile.
    pub async fn resume(&self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        let task = tokio::spawn(accept(listener, self.site.clone()));
        self.task().replace(task);
        Ok(())
    }

    /// Stops for good and waits until the port is free again.
    pub async fn stop(self) {
        self.pause().await;
    }

    fn task(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = self.task().take() {
            task.abort();
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Running").field("url", &self.url()).finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, site: Site) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                site.log.connected();
                connections.spawn(connection(stream, site.acceptor.clone(), site.router.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, router: Router) {
    // Small answers must not wait for the client's delayed acknowledgement.
    let _refused = stream.set_nodelay(true);
    match acceptor {
        None => exchange(stream, router).await,
        // A failed handshake is the client's business: it sees the alert.
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                exchange(stream, router).await;
            }
        }
    }
}

async fn exchange(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let service = Cutting { inner: Arc::new(TowerToHyperService::new(router)) };
    // A connection that ends in an error is the client's (or a fault's) doing; there is nobody to tell.
    let _ended = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// Turns a response marked [`Cut`] into an error of the service, which ends the stream or connection unanswered.
#[derive(Clone)]
struct Cutting {
    inner: Arc<TowerToHyperService<Router>>,
}

impl Service<Request<Incoming>> for Cutting {
    type Response = Response<Body>;
    type Error = CutOff;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await.map_err(|never: Infallible| match never {})?;
            if response.extensions().get::<Cut>().is_some() { Err(CutOff) } else { Ok(response) }
        })
    }
}

#[derive(Debug)]
struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the answer is cut off by a fault")
    }
}

impl std::error::Error for CutOff {}
