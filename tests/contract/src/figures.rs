//! Figures of the sandbox: what a hostile neighbour costs another connection, and what the pipeline costs a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use wharf_host::{Connection, Host, Limits};

use crate::{Upstream, load_into};

/// Guests of the noise, and the record that makes each of them behave badly.
const NOISE: [(&str, &str); 3] = [("loops-forever", "1"), ("grows-memory", "1"), ("huge-log", "lines")];

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
    /// Beside a guest that loops, one that grows and one that floods the log, each at once again when it is stopped.
    pub noisy: Percentiles,
}

/// Measures how long calls of a connection take, first alone and then beside hostile neighbours.
///
/// # Errors
/// When a guest cannot be loaded, or a call of the measured connection fails: that alone is a finding.
pub async fn noise(calls: u32) -> anyhow::Result<Noise> {
    let host = Host::builder().build()?;
    let measured = load_into(&host, "echo").await?.connect("measured").build().await?;
    timed(&measured, calls / 10).await?;
    let quiet = Percentiles::of(timed(&measured, calls).await?)?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut neighbours = Vec::new();
    for (guest, record) in NOISE {
        let mut limits = Limits::default();
        limits.cpu = Duration::from_millis(500);
        let connection = load_into(&host, guest).await?.connect("neighbour").limits(limits).build().await?;
        let stop = Arc::clone(&stop);
        neighbours.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                // It ends with the cause of its limit, again and again; the table of attacks has which.
                let _ = connection.get("probe", record).await;
            }
        }));
    }
    let noisy = timed(&measured, calls).await;
    stop.store(true, Ordering::Relaxed);
    for neighbour in neighbours {
        neighbour.await?;
    }
    Ok(Noise { quiet, noisy: Percentiles::of(noisy?)? })
}

async fn timed(connection: &Connection, calls: u32) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for id in 0..calls {
        let start = Instant::now();
        connection.get("probe", &id.to_string()).await?;
        times.push(start.elapsed());
    }
    Ok(times)
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
