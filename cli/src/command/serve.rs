//! `wharf serve [FLOW..]`.

use serde_json::json;
use tokio::sync::watch;
use wharf_flow::{Ledger, RunEvent, Schedule, Scheduler, ServeEvent, ServeObserver};

use super::Context;
use super::run::line;
use crate::failure::{Exit, Failure};
use crate::listener::Listener;
use crate::listener::desk::Desk;
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

/// Runs flows by their schedules, and takes in webhooks and requests, until SIGTERM or SIGINT.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let (site, ledger) = Site::with_state(&context.file).await?;
    let mut flows = site.installation.flows(&arguments.flows)?;
    let listens = site.installation.file.serve.is_some();
    // A flow without a schedule is still told of webhooks.
    flows.retain(|flow| listens || flow.schedule != Schedule::Manual);
    if flows.is_empty() && !listens {
        let message = "no flow has a schedule; give one `every` or `cron`, or use `wharf run`";
        return Err(Failure::new(Exit::Installation, "no-schedule", message));
    }
    let names: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).collect();
    let edits = site.edit_flows();
    let runners = site.runners(&flows.iter().copied().chain(&edits).collect::<Vec<_>>(), &ledger)?;
    site.open_doors(Some(&ledger));
    let listener = listener(&site, &ledger).await?;
    context.output.event(&json!({ "event": "serving", "flows": names }), &format!("serving {}", names.join(", ")));
    if let Some(listener) = &listener {
        let address = listener.address()?;
        context.output.event(&json!({ "event": "listening", "address": address }), &format!("listening on {address}"));
    }
    let (stop, stopped) = watch::channel(false);
    let listening = listener.map(|listener| tokio::spawn(listener.serve(stopped)));
    let scheduler = Scheduler::new(ledger, site.flow_settings());
    let shutdown = async { signals.wait().await };
    let served = scheduler.serve(&runners, &Lines(&context.output), shutdown).await;
    // Nobody listening any more is as good as having stopped.
    let _ = stop.send(true);
    if let Some(listening) = listening {
        listening.await.map_err(|error| Failure::internal(format!("the listener broke off: {error}")))?;
    }
    served?;
    context.output.event(&json!({ "event": "stopped" }), "stopped");
    Ok(Exit::Fine)
}

async fn listener(site: &Site, ledger: &Ledger) -> Result<Option<Listener>, Failure> {
    let Some(settings) = &site.installation.file.serve else { return Ok(None) };
    let desk = Desk::new(site.connections().clone(), site.webhooks(ledger));
    Listener::bind(settings, &site.installation, desk).await.map(Some)
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
