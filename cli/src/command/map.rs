//! `wharf map [--write]`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::json;
use wharf_flow::{Readiness, Table};
use wharf_host::model::Reference;

use super::Context;
use super::ready::{self, Sample};
use crate::failure::{Exit, Failure};
use crate::installation;
use crate::installation::edit::{NewEntry, with_entries};
use crate::output::{Look, Page};
use crate::proposal::{Proposal, propose};
use crate::reference::ReferenceLists;
use crate::site::Site;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write what is proposed into the installation file. Comments and everything else in it stay.
    #[arg(long)]
    write: bool,
    /// Read reference lists again, also those that were read within the last hour.
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    sample: Sample,
}

/// A value of documents that a lookup table does not have, and what it may mean.
#[derive(Debug, Serialize)]
struct Gap {
    /// The lookup table; none where a connector has the mapping in its configuration.
    table: Option<String>,
    /// What it is filed under: the reference list, or the table.
    list: String,
    /// The value.
    value: String,
    /// Documents that have it.
    documents: u64,
    /// The entry that is proposed.
    proposed: Option<Proposed>,
    /// What it may mean, where nothing is proposed.
    nearest: Vec<Choice>,
}

#[derive(Debug, Serialize)]
struct Proposed {
    #[serde(flatten)]
    choice: Choice,
    /// `value`, `code` or `name`.
    by: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct Choice {
    id: String,
    label: String,
}

impl From<&Reference> for Choice {
    fn from(reference: &Reference) -> Self {
        Self { id: reference.id.clone(), label: reference.label.clone() }
    }
}

/// Proposes entries for lookup tables, and writes them where that is wanted.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (site, ledger) = Site::with_state(&context.file).await?;
    let flows = site.installation.flows(&[])?;
    let runners = site.planners(&flows, &ledger)?;
    let reports = ready::look(&runners, arguments.sample, context).await?;
    let mut missing = counted(&reports);
    for group in ledger.parked()?.into_iter().filter(|group| group.cause == "mapping-missing") {
        // What waits may be older than the sample.
        missing.entry((group.place, group.key)).or_insert(group.items);
    }
    let lists = ReferenceLists::new(&site.installation.path(&site.installation.file.settings.cache), arguments.fresh);
    let gaps = gaps(&site, &lists, missing).await?;
    let new: Vec<NewEntry> = gaps.iter().filter_map(entry).collect();
    let written = arguments.write && !new.is_empty();
    if written {
        write(&context.file, &new)?;
    }
    context.output.result(&json!({ "gaps": gaps, "written": if written { new.len() } else { 0 } }), |page| {
        show(page, &gaps, written);
    });
    let open = gaps.iter().filter(|gap| !written || gap.proposed.is_none()).count();
    Ok(if open > 0 { Exit::Attention } else { Exit::Fine })
}

/// Returns how many documents have which value without a mapping, over all flows.
fn counted(reports: &[Readiness]) -> BTreeMap<(String, String), u64> {
    let mut missing = BTreeMap::new();
    for gap in reports.iter().flat_map(|report| &report.missing) {
        *missing.entry((gap.table.clone(), gap.value.clone())).or_default() += gap.items;
    }
    missing
}

async fn gaps(
    site: &Site,
    lists: &ReferenceLists,
    missing: BTreeMap<(String, String), u64>,
) -> Result<Vec<Gap>, Failure> {
    let tables = &site.installation.file.tables;
    let mut gaps = Vec::new();
    for ((list, value), documents) in missing {
        let filed = |(name, table): &(&String, &Table)| {
            table.reference_list.as_ref().unwrap_or(name) == &list && !table.entries.contains_key(&value)
        };
        let concerned: Vec<(&String, &Table)> = tables.iter().filter(filed).collect();
        if concerned.is_empty() {
            gaps.push(Gap { table: None, list, value, documents, proposed: None, nearest: Vec::new() });
            continue;
        }
        for (name, table) in concerned {
            let mut gap = Gap {
                table: Some(name.clone()),
                list: list.clone(),
                value: value.clone(),
                documents,
                proposed: None,
                nearest: Vec::new(),
            };
            if let (Some(connection), Some(list)) = (&table.connection, &table.reference_list) {
                let known = lists.get(site.connection(connection)?, list).await?;
                match propose(&value, &known, time::now()) {
                    Proposal::Means(one, by) => gap.proposed = Some(Proposed { choice: one.into(), by: by.word() }),
                    Proposal::Unclear(near) => gap.nearest = near.into_iter().map(Choice::from).collect(),
                }
            }
            gaps.push(gap);
        }
    }
    Ok(gaps)
}

