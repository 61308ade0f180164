//! `wharf serve [FLOW..]`.

mod listeners;
mod reload;

use std::future::Future;

use futures::FutureExt;
use serde_json::json;
use tokio::sync::oneshot;
use wharf_flow::{Ledger, OpenDoors, RunEvent, Runner, Schedule, Scheduler, ServeEvent, ServeObserver};

use self::listeners::Listeners;
use self::reload::Marks;
use super::Context;
use super::run::line;
use crate::failure::{Exit, Failure};
use crate::listener::desk::Desk;
use crate::listener::{Listener, Socket};
use crate::output::Output;
use crate::signals::Signals;
use crate::site::{Installation, Site};
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Flows to serve; all that have a schedule when none is named.
    #[arg(value_name = "FLOW")]
    flows: Vec<String>,
}

/// Runs flows by their schedules, and takes in webhooks and requests, until SIGTERM or SIGINT. What changes in the
/// installation file meanwhile is taken up.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let mut listeners = Listeners::default();
    let served = serve(&arguments, context, &mut signals, &mut listeners).await;
    // Whatever ended it: requests under way are answered, unless the program is told a second time to end.
    let answered = tokio::select! {
        answered = listeners.ended() => answered,
        () = signals.wait() => Ok(()),
    };
    match served.and(answered) {
        Ok(()) => {
            context.output.event(&json!({ "event": "stopped" }), "stopped");
            Ok(Exit::Fine)
        }
        Err(failure) if context.output.is_json() => {
            context.output.event(&json!({ "event": "stopped", "error": failure.json() }), "stopped");
            Ok(failure.exit)
        }
        Err(failure) => Err(failure),
    }
}

async fn serve(
    arguments: &Arguments,
    context: &Context,
    signals: &mut Signals,
    listeners: &mut Listeners,
) -> Result<(), Failure> {
    let mut served = Some(Served::open(arguments, context, None).await?);
    let mut word = "serving";
    while let Some(serving) = served.take() {
        serving.announce(word, &context.output)?;
        served = serving.until_changed(arguments, context, signals, listeners).await?;
        word = "reloaded";
    }
    Ok(())
}

/// One state of the installation, ready to be served.
struct Served {
    site: Site,
    ledger: Ledger,
    runners: Vec<Runner>,
    /// Names of the flows that were asked for.
    names: Vec<String>,
    listener: Option<Listener>,
    /// Look-ups are answered as long as its listener has something to answer.
    doors: OpenDoors,
    /// The files as they were before they were read.
    marks: Marks,
}

impl Served {
    /// Opens the installation as it is now. What it has in common with the one before it, its ledger and its socket, is kept.
    async fn open(arguments: &Arguments, context: &Context, before: Option<&Before<'_>>) -> Result<Self, Failure> {
        let marks = Marks::of_file(&context.file);
        let installation = Installation::read(&context.file)?;
        let marks = marks.with(&installation);
        let (site, ledger) = match before {
            None => Site::with_its_state(installation).await?,
            Some(before) => (Site::in_place_of(installation, before.site, before.ledger).await?, before.ledger.clone()),
        };
        let mut flows = site.installation.flows(&arguments.flows)?;
        let listens = site.installation.file.serve.is_some();
        // A flow without a schedule is still told of webhooks.
        flows.retain(|flow| listens || flow.schedule != Schedule::Manual);
        if flows.is_empty() && !listens {
            let message = "no flow has a schedule; give one `every` or `cron`, or use `wharf run`";
            return Err(Failure::new(Exit::Installation, "no-schedule", message));
        }
        let names = flows.iter().map(|flow| flow.name.clone()).collect();
        let edits = site.edit_flows();
        let runners = site.runners(&flows.iter().copied().chain(&edits).collect::<Vec<_>>(), &ledger)?;
        let doors = site.open_doors(Some(&ledger));
        let listener = listener(&site, &ledger, before.and_then(|before| before.socket)).await?;
        Ok(Self { site, ledger, runners, names, listener, doors, marks })
    }

    fn announce(&self, word: &str, output: &Output) -> Result<(), Failure> {
        let flows = self.names.join(", ");
        output.event(&json!({ "event": word, "flows": self.names }), &format!("{word} {flows}"));
        if let Some(listener) = &self.listener {
            let address = listener.address()?;
            output.event(&json!({ "event": "listening", "address": address }), &format!("listening on {address}"));
        }
        Ok(())
    }

    /// Serves until the program is told to end, or until the installation changed: then that is returned, ready to be
    /// served. Its listener answers what it has accepted meanwhile.
    async fn until_changed(
        self,
        arguments: &Arguments,
        context: &Context,
        signals: &mut Signals,
        listeners: &mut Listeners,
    ) -> Result<Option<Self>, Failure> {
        let Self { site, ledger, runners, listener, doors, marks, .. } = self;
        let socket = listener.as_ref().map(Listener::socket);
        let stop = listeners.start(listener, doors);
        let before = Before { site: &site, ledger: &ledger, socket: socket.as_ref() };
        let scheduler = Scheduler::new(ledger.clone(), site.flow_settings());
        let lines = Lines(&context.output);
        let (drain, drained) = oneshot::channel::<()>();
        let mut serving = std::pin::pin!(scheduler.serve(&runners, &lines, drained.map(drop)));
        let next = tokio::select! {
            biased;
            () = signals.wait() => None,
            failure = listeners.broken() => Some(Err(failure)),
            changed = reload::changed(&marks, arguments, context, &before) => Some(changed),
            served = serving.as_mut() => return served.map(|()| None).map_err(Failure::from),
        };
        drop(drain);
        let Some(next) = next else {
            listeners.stop(stop);
            return farewell(serving, signals, listeners).await.map(|()| None);
        };
        // Its listener goes on until the next one takes over, unless the program is told to end now.
        tokio::select! {
            biased;
            () = signals.wait() => {
                listeners.stop(stop);
                farewell(serving, signals, listeners).await.map(|()| None)
            }
            served = serving.as_mut() => {
                served?;
                next.map(Some)
            }
        }
    }
}

/// Waits for runs to end; not any longer once the program is told a second time to end.
async fn farewell(
    serving: impl Future<Output = Result<(), wharf_flow::Error>>,
    signals: &mut Signals,
    listeners: &mut Listeners,
) -> Result<(), Failure> {
    tokio::select! {
        biased;
        () = signals.wait() => {
            listeners.give_up();
            Ok(())
        }
        served = serving => Ok(served?),
    }
}

/// What is served while the next state of the installation is opened.
struct Before<'s> {
    site: &'s Site,
    ledger: &'s Ledger,
    socket: Option<&'s Socket>,
}

async fn listener(site: &Site, ledger: &Ledger, before: Option<&Socket>) -> Result<Option<Listener>, Failure> {
    let Some(settings) = &site.installation.file.serve else { return Ok(None) };
    let desk = Desk::new(site.connections().clone(), site.webhooks(ledger));
    Listener::bind(settings, &site.installation, desk, before).await.map(Some)
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
