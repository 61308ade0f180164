//! `wharf audit`.

use serde_json::{Value, json};

use super::Context;
use super::install::unreadable;
use crate::approval::{Approved, Entry, Lock};
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::site::Installation;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Connectors; all when none is named.
    #[arg(value_name = "CONNECTOR")]
    connectors: Vec<String>,
}

/// Lists approvals and their history.
pub(crate) fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let installation = Installation::settings(&context.file)?;
    let approvals = installation.approvals();
    let shown = approvals.path().display().to_string();
    let mut lock = approvals.read().map_err(|reason| unreadable(&shown, &reason))?;
    if !arguments.connectors.is_empty() {
        lock.connectors.retain(|approved| arguments.connectors.contains(&approved.name));
        lock.history.retain(|entry| arguments.connectors.contains(&entry.name));
    }
    let result = json!({ "approved": lock.connectors, "history": lock.history });
    context.output.result(&result, |page| show(page, &lock));
    Ok(Exit::Fine)
}

fn show(page: &mut Page, lock: &Lock) {
    page.styled("Approved", Look::Strong);
    if lock.connectors.is_empty() {
        page.line("nothing; `wharf install FILE` approves a connector");
    }
    for approved in &lock.connectors {
        approval(page, approved);
    }
    page.gap();
    page.styled("History", Look::Strong);
    let rows: Vec<Vec<Value>> = lock.history.iter().map(row).collect();
    page.table(&["when", "who", "what", "connector", "version", "signature", "approved that was not before"], &rows);
}

fn approval(page: &mut Page, approved: &Approved) {
    page.line(&format!("{} {}  sha256:{}", approved.name, approved.version, approved.digest));
    for want in &approved.wants {
        page.line(&format!("  {} {want}", want.kind()));
    }
}

fn row(entry: &Entry) -> Vec<Value> {
    let signature = entry.signature.as_deref().unwrap_or_default();
    vec![
        json!(entry.at),
        json!(entry.by),
        json!(entry.change.word()),
        json!(entry.name),
        json!(entry.version),
        json!(signature),
        json!(entry.added.join("; ")),
    ]
}
