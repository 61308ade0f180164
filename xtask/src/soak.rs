//! The soak.

use anyhow::Result;
use clap::Args;

use crate::{command, components};

/// Webhooks of the short soak.
const WEBHOOKS: u64 = 400;

/// How long the soak is.
#[derive(Args)]
pub(crate) struct Options {
    /// Six rounds of 60 orders, one of them with a process that stands still past its lease; about a minute: what every
    /// change has to pass
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
    /// Set the program's clock forward and back by up to two hours at random moments; builds it with a clock that can be set
    #[arg(long)]
    clock: bool,
    /// Instead of rounds: so many webhooks to `wharf serve`, a third of them doubled, reordered, forged or lost, with kills
    /// in between, compared with polling alone
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100000")]
    webhooks: Option<u64>,
}

/// Builds what is missing, and kills runs at random moments.
///
/// # Errors
/// When something does not build or start, or anything was lost or doubled.
pub(crate) fn run(options: &Options) -> Result<()> {
    components::build()?;
    let packages = ["wharf-cli", "wharf-simulators", "wharf-demo"];
    let mut build = command::cargo();
    build.arg("build").args(packages.iter().flat_map(|package| ["--package", package]));
    if options.clock {
        build.args(["--features", "wharf-cli/trial-clock"]);
    }
    command::step("build the program and the simulators", &mut build)?;
    soak(options)
}

/// Soaks for about a minute, with the programs that are built.
///
/// # Errors
/// When something does not start, or anything was lost or doubled.
pub(crate) fn short() -> Result<()> {
    soak(&Options { short: true, rounds: None, orders: None, seed: 1, clock: false, webhooks: None })?;
    soak(&Options { short: true, rounds: None, orders: None, seed: 1, clock: false, webhooks: Some(WEBHOOKS) })
}

fn soak(options: &Options) -> Result<()> {
    let (rounds, orders, stop_every) = if options.short { (6, 60, 6) } else { (1000, 200, 100) };
    let mut soak = std::process::Command::new(crate::target().join("debug/wharf-soak"));
    soak.current_dir(crate::root()).arg("--target").arg(crate::target());
    soak.args(["--rounds", &options.rounds.unwrap_or(rounds).to_string()]);
    soak.args(["--orders", &options.orders.unwrap_or(orders).to_string()]);
    soak.args(["--stop-every", &stop_every.to_string(), "--seed", &options.seed.to_string()]);
    if options.clock {
        let file = crate::target().join("soak-clock");
        soak.arg("--clock").arg(&file).env("WHARF_TRIAL_CLOCK", &file);
    }
    if let Some(messages) = options.webhooks {
        soak.args(["--webhooks", &messages.to_string()]);
    }
    command::step("soak", &mut soak)
}
