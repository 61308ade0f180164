//! `wharf status`.

use std::time::Duration;

use serde_json::json;
use wharf_flow::{Alert, BackfillStatus, FlowStatus, Status};
use wharf_host::model::Instant;

use super::{Context, parked};
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::{site, time};

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Tells where every flow stands.
pub(crate) async fn run(_: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (installation, ledger) = site::ledger(&context.file)?;
    let status = ledger.status()?;
    let names = installation.file.flows.keys();
    let never: Vec<&String> = names.filter(|name| !status.flows.iter().any(|flow| flow.flow == **name)).collect();
    let mut json = json!(status);
    json["never_ran"] = json!(never);
    let now = time::now();
    context.output.result(&json, |page| show(page, &status, &never, now));
    Ok(if status.alerts.is_empty() { Exit::Fine } else { Exit::Attention })
}

fn show(page: &mut Page, status: &Status, never: &[&String], now: Instant) {
    let header = ["flow", "done", "filtered", "parked", "waiting", "behind", "last read", "runs", ""];
    page.looking_table(&header, status.flows.iter().map(|flow| row(flow, now)).collect());
    for name in never {
        page.styled(&format!("{name} never ran"), Look::Faint);
    }
    if !status.alerts.is_empty() {
        page.gap();
    }
    for alert in &status.alerts {
        page.labelled(&headline(alert, now), Look::Bad, &alert.message);
    }
    let passing: Vec<_> = status.holds.iter().filter(|hold| hold.until.is_some()).cloned().collect();
    parked::show_holds(page, &passing, now);
    if !status.backfills.is_empty() {
        page.gap();
        let header = ["backfill", "from", "to", "items", "news", "state"];
        page.looking_table(&header, status.backfills.iter().map(backfill).collect());
    }
}

fn headline(alert: &Alert, now: Instant) -> String {
    let items = match alert.items {
        0 => String::new(),
        1 => "1 item, ".to_owned(),
        count => format!("{count} items, "),
    };
    format!("{}: {} ({items}for {})", alert.about, alert.cause, time::age(now, alert.since))
}

type Cell = (String, Look);

fn plain(text: impl ToString) -> Cell {
    (text.to_string(), Look::Plain)
}

fn row(flow: &FlowStatus, now: Instant) -> Vec<Cell> {
    let totals = &flow.totals;
    let behind = flow.lag_ms.map_or("-".to_owned(), |lag| time::span(Duration::from_millis(lag)));
    let read = flow.caught_up.map_or("never to the end".to_owned(), |at| format!("{} ago", time::age(now, at)));
    let failures = match (flow.read_failures, flow.read_again) {
        (0, _) => String::new(),
        (count, Some(at)) => format!("; failed {count} time(s), again {}", time::utc(at)),
        (count, None) => format!("; failed {count} time(s)"),
    };
    let holder = flow.holder.as_ref().map_or("-".to_owned(), |(who, _)| who.clone());
    let label = if flow.may_duplicate { "MAY DUPLICATE" } else { "" };
    vec![
        plain(&flow.flow),
        plain(totals.done),
        plain(totals.filtered),
        (totals.parked.to_string(), if totals.parked > 0 { Look::Bad } else { Look::Plain }),
        plain(totals.waiting),
        plain(behind),
        plain(format!("{read}{failures}")),
        plain(holder),
        (label.to_owned(), Look::Bad),
    ]
}

fn backfill(status: &BackfillStatus) -> Vec<Cell> {
    let state = status.ended.map_or("not at its end".to_owned(), |at| format!("ended {}", time::utc(at)));
    let window = [status.from, status.to].map(|at| plain(time::utc(at)));
    let counts = [status.items, status.news].map(plain);
    std::iter::once(plain(&status.flow)).chain(window).chain(counts).chain([plain(state)]).collect()
}
