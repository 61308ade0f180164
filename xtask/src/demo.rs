//! The demo.

use anyhow::Result;
use clap::Args;

use crate::{command, components};

/// How large the demo is.
#[derive(Args)]
pub(crate) struct Options {
    /// Orders in the shop
    #[arg(long, default_value_t = 1000)]
    orders: u32,
    /// Seed of the orders and of the trouble on the way
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// Builds what is missing and runs the demo.
///
/// # Errors
/// When something does not build or start, or when any figure disagrees.
pub(crate) fn run(options: &Options) -> Result<()> {
    components::build()?;
    let packages = ["wharf-cli", "wharf-simulators", "wharf-demo"];
    let arguments = packages.iter().flat_map(|package| ["--package", package]);
    command::step("build the program and the simulators", command::cargo().arg("build").args(arguments))?;
    let mut demo = std::process::Command::new(crate::target().join("debug/wharf-demo"));
    demo.current_dir(crate::root()).arg("--target").arg(crate::target());
    demo.args(["--orders", &options.orders.to_string(), "--seed", &options.seed.to_string()]);
    command::step("demo", &mut demo)
}
