//! Serves the demo's systems until its standard input closes.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use wharf_simulators::authority::Authority;
use wharf_simulators::demo::{Demo, Settings};

/// Serves BaseLinker, FLOWii, ERPConnector and Optimakers with the demo's data on free ports of 127.0.0.1.
///
/// Prints one line of JSON with addresses, credentials and expected numbers, then serves until standard input closes or
/// SIGTERM or SIGINT comes.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Directory for `root.pem`, the private root to trust; it is made when missing
    #[arg(long)]
    dir: PathBuf,
    /// Confirmed orders in the shop
    #[arg(long, default_value_t = 1000)]
    orders: usize,
    /// Seed of the data
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Let nothing go wrong on the way
    #[arg(long, alias = "plain-faults")]
    no_faults: bool,
    /// Serve plain http, without TLS
    #[arg(long)]
    plain_http: bool,
    /// Calls that BaseLinker allows within a minute; the real one allows 100
    #[arg(long, default_value_t = 100_000)]
    baselinker_calls_per_minute: usize,
    /// Seconds that BaseLinker blocks a token which passed the limit; the real one blocks about 600
    #[arg(long, default_value_t = 3)]
    baselinker_block_seconds: u64,
}

impl Arguments {
    fn settings(&self) -> Settings {
        Settings {
            orders: self.orders,
            seed: self.seed,
            has_faults: !self.no_faults,
            baselinker_calls_per_minute: self.baselinker_calls_per_minute,
            baselinker_block: Duration::from_secs(self.baselinker_block_seconds),
            ..Settings::default()
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let authority = if arguments.plain_http { None } else { Some(Authority::new()?) };
    let root_pem = authority.as_ref().map(|authority| write_root(&arguments.dir, authority)).transpose()?;
    let demo = Demo::start(&arguments.settings(), authority.as_ref()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", demo.announcement(root_pem.as_deref()))?;
    out.flush()?;
    end_asked_for().await
}

fn write_root(dir: &Path, authority: &Authority) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(dir).with_context(|| format!("directory `{}` could not be made", dir.display()))?;
    let path = dir.join("root.pem");
    std::fs::write(&path, authority.root_pem())
        .with_context(|| format!("`{}` could not be written", path.display()))?;
    Ok(path)
}

async fn end_asked_for() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = stdin_closed() => {}
    }
    Ok(())
}

/// Waits on a thread of its own, because a blocked read would keep the runtime from ending.
fn stdin_closed() -> oneshot::Receiver<()> {
    let (closed, is_closed) = oneshot::channel();
    std::thread::spawn(move || {
        let mut ignored = [0; 256];
        while matches!(std::io::stdin().read(&mut ignored), Ok(length) if length > 0) {}
        drop(closed);
    });
    is_closed
}
