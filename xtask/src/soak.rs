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
    /// Rounds, each with systems and a ledger of its own; as many as the kills take if it is not given
    #[arg(long)]
    rounds: Option<u32>,
    /// End once so many runs were killed; 1,000 if neither this nor the rounds are given
    #[arg(long)]
    kills: Option<u32>,
    /// Rounds at the same time; 3, or 1 for the short form
    #[arg(long)]
    jobs: Option<u32>,
    /// Orders of a round
    #[arg(long)]
    orders: Option<u32>,
    /// Seed of everything that is random; a failure prints the one that repeats it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Most runs of a round that are killed; 12, or 3 for the short form
    #[arg(long)]
    kills_per_round: Option<u32>,
    /// Every so many rounds a process stands still past its lease; 0 for never
    #[arg(long)]
    stop_every: Option<u32>,
    /// Set the program's clock forward and back by up to two hours at random moments; builds it with a clock that can be set
    #[arg(long)]
    clock: bool,
    /// Instead of rounds: so many webhooks to `wharf serve`, a third of them doubled, reordered, forged or lost, with kills
    /// in between, compared with polling alone
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100000")]
    webhooks: Option<u64>,
}

/// Builds what is missing, and kills runs at random moments. The long form takes the programs as they are released: they
/// leave time for more runs.
///
/// # Errors
/// When something does not build or start, or anything was lost or doubled.
pub(crate) fn run(options: &Options) -> Result<()> {
    components::build()?;
    let packages = ["wharf-cli", "wharf-simulators", "wharf-demo"];
    let mut build = command::cargo();
    build.arg("build").args(packages.iter().flat_map(|package| ["--package", package]));
    if !options.short {
        build.arg("--release");
    }
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
    let rounds = Options {
        short: true,
        rounds: None,
        kills: None,
        jobs: None,
        orders: None,
        seed: 1,
        kills_per_round: None,
        stop_every: None,
        clock: false,
        webhooks: None,
    };
    soak(&rounds)?;
    soak(&Options { webhooks: Some(WEBHOOKS), ..rounds })
}

fn soak(options: &Options) -> Result<()> {
    let profile = if options.short { "debug" } else { "release" };
    let mut soak = std::process::Command::new(crate::target().join(profile).join("wharf-soak"));
    soak.current_dir(crate::root());
    for (name, value) in numbers(options) {
        soak.args([name, &value.to_string()]);
    }
    if options.clock {
        soak.arg("--clock");
    }
    if let Some(messages) = options.webhooks {
        soak.args(["--webhooks", &messages.to_string()]);
    }
    command::step("soak", &mut soak)
}

/// Returns the options of the program that soaks.
fn numbers(options: &Options) -> [(&'static str, u64); 7] {
    let short = options.short;
    let (kills, rounds) = match (options.kills, options.rounds) {
        (None, None) if short => (0, 6),
        (None, None) => (1000, u32::MAX),
        (Some(kills), None) => (kills, u32::MAX),
        (kills, Some(rounds)) => (kills.unwrap_or(0), rounds),
    };
    let number = |given: Option<u32>, in_short, in_long| given.unwrap_or(if short { in_short } else { in_long }).into();
    [
        ("--rounds", rounds.into()),
        ("--kills", kills.into()),
        ("--kills-per-round", number(options.kills_per_round, 3, 12)),
        ("--jobs", number(options.jobs, 1, 3)),
        ("--orders", number(options.orders, 60, 200)),
        ("--stop-every", number(options.stop_every, 6, 25)),
        ("--seed", options.seed),
    ]
}
