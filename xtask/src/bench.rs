//! Benchmarks.

use anyhow::Result;
use clap::Args;

use crate::{command, components};

/// What to measure, and how long.
#[derive(Args)]
pub(crate) struct Options {
    /// Fewer rounds: for a look, not for figures to quote
    #[arg(long)]
    short: bool,
    /// Only the ledger: the whole path without a network, size, and questions to a large one
    #[arg(long)]
    ledger: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Builds everything optimised and runs the benchmarks.
///
/// # Errors
/// When something does not build, or a benchmark fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    components::build()?;
    let programs = ["build", "--release", "--package", "wharf-bench", "--package", "wharf-simulators"];
    command::step("build the benchmarks", command::cargo().args(programs))?;
    let mut bench = std::process::Command::new(crate::target().join("release/wharf-bench"));
    bench.current_dir(crate::root()).env("WHARF_COMPONENTS", components::directory());
    bench.args(options.short.then_some("--short")).args(options.json.then_some("--json"));
    bench.args(options.ledger.then_some("--ledger"));
    command::step("measure", &mut bench)
}
