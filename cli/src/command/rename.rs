//! `wharf rename OLD NEW`.

use serde_json::json;

use super::Context;
use crate::failure::{Exit, Failure};
use crate::site;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Name that the flow ran under.
    #[arg(value_name = "OLD")]
    from: String,
    /// Name that it has in the installation file now.
    #[arg(value_name = "NEW")]
    to: String,
}

/// Gives what the ledger knows of a flow to its new name.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (installation, ledger) = site::ledger(&context.file)?;
    installation.flow(&arguments.to)?;
    ledger.rename_flow(&arguments.from, &arguments.to).await?;
    let json = json!({ "from": arguments.from, "to": arguments.to });
    let text = format!("flow `{}` goes on as `{}`", arguments.from, arguments.to);
    context.output.result(&json, |page| page.line(&text));
    Ok(Exit::Fine)
}
