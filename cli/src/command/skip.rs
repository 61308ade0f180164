//! `wharf skip`.

use serde_json::json;
use wharf_flow::SkipReport;

use super::Context;
use super::selection::{Selection, found, who};
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::site;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Selection,
    /// Why it is left; it is recorded with the time and who gave the command.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What a person found in the target system of a write whose outcome is unknown: `absent`, or the id of the document.
    #[arg(long, value_name = "absent|ID")]
    i_have_checked: Option<String>,
}

/// Ends what is selected as skipped.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (installation, ledger) = site::ledger(&context.file)?;
    let mut selector = arguments.which.selector(&installation)?;
    if let Some(text) = &arguments.i_have_checked {
        if selector.document.is_none() {
            let message = "what was found in the target system is that of one document; name it, CONNECTION/ENTITY/ID";
            return Err(Failure::usage(message));
        }
        selector.unknown = found(text)?;
    }
    let report = ledger.skip(selector, &arguments.reason, &who()).await?;
    let refused = report.refused.iter().map(|(entity, id, why)| json!({ "entity": entity, "id": id, "why": why }));
    let json = json!({
        "skipped": report.skipped,
        "ended": report.ended,
        "refused": refused.collect::<Vec<_>>(),
    });
    context.output.result(&json, |page| show(page, &report));
    Ok(if report.refused.is_empty() { Exit::Fine } else { Exit::Attention })
}

fn show(page: &mut Page, report: &SkipReport) {
    if (report.skipped, report.ended, report.refused.len()) == (0, 0, 0) {
        page.line("nothing like that is there; `wharf parked` lists what waits");
    }
    if report.skipped > 0 {
        page.line(&format!("skipped {}", items(report.skipped)));
    }
    if report.ended > 0 {
        let text = "had been written already; what was still to follow is given up";
        page.line(&format!("{} {text}", items(report.ended)));
    }
    for (entity, id, why) in &report.refused {
        page.labelled(&format!("{entity}/{id}"), Look::Bad, why);
    }
}

fn items(count: u64) -> String {
    if count == 1 { "1 item".to_owned() } else { format!("{count} items") }
}
