//! `wharf release`.

use serde_json::json;
use wharf_flow::{Selector, UnknownOutcome};

use super::Context;
use super::why::Address;
use crate::failure::{Exit, Failure};
use crate::site;

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["document", "cause", "place", "key", "flow", "connection"]))]
pub(crate) struct Arguments {
    /// Only this document.
    #[arg(value_name = "CONNECTION/ENTITY/ID")]
    document: Option<Address>,
    /// Only what is parked under this cause.
    #[arg(long, value_name = "CODE")]
    cause: Option<String>,
    /// Only what is parked under this table or entity.
    #[arg(long, value_name = "NAME")]
    place: Option<String>,
    /// Only what is parked under this key, such as the value without a mapping.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only of this flow.
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// Let this connection go on that was paused, e.g. because its credential was refused. Not with the others.
    #[arg(long, value_name = "CONNECTION", conflicts_with_all = ["document", "cause", "place", "key", "flow", "absent"])]
    connection: Option<String>,
    /// The writes whose outcome is unknown did not take effect, a person looked: repeat them.
    #[arg(long)]
    absent: bool,
}

/// Releases what is selected; it is tried with the next run.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (installation, ledger) = site::ledger(&context.file)?;
    if let Some(flow) = &arguments.flow {
        installation.flow(flow)?;
    }
    if let Some(document) = &arguments.document {
        installation.connection(&document.connection)?;
    }
    if let Some(connection) = &arguments.connection {
        installation.connection(connection)?;
        let lifted = ledger.resume(connection).await?;
        context.output.result(&json!({ "released": lifted }), |page| match lifted {
            0 => page.line(&format!("connection {connection} is not paused")),
            _ => page.line(&format!("connection {connection} goes on with the next run")),
        });
        return Ok(Exit::Fine);
    }
    let selector = Selector {
        flow: arguments.flow,
        cause: arguments.cause,
        place: arguments.place,
        key: arguments.key,
        document: arguments.document.map(|address| (address.connection, address.entity, address.id)),
        unknown: if arguments.absent { UnknownOutcome::Absent } else { UnknownOutcome::Ask },
    };
    let held = ledger.status()?.holds.len();
    let released = ledger.release(selector).await?;
    let lifted = held.saturating_sub(ledger.status()?.holds.len());
    context.output.result(&json!({ "released": released, "lifted": lifted }), |page| {
        if lifted > 0 {
            page.line(&format!("{lifted} of what was held goes on with the next run"));
        }
        match released {
            0 if lifted > 0 => {}
            0 => page.line("nothing like that is parked; `wharf parked` lists what is"),
            1 => page.line("released 1 item; it is tried with the next run"),
            count => page.line(&format!("released {count} items; they are tried with the next run")),
        }
    });
    Ok(Exit::Fine)
}
