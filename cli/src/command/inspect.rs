//! `wharf inspect FILE`.

use std::path::PathBuf;

use serde_json::{Value, json};
use wharf_host::Host;
use wharf_host::inspect::Inspection;
use wharf_host::manifest::{Action, Feed, Manifest, Origin, RecordAccess, Write};

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
}

/// Shows a connector.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let shown = arguments.component.display().to_string();
    let bytes = elsewhere::read(&arguments.component, elsewhere::LARGEST_COMPONENT)
        .map_err(|error| Failure::usage(format!("`{shown}` cannot be read ({error}); name a component")).at(&shown))?;
    // Before anything is compiled: what is no connector is refused by its bytes alone.
    let inspection = wharf_host::inspect::inspect(&bytes).map_err(|error| Failure::from(error).at(&shown))?;
    let host = Host::builder().build()?;
    let connector = host.load(&bytes).await.map_err(|error| Failure::from(error).at(&shown))?;
    let manifest = connector.manifest();
    context.output.result(&as_json(&inspection, manifest), |page| show(page, &inspection, manifest));
    Ok(Exit::Fine)
}

fn as_json(inspection: &Inspection, manifest: &Manifest) -> Value {
    json!({
        "digest": inspection.digest,
        "size_bytes": inspection.size_bytes,
        "contract": inspection.contract.to_string(),
        "interfaces": inspection.interfaces().collect::<Vec<_>>(),
        "wasi": inspection.wasi().collect::<Vec<_>>(),
        "may_duplicate": may_duplicate(manifest),
        "manifest": manifest,
    })
}

/// Returns the entities whose creates may double a document, because the remote cannot be asked afterwards.
fn may_duplicate(manifest: &Manifest) -> Vec<&str> {
    let blind = manifest.writes.iter().filter(|write| doubles(write));
    blind.map(|write| write.entity.as_str()).collect()
}

fn doubles(write: &Write) -> bool {
    !write.verifiable && write.actions.contains(&Action::Create)
}

fn show(page: &mut Page, inspection: &Inspection, manifest: &Manifest) {
    let publisher = manifest.publisher.as_deref().unwrap_or("an unnamed publisher");
    page.styled(&format!("{} {} by {publisher}", manifest.name, manifest.version), Look::Strong);
    page.line(&manifest.summary);
    page.gap();
    page.line(&format!("digest    sha256:{}", inspection.digest));
    page.line(&format!("size      {} bytes", inspection.size_bytes));
    page.line(&format!("contract  {}", inspection.contract));
    show_abilities(page, inspection, manifest);
    show_requests(page, inspection, manifest);
    show_config(page, manifest);
}

fn show_abilities(page: &mut Page, inspection: &Inspection, manifest: &Manifest) {
    page.gap();
    page.styled("It can", Look::Strong);
    let feeds = manifest.feeds.iter().map(feed);
    let records = manifest.records.iter().map(record);
    let writes = manifest.writes.iter().map(write);
    let lists = manifest.reference_lists.iter();
    let lists = lists.map(|list| ability("list", &list.name, &list.label));
    let served = manifest.serves.iter().map(|path| ability("answer", &path.path, &path.method));
    let topics = manifest.webhooks.iter().flat_map(|webhooks| &webhooks.topics);
    let topics = topics.map(|topic| ability("be told of", topic, "webhook"));
    let rows: Vec<_> = feeds.chain(records).chain(writes).chain(lists).chain(served).chain(topics).collect();
    page.looking_table(&["", "what", "how"], rows);
    let interfaces: Vec<_> = inspection.interfaces().collect();
    page.line(&format!("Interfaces: {}", interfaces.join(", ")));
}

type Row = Vec<(String, Look)>;

fn ability(verb: &str, what: &str, how: &str) -> Row {
    [verb, what, how].into_iter().map(|text| (text.to_owned(), Look::Plain)).collect()
}

