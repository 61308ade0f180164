//! An upstream that attacks who asks it. Each path is one attack; what arrived is remembered.
//!
//! It writes bytes to the socket itself: what it says is not what a decent server could be made to say.
//!
//! | path | what comes back |
//! |---|---|
//! | `/redirect?TARGET` | 302 to the target, with the credential in its query |
//! | `/bomb/gzip`, `/bomb/brotli`, `/bomb/zstd` | 64 MiB of zeros in some KiB |
//! | `/bomb/twice` | the first of these, compressed once more |
//! | `/coding`, `/codings`, `/transfer-coding` | a coding that nobody asked for: alone, behind another, of the transfer |
//! | `/lengths` | two lengths |
//! | `/endless` | a body without end |
//! | `/drip` | a byte every 20 ms, without end |
//! | `/headers`, `/trailers`, `/extensions` | headers without end, before the body, after it, and within its chunks |
//! | `/informational` | preliminary answers without end |
//! | `/echo/HOW` | the credential: in the `body`, a `header`, `base64`, `hex`, `percent`, `json`, `html`, `utf-16`, the `name` of a header, `gzip`, `brotli`, `zstd`, `split` into chunks of a byte, in an error (`status`), in an answer that breaks off (`broken`) |
//! | any other | 200, `ok`, and the end of the TCP connection |

mod answer;
mod certificate;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub use certificate::Root;

/// Longest head of a request that is read, in bytes.
const HEAD: usize = 64 << 10;

/// The hostile upstream, on loopback. It ends when it is dropped.
pub struct Hostile {
    address: SocketAddr,
    arrived: Arc<Mutex<Vec<String>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Hostile {
    /// Starts it on a free port, over plain http.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(None).await
    }

    /// Starts it on a free port, over TLS with a certificate of [`Root::server`].
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start_tls(acceptor: TlsAcceptor) -> io::Result<Self> {
        Self::start_with(Some(acceptor)).await
    }

    async fn start_with(acceptor: Option<TlsAcceptor>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&arrived);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                // The other side ends most of these by hanging up: nothing to tell.
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => meet(acceptor.accept(stream).await?, seen).await,
                        None => meet(stream, seen).await,
                    }
                });
            }
        });
        Ok(Self { address, arrived, serving })
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the heads of the requests that arrived, oldest first.
    pub fn arrived(&self) -> Vec<String> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Bytes both ways, in plain or through TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

async fn meet(mut stream: impl Stream, seen: Arc<Mutex<Vec<String>>>) -> io::Result<()> {
    let Some(head) = head(&mut stream).await? else { return Ok(()) };
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
    let path = head.split(' ').nth(1).unwrap_or_default();
    match path {
        "/endless" => endless(&mut stream).await,
        "/drip" => drip(&mut stream).await,
        "/headers" => headers(&mut stream, b"HTTP/1.1 200 OK\r\n").await,
        "/trailers" => headers(&mut stream, &[CHUNKED, b"0\r\n"].concat()).await,
        "/extensions" => extensions(&mut stream).await,
        "/informational" => informational(&mut stream).await,
        "/echo/split" => split(&mut stream, &answer::credential(&head)).await,
        _ => stream.write_all(&answer::to(path, &head)).await,
    }?;
    stream.shutdown().await
}

/// Reads the head of a request; none when the other side hung up before its end.
async fn head(stream: &mut impl Stream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        head.extend_from_slice(&byte);
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

async fn endless(stream: &mut impl Stream) -> io::Result<()> {
    stream.write_all(CHUNKED).await?;
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    loop {
        stream.write_all(&chunk).await?;
    }
}

async fn drip(stream: &mut impl Stream) -> io::Result<()> {
    stream.write_all(CHUNKED).await?;
    loop {
        stream.write_all(b"1\r\nx\r\n").await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn headers(stream: &mut impl Stream, before: &[u8]) -> io::Result<()> {
    stream.write_all(before).await?;
    for number in 0_u64.. {
        stream.write_all(format!("x-{number}: {}\r\n", "y".repeat(1000)).as_bytes()).await?;
    }
    Ok(())
}

async fn extensions(stream: &mut impl Stream) -> io::Result<()> {
    stream.write_all(&[CHUNKED, b"1"].concat()).await?;
    loop {
        stream.write_all(format!(";{}", "x".repeat(1000)).as_bytes()).await?;
    }
}

async fn informational(stream: &mut impl Stream) -> io::Result<()> {
    loop {
        stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").await?;
    }
}

async fn split(stream: &mut impl Stream, credential: &str) -> io::Result<()> {
    stream.write_all(CHUNKED).await?;
    for byte in credential.as_bytes() {
        stream.write_all(&[b"1\r\n", [*byte].as_slice(), b"\r\n"].concat()).await?;
        stream.flush().await?;
    }
    stream.write_all(b"0\r\n\r\n").await
}
