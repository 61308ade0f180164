//! Listens for webhooks and for those who ask: HTTP/1.1, with or without TLS, and a limit on everything.
//!
//! Whoever connects is a stranger. A connection that says nothing, or says it slowly, is closed; requests over a limit are
//! answered without being read; and however many come, only so many are worked on at once.

pub(crate) mod desk;
mod tls;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use self::desk::{Asked, Desk};
use crate::failure::{Exit, Failure};
use crate::installation::ServeSettings;
use crate::site::Installation;

/// Connections at once; beyond, the system keeps them waiting.
const CONNECTIONS: usize = 512;

/// Requests that are worked on at once; beyond, they are answered with 503.
const REQUESTS: usize = 64;

/// Time for the TLS handshake, and for the head of each request: a connection that says nothing is closed after it.
const HEAD: Duration = Duration::from_secs(10);

/// Time for a whole body.
const BODY: Duration = Duration::from_secs(20);

/// Headers of a request, and bytes of its head.
const HEADERS: usize = 64;
const HEAD_BYTES: usize = 32 << 10;

/// A socket that is listened on. It outlives its listener when another one takes over, so that nobody is turned away.
#[derive(Clone)]
pub(crate) struct Socket {
    /// As the installation names it.
    named: SocketAddr,
    socket: Arc<TcpListener>,
}

impl Socket {
    async fn bind(named: SocketAddr) -> io::Result<Self> {
        Ok(Self { named, socket: Arc::new(TcpListener::bind(named).await?) })
    }
}

/// A socket that is listened on, and what answers there.
pub(crate) struct Listener {
    socket: Socket,
    tls: Option<TlsAcceptor>,
    inside: Arc<Inside>,
    /// The longest that a request may take which was accepted: its body, and its answer.
    request_time: Duration,
}

struct Inside {
    desk: Desk,
    requests: Semaphore,
    body_bytes: usize,
}

impl Listener {
    /// Binds the address, or takes the socket over that was bound to it before.
    pub(crate) async fn bind(
        settings: &ServeSettings,
        installation: &Installation,
        desk: Desk,
        before: Option<&Socket>,
    ) -> Result<Self, Failure> {
        let tls = settings.tls.as_ref().map(|files| tls::acceptor(installation, files)).transpose()?;
        let cannot = |error| {
            let own = before.is_some_and(|before| before.named.port() == settings.listen.port());
            let fix = match own {
                true => "this program listens on that port itself, so restart `wharf serve`",
                false => "free it, or set `listen` of [serve]",
            };
            let message = format!("`{}` cannot be listened on ({error}); {fix}", settings.listen);
            Failure::new(Exit::Installation, "cannot-listen", message).at(installation.shown())
        };
        let socket = match before.filter(|before| before.named == settings.listen) {
            Some(before) => before.clone(),
            None => Socket::bind(settings.listen).await.map_err(cannot)?,
        };
        let requests = Semaphore::new(REQUESTS);
        let inside = Arc::new(Inside { desk, requests, body_bytes: settings.body_bytes });
        Ok(Self { socket, tls, inside, request_time: BODY + settings.deadline })
    }

    /// Returns the socket, for one that takes over.
    pub(crate) fn socket(&self) -> Socket {
        self.socket.clone()
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr, Failure> {
        self.socket
            .socket
            .local_addr()
            .map_err(|error| Failure::internal(format!("the listener has no address: {error}")))
    }

    /// Answers until `stop` is set or its sender is gone, then lets requests under way end: each has its whole time.
    pub(crate) async fn serve(self, mut stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut open = JoinSet::new();
        loop {
            while open.try_join_next().is_some() {}
            let place = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                place = Arc::clone(&places).acquire_owned() => place,
            };
            let accepted = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = self.socket.socket.accept() => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Mostly too many open files; others close meanwhile.
                    tracing::warn!("a connection cannot be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (tls, inside, stop) = (self.tls.clone(), Arc::clone(&self.inside), stop.clone());
            open.spawn(async move {
                connected(stream, tls, inside, stop).await;
                drop(place);
            });
        }
        drop(self.socket);
        // What takes longer is dropped: deliveries are durable by then, or were not answered.
        let _ = tokio::time::timeout(self.request_time, async { while open.join_next().await.is_some() {} }).await;
    }
}

async fn connected(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    tls: Option<TlsAcceptor>,
    inside: Arc<Inside>,
    stop: watch::Receiver<bool>,
) {
    match tls {
        None => talk(stream, inside, stop).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HEAD, tls.accept(stream)).await {
                talk(stream, inside, stop).await;
            }
        }
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    inside: Arc<Inside>,
    mut stop: watch::Receiver<bool>,
) {
    let answer = service_fn(move |request| {
        let inside = Arc::clone(&inside);
        async move { Ok::<_, Infallible>(inside.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection);
    // How a stranger ends the connection is nothing to tell of.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

impl Inside {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let Ok(_place) = self.requests.try_acquire() else {
            return desk::refusal(StatusCode::SERVICE_UNAVAILABLE, "too many requests are under way; try again");
        };
        let (head, body) = request.into_parts();
        let limited = Limited::new(body, self.body_bytes);
        let body = match tokio::time::timeout(BODY, limited.collect()).await {
            Err(_) => return desk::refusal(StatusCode::REQUEST_TIMEOUT, "the body came too slowly; send it at once"),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return desk::refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large; send less at once");
            }
            Ok(Err(_)) => return desk::refusal(StatusCode::BAD_REQUEST, "the body did not come whole; send it again"),
            Ok(Ok(body)) => body.to_bytes(),
        };
        self.desk.answer(Asked { head, body }).await
    }
}