fn feed(feed: &Feed) -> Row {
    let filters: Vec<&str> = feed.filters.iter().map(|filter| filter.name.as_str()).collect();
    let filters = if filters.is_empty() { String::new() } else { format!(" Filters: {}.", filters.join(", ")) };
    let window = if feed.windows { " By time." } else { "" };
    let counts = if feed.countable { " Can be counted." } else { "" };
    ability("read", &format!("{} ({})", feed.name, feed.entity), &format!("{}{filters}{window}{counts}", feed.summary))
}

fn record(record: &RecordAccess) -> Row {
    let by_id = record.get.then_some("id");
    let lookups = record.lookup_keys.iter().map(String::as_str).filter(|key| Some(*key) != by_id);
    let keys: Vec<&str> = by_id.into_iter().chain(lookups).collect();
    ability("look up", &record.entity, &format!("by {}", keys.join(", ")))
}

fn write(write: &Write) -> Row {
    let actions: Vec<&str> = write.actions.iter().map(|action| action.word()).collect();
    let look = if doubles(write) { Look::Bad } else { Look::Plain };
    let warning =
        if doubles(write) { "; MAY DUPLICATE: the remote cannot be asked if a create took effect" } else { "" };
    let mut row = ability("write", &write.entity, "");
    if let Some(how) = row.last_mut() {
        *how = (format!("{}{warning}", actions.join(", ")), look);
    }
    row
}

fn show_requests(page: &mut Page, inspection: &Inspection, manifest: &Manifest) {
    page.gap();
    page.styled("It asks for", Look::Strong);
    let hosts = manifest.hosts.iter().map(|host| {
        let methods = if host.methods.is_empty() { "any method".to_owned() } else { host.methods.join(", ") };
        ability("host", &origin(&host.origin), &methods)
    });
    let slots = manifest.credentials.iter().map(|slot| {
        let audience: Vec<_> = slot.audience.iter().map(origin).collect();
        let optional = if slot.optional { ", optional" } else { "" };
        let to = if audience.is_empty() { String::new() } else { format!(", sent to {}", audience.join(", ")) };
        let how = format!("parts {}{to}{optional}. {}", slot.scheme.parts().join(", "), slot.hint);
        ability("credential", &slot.name, how.trim_end())
    });
    let budgets = manifest
        .budgets
        .iter()
        .map(|budget| ability("budget", &budget.name, &format!("{} calls in {} s", budget.calls, budget.seconds)));
    let files = manifest.files.iter().map(|files| ability("files", &files.access.to_string(), &files.summary));
    let given = match manifest.files {
        Some(_) => "given without environment and sockets; files are those of the directory that a connection grants",
        None => "given empty: no files, no environment, no sockets",
    };
    let wasi = inspection.wasi().map(|name| ability("WASI", name, given));
    let rows: Vec<_> = hosts.chain(slots).chain(budgets).chain(files).chain(wasi).collect();
    if rows.is_empty() {
        page.line("nothing");
    }
    page.looking_table(&["", "what", "how"], rows);
}

/// Shows what the configuration may have, as far as its schema lists it.
fn show_config(page: &mut Page, manifest: &Manifest) {
    let schema = &manifest.config.schema;
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required = schema.get("required").and_then(Value::as_array);
    let rows = properties.iter().map(|(name, property)| {
        let needed = required.is_some_and(|required| required.iter().any(|one| one == name));
        let default = property.get("default").filter(|default| !default.is_null());
        let about = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let default = default.map(|default| format!(" Default: {default}.")).unwrap_or_default();
        ability(name, if needed { "required" } else { "" }, &format!("{about}{default}"))
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        page.gap();
        page.styled("Its configuration", Look::Strong);
        page.looking_table(&["key", "", "what"], rows);
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Fixed(origin) => origin.clone(),
        Origin::FromConfig { config } => format!("origin of config.{config}"),
    }
}
