//! `wharf plan [FLOW..]`.

use serde_json::{Value, json};
use wharf_flow::{PlanReport, PlannedWrite};

use super::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::site::Site;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Flows to plan; all when none is named.
    #[arg(value_name = "FLOW")]
    flows: Vec<String>,
    /// Most items that are read of each feed.
    #[arg(long, value_name = "ITEMS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Most requests that are shown for each flow; all are in the JSON.
    #[arg(long, value_name = "WRITES", default_value_t = 3)]
    show: usize,
}

/// Shows what a run would do.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (site, ledger) = Site::with_state(&context.file).await?;
    let flows = site.installation.flows(&arguments.flows)?;
    let runners = site.planners(&flows, &ledger)?;
    let mut reports = Vec::new();
    for runner in &runners {
        let progress = context.output.progress(&runner.spec().name);
        progress.say("reading and mapping");
        reports.push(runner.plan(arguments.limit).await?);
    }
    context.output.result(&json!({ "flows": reports }), |page| {
        reports.iter().for_each(|report| show(page, report, arguments.show));
    });
    let gaps = reports.iter().any(|report| !report.parked.is_empty() || !report.unmapped.is_empty());
    Ok(if gaps { Exit::Attention } else { Exit::Fine })
}

fn show(page: &mut Page, report: &PlanReport, most: usize) {
    page.gap();
    page.styled(&report.flow, Look::Strong);
    let more = if report.more { " (there are more; raise --limit)" } else { "" };
    page.line(&format!("read {} items{more}, {} of them known and unchanged", report.read, report.unchanged));
    for (rule, count) in &report.filtered {
        page.line(&format!("{count} would be filtered by {rule}"));
    }
    for (cause, count) in &report.parked {
        page.labelled(&format!("{count} would be parked"), Look::Bad, cause);
    }
    page.line(&format!("{} would be written; nothing was", report.writes.len()));
    if report.may_duplicate {
        let why = "the target cannot be asked if a create took effect, so a repeated one may double the document";
        page.labelled("may duplicate", Look::Bad, why);
    }
    let unmapped = report.unmapped.iter();
    let rows: Vec<Vec<Value>> =
        unmapped.map(|gap| vec![json!(gap.table), json!(gap.value), json!(gap.items)]).collect();
    if !rows.is_empty() {
        page.gap();
        page.line("values without a mapping:");
    }
    page.table(&["table", "value", "items"], &rows);
    report.writes.iter().take(most).for_each(|write| show_write(page, write));
}

fn show_write(page: &mut Page, write: &PlannedWrite) {
    page.gap();
    let action = write.action.word();
    page.line(&format!("{}/{}: {action} {} in {}", write.entity, write.id, write.target_entity, write.connection));
    match &write.preview {
        Ok(preview) => {
            page.line(&format!("  {} {}", preview.method, preview.url));
            if !preview.body.is_empty() {
                page.line(&format!("  {}", preview.body));
            }
            preview.notes.iter().for_each(|note| page.styled(&format!("  note: {note}"), Look::Doubtful));
        }
        Err(reason) => page.labelled("  no preview", Look::Bad, reason),
    }
}
