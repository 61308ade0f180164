//! `wharf why CONNECTION/ENTITY/ID`.

use std::str::FromStr;

use serde_json::json;
use wharf_flow::FlowSpec;
use wharf_flow::{EffectStory, Explanation, FlowStatus, IntentState, ItemState, Presence, Story};
use wharf_host::model::Instant;

use super::Context;
use crate::failure::{Exit, Failure};
use crate::installation::File;
use crate::output::{Look, Page};
use crate::site::Site;
use crate::{site, time};

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The document: connection that it comes from, entity, id.
    #[arg(value_name = "CONNECTION/ENTITY/ID")]
    document: Address,
    /// Ask nobody: do not read a document that a flow has not seen from its source.
    #[arg(long)]
    offline: bool,
}

/// Address of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Connection that it comes from.
    pub(crate) connection: String,
    /// Entity.
    pub(crate) entity: String,
    /// Id there; may have slashes in it.
    pub(crate) id: String,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
        match (part(), part(), part()) {
            (Some(connection), Some(entity), Some(id)) => Ok(Self { connection, entity, id }),
            _ => Err("write CONNECTION/ENTITY/ID, such as shop/order/12345".to_owned()),
        }
    }
}

impl Address {
    /// Takes it apart: connection, entity, id.
    pub(crate) fn into_parts(self) -> (String, String, String) {
        (self.connection, self.entity, self.id)
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.connection, self.entity, self.id)
    }
}

/// Tells the way of a document.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let address = arguments.document;
    let (installation, ledger) = site::ledger(&context.file)?;
    installation.connection(&address.connection)?;
    let stories = ledger.why(&address.connection, &address.entity, &address.id)?;
    let told: Vec<&str> = stories.iter().map(|story| story.flow.as_str()).collect();
    let status = ledger.status()?;
    let mut unseen = unseen(&installation.file, &address, &told, &status.flows);
    if !arguments.offline && !unseen.is_empty() {
        explain(&mut unseen, &address, context).await;
    }
    let json = json!({
        "document": { "connection": address.connection, "entity": address.entity, "id": address.id },
        "stories": stories,
        "not_seen_by": unseen,
    });
    context.output.result(&json, |page| show(page, &address, &stories, &unseen));
    let waits = stories.is_empty() || stories.iter().any(|story| story.state == ItemState::Parked);
    Ok(if waits { Exit::Attention } else { Exit::Fine })
}

/// A flow that reads the connection and has not seen the document, and what may be why.
#[derive(Debug, serde::Serialize)]
struct Unseen {
    flow: String,
    feed: String,
    presence: Presence,
    reasons: Vec<String>,
}

/// Reads the document from its source, and finds out what keeps it out. That it cannot be read is said in place of it.
async fn explain(unseen: &mut [Unseen], address: &Address, context: &Context) {
    let explained = explanations(unseen, address, context).await;
    for (place, flow) in unseen.iter_mut().enumerate() {
        match &explained {
            Ok(explanations) => {
                if let Some(explanation) = explanations.get(place) {
                    flow.presence = explanation.presence;
                    flow.reasons.clone_from(&explanation.reasons);
                }
            }
            Err(failure) => flow.reasons.insert(0, format!("the source could not be asked: {}", failure.placed())),
        }
    }
}

async fn explanations(unseen: &[Unseen], address: &Address, context: &Context) -> Result<Vec<Explanation>, Failure> {
    let (site, ledger) = Site::with_state(&context.file).await?;
    let mut explanations = Vec::new();
    for Unseen { flow, .. } in unseen {
        let runners = site.planners(&[site.installation.flow(flow)?], &ledger)?;
        for runner in &runners {
            explanations.push(runner.explain(&address.entity, &address.id).await?);
        }
    }
    Ok(explanations)
}

fn unseen(file: &File, address: &Address, told: &[&str], statuses: &[FlowStatus]) -> Vec<Unseen> {
    let reading = file.flows.values().filter(|flow| flow.source.connection == address.connection);
    let silent = reading.filter(|flow| !told.contains(&flow.name.as_str()));
    silent
        .map(|flow| Unseen {
            flow: flow.name.clone(),
            feed: flow.source.feed.clone(),
            presence: Presence::Unknown,
            reasons: reasons(flow, statuses.iter().find(|status| status.flow == flow.name)),
        })
        .collect()
}

