//! `wharf parked`.

use serde_json::json;
use wharf_flow::{Hold, HoldScope, ParkedGroup};
use wharf_host::model::Instant;

use super::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::site;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only of this flow.
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
}

/// Lists what waits.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (installation, ledger) = site::ledger(&context.file)?;
    if let Some(flow) = &arguments.flow {
        installation.flow(flow)?;
    }
    let mut groups = ledger.parked()?;
    groups.retain(|group| arguments.flow.as_ref().is_none_or(|flow| *flow == group.flow));
    let holds = ledger.status()?.holds;
    let now = time::now();
    let releases: Vec<String> = groups.iter().map(release).collect();
    let listed = groups.iter().zip(&releases).map(|(group, release)| {
        let mut value = json!(group);
        value["release"] = json!(release);
        value
    });
    let json = json!({ "parked": listed.collect::<Vec<_>>(), "holds": holds });
    context.output.result(&json, |page| show(page, &groups, &holds, now));
    Ok(if groups.is_empty() && holds.is_empty() { Exit::Fine } else { Exit::Attention })
}

fn show(page: &mut Page, groups: &[ParkedGroup], holds: &[Hold], now: Instant) {
    if groups.is_empty() {
        page.styled("nothing is parked", Look::Good);
    }
    for group in groups {
        page.gap();
        page.styled(&headline(group, now), Look::Strong);
        // What a missing mapping says is the headline and what releases it.
        if group.cause != "mapping-missing" {
            page.line(&format!("  {}", group.message));
        }
        let samples: Vec<String> = group.samples.iter().map(|(entity, id)| format!("{entity}/{id}")).collect();
        page.styled(&format!("  e.g. {}", samples.join(", ")), Look::Faint);
        page.line(&format!("  to release: {}", release(group)));
    }
    show_holds(page, holds, now);
}

fn headline(group: &ParkedGroup, now: Instant) -> String {
    let about = match (group.place.as_str(), group.key.as_str()) {
        ("", "") => String::new(),
        ("", key) => format!(" {key}"),
        (place, "") => format!(" {place}"),
        (place, key) => format!(" {place} `{key}`"),
    };
    let items = if group.items == 1 { "1 item waits".to_owned() } else { format!("{} items wait", group.items) };
    format!("{}: {}{about}: {items}, oldest {}", group.flow, group.cause, time::age(now, group.oldest))
}

/// Adds what stops work now.
pub(super) fn show_holds(page: &mut Page, holds: &[Hold], now: Instant) {
    if holds.is_empty() {
        return;
    }
    page.gap();
    for hold in holds {
        let what = match &hold.scope {
            HoldScope::Flow(_) | HoldScope::Credential(_) => format!("{} is paused", hold.scope),
            HoldScope::Connection(connection) => format!("connection {connection} is paused"),
            HoldScope::Feed(flow) => format!("reading of flow {flow} is stopped"),
            HoldScope::Writes(connection, entity, action) => {
                format!("writes of {entity} ({}) to {connection} are held", action.word())
            }
        };
        let until = hold.until.map(|until| format!(", until {}", time::utc(until))).unwrap_or_default();
        let since = time::age(now, hold.since);
        let by = hold.who.as_ref().map(|who| format!(", by {who}")).unwrap_or_default();
        page.labelled(&what, Look::Bad, &format!("{} (for {since}{until}{by}): {}", hold.cause, hold.message));
    }
}

/// Says what lets the items of a group go on.
fn release(group: &ParkedGroup) -> String {
    let again = format!("wharf release --cause {}", group.cause);
    match group.cause.as_str() {
        "mapping-missing" => {
            format!("give `{}` an entry in table `{}`; the next run goes on by itself", group.key, group.place)
        }
        "invalid-record" => {
            format!("correct the document at its source, or the mapping; both go on by themselves, else `{again}`")
        }
        "outcome-unknown" => {
            format!(
                "look in the target system, then `wharf resolve DOCUMENT --i-have-checked absent`, or with its id; `{again}` asks once more"
            )
        }
        "dependency-missing" => {
            format!(
                "create {} `{}` in the target, or add a [[flow.{}.dependency]]; then `{again}`",
                group.place, group.key, group.flow
            )
        }
        "conflict" => format!("settle it in the target system; then `{again}`"),
        "precondition" => {
            format!("change the state in the target system; it is tried again by itself, or at once by `{again}`")
        }
        "auth-expired" | "auth-revoked" => {
            format!("replace the secret; what was paused goes on by itself, else `{again}`")
        }
        "forbidden" => format!("grant the permission in the remote system; then `{again}`"),
        "egress-denied" => format!("approve it under [connection.NAME.grant]; then `{again}`"),
        "too-large" => format!("shorten the document at its source, or by the mapping; then `{again}`"),
        "internal" | "contract-changed" | "memory-exceeded" => format!("install a corrected connector; then `{again}`"),
        _ => format!("remove the cause; then `{again}`"),
    }
}
