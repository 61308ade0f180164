//! Servers on port 0 that keep what they were sent.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request that arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) path_and_query: String,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Bytes,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }
}

/// A server and what it was sent so far.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers every request with what `answer` makes of it.
    pub(super) async fn answering<A>(answer: impl Fn(&Seen) -> A + Clone + Send + Sync + 'static) -> Self
    where
        A: IntoResponse,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, seen) = recording(answer);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, seen }
    }

    pub(super) async fn ok() -> Self {
        Self::answering(|_| "ok").await
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// A router that keeps what it is sent.
pub(super) fn recording<A>(
    answer: impl Fn(&Seen) -> A + Clone + Send + Sync + 'static,
) -> (Router, Arc<Mutex<Vec<Seen>>>)
where
    A: IntoResponse,
{
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let kept = Arc::clone(&seen);
    let router = Router::new().fallback(move |request: Request| {
        let (answer, kept) = (answer.clone(), Arc::clone(&kept));
        async move { keep(request, &kept, answer).await }
    });
    (router, seen)
}

async fn keep<A: IntoResponse>(
    request: Request,
    kept: &Mutex<Vec<Seen>>,
    answer: impl Fn(&Seen) -> A,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let seen = Seen {
        method: head.method.to_string(),
        path_and_query: head.uri.path_and_query().unwrap().to_string(),
        headers: head.headers,
        body: axum::body::to_bytes(body, usize::MAX).await.unwrap(),
    };
    let response = answer(&seen).into_response();
    kept.lock().unwrap().push(seen);
    response
}

/// Hands every connection, by number from 0, to `serve`.
pub(super) async fn raw<F>(serve: impl Fn(usize, TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(number, stream));
        }
    });
    address
}

/// Reads one request, head and body by its content length.
pub(super) async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0_usize) {
                return Some(bytes);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Writes and leaves the connection open.
pub(super) async fn write(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// Closes with a reset instead of an end.
pub(super) fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}
