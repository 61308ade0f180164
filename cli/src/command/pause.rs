//! `wharf pause` and `wharf resume`.

use serde_json::json;
use wharf_flow::PauseScope;

use super::Context;
use super::selection::who;
use crate::failure::{Exit, Failure};
use crate::site::{self, Installation};

/// What is paused, or goes on.
#[derive(Debug, clap::Args)]
#[group(id = "scope", required = true, multiple = false)]
pub(crate) struct Scope {
    /// Everything of this flow: reading, writing, asking.
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// Every call on this connection, in all flows.
    #[arg(long, value_name = "CONNECTION")]
    connection: Option<String>,
    /// Every call with this credential, on all connections that have the same one.
    #[arg(long, value_name = "CONNECTION/SLOT")]
    credential: Option<String>,
}

impl Scope {
    fn read(self, installation: &Installation) -> Result<PauseScope, Failure> {
        if let Some(flow) = self.flow {
            installation.flow(&flow)?;
            return Ok(PauseScope::Flow(flow));
        }
        if let Some(connection) = self.connection {
            installation.connection(&connection)?;
            return Ok(PauseScope::Connection(connection));
        }
        let written = self.credential.unwrap_or_default();
        installation.credential(&written).map(PauseScope::Credential)
    }
}

/// The arguments of `wharf pause`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    scope: Scope,
    /// Why; it is shown wherever the pause shows.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// The arguments of `wharf resume`.
#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArguments {
    #[command(flatten)]
    scope: Scope,
}

/// Stops something until it is resumed.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (installation, ledger) = site::ledger(&context.file)?;
    if arguments.reason.trim().is_empty() {
        return Err(Failure::usage("a pause needs a reason; say why with --reason"));
    }
    let scope = arguments.scope.read(&installation)?;
    let (json, shown) = (json!(scope), shown(&scope));
    let news = ledger.pause(scope, arguments.reason.trim(), &who()).await?;
    context.output.result(&json!({ "paused": json, "news": news }), |page| match news {
        true => page.line(&format!("{shown} is paused; processes that run notice it before their next call")),
        false => page.line(&format!("{shown} was paused already; the new reason is kept")),
    });
    Ok(Exit::Fine)
}

/// Lets something go on: what a person paused, and for a connection also what its remote or credential had stopped.
pub(crate) async fn resume(arguments: ResumeArguments, context: &Context) -> Result<Exit, Failure> {
    let (installation, ledger) = site::ledger(&context.file)?;
    let scope = arguments.scope.read(&installation)?;
    let (json, shown) = (json!(scope), shown(&scope));
    let lifted = match &scope {
        PauseScope::Connection(connection) => ledger.resume(connection).await?,
        _ => 0,
    };
    let resumed = ledger.unpause(scope).await? || lifted > 0;
    context.output.result(&json!({ "resumed": json, "news": resumed }), |page| match resumed {
        true => page.line(&format!("{shown} goes on with the next run")),
        false => page.line(&format!("{shown} is not paused; `wharf status` lists what is")),
    });
    Ok(Exit::Fine)
}

fn shown(scope: &PauseScope) -> String {
    match scope {
        PauseScope::Flow(name) => format!("flow {name}"),
        PauseScope::Connection(name) => format!("connection {name}"),
        PauseScope::Credential(name) => format!("credential {name}"),
    }
}
