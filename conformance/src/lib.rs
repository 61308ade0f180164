//! The laws that every connector keeps, tried against the real component over the real boundary.
//!
//! Everything that a connector does passes through the host, so nothing is sampled: a process ends before and after every
//! request, the answer of every request is lost, and every fault of the catalogue happens at every request. Documents go
//! through the real flow with a real ledger; time passes only when nobody has anything to do.
//!
//! A [`Scenario`] says what the laws are tried with and which simulator plays the remote. The simulator is any program
//! that prints one line of JSON once it serves, lists the documents that were written to it, and ends when its standard
//! input closes.

mod ends;
mod laws;
mod report;
mod scenario;
mod simulator;
mod stage;
mod time;
mod trouble;
mod witness;

use anyhow::Result;

pub use ends::Timed;
pub use report::{Broken, Law, Report};
pub use scenario::{
    BeforeEntry, ConnectionEntry, FeedEntry, PreviousEntry, Scenario, SimulatorEntry, WebhookEntry, WriteEntry,
};
pub use time::{Busy, VirtualTime};

/// Tries the laws on a connector: all, when `only` names none. `heard` is told of each law before it is tried. A law that
/// cannot be tried to its end, as nothing works even undisturbed, is broken, and the report says by what.
///
/// # Errors
/// When no law can be tried: the simulator does not start, does not serve, or the component is no connector.
pub async fn verify(
    component: &[u8],
    scenario: Scenario,
    scenario_text: &str,
    only: &[String],
    heard: &dyn Fn(&'static str),
) -> Result<Report> {
    let (_simulator, scenario) = simulator::Simulator::start(scenario)?;
    let stage = stage::Stage::set(component, scenario).await?;
    let laws = laws::all(&stage, component, only, heard).await?;
    let manifest = stage.connector.manifest();
    let report = Report {
        connector: manifest.name.clone(),
        version: manifest.version.clone(),
        digest: stage.connector.digest().to_owned(),
        contract: stage.connector.inspection().contract.to_string(),
        wharf: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: report::sha256(scenario_text.as_bytes()),
        laws,
        signature: String::new(),
    };
    Ok(report.sign())
}
