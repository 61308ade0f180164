//! `wharf revoke NAME`.

use serde_json::json;

use super::Context;
use super::install::unreadable;
use crate::approval::{Change, Entry};
use crate::failure::{Exit, Failure};
use crate::installation::nearest;
use crate::site::Installation;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Connector.
    #[arg(value_name = "CONNECTOR")]
    connector: String,
    /// Who revokes.
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown", hide_env_values = true)]
    by: String,
}

/// Takes an approval back. The file stays where it is. A program that serves the connector ends within seconds; a run that
/// is under way ends by itself.
pub(crate) fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let installation = Installation::settings(&context.file)?;
    let approvals = installation.approvals();
    let shown = approvals.path().display().to_string();
    let lock = approvals.read().map_err(|reason| unreadable(&shown, &reason))?;
    let name = &arguments.connector;
    let Some(approved) = lock.approved(name) else {
        let known = lock.connectors.iter().map(|approved| approved.name.as_str());
        let fix = match lock.connectors.is_empty() {
            true => "nothing is, see `wharf audit`".to_owned(),
            false => nearest::fix(name, known),
        };
        let text = format!("no connector `{name}` is approved; {fix}");
        return Err(Failure::usage(text));
    };
    let entry = Entry {
        at: time::utc(time::now()),
        by: arguments.by,
        change: Change::Revoked,
        name: approved.name.clone(),
        version: approved.version.clone(),
        digest: approved.digest.clone(),
        signature: None,
        key: None,
        added: Vec::new(),
    };
    let result = json!({ "name": entry.name, "version": entry.version, "digest": entry.digest, "change": "revoked" });
    let line = format!(
        "{} {}: revoked; it does not run again until it is installed, and programs that serve it end",
        entry.name, entry.version
    );
    let changed = approvals.change(|lock| {
        lock.revoke(entry);
        Ok(())
    });
    changed.map_err(|reason| unreadable(&shown, &reason))?;
    context.output.result(&result, |page| page.line(&line));
    Ok(Exit::Fine)
}
