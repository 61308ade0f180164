//! `wharf reconcile FLOW --from WHEN --to WHEN`.

use serde_json::json;
use wharf_flow::{Asked, Difference, DifferenceKind, ReconcileReport};

use super::Context;
use super::window::Window;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::site::Site;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Flow whose two sides are compared.
    #[arg(value_name = "FLOW")]
    flow: String,
    #[command(flatten)]
    window: Window,
    /// Most differences that are shown; all are in the JSON.
    #[arg(long, value_name = "DIFFERENCES", default_value_t = 50)]
    show: usize,
}

/// Compares both sides of a flow. Sends reads only.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (site, ledger) = Site::with_state(&context.file).await?;
    let flow = site.installation.flow(&arguments.flow)?;
    let runners = site.planners(&[flow], &ledger)?;
    let runner = runners.first().ok_or_else(|| Failure::internal("the flow was not made"))?;
    let (from, to) = arguments.window.ends();
    let progress = context.output.progress(&arguments.flow);
    progress.say("reading the window, and asking the target");
    let report = runner.reconcile(from, to).await?;
    drop(progress);
    context.output.result(&json!(report), |page| show(page, &report, arguments.show));
    Ok(if report.agrees { Exit::Fine } else { Exit::Attention })
}

fn show(page: &mut Page, report: &ReconcileReport, most: usize) {
    let side = |name: &str, side: &wharf_flow::Side| {
        [name.to_owned(), side.count.to_string(), side.digest.clone()].map(|text| (text, Look::Plain)).to_vec()
    };
    page.looking_table(
        &["side", "records", "digest"],
        vec![side("should be there", &report.source), side("are there", &report.target)],
    );
    let ledger = &report.ledger;
    page.line(&format!(
        "read {} of the source; the ledger says: done {}, filtered {}, parked {}, waiting {}, unknown to it {}",
        report.read, ledger.done, ledger.filtered, ledger.parked, ledger.waiting, report.not_in_ledger
    ));
    if let Some(counted) = report.counted.filter(|counted| *counted != report.read) {
        page.labelled("the source", Look::Bad, &format!("counts {counted} records, and its feed has {}", report.read));
    }
    if report.asked == Asked::Not {
        let why = "its connector can neither read a single record nor has a feed of them; the ledger is believed";
        page.labelled("the target was not asked", Look::Doubtful, why);
    }
    let rows = report.differences.iter().take(most).map(row);
    page.looking_table(&["record", "is", "at the target", ""], rows.collect());
    let left = report.differences.len().saturating_sub(most);
    if left > 0 {
        page.line(&format!("and {left} more; raise --show"));
    }
    if report.agrees {
        let window = format!("{} to {}", time::utc(report.from), time::utc(report.to));
        page.styled(&format!("both sides agree, {window}"), Look::Good);
    }
}

fn row(difference: &Difference) -> Vec<(String, Look)> {
    let what = match difference.what {
        DifferenceKind::NotRead => "not read",
        DifferenceKind::Waiting => "waiting",
        DifferenceKind::Parked => "parked",
        DifferenceKind::Changed => "changed since",
        DifferenceKind::Missing => "missing",
    };
    vec![
        (format!("{}/{}", difference.entity, difference.id), Look::Plain),
        (what.to_owned(), Look::Bad),
        (difference.target.clone().unwrap_or_default(), Look::Plain),
        (difference.detail.clone(), Look::Plain),
    ]
}