fn entry(gap: &Gap) -> Option<NewEntry> {
    let (table, proposed) = (gap.table.as_ref()?, gap.proposed.as_ref()?);
    Some(NewEntry { table: table.clone(), key: gap.value.clone(), result: proposed.choice.id.clone() })
}

/// Replaces the file as a whole, so that who reads it meanwhile has the old one or the new one.
fn write(file: &Path, new: &[NewEntry]) -> Result<(), Failure> {
    let shown = file.display();
    let failed = |error: io::Error| {
        let message = format!("`{shown}` cannot be written ({error}); make it writable, or add the entries by hand");
        Failure::new(Exit::Installation, "file-unwritable", message)
    };
    // Through links, so that they stay.
    let path = file.canonicalize().map_err(failed)?;
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    let edited = with_entries(&text, new)
        .map_err(|message| Failure::new(Exit::Installation, "file-unwritable", message).at(shown.to_string()))?;
    if !installation::parse(&edited).1.is_empty() {
        return Err(Failure::internal(format!("`{shown}` would have mistakes after this; add the entries by hand")));
    }
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut scratch = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
    scratch.write_all(edited.as_bytes()).map_err(failed)?;
    let permissions = std::fs::metadata(&path).map_err(failed)?.permissions();
    scratch.as_file().set_permissions(permissions).map_err(failed)?;
    scratch.as_file().sync_all().map_err(failed)?;
    scratch.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn show(page: &mut Page, gaps: &[Gap], written: bool) {
    if gaps.is_empty() {
        page.styled("every value of the documents that were looked at has a mapping", Look::Good);
        return;
    }
    let rows = gaps.iter().map(|gap| {
        let cell = |text: &str| (text.to_owned(), Look::Plain);
        let means = match &gap.proposed {
            Some(found) => (format!("{} ({})", found.choice.id, found.choice.label), Look::Good),
            None => (unclear(gap), Look::Doubtful),
        };
        let by = gap.proposed.as_ref().map_or("-", |found| found.by);
        let table = gap.table.as_deref().unwrap_or(&gap.list);
        vec![cell(table), cell(&gap.value), cell(&gap.documents.to_string()), means, cell(by)]
    });
    page.looking_table(&["table", "value", "documents", "means", "by"], rows.collect());
    page.gap();
    let proposed = gaps.iter().filter(|gap| gap.proposed.is_some()).count();
    match (written, proposed) {
        (true, count) => {
            page.line(&format!("{count} entries were written; documents that wait for them go on by themselves"))
        }
        (false, 0) => page.line("nothing is proposed; add the entries to the tables by hand"),
        (false, count) => page.line(&format!("{count} entries are proposed; `wharf map --write` adds them")),
    }
    let elsewhere: BTreeSet<&str> =
        gaps.iter().filter(|gap| gap.table.is_none()).map(|gap| gap.list.as_str()).collect();
    if !elsewhere.is_empty() {
        let lists = elsewhere.into_iter().collect::<Vec<_>>().join(", ");
        page.line(&format!(
            "no [table] is filed under {lists}: the connector maps these by its configuration, see `wharf inspect`"
        ));
    }
}

fn unclear(gap: &Gap) -> String {
    let near: Vec<String> = gap.nearest.iter().map(|near| format!("{} ({})?", near.id, near.label)).collect();
    if near.is_empty() { "nothing like it".to_owned() } else { near.join(" ") }
}
