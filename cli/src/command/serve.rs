//! `wharf serve [FLOW..]`.

use serde_json::json;
use wharf_flow::{RunEvent, Schedule, Scheduler, ServeEvent, ServeObserver};

use super::Context;
use super::run::line;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::signals::Signals;
use crate::site::Site;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Flows to serve; all that have a schedule when none is named.
    #[arg(value_name = "FLOW")]
    flows: Vec<String>,
}

/// Runs flows by their schedules until SIGTERM or SIGINT.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let (site, ledger) = Site::with_state(&context.file).await?;
    let mut flows = site.installation.flows(&arguments.flows)?;
    flows.retain(|flow| flow.schedule != Schedule::Manual);
    if flows.is_empty() {
        let message = "no flow has a schedule; give one `every` or `cron`, or use `wharf run`";
        return Err(Failure::new(Exit::Installation, "no-schedule", message));
    }
    let runners = site.runners(&flows, &ledger)?;
    let names: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).collect();
    context.output.event(&json!({ "event": "serving", "flows": names }), &format!("serving {}", names.join(", ")));
    let scheduler = Scheduler::new(ledger, site.flow_settings());
    scheduler.serve(&runners, &Lines(&context.output), async { signals.wait().await }).await?;
    context.output.event(&json!({ "event": "stopped" }), "stopped");
    Ok(Exit::Fine)
}

/// Prints one line for every run, and for what a person has to know meanwhile.
struct Lines<'a>(&'a Output);

impl ServeObserver for Lines<'_> {
    fn event(&self, event: &ServeEvent<'_>) {
        if let Some(text) = text(event) {
            let mut json = json!(event);
            json["at"] = json!(time::now());
            self.0.event(&json, &format!("{}  {text}", time::utc(time::now())));
        }
    }
}

fn text(event: &ServeEvent<'_>) -> Option<String> {
    match event {
        ServeEvent::Ended { report, .. } => Some(line(report)),
        ServeEvent::Failed { flow, message, .. } => Some(format!("{flow}: failed: {message}")),
        ServeEvent::Run { flow, run: RunEvent::Held(hold) } if hold.until.is_none() => {
            Some(format!("{flow}: held: {}: {}", hold.cause, hold.message))
        }
        ServeEvent::Woken { connection, name, failure: Some(failure) } => {
            Some(format!("{connection}: wake-up {name} failed: {failure}"))
        }
        _ => None,
    }
}
