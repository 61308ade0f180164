//! `wharf resolve CONNECTION/ENTITY/ID --i-have-checked absent|ID`.

use serde_json::json;
use wharf_flow::{Selector, UnknownOutcome};

use super::Context;
use super::selection::{found, who};
use super::why::Address;
use crate::failure::{Exit, Failure};
use crate::site;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The document whose write has an unknown outcome.
    #[arg(value_name = "CONNECTION/ENTITY/ID")]
    document: Address,
    /// What a person found in the target system: `absent`, and the write is repeated; or the id of the document, and it is
    /// bound to that.
    #[arg(long, value_name = "absent|ID")]
    i_have_checked: String,
    /// Only of this flow.
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
}

/// Records what a person found, and lets the document go on.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (installation, ledger) = site::ledger(&context.file)?;
    if let Some(flow) = &arguments.flow {
        installation.flow(flow)?;
    }
    installation.connection(&arguments.document.connection)?;
    let shown = arguments.document.to_string();
    let unknown = found(&arguments.i_have_checked)?;
    let what = match &unknown {
        UnknownOutcome::Found(id) => format!("it is bound to `{id}`, and what follows is done with the next run"),
        _ => "it is written again with the next run".to_owned(),
    };
    let document = Some(arguments.document.into_parts());
    let selector = Selector { flow: arguments.flow, document, unknown, ..Selector::default() };
    let resolved = ledger.resolve(selector, &who()).await?;
    context.output.result(&json!({ "resolved": resolved }), |page| page.line(&format!("{shown}: {what}")));
    Ok(Exit::Fine)
}
