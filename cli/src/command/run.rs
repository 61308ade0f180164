//! `wharf run [FLOW..]`.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use futures::future::join_all;
use serde_json::{Value, json};
use wharf_flow::{Hold, RunEvent, RunObserver, RunReport, Runner, Settings};

use super::{Context, parked};
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page, Progress};
use crate::recording;
use crate::signals::{self, Signals};
use crate::site::Site;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Flows to run; all when none is named.
    #[arg(value_name = "FLOW")]
    flows: Vec<String>,
    /// Record everything that connectors ask and are told into this file, for `wharf replay`. Flows run one after the
    /// other then, and each document by document, so that there is one order to repeat.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Runs flows once.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    if let Some(file) = &arguments.record {
        return run_recorded(&arguments.flows, file, &mut signals, context).await;
    }
    let (site, ledger) = Site::with_state(&context.file).await?;
    let flows = site.installation.flows(&arguments.flows)?;
    let runners = site.runners(&flows, &ledger)?;
    let runs = join_all(runners.iter().map(|runner| run_one(runner, context)));
    let ended = unless_interrupted(runs, &runners, &mut signals).await?;
    Ok(report(&ended, context))
}

async fn run_recorded(
    names: &[String],
    file: &Path,
    signals: &mut Signals,
    context: &Context,
) -> Result<Exit, Failure> {
    let (site, ledger, recorder) = recording::open(&context.file, names, file).await?;
    let flows = recording::one_by_one(&site.installation.flows(names)?);
    let runners = site.runners(&flows.iter().collect::<Vec<_>>(), &ledger)?;
    let runs = async {
        let mut ended = Vec::new();
        for runner in &runners {
            ended.push(run_one(runner, context).await);
        }
        ended
    };
    let ended = unless_interrupted(runs, &runners, signals).await?;
    recording::finish(&recorder, &site, &ledger, file)?;
    Ok(report(&ended, context))
}

/// Waits for what runners do. After a signal nothing new is started, and what is under way has a few seconds to end; a
/// second signal ends it at once.
pub(super) async fn unless_interrupted<T>(
    work: impl Future<Output = T>,
    runners: &[Runner],
    signals: &mut Signals,
) -> Result<T, Failure> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        ended = work.as_mut() => return Ok(ended),
        () = signals.wait() => {}
    }
    runners.iter().for_each(Runner::drain);
    tokio::select! {
        _ = work => {}
        () = signals.wait() => {}
        () = tokio::time::sleep(Settings::default().farewell) => {}
    }
    Err(signals::interrupted())
}

/// How the run of one flow ended, or why it did not take place.
type Ended = (String, Result<RunReport, Failure>);

pub(super) async fn run_one(runner: &Runner, context: &Context) -> Ended {
    let name = runner.spec().name.clone();
    let display = Display { progress: context.output.progress(&name), seen: Mutex::default() };
    let ended = runner.run(&display).await.map_err(Failure::from);
    (name, ended)
}

/// Shows how far a run is.
struct Display {
    progress: Progress,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    read: u64,
    done: u64,
    filtered: u64,
    parked: u64,
}

impl RunObserver for Display {
    fn event(&self, event: &RunEvent) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut doing = String::new();
        match event {
            RunEvent::Read { items, .. } => seen.read += items,
            RunEvent::Done { .. } => seen.done += 1,
            RunEvent::Filtered { .. } => seen.filtered += 1,
            RunEvent::Parked { .. } => seen.parked += 1,
            RunEvent::Held(hold) => doing = format!("  held: {}", hold.message),
            RunEvent::Waiting { until } => doing = format!("  waiting until {}", time::utc(*until)),
            _ => {}
        }
        let Seen { read, done, filtered, parked } = &*seen;
        self.progress.say(&format!("read {read}, done {done}, filtered {filtered}, parked {parked}{doing}"));
    }
}

fn report(ended: &[Ended], context: &Context) -> Exit {
    let reports: Vec<&RunReport> = ended.iter().filter_map(|(_, run)| run.as_ref().ok()).collect();
    let failures: Vec<(&String, &Failure)> =
        ended.iter().filter_map(|(name, run)| Some((name, run.as_ref().err()?))).collect();
    let errors: Vec<Value> = failures.iter().map(|(flow, failure)| error(flow, failure)).collect();
    context.output.result(&json!({ "flows": reports, "errors": errors }), |page| show(page, &reports));
    if !context.output.is_json() {
        failures.iter().for_each(|(_, failure)| context.output.failure(failure));
    }
    failures.first().map_or_else(|| exit(&reports), |(_, failure)| failure.exit)
}

