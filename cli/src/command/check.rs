//! `wharf check [CONNECTION]`.

mod reach;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wharf_flow::Table;
use wharf_host::model::{Step, StepState};
use wharf_host::secret::SecretRef;
use wharf_host::{Connection, Error};

use super::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::secrets::InstallationSecrets;
use crate::site::Site;

/// Entries of a reference list that are read at most; the longest known ones have some thousands.
const LONGEST_LIST: usize = 100_000;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Connection to try; all when none is named.
    #[arg(value_name = "CONNECTION")]
    connection: Option<String>,
}

/// What was tried on one connection.
struct Checked {
    connection: String,
    steps: Vec<Step>,
}

/// Tries connections step by step.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let site = Site::without_state(&context.file).await?;
    let all = || site.installation.file.connections.keys().cloned().collect();
    let names: Vec<String> = arguments.connection.map_or_else(all, |name| vec![name]);
    let mut checked = Vec::new();
    for name in names {
        let progress = context.output.progress(&name);
        progress.say("trying");
        checked.push(Checked { steps: steps(&site, &name).await?, connection: name });
    }
    let json: Vec<Value> =
        checked.iter().map(|one| json!({ "connection": one.connection, "steps": one.steps })).collect();
    context.output.result(&json!({ "connections": json }), |page| checked.iter().for_each(|one| show(page, one)));
    let failed = checked.iter().flat_map(|one| &one.steps).any(|step| step.state == StepState::Failed);
    Ok(if failed { Exit::Attention } else { Exit::Fine })
}

async fn steps(site: &Site, name: &str) -> Result<Vec<Step>, Failure> {
    let mut steps = credentials(site, name)?;
    let usable = steps.iter().all(|step| step.state != StepState::Failed);
    let connection = site.connection(name)?;
    if !usable {
        steps.push(skipped("the connector's own steps", "a credential cannot be had"));
        return Ok(steps);
    }
    match connection.check().await {
        Ok(answer) => {
            // Names first, then the way to what they name, then what the connector tried.
            let names = answer.value.iter().take_while(|step| step.name == "resolve name").count();
            let mut value = answer.value;
            let theirs = value.split_off(names);
            steps.extend(
                value
                    .into_iter()
                    .chain(reach::answers(&answer.trace))
                    .chain(reach::clocks(&answer.trace))
                    .chain(theirs),
            );
        }
        Err(error) => steps.push(of_error("the connector's own steps", &error)),
    }
    let tables = &site.installation.file.tables;
    for (table_name, table) in tables.iter().filter(|(_, table)| table.connection.as_deref() == Some(name)) {
        steps.push(points_somewhere(connection, table_name, table).await);
    }
    Ok(steps)
}

/// Tries to read every secret of a connection; the values go nowhere.
fn credentials(site: &Site, connection: &str) -> Result<Vec<Step>, Failure> {
    let entry = site.installation.connection(connection)?;
    let secrets: &InstallationSecrets = site.secrets();
    let parts = entry.credentials.iter().flat_map(|(slot, parts)| parts.keys().map(move |part| (slot, part)));
    Ok(parts
        .map(|(slot, part)| {
            let name = format!("credential {slot}.{part}");
            match secrets.read(SecretRef { connection, slot, part }) {
                Ok(_) => step(name, StepState::Ok, "can be read".to_owned(), None),
                Err(error) => {
                    let (message, fix) = crate::failure::split_fix(&error.0);
                    failed(&name, message, fix)
                }
            }
        })
        .collect())
}

/// Checks that what a lookup table gives is in the reference list that it points at.
async fn points_somewhere(connection: &Connection, name: &str, table: &Table) -> Step {
    let list = table.reference_list.as_deref().unwrap_or_default();
    let step_name = format!("table {name}");
    let known = match references(connection, list).await {
        Ok(known) => known,
        Err(error) => return of_error(&step_name, &error),
    };
    let results = table.entries.values().chain(&table.default);
    let lost: BTreeSet<&str> = results.map(String::as_str).filter(|result| !known.contains(*result)).collect();
    if lost.is_empty() {
        return step(step_name, StepState::Ok, format!("all {} entries are in `{list}`", table.entries.len()), None);
    }
    let lost: Vec<String> = lost.iter().map(|result| format!("`{result}`")).collect();
    let offered: Vec<&str> = known.iter().take(20).map(String::as_str).collect();
    let hint = format!("correct [table.{name}]; `{list}` has {}", offered.join(", "));
    failed(&step_name, format!("{} not in `{list}`", lost.join(", ")), Some(hint))
}

/// Returns the ids and codes of a reference list.
async fn references(connection: &Connection, list: &str) -> Result<BTreeSet<String>, Error> {
    let mut known = BTreeSet::new();
    let mut after: Option<String> = None;
    loop {
        let page = connection.reference_page(list, after.as_deref()).await?.value;
        known.extend(page.references.into_iter().flat_map(|entry| std::iter::once(entry.id).chain(entry.code)));
        if page.next.is_none() || page.next == after || known.len() > LONGEST_LIST {
            return Ok(known);
        }
        after = page.next;
    }
}

fn of_error(name: &str, error: &Error) -> Step {
    if error.code() == "unsupported" {
        return skipped(name, "the connector has none");
    }
    let (message, fix) = crate::failure::split_fix(&error.to_string());
    failed(name, format!("{}: {message}", error.code()), fix)
}

fn failed(name: &str, detail: String, hint: Option<String>) -> Step {
    step(name.to_owned(), StepState::Failed, detail, hint)
}

fn skipped(name: &str, detail: &str) -> Step {
    step(name.to_owned(), StepState::Skipped, detail.to_owned(), None)
}

fn step(name: String, state: StepState, detail: String, hint: Option<String>) -> Step {
    Step { name, state, detail, hint }
}

fn show(page: &mut Page, checked: &Checked) {
    page.gap();
    page.styled(&checked.connection, Look::Strong);
    let rows = checked.steps.iter().map(|step| {
        let (word, look) = match step.state {
            StepState::Ok => ("ok", Look::Good),
            StepState::Warning => ("look", Look::Doubtful),
            StepState::Failed => ("failed", Look::Bad),
            StepState::Skipped => ("skipped", Look::Faint),
        };
        let hint = step.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        let cell = |text: &str| (text.to_owned(), Look::Plain);
        vec![cell(&step.name), (word.to_owned(), look), cell(&format!("{}{hint}", step.detail))]
    });
    page.looking_table(&["step", "state", "seen"], rows.collect());
}
