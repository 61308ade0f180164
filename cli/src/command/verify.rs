//! `wharf verify COMPONENT`.

mod recorded;

use std::path::PathBuf;

use serde_json::{Value, json};
use wharf_conformance::{Law, Report, Scenario};

use super::Context;
use crate::elsewhere;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Component of the connector, `NAME.wasm`.
    #[arg(value_name = "COMPONENT")]
    component: PathBuf,
    /// Scenario: the simulator that plays the remote, the connection, what is read and written.
    #[arg(long, value_name = "FILE", required_unless_present = "recording")]
    simulator: Option<PathBuf>,
    /// Recorded run, in the place of a simulator: this component has to ask the same in it, and to come to the same ledger.
    #[arg(long, value_name = "FILE", conflicts_with = "simulator")]
    recording: Option<PathBuf>,
    /// Directory of the other connectors of the recorded run; where they were when it was recorded, if none is named.
    #[arg(long, value_name = "DIR", requires = "recording")]
    connectors: Option<PathBuf>,
    /// Only these laws, e.g. `L8`; all when none is named.
    #[arg(long = "law", value_name = "LAW", conflicts_with = "recording")]
    laws: Vec<String>,
    /// Write the report as JSON into this file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Tries the laws of the contract on a connector.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let shown = arguments.component.display().to_string();
    let component = elsewhere::read(&arguments.component, elsewhere::LARGEST_COMPONENT)
        .map_err(|error| Failure::usage(format!("`{shown}` cannot be read ({error}); name a component")).at(&shown))?;
    // Before anything is started: what is no connector is refused by its bytes alone.
    wharf_host::inspect::inspect(&component).map_err(|error| Failure::from(error).at(&shown))?;
    let simulator = match (&arguments.recording, &arguments.simulator) {
        (Some(file), _) => return recorded::verify(&component, file, &arguments, context).await,
        (None, Some(simulator)) => simulator,
        (None, None) => return Err(Failure::usage("name a scenario with `--simulator`, or a run with `--recording`")),
    };
    let (scenario, text) = Scenario::read(simulator).map_err(|error| Failure::usage(format!("{error:#}")))?;
    let progress = context.output.progress("verify");
    let tried = wharf_conformance::verify(&component, scenario, &text, &arguments.laws, &|law| progress.say(law)).await;
    drop(progress);
    let report =
        tried.map_err(|error| Failure::new(Exit::Connector, "not-verified", format!("{error:#}")).at(&shown))?;
    let value = json!(report);
    if let Some(path) = &arguments.report {
        write(path, &value)?;
    }
    context.output.result(&value, |page| show(page, &report));
    Ok(if report.is_kept() { Exit::Fine } else { Exit::Attention })
}

fn write(path: &std::path::Path, report: &Value) -> Result<(), Failure> {
    std::fs::write(path, format!("{report:#}\n"))
        .map_err(|error| Failure::usage(format!("`{}` cannot be written ({error}); name another file", path.display())))
}

fn show(page: &mut Page, report: &Report) {
    page.styled(&format!("{} {}", report.connector, report.version), Look::Strong);
    page.line(&format!("digest     sha256:{}", report.digest));
    page.line(&format!("contract   {}, tried by wharf {}", report.contract, report.wharf));
    page.line(&format!("signature  sha256:{}", report.signature));
    page.gap();
    page.looking_table(&["law", "", "cases", "broken", ""], report.laws.iter().map(row).collect());
    for law in &report.laws {
        let Some(first) = &law.first else { continue };
        page.gap();
        page.labelled(law.law, Look::Bad, &format!("{}: {}", first.case, first.seen));
        for request in &first.requests {
            page.line(&format!("    {request}"));
        }
    }
}

fn row(law: &Law) -> Vec<(String, Look)> {
    let (verdict, look) = match law {
        Law { not_tried: Some(why), .. } => (format!("not tried: {why}"), Look::Faint),
        Law { broken: 0, .. } => ("kept".to_owned(), Look::Good),
        _ => ("broken".to_owned(), Look::Bad),
    };
    let plain = |text: String| (text, Look::Plain);
    let (cases, broken) = (law.cases.to_string(), law.broken.to_string());
    vec![plain(law.law.to_owned()), plain(law.title.to_owned()), plain(cases), plain(broken), (verdict, look)]
}
