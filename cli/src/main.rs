//! `wharf`, the operator's program: the only part of Wharf that reads the environment, prints and exits.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod approval;
mod arguments;
mod clock;
mod command;
mod connectors;
mod elsewhere;
mod failure;
mod installation;
mod listener;
mod log;
mod memory;
mod output;
mod proposal;
mod recording;
mod reference;
mod secrets;
mod signals;
mod site;
mod template;
mod time;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use arguments::CommandLine;
use command::Context;
use failure::{Exit, Failure};
use output::Output;

#[global_allocator]
static MEMORY: memory::Wiped = memory::Wiped(std::alloc::System);

/// Work on other threads has so long to end when the program does.
const LEAVING: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    ExitCode::from(run() as u8)
}

fn run() -> Exit {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            Output::new(std::env::args_os().any(|argument| argument == "--json")).command_line(&error);
            return if error.use_stderr() { Exit::Usage } else { Exit::Fine };
        }
    };
    let output = Output::new(line.shared.json);
    match start(line, &output) {
        Ok(exit) => exit,
        Err(failure) => {
            output.failure(&failure);
            failure.exit
        }
    }
}

fn start(line: CommandLine, output: &Output) -> Result<Exit, Failure> {
    log::start(&line.shared, output)?;
    memory::keep_private();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Guests that compute take a thread for a tick at a time; what arrives from the network is seen after each.
        .event_interval(1)
        .build()
        .map_err(|error| Failure::internal(format!("the async runtime does not start: {error}")))?;
    let context = Context { file: line.shared.file, output: output.clone() };
    let exit = runtime.block_on(async {
        let exit = command::run(line.command, &context).await;
        wharf_host::tokens_kept().await;
        exit
    });
    // What does not end by itself, a resolver that hangs, does not hold the program.
    runtime.shutdown_timeout(LEAVING);
    exit
}