fn error(flow: &str, failure: &Failure) -> Value {
    let mut error = failure.json();
    error["flow"] = json!(flow);
    error
}

/// What is still held at the end kept the run from its work. A rate limit goes away by itself, so it only needs
/// attention; a credential or a remote system that is away is in the way.
pub(super) fn exit(reports: &[&RunReport]) -> Exit {
    let mut holds = reports.iter().flat_map(|report| &report.holds).peekable();
    let limited = holds.peek().is_some();
    if holds.any(|hold| hold.cause != "rate-limited" || hold.until.is_none()) {
        return Exit::Remote;
    }
    let parked = reports.iter().any(|report| report.totals.parked > 0);
    if parked || limited { Exit::Attention } else { Exit::Fine }
}

fn show(page: &mut Page, reports: &[&RunReport]) {
    let rows = reports.iter().map(|report| row(report)).collect();
    page.looking_table(&["flow", "read", "done", "filtered", "parked", "waiting", "calls", "seconds"], rows);
    let causes = reports.iter().flat_map(|report| {
        report
            .parked
            .iter()
            .map(|(cause, count)| vec![plain(&report.flow), (cause.clone(), Look::Bad), plain(&count.to_string())])
    });
    let causes: Vec<_> = causes.collect();
    if !causes.is_empty() {
        page.gap();
        page.looking_table(&["flow", "parked now by cause", "items"], causes);
    }
    let parked: Vec<_> = reports.iter().filter(|report| report.totals.parked > 0).collect();
    if !parked.is_empty() {
        page.gap();
    }
    for report in parked {
        let all = report.totals.parked;
        page.line(&format!("{}: {all} parked in all; `wharf parked` tells what releases them", report.flow));
    }
    let mut holds: Vec<Hold> = Vec::new();
    for hold in reports.iter().flat_map(|report| &report.holds) {
        // Flows that share a connection share its holds.
        if !holds.contains(hold) {
            holds.push(hold.clone());
        }
    }
    parked::show_holds(page, &holds, time::now());
}

fn row(report: &RunReport) -> Vec<(String, Look)> {
    let filtered: u64 = report.filtered.values().sum();
    let parked: u64 = report.parked.values().sum();
    let calls: u64 = report.calls.values().sum();
    let parked_look = if parked > 0 { Look::Bad } else { Look::Plain };
    let mut row = vec![plain(&report.flow)];
    row.extend([report.read, report.done, filtered].map(|count| plain(&count.to_string())));
    row.push((parked.to_string(), parked_look));
    row.extend([report.waiting, calls].map(|count| plain(&count.to_string())));
    row.push(plain(&time::seconds(report.elapsed_ms)));
    row
}

fn plain(text: &str) -> (String, Look) {
    (text.to_owned(), Look::Plain)
}

/// Tells in one line how a run went.
pub(super) fn line(report: &RunReport) -> String {
    let filtered: u64 = report.filtered.values().sum();
    let calls: u64 = report.calls.values().sum();
    let parked: Vec<String> = report.parked.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
    let parked = if parked.is_empty() { "0".to_owned() } else { parked.join(", ") };
    format!(
        "{}: read {}, done {}, filtered {filtered}, parked {parked}, waiting {}, calls {calls}, {} s",
        report.flow,
        report.read,
        report.done,
        report.waiting,
        time::seconds(report.elapsed_ms)
    )
}

#[cfg(test)]
mod tests {
    use wharf_flow::{HoldScope, Totals};
    use wharf_host::model::Instant;

    use super::*;

    #[test]
    fn what_is_held_or_parked_decides_the_exit_code() {
        let table = [
            (0, None, Exit::Fine),
            (2, None, Exit::Attention),
            (0, Some(("rate-limited", Some(Instant(1)))), Exit::Attention),
            (0, Some(("unavailable", Some(Instant(1)))), Exit::Remote),
            (2, Some(("auth-revoked", None)), Exit::Remote),
        ];
        for (parked, hold, expected) in table {
            let hold = hold.map(|(cause, until)| Hold {
                scope: HoldScope::Connection("shop".to_owned()),
                cause: cause.to_owned(),
                message: String::new(),
                since: Instant(0),
                until,
                who: None,
            });
            let totals = Totals { parked, ..Totals::default() };
            let report = RunReport { totals, holds: hold.into_iter().collect(), ..RunReport::default() };
            assert_eq!(exit(&[&report]), expected, "{report:?}");
        }
    }
}
