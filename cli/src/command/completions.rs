//! `wharf completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Context;
use crate::arguments::CommandLine;
use crate::failure::{Exit, Failure};

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Shell to print completions for.
    shell: Shell,
}

/// Prints them.
pub(crate) fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), "wharf", &mut script);
    context.output.raw(&script);
    Ok(Exit::Fine)
}