fn reasons(flow: &FlowSpec, status: Option<&FlowStatus>) -> Vec<String> {
    let mut reasons = Vec::new();
    match status.map(|status| (status.started, status.caught_up)) {
        None | Some((None, _)) => reasons.push("the flow never ran; run it".to_owned()),
        Some((_, None)) => reasons.push("the flow never read its feed to the end; run it".to_owned()),
        Some((_, Some(at))) => {
            reasons.push(format!(
                "the feed was last read to its end {}; what changed later comes with the next run",
                time::utc(at)
            ));
        }
    }
    if !flow.source.filter.is_empty() {
        let filters: Vec<_> = flow.source.filter.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        reasons.push(format!("the feed is asked for {} only", filters.join(", ")));
    }
    if let Some(since) = flow.source.since {
        reasons.push(format!("the feed is asked for what is not older than {}", time::utc(since)));
    }
    reasons
}

fn show(page: &mut Page, address: &Address, stories: &[Story], unseen: &[Unseen]) {
    for story in stories {
        page.gap();
        show_story(page, story);
    }
    if stories.is_empty() {
        page.styled(&format!("no flow has seen {address}"), Look::Bad);
    }
    for flow in unseen {
        page.gap();
        page.line(&format!("{} reads feed {} and has not seen it:", flow.flow, flow.feed));
        for reason in &flow.reasons {
            page.line(&format!("  {reason}"));
        }
    }
    if stories.is_empty() && unseen.is_empty() {
        page.line(&format!("no flow reads connection {}; add a [flow.NAME] with it in `from`", address.connection));
    }
}

fn show_story(page: &mut Page, story: &Story) {
    let look = match story.state {
        ItemState::Done => Look::Good,
        ItemState::Parked => Look::Bad,
        ItemState::Filtered => Look::Faint,
        _ => Look::Doubtful,
    };
    let under = story.under.as_ref().map(|under| format!(" ({under})")).unwrap_or_default();
    let what = format!("{} {}/{}/{}", story.flow, story.connection, story.entity, story.id);
    page.labelled(&what, look, &format!("{}{under}", story.state));
    if let Some(message) = &story.message {
        page.line(&format!("  {message}"));
    }
    if let Some(due) = story.due {
        page.line(&format!("  tried again {}", time::utc(due)));
    }
    let events = story.events.iter().map(|event| row(event.at, &event.what, &event.detail));
    page.looking_table(&["when", "what", ""], events.collect());
    story.effects.iter().for_each(|effect| show_effect(page, effect));
}

fn row(at: Instant, what: &str, detail: &str) -> Vec<(String, Look)> {
    vec![(time::utc(at), Look::Faint), (what.to_owned(), Look::Plain), (detail.to_owned(), Look::Plain)]
}

fn show_effect(page: &mut Page, effect: &EffectStory) {
    let look = match effect.state {
        IntentState::Applied => Look::Good,
        IntentState::Parked => Look::Bad,
        _ => Look::Doubtful,
    };
    let id = effect.id.as_ref().map(|id| format!(" as {id}")).unwrap_or_default();
    let number = effect.number.as_ref().map(|number| format!(", number {number}")).unwrap_or_default();
    let when = effect.settled.map(|at| format!(", {}", time::utc(at))).unwrap_or_default();
    let what = format!("{} {} {} in {}", effect.kind, effect.action.word(), effect.entity, effect.connection);
    page.labelled(&format!("  {what}"), look, &format!("{}{id}{number}{when}", effect.state));
    page.styled(&format!("    intent {}, correlation {}", effect.intent, effect.correlation), Look::Faint);
    for request in &effect.requests {
        page.line(&format!("    {request}"));
    }
    if let Some((code, sentence)) = &effect.failure {
        page.line(&format!("    failed {} time(s), last {code}: {sentence}", effect.attempts));
    }
    if let Some(conflict) = &effect.conflict {
        page.line(&format!("    to be written: {}", conflict.ours));
        let theirs = conflict.theirs.as_deref().unwrap_or("(its connector cannot read it)");
        page.line(&format!("    there as {}: {theirs}", conflict.existing_id));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn address_has_three_parts_and_the_last_may_have_slashes() {
        let address: Address = "shop/order/FV/1/2026".parse().unwrap();
        assert_eq!((address.entity.as_str(), address.id.as_str()), ("order", "FV/1/2026"));
        for text in ["shop", "shop/order", "shop/order/", "/order/1", ""] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
