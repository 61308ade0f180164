//! `wharf install FILE`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use semver::Version;
use serde_json::{Value, json};
use wharf_host::{Connector, Host};

use super::Context;
use crate::approval::{Approved, Change, Entry, Signature, Want, added, wants};
use crate::connectors::Connectors;
use crate::elsewhere;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::site::Installation;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Component of the connector.
    #[arg(value_name = "COMPONENT")]
    component: PathBuf,
    /// Approve without a question; for scripts.
    #[arg(long)]
    approve: bool,
    /// Let a lower version take the place of a higher one.
    #[arg(long)]
    downgrade: bool,
    /// Detached signature. Default: the component's name with `.minisig` added, when there is such a file.
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Let a connector in that nobody signed, although trusted keys are configured.
    #[arg(long)]
    allow_not_signed: bool,
    /// Who approves.
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown", hide_env_values = true)]
    by: String,
}

/// A connector that is to be installed.
struct Candidate {
    bytes: Vec<u8>,
    connector: Connector,
    wants: Vec<Want>,
    signature: Signature,
}

impl Candidate {
    fn name(&self) -> &str {
        &self.connector.manifest().name
    }

    fn version(&self) -> &str {
        &self.connector.manifest().version
    }
}

/// Installs a connector.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let installation = Installation::settings(&context.file)?;
    let candidate = candidate(&arguments, &installation).await?;
    let approvals = installation.approvals();
    let shown = approvals.path().display().to_string();
    let lock = approvals.read().map_err(|reason| unreadable(&shown, &reason))?;
    let known = lock.approved(candidate.name());
    let more = added(&candidate.wants, known.map(|known| known.wants.as_slice()));
    let change = change(&arguments, known, &candidate, &more)?;
    let Some(change) = change else {
        // The file may be gone, or another one by now.
        put(&installation, &candidate)?;
        report(context, &candidate, None, &[]);
        return Ok(Exit::Fine);
    };
    let asks_for_no_more = known.is_some() && more.is_empty();
    if !arguments.approve && !asks_for_no_more {
        ask(context, &candidate, known, &more)?;
    }
    put(&installation, &candidate)?;
    let entry = entry(&arguments, change, &candidate, &more);
    let approved = Approved {
        name: candidate.name().to_owned(),
        version: candidate.version().to_owned(),
        digest: candidate.connector.digest().to_owned(),
        wants: candidate.wants.clone(),
    };
    let changed = approvals.change(|lock| {
        lock.approve(approved, entry);
        Ok(())
    });
    changed.map_err(|reason| unreadable(&shown, &reason))?;
    report(context, &candidate, Some(change), &more);
    Ok(Exit::Fine)
}

async fn candidate(arguments: &Arguments, installation: &Installation) -> Result<Candidate, Failure> {
    let shown = arguments.component.display().to_string();
    let bytes = read(&arguments.component, elsewhere::LARGEST_COMPONENT, "name a component")?;
    let signature = signature(arguments)?;
    let trusted = &installation.file.settings.trusted_keys;
    let signature = Signature::check(&bytes, signature.as_deref(), trusted);
    // Before anything of it runs, and before anything is compiled: what is no connector is refused by its bytes alone.
    refuse_unsigned(arguments, installation, &signature)?;
    let inspection = wharf_host::inspect::inspect(&bytes).map_err(|error| Failure::from(error).at(&shown))?;
    let host = Host::builder().cache(installation.path(&installation.file.settings.cache)).build()?;
    let connector = host.load(&bytes).await.map_err(|error| Failure::from(error).at(&shown))?;
    let wants = wants(&inspection, connector.manifest());
    Ok(Candidate { bytes, connector, wants, signature })
}

fn read(path: &Path, most: u64, fix: &str) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    elsewhere::read(path, most)
        .map_err(|error| Failure::usage(format!("`{shown}` cannot be read ({error}); {fix}")).at(shown.to_string()))
}

