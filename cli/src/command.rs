//! The commands, one file each.

pub(crate) mod audit;
pub(crate) mod backfill;
pub(crate) mod backup;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod install;
pub(crate) mod map;
pub(crate) mod parked;
pub(crate) mod pause;
pub(crate) mod plan;
pub(crate) mod ready;
pub(crate) mod reconcile;
pub(crate) mod release;
pub(crate) mod rename;
pub(crate) mod replay;
pub(crate) mod resolve;
pub(crate) mod retry;
pub(crate) mod revoke;
pub(crate) mod run;
pub(crate) mod secret;
mod selection;
pub(crate) mod serve;
pub(crate) mod skip;
pub(crate) mod status;
pub(crate) mod validate;
pub(crate) mod verify;
pub(crate) mod webhooks;
pub(crate) mod why;
mod window;

use std::path::PathBuf;

use crate::arguments::Command;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// What every command works with.
pub(crate) struct Context {
    /// The installation file.
    pub(crate) file: PathBuf,
    /// Where results go.
    pub(crate) output: Output,
}

/// Runs a command.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments, context),
        Command::Validate(arguments) => validate::run(arguments, context).await,
        Command::Inspect(arguments) => inspect::run(arguments, context).await,
        Command::Install(arguments) => install::run(arguments, context).await,
        Command::Revoke(arguments) => revoke::run(arguments, context),
        Command::Audit(arguments) => audit::run(arguments, context),
        Command::Check(arguments) => check::run(arguments, context).await,
        Command::Explain(arguments) => explain::run(arguments, context).await,
        Command::Map(arguments) => map::run(arguments, context).await,
        Command::Ready(arguments) => ready::run(arguments, context).await,
        Command::Plan(arguments) => plan::run(arguments, context).await,
        Command::Run(arguments) => self::run::run(arguments, context).await,
        Command::Verify(arguments) => verify::run(arguments, context).await,
        Command::Replay(arguments) => replay::run(arguments, context).await,
        Command::Serve(arguments) => serve::run(arguments, context).await,
        Command::Webhooks(arguments) => webhooks::run(arguments, context).await,
        Command::Why(arguments) => why::run(arguments, context).await,
        Command::Parked(arguments) => parked::run(arguments, context).await,
        Command::Release(arguments) => release::run(arguments, context).await,
        Command::Retry(arguments) => retry::run(arguments, context).await,
        Command::Skip(arguments) => skip::run(arguments, context).await,
        Command::Resolve(arguments) => resolve::run(arguments, context).await,
        Command::Rename(arguments) => rename::run(arguments, context).await,
        Command::Status(arguments) => status::run(arguments, context).await,
        Command::Pause(arguments) => pause::run(arguments, context).await,
        Command::Resume(arguments) => pause::resume(arguments, context).await,
        Command::Backfill(arguments) => backfill::run(arguments, context).await,
        Command::Reconcile(arguments) => reconcile::run(arguments, context).await,
        Command::Backup(arguments) => backup::run(arguments, context).await,
        Command::Secret(arguments) => secret::run(arguments, context),
        Command::Build(arguments) => build::run(arguments, context).await,
        Command::Completions(arguments) => completions::run(arguments, context),
    }
}
