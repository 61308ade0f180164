//! Workspace tasks: `cargo xtask --help` lists them.

mod bench;
mod client;
mod command;
mod components;
mod connectors;
mod demo;
mod fuzz;
mod languages;
mod lint;
mod recording;
mod schemas;
mod security;
mod soak;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Workspace tasks. Each sets up what it needs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run the whole of Wharf against simulated systems on this machine
    Demo(demo::Options),
    /// Build the components and run every test
    Test(test::Options),
    /// Build the connectors and the guest programs into `target/components`
    Components,
    /// Measure the cost of the boundary, each figure with a control in the same run
    Bench(bench::Options),
    /// Kill runs at random moments, and count in the systems whether anything was lost or doubled
    Soak(soak::Options),
    /// Write the JSON Schemas of the common documents
    Schemas,
    /// Attack the host through both imports, and measure what that costs others
    Security(security::Options),
    /// Damage what comes from outside, for longer than the tests do
    Fuzz(fuzz::Options),
    /// Try the laws on every connector, run its tests, and write the table of plugins/README.md
    Connectors,
    /// Build the example connectors of other languages with their public tools, and try the laws on them
    Languages,
    /// Record the run anew that tests/e2e/recordings keeps
    Recording,
    /// Drive the BaseLinker simulator through a public client library; needs pip
    Client,
    /// Check formatting and lints
    Lint,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Components => components::build(),
        Task::Bench(options) => bench::run(&options),
        Task::Soak(options) => soak::run(&options),
        Task::Schemas => schemas::write(),
        Task::Security(options) => security::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Connectors => connectors::write(),
        Task::Languages => languages::run(),
        Task::Recording => recording::write(),
        Task::Client => client::run(),
        Task::Lint => lint::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the workspace's root: the parent of this package's directory.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Returns cargo's target directory.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
