//! The tests with damaged input, for longer and from other seeds.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Args;

use crate::{command, components};

/// Package, test program, and the tests in it that make rounds of damage.
const TARGETS: [(&str, &[&str]); 3] = [
    ("wharf-contract-tests", &["--test", "fuzz"]),
    ("wharf-flow", &["--lib", "damaged_expressions"]),
    ("wharf-cli", &["--bin", "wharf", "damaged_files"]),
];

/// How long, and from where.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each target is tried
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// First seed; a failure names the seed that it failed with. Default: by the time of day
    #[arg(long)]
    seed: Option<u64>,
}

/// Tries every target with damaged input.
///
/// # Errors
/// When something does not build, or a target fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    components::build()?;
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs() << 20);
    let seed = options.seed.unwrap_or_else(now);
    for (package, test) in TARGETS {
        let mut cargo = command::cargo();
        cargo.args(["test", "--package", package]).args(test);
        cargo.env("WHARF_COMPONENTS", components::directory()).env("WHARF_FUZZ_SEED", seed.to_string());
        cargo.env("WHARF_FUZZ_SECONDS", options.minutes.saturating_mul(60).to_string());
        command::step(&format!("damage to {package} from seed {seed}"), &mut cargo)?;
    }
    Ok(())
}
