//! Figures of the sandbox: what a hostile neighbour costs another connection, and what the pipeline costs a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use wharf_host::{Connection, Host, Limits};

use crate::{Upstream, load_into};

/// Guests of the noise, and the record that makes each of them behave badly.
const NOISE: [(&str, &str); 4] =
    [("loops-forever", "1"), ("loops-forever", "1"), ("grows-memory", "1"), ("huge-log", "lines")];

/// Between two calls of the connection that is measured: its connector declares no budget and so has 50 requests a second.
const PAUSE: Duration = Duration::from_millis(25);

/// The 50th and the 99th percentile.
#[derive(Debug, Clone, Copy)]
pub struct Percentiles {
    /// Half of all took no longer.
    pub p50: Duration,
    /// All but one in a hundred took no longer.
    pub p99: Duration,
}

impl Percentiles {
    fn of(mut times: Vec<Duration>) -> anyhow::Result<Self> {
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied();
        let (p50, p99) = (at(50).context("nothing was measured")?, at(99).context("nothing was measured")?);
        Ok(Self { p50, p99 })
    }
}

/// Call latency of a connection, alone and with hostile neighbours on the same host.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    /// Alone.
    pub quiet: Percentiles,
    /// Beside two guests that loop, one that grows and one that floods the log, each at once again when it is stopped.
    pub noisy: Percentiles,
    /// Calls of the neighbours that were ended meanwhile.
    pub ended: u32,
}

/// Measures how long calls of a connection take, first alone and then beside hostile neighbours.
///
/// # Errors
/// When a guest cannot be loaded, or a call of the measured connection fails: that alone is a finding.
pub async fn noise(time: Duration) -> anyhow::Result<Noise> {
    let host = Host::builder().build()?;
    let remote = Remote::start()?;
    let measured = remote.upstream.connect(&load_into(&host, "http-get").await?).await?;
    timed(&measured, time / 10).await?;
    let quiet = Percentiles::of(timed(&measured, time).await?)?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut neighbours = Vec::new();
    for (guest, record) in NOISE {
        let mut limits = Limits::default();
        limits.cpu = Duration::from_millis(500);
        let connection = load_into(&host, guest).await?.connect("neighbour").limits(limits).build().await?;
        let stop = Arc::clone(&stop);
        neighbours.push(tokio::spawn(async move {
            let mut ended = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                // It ends with the cause of its limit, again and again; the table of attacks has which.
                let _ = connection.get("probe", record).await;
                ended = ended.saturating_add(1);
            }
            ended
        }));
    }
    let noisy = timed(&measured, time).await;
    stop.store(true, Ordering::Relaxed);
    let mut ended = 0_u32;
    for neighbour in neighbours {
        ended = ended.saturating_add(neighbour.await?);
    }
    Ok(Noise { quiet, noisy: Percentiles::of(noisy?)?, ended })
}

/// A server with threads of its own, as a remote has a machine of its own.
struct Remote {
    upstream: Upstream,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Remote {
    fn start() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (sender, receiver) = std::sync::mpsc::channel();
        runtime.spawn(async move { sender.send(Upstream::saying("{}").await) });
        Ok(Self { upstream: receiver.recv()??, runtime: Some(runtime) })
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes calls for so long, one after another with a pause between them, in a task beside those of the neighbours.
async fn timed(connection: &Connection, time: Duration) -> anyhow::Result<Vec<Duration>> {
    let connection = connection.clone();
    let calling = async move {
        let (mut times, end) = (Vec::new(), Instant::now() + time);
        while Instant::now() < end {
            let start = Instant::now();
            connection.get("probe", "/").await?;
            times.push(start.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        anyhow::Ok(times)
    };
    tokio::spawn(calling).await?
}

/// What a request takes: through the pipeline, and by the client library alone.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From a guest's request to its answer, as the call's trace has it.
    pub pipeline: Percentiles,
    /// By the client library, to the same server.
    pub bare: Percentiles,
}

/// Measures requests to a server on loopback, through the pipeline and without it, by turns.
///
/// # Errors
/// When the server, the guest or a request fails.
pub async fn cost(rounds: u32) -> anyhow::Result<Cost> {
    const REQUESTS: u32 = 100;
    let upstream = Upstream::saying("{\"answer\":42}").await?;
    let host = Host::builder().build()?;
    let connection = upstream.connect(&load_into(&host, "http-get").await?).await?;
    // The library wants one although TLS is no part of this; one that is there already is as good.
    let _there_already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let bare = reqwest::Client::builder().no_proxy().build()?;
    let (mut through, mut without) = (Vec::new(), Vec::new());
    let fields = [("url".to_owned(), upstream.origin()), ("repeat".to_owned(), REQUESTS.to_string())];
    for _ in 0..rounds {
        let trace = connection.lookup("probe", &fields, REQUESTS).await?.trace;
        through.extend(trace.requests.iter().map(|request| Duration::from_micros(request.micros)));
        for _ in 0..REQUESTS {
            let start = Instant::now();
            bare.get(upstream.origin()).send().await?.bytes().await?;
            without.push(start.elapsed());
        }
    }
    Ok(Cost { pipeline: Percentiles::of(through)?, bare: Percentiles::of(without)? })
}
