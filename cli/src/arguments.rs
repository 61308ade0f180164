//! The command line.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::command;
use crate::failure::Exit;

/// Moves business documents between systems through sandboxed connectors.
#[derive(Debug, Parser)]
#[command(name = "wharf", version, max_term_width = 100, after_help = exit_codes())]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// Installation file; what it names is relative to it.
    #[arg(long, global = true, env = "WHARF_FILE", value_name = "FILE", default_value = "wharf.toml")]
    pub(crate) file: PathBuf,
    /// Print the result, errors included, as JSON on stdout.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What is logged to stderr: `off`, `error`, `warn`, `info`, `debug` or `trace` of Wharf's own lines, or a filter such as `wharf_flow=debug`.
    #[arg(long, global = true, env = "WHARF_LOG", value_name = "FILTER", default_value = "warn")]
    pub(crate) log: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write an installation file to begin with, from a template with comments.
    Init(command::init::Arguments),
    /// Tell every mistake of the installation file: line, key, and what would be right. No network.
    Validate(command::validate::Arguments),
    /// Show what a connector is, can do, and asks for. Nothing of it runs but its description of itself.
    Inspect(command::inspect::Arguments),
    /// Approve a connector: show what it asks for, and put it where it may run.
    Install(command::install::Arguments),
    /// Take the approval of a connector back: it runs no more.
    Revoke(command::revoke::Arguments),
    /// List which connectors are approved, and who approved what, when.
    Audit(command::audit::Arguments),
    /// Try connections step by step: credentials, name resolution, TLS, clock, sign-in, permissions, lookup tables.
    Check(command::check::Arguments),
    /// Say whether a connection may send a request, and why: by which rules, to which address, with which credential.
    Explain(command::explain::Arguments),
    /// Propose entries for lookup tables from the reference lists that they point into, and write them.
    Map(command::map::Arguments),
    /// Tell how many of the last documents would arrive, and every missing mapping with its count. Writes nothing anywhere.
    Ready(command::ready::Arguments),
    /// Read and map for real, and show what would be written. Writes nothing anywhere.
    Plan(command::plan::Arguments),
    /// Run flows once, until nothing is due.
    Run(command::run::Arguments),
    /// Try the laws of the contract on a connector, against a simulator of its remote.
    Verify(command::verify::Arguments),
    /// Replay a recorded run without network, and compare what it ends in.
    Replay(command::replay::Arguments),
    /// Run flows by their schedules, and take in webhooks and requests, until stopped.
    Serve(command::serve::Arguments),
    /// List, register and remove webhooks at a remote.
    Webhooks(command::webhooks::Arguments),
    /// Tell the whole way of one document, and why it is where it is.
    Why(command::why::Arguments),
    /// List what waits, by cause, and what would release it.
    Parked(command::parked::Arguments),
    /// Let parked items try again.
    Release(command::release::Arguments),
    /// Try again with the next run what is parked or waits for a later attempt.
    Retry(command::retry::Arguments),
    /// Leave documents for good, with a reason.
    Skip(command::skip::Arguments),
    /// Say what became of a write whose outcome is unknown, after looking in the target system.
    Resolve(command::resolve::Arguments),
    /// Give what the ledger knows of a flow to the name that it has now.
    Rename(command::rename::Arguments),
    /// Tell where every flow stands: how far behind, what holds it, what a person has to look at.
    Status(command::status::Arguments),
    /// Stop a flow, a connection or a credential until it is resumed.
    Pause(command::pause::Arguments),
    /// Let go on what was paused.
    Resume(command::pause::ResumeArguments),
    /// Read a window of a flow's feed again; its own cursor stays where it is.
    Backfill(command::backfill::Arguments),
    /// Compare a window of a flow's source with its target and the ledger. Only reads.
    Reconcile(command::reconcile::Arguments),
    /// Copy the ledger to a file while it is in use.
    Backup(command::backup::Arguments),
    /// Set, list, remove and re-encrypt the secrets of the encrypted file. Values are never shown, and never arguments.
    Secret(command::secret::Arguments),
    /// Build a Rust connector into a component.
    Build(command::build::Arguments),
    /// Print completions for a shell.
    Completions(command::completions::Arguments),
}

fn exit_codes() -> String {
    let mut text = "Exit codes:\n".to_owned();
    for (exit, meaning) in Exit::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:>3}  {meaning}", exit as u8);
    }
    text
}