/// Returns the text of the signature that the command names, or that lies beside the component.
fn signature(arguments: &Arguments) -> Result<Option<String>, Failure> {
    let beside = || {
        let mut name = OsString::from(&arguments.component);
        name.push(".minisig");
        PathBuf::from(name)
    };
    let path = match &arguments.signature {
        Some(named) => named.clone(),
        None if beside().exists() => beside(),
        None => return Ok(None),
    };
    let bytes = read(&path, elsewhere::LARGEST_SIGNATURE, "name the signature file")?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn refuse_unsigned(arguments: &Arguments, installation: &Installation, signature: &Signature) -> Result<(), Failure> {
    let shown = arguments.component.display().to_string();
    let refused = |text: String| Err(Failure::new(Exit::Connector, "signature", text).at(&shown));
    match signature {
        Signature::Failed(reason) => {
            refused(format!("signature failed: {reason}; get the connector again from its publisher"))
        }
        Signature::NotSigned if !installation.file.settings.trusted_keys.is_empty() && !arguments.allow_not_signed => {
            refused(
                "not signed, and `trusted_keys` are configured; get its `.minisig` file, or let it in with \
                 --allow-not-signed"
                    .to_owned(),
            )
        }
        _ => Ok(()),
    }
}

/// Returns what installing changes; none when exactly this file is approved already, with all that it asks for.
fn change(
    arguments: &Arguments,
    known: Option<&Approved>,
    candidate: &Candidate,
    more: &[Want],
) -> Result<Option<Change>, Failure> {
    let Some(known) = known else { return Ok(Some(Change::Installed)) };
    if known.digest == candidate.connector.digest() && more.is_empty() {
        return Ok(None);
    }
    let version = |text: &str| Version::parse(text).ok();
    if version(candidate.version()) >= version(&known.version) {
        return Ok(Some(Change::Upgraded));
    }
    if arguments.downgrade {
        return Ok(Some(Change::Downgraded));
    }
    let text = format!(
        "`{}` is version {}, and version {} is installed; use a newer one, or add --downgrade",
        candidate.name(),
        candidate.version(),
        known.version
    );
    Err(Failure::new(Exit::Connector, "downgrade", text))
}

/// Shows what is to be approved, and asks.
fn ask(context: &Context, candidate: &Candidate, known: Option<&Approved>, more: &[Want]) -> Result<(), Failure> {
    let needed = |text: &str| {
        let listed: Vec<String> = more.iter().map(|want| format!("{} {want}", want.kind())).collect();
        let asked = if listed.is_empty() { "nothing".to_owned() } else { listed.join("; ") };
        let what = if known.is_some() { "asks for more than was approved" } else { "asks for approval" };
        let text = format!("`{}` {what}: {asked}{text}", candidate.name());
        Failure::new(Exit::Attention, "approval-needed", text)
    };
    if context.output.confirm(|page| show(page, candidate, known, more), "Approve this?") {
        return Ok(());
    }
    Err(needed("; look at it, and install it with --approve"))
}

fn show(page: &mut Page, candidate: &Candidate, known: Option<&Approved>, more: &[Want]) {
    let manifest = candidate.connector.manifest();
    let publisher = manifest.publisher.as_deref().unwrap_or("an unnamed publisher");
    page.styled(&format!("{} {} by {publisher}", manifest.name, manifest.version), Look::Strong);
    page.line(&manifest.summary);
    page.line(&format!("digest     sha256:{}", candidate.connector.digest()));
    page.line(&format!("signature  {}", candidate.signature));
    page.gap();
    let heading = match known {
        Some(known) => format!("It asks for more than version {}", known.version),
        None => "It asks for".to_owned(),
    };
    page.styled(&heading, Look::Strong);
    if more.is_empty() {
        page.line("nothing");
    }
    let rows: Vec<Vec<Value>> = more.iter().map(|want| vec![json!(want.kind()), json!(want.to_string())]).collect();
    page.table(&["", "what"], &rows);
}

/// Puts the file into the connectors directory, and makes that where it is missing.
fn put(installation: &Installation, candidate: &Candidate) -> Result<(), Failure> {
    let path = installation.path(&installation.file.settings.connectors);
    let shown = path.display().to_string();
    let written = std::fs::create_dir_all(&path)
        .and_then(|()| Connectors::open(&path))
        .and_then(|connectors| connectors.write(candidate.name(), &candidate.bytes));
    written.map_err(|error| {
        let text = format!("the connector cannot be written to `{shown}` ({error}); make it a directory to write to");
        Failure::new(Exit::Installation, "connectors-unwritable", text).at(&shown)
    })
}

fn entry(arguments: &Arguments, change: Change, candidate: &Candidate, more: &[Want]) -> Entry {
    let key = match &candidate.signature {
        Signature::Verified { key, .. } => Some(key.clone()),
        _ => None,
    };
    Entry {
        at: time::utc(time::now()),
        by: arguments.by.clone(),
        change,
        name: candidate.name().to_owned(),
        version: candidate.version().to_owned(),
        digest: candidate.connector.digest().to_owned(),
        signature: Some(candidate.signature.to_string()),
        key,
        added: more.iter().map(|want| format!("{} {want}", want.kind())).collect(),
    }
}

fn report(context: &Context, candidate: &Candidate, change: Option<Change>, more: &[Want]) {
    let word = change.map_or("already installed", Change::word);
    let (name, version) = (candidate.name(), candidate.version());
    let result = json!({
        "name": name,
        "version": version,
        "digest": candidate.connector.digest(),
        "change": change.map(Change::word),
        "signature": candidate.signature.to_string(),
        "added": more,
        "wants": candidate.wants,
    });
    context.output.result(&result, |page| {
        page.line(&format!("{name} {version}: {word} ({})", candidate.signature));
        page.line(&format!("sha256:{}", candidate.connector.digest()));
    });
}

pub(super) fn unreadable(path: &str, reason: &str) -> Failure {
    let text = format!(
        "the approvals in `{path}` cannot be read or written ({reason}); make the file and its directory writable, or \
         bring the file back"
    );
    Failure::new(Exit::Installation, "approvals-unreadable", text).at(path)
}
