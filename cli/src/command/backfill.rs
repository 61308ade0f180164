//! `wharf backfill FLOW --from WHEN --to WHEN`.

use serde_json::json;
use wharf_flow::{BackfillReport, RunEvent, RunObserver};

use super::run::{exit, line, unless_interrupted};
use super::selection::who;
use super::window::Window;
use super::{Context, parked};
use crate::failure::{Exit, Failure};
use crate::output::{Page, Progress};
use crate::signals::Signals;
use crate::site::Site;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Flow whose feed is read again.
    #[arg(value_name = "FLOW")]
    flow: String,
    #[command(flatten)]
    window: Window,
}

/// Reads a window of a feed again. The flow's own cursor stays where it is.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let (site, ledger) = Site::with_state(&context.file).await?;
    let flow = site.installation.flow(&arguments.flow)?;
    let runners = site.runners(&[flow], &ledger)?;
    let runner = runners.first().ok_or_else(|| Failure::internal("the flow was not made"))?;
    let (from, to) = arguments.window.ends();
    let display = Display(context.output.progress(&arguments.flow));
    let who = who();
    let report = unless_interrupted(runner.backfill(from, to, &who, &display), &runners, &mut signals).await??;
    drop(display);
    context.output.result(&json!(report), |page| show(page, &report));
    let held = report.status.ended.is_none();
    let ended = report.run.as_ref().map_or(Exit::Fine, |run| exit(&[run]));
    Ok(if held { Exit::Remote } else { ended })
}

struct Display(Progress);

impl RunObserver for Display {
    fn event(&self, event: &RunEvent) {
        match event {
            RunEvent::Read { items, unchanged, .. } => {
                self.0.say(&format!("read a page: {items} to look at, {unchanged} known"));
            }
            RunEvent::Waiting { until } => self.0.say(&format!("waiting until {}", time::utc(*until))),
            _ => {}
        }
    }
}

fn show(page: &mut Page, report: &BackfillReport) {
    let status = &report.status;
    let window = format!("{} to {}", time::utc(status.from), time::utc(status.to));
    page.line(&format!("{}: {window}: read {}, {} of them to look at", status.flow, status.items, status.news));
    match &report.run {
        Some(done) => page.line(&line(done)),
        None => page.line("another process runs the flow; it does the work"),
    }
    if status.ended.is_none() {
        page.line("it is not at its end; the same command goes on from there once what holds it is gone:");
        parked::show_holds(page, &report.holds, time::now());
    }
}
