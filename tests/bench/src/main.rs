//! Benchmarks: each figure with a control in the same run, so that a ratio says more than the machine's mood.

mod bare;
mod boundary;
mod ledger;
mod native;
mod pull;
mod report;
mod start;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use wharf_demo::{Systems, Target};

/// Measures. Start it with `cargo xtask bench`, which builds what it needs.
#[derive(Parser)]
struct Options {
    /// Fewer rounds and orders: for a look, not for figures to quote
    #[arg(long)]
    short: bool,
    /// Only the ledger: the whole path without a network, size, and questions to a large one
    #[arg(long)]
    ledger: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// For the measurement's own use: be the process that is measured
    #[arg(long, num_args = 4..=5, hide = true)]
    child: Vec<String>,
}

fn main() -> ExitCode {
    match run(Instant::now()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(started: Instant) -> Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    if let [way, url, root_pem, token, cache @ ..] = options.child.as_slice() {
        let root_pem = root_pem.as_ref();
        return match way.as_str() {
            "start" => runtime.block_on(start::child(url, root_pem, token, cache.first(), started)),
            way => runtime.block_on(pull::child(way, url, root_pem, token)),
        };
    }
    let figures = runtime.block_on(measure(options.short, options.ledger))?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        println!("{}", report::table(&figures));
    }
    Ok(())
}

async fn ledger_figures(short: bool) -> Result<Vec<report::Figure>> {
    // Ten million items need about 10 GB of disk for a while.
    let (orders, many) = if short { (10_000, 200_000) } else { (100_000, 10_000_000) };
    ledger::figures(orders, many).await
}

async fn measure(short: bool, only_ledger: bool) -> Result<Vec<report::Figure>> {
    let (orders, rounds) = if short { (5_000, 100) } else { (100_000, 2_000) };
    let target = Target::of_this_program()?;
    if only_ledger {
        return ledger_figures(short).await;
    }
    let directory = tempfile::tempdir()?;
    let generous = ["--no-faults", "--baselinker-calls-per-minute", "10000000"];
    let systems = Systems::start(&target, directory.path(), orders, 7, &generous)?;
    let mut figures = boundary::figures(rounds).await?;
    figures.extend(start::figures(&systems, rounds).await?);
    figures.extend(pull::figures(&systems, u64::from(orders), if short { 1 } else { 3 })?);
    figures.extend(ledger_figures(short).await?);
    Ok(figures)
}
