//! `wharf ready [FLOW..]`.

use serde_json::{Value, json};
use wharf_flow::{Readiness, Runner};
use wharf_host::model::Instant;

use super::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::site::Site;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Flows to look at; all when none is named.
    #[arg(value_name = "FLOW")]
    flows: Vec<String>,
    #[command(flatten)]
    pub(super) sample: Sample,
}

/// Which documents are looked at.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Sample {
    /// Documents of each flow, the last ones of its feed.
    #[arg(long, value_name = "DOCUMENTS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    last: u32,
    /// Where a feed can be read by time: from when on it is read to find them.
    #[arg(long, value_name = "WHEN", default_value = "30d", value_parser = time::parse)]
    since: Instant,
    /// Most items that are read of a feed to find them.
    #[arg(long, value_name = "ITEMS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Tells how many of the last documents would arrive, and what is missing for the others.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (site, ledger) = Site::with_state(&context.file).await?;
    let flows = site.installation.flows(&arguments.flows)?;
    let runners = site.planners(&flows, &ledger)?;
    let reports = look(&runners, arguments.sample, context).await?;
    context.output.result(&json!({ "flows": reports }), |page| reports.iter().for_each(|report| show(page, report)));
    let gaps = reports.iter().any(|report| !report.parked.is_empty());
    Ok(if gaps { Exit::Attention } else { Exit::Fine })
}

/// Looks at a sample of each flow's documents.
pub(super) async fn look(runners: &[Runner], sample: Sample, context: &Context) -> Result<Vec<Readiness>, Failure> {
    let mut reports = Vec::new();
    for runner in runners {
        let progress = context.output.progress(&runner.spec().name);
        progress.say("reading and mapping");
        reports.push(runner.readiness(sample.last, sample.since, sample.limit).await?);
    }
    Ok(reports)
}

fn show(page: &mut Page, report: &Readiness) {
    page.gap();
    page.styled(&report.flow, Look::Strong);
    let more = if report.more { "; the feed has more, raise --limit" } else { "" };
    page.line(&format!("read {} documents and looked at the last {}{more}", report.read, report.looked_at));
    if report.looked_at == 0 {
        page.line("there is nothing to judge by; look further back with --since");
        return;
    }
    let filtered: u64 = report.filtered.values().sum();
    let wanted = report.looked_at - filtered;
    let look = if report.ready == wanted { Look::Good } else { Look::Doubtful };
    page.styled(&format!("{} of {wanted} would be written", report.ready), look);
    for (rule, count) in &report.filtered {
        page.line(&format!("{count} would be filtered by {rule}"));
    }
    for (cause, count) in &report.parked {
        page.labelled(&format!("{count} would be parked"), Look::Bad, cause);
    }
    let missing = report.missing.iter();
    let rows: Vec<Vec<Value>> = missing.map(|gap| vec![json!(gap.table), json!(gap.value), json!(gap.items)]).collect();
    if !rows.is_empty() {
        page.gap();
        page.line("values without a mapping; `wharf map` proposes some:");
    }
    page.table(&["table", "value", "documents"], &rows);
    for refused in &report.refused {
        let (entity, id) = &refused.example;
        let text = format!("{} ({} documents, such as {entity}/{id})", refused.message, refused.items);
        page.labelled(&refused.cause, Look::Bad, &text);
    }
}
