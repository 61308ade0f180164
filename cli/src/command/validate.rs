//! `wharf validate`.

use serde_json::json;

use super::Context;
use crate::failure::{Exit, Failure};
use crate::output::Look;
use crate::site::Site;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Tells every mistake.
pub(crate) async fn run(_: Arguments, context: &Context) -> Result<Exit, Failure> {
    let site = Site::without_state(&context.file).await?;
    let file = &site.installation.file;
    let (connections, tables, flows) = (file.connections.len(), file.tables.len(), file.flows.len());
    let json = json!({ "valid": true, "connections": connections, "tables": tables, "flows": flows });
    context.output.result(&json, |page| {
        let counts = format!("{connections} connections, {tables} tables, {flows} flows");
        page.labelled(site.installation.shown(), Look::Good, &format!("no mistakes ({counts})"));
    });
    Ok(Exit::Fine)
}
