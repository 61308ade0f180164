//! `wharf backup FILE`.

use std::path::PathBuf;

use serde_json::json;

use super::Context;
use crate::failure::{Exit, Failure};
use crate::site;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where the copy goes; nothing may be there yet.
    #[arg(value_name = "FILE")]
    to: PathBuf,
}

/// Copies the ledger while it is in use.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (_, ledger) = site::ledger(&context.file)?;
    ledger.backup(&arguments.to)?;
    let bytes = std::fs::metadata(&arguments.to).map(|file| file.len()).unwrap_or_default();
    let shown = arguments.to.display().to_string();
    context.output.result(&json!({ "backup": shown, "bytes": bytes }), |page| {
        page.line(&format!("{shown}: {bytes} bytes; name it as `state` to go on from it"));
    });
    Ok(Exit::Fine)
}
