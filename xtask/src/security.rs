//! The attacks, as a table, and what they cost others.

use anyhow::Result;
use clap::Args;

use crate::{command, components};

/// What to show.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the table, without measuring and without an optimised build
    #[arg(long)]
    table: bool,
}

/// Runs every attack against the host, prints what came of each, and measures noise and cost.
///
/// # Errors
/// When something does not build, an attack does not end as it has to, or a neighbour is disturbed too much.
pub(crate) fn run(options: &Options) -> Result<()> {
    components::build()?;
    let (profile, directory) = if options.table { ("dev", "debug") } else { ("release", "release") };
    let build = ["build", "--profile", profile, "--package", "wharf-contract-tests", "--bin", "wharf-security"];
    command::step("build the attacks", command::cargo().args(build))?;
    let mut attacks = std::process::Command::new(crate::target().join(directory).join("wharf-security"));
    attacks.current_dir(crate::root()).env("WHARF_COMPONENTS", components::directory());
    attacks.args((!options.table).then_some("--figures"));
    command::step("attack", &mut attacks)
}
