//! `wharf verify COMPONENT --recording FILE`: a component in the place of the one that was recorded.
//!
//! What decides is what the component asks and what becomes of the documents, not its digest: another build of a connector
//! passes as long as it does the same.

use std::collections::BTreeSet;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_host::{Connector, Host};

use super::{Arguments, write};
use crate::command::Context;
use crate::command::replay::{Recorded, Replayed, replay};
use crate::connectors::Connectors;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::site::Installation;

/// Replays a recorded run with this component in it.
pub(super) async fn verify(
    component: &[u8],
    file: &Path,
    arguments: &Arguments,
    context: &Context,
) -> Result<Exit, Failure> {
    let shown = arguments.component.display().to_string();
    let recorded = Recorded::read(file)?;
    let connector = load(component).await.map_err(|failure| failure.at(&shown))?;
    let others = arguments.connectors.as_ref().unwrap_or(&recorded.about.connectors);
    let directory = beside(component, &connector.manifest().name, &recorded, others)?;
    let progress = context.output.progress("verify");
    progress.say("replaying the recorded run");
    let replayed = replay(&recorded, directory.path(), context).await?;
    drop(progress);
    let value = report(&connector, &recorded, &replayed);
    if let Some(path) = &arguments.report {
        write(path, &value)?;
    }
    context.output.result(&value, |page| show(page, &connector, &replayed));
    Ok(if replayed.is_same() { Exit::Fine } else { Exit::Attention })
}

async fn load(component: &[u8]) -> Result<Connector, Failure> {
    let host = Host::builder().build().map_err(Failure::from)?;
    host.load(component).await.map_err(Failure::from)
}

/// Makes a directory of all connectors of the run, with the component as each that it is the connector of.
fn beside(component: &[u8], name: &str, recorded: &Recorded, others: &Path) -> Result<TempDir, Failure> {
    let called = recorded.recording.connectors();
    if !called.values().any(|connector| connector == name) {
        let text = format!("nothing of connector `{name}` is in the recording; record a run of a flow that uses it");
        return Err(Failure::usage(text));
    }
    let directory = tempfile::tempdir().map_err(|error| no_room(&error))?;
    let to = Connectors::open(directory.path()).map_err(|error| no_room(&error))?;
    let installation = Installation::elsewhere(&recorded.about.installation, directory.path(), others);
    let entries = &installation.file.connections;
    let is_ours = |connection: &String| called.get(connection).is_some_and(|connector| connector == name);
    let ours: BTreeSet<&String> =
        entries.iter().filter(|(connection, _)| is_ours(connection)).map(|(_, entry)| &entry.connector).collect();
    for entry in entries.values() {
        let bytes = match ours.contains(&entry.connector) {
            true => component.to_vec(),
            false => other(others, &entry.connector)?,
        };
        to.write(&entry.connector, &bytes).map_err(|error| no_room(&error))?;
    }
    Ok(directory)
}

fn other(directory: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let shown = directory.display();
    let missing = |why: &str| {
        Failure::usage(format!(
            "connector `{name}` of the recorded run is not in `{shown}` ({why}); name its directory with `--connectors`"
        ))
    };
    let directory = Connectors::open(directory).map_err(|error| missing(&error.to_string()))?;
    directory.read(name).map_err(|unreadable| missing(&unreadable.message))
}

fn no_room(error: &std::io::Error) -> Failure {
    Failure::internal(format!("no temporary directory for the connectors: {error}"))
}

/// Returns the report, with a digest over all of it: a report that was changed shows.
fn report(connector: &Connector, recorded: &Recorded, replayed: &Replayed) -> Value {
    let manifest = connector.manifest();
    let mut report = json!({
        "connector": manifest.name,
        "version": manifest.version,
        "digest": connector.digest(),
        "contract": connector.inspection().contract.to_string(),
        "wharf": env!("CARGO_PKG_VERSION"),
        "recording": sha256(&recorded.text),
        "replay": replayed.json(),
        "signature": "",
    });
    let signature = sha256(&report.to_string());
    report["signature"] = json!(signature);
    report
}

fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn show(page: &mut Page, connector: &Connector, replayed: &Replayed) {
    let manifest = connector.manifest();
    page.styled(&format!("{} {}", manifest.name, manifest.version), Look::Strong);
    page.line(&format!("digest     sha256:{}", connector.digest()));
    page.gap();
    replayed.show(page);
}
