//! The soak.

use anyhow::Result;
use clap::Args;

use crate::{command, components};

/// How long the soak is.
#[derive(Args)]
pub(crate) struct Options {
    /// Ten rounds of 60 orders, about a minute: what every change has to pass
    #[arg(long)]
    short: bool,
    /// Rounds, each with systems and a ledger of its own
    #[arg(long)]
    rounds: Option<u32>,
    /// Orders of a round
    #[arg(long)]
    orders: Option<u32>,
    /// Seed of everything that is random; a failure prints the one that repeats it
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Builds what is missing, and kills runs at random moments.
///
/// # Errors
/// When something does not build or start, or anything was lost or doubled.
pub(crate) fn run(options: &Options) -> Result<()> {
    components::build()?;
    let packages = ["wharf-cli", "wharf-simulators", "wharf-demo"];
    let arguments = packages.iter().flat_map(|package| ["--package", package]);
    command::step("build the program and the simulators", command::cargo().arg("build").args(arguments))?;
    let (rounds, orders) = if options.short { (10, 60) } else { (1000, 200) };
    let mut soak = std::process::Command::new(crate::target().join("debug/wharf-soak"));
    soak.current_dir(crate::root()).arg("--target").arg(crate::target());
    soak.args(["--rounds", &options.rounds.unwrap_or(rounds).to_string()]);
    soak.args(["--orders", &options.orders.unwrap_or(orders).to_string()]);
    soak.args(["--seed", &options.seed.to_string()]);
    command::step("soak", &mut soak)
}
