//! Why a document was not picked up: it is read from its source, and held against everything that may keep it out.

use std::collections::BTreeMap;

use serde_json::Value;
use wharf_host::model::{Action, Cause, Item, MissingKind};

use super::Runner;
use super::decide::Decision;
use super::preview::as_stored;
use crate::endpoint::Endpoint;
use crate::ledger::{FeedState, Verdict};
use crate::problem::{Error, utc};
use crate::report::{Explanation, FlowStatus, Presence};

impl Runner {
    /// Finds out why the flow has not seen a document: whether its source has it, and which window, filter, rule or hold
    /// keeps it out. Sends reads only, and changes nothing.
    ///
    /// # Errors
    /// When the ledger cannot be read. A source that cannot be asked is a reason, no error.
    pub async fn explain(&self, entity: &str, id: &str) -> Result<Explanation, Error> {
        let endpoint = self.endpoint(&self.spec.source.connection)?;
        let mut explanation = Explanation { flow: self.spec.name.clone(), ..Explanation::default() };
        match find(endpoint.as_ref(), entity, id).await {
            Found::Item(item) => {
                explanation.presence = Presence::There;
                explanation.reasons = self.reasons(&item)?;
            }
            Found::Nothing => {
                explanation.presence = Presence::Absent;
                explanation.reasons.push(format!("the source has no `{entity}` with the id `{id}`"));
            }
            Found::NotAsked(why) => explanation.reasons.push(why),
        }
        let now = self.ledger.now();
        let holds = self.holds()?.of(&self.spec.name, &[&self.spec.source.connection], now);
        let held = holds.iter().map(|hold| format!("reading is held ({}): {}", hold.cause, hold.message));
        explanation.reasons.extend(held);
        Ok(explanation)
    }

    fn reasons(&self, item: &Item) -> Result<Vec<String>, Error> {
        let source = &self.spec.source;
        let mut reasons = Vec::new();
        let feed = self.endpoint(&source.connection)?.manifest().feeds.iter().find(|feed| feed.name == source.feed);
        if let Some(feed) = feed.filter(|feed| feed.entity != item.entity) {
            reasons.push(format!("feed `{}` reports `{}` only", feed.name, feed.entity));
        }
        if let (Some(since), Some(updated)) = (source.since, item.updated)
            && updated < since
        {
            reasons.push(format!("it changed last at {}, and the flow reads from {} on", utc(updated), utc(since)));
        }
        reasons.extend(self.kept_out_by_filters(item));
        reasons.extend(self.decided(item));
        reasons.extend(self.place_in_feed(item)?);
        Ok(reasons)
    }

    /// Holds the filters that the feed is asked with against fields of the same name.
    fn kept_out_by_filters(&self, item: &Item) -> Vec<String> {
        let Ok(document) = item.document.parse::<Value>() else { return Vec::new() };
        let mut asked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in &self.spec.source.filter {
            asked.entry(name).or_default().push(value);
        }
        let keeps_out = |(name, values): (&str, Vec<&str>)| {
            let told = field(&document, name)?;
            let text = format!("its `{name}` is `{told}`, and the feed is asked for `{}` only", values.join("`, `"));
            (!values.contains(&told.as_str())).then_some(text)
        };
        asked.into_iter().filter_map(keeps_out).collect()
    }

    fn decided(&self, item: &Item) -> Option<String> {
        if item.deleted && self.spec.target.action != Action::Delete && self.spec.on_delete.is_none() {
            return Some("the source says that it is deleted".to_owned());
        }
        match self.decide(&as_stored(item.clone())) {
            Decision::File(Verdict::Filtered(rule)) => Some(format!("when it is read, rule `{rule}` filters it")),
            Decision::File(Verdict::Parked { message, .. }) => {
                Some(format!("when it is read, it is parked: {message}"))
            }
            Decision::Write(_) => None,
        }
    }

    fn place_in_feed(&self, item: &Item) -> Result<Option<String>, Error> {
        let name = &self.spec.name;
        let FeedState { cursor, started, .. } = self.ledger.feed_state(name)?;
        let status = self.ledger.status()?;
        let caught_up =
            status.flows.iter().find(|flow: &&FlowStatus| flow.flow == *name).and_then(|flow| flow.caught_up);
        Ok(Some(match (started, cursor.is_some(), caught_up, item.updated) {
            (None, ..) => "the flow never ran; run it".to_owned(),
            (_, false, ..) => "the flow has not read a page yet; run it".to_owned(),
            (_, _, None, _) => "the flow has not read its feed to the end yet; run it".to_owned(),
            (_, _, Some(read), Some(updated)) if updated >= read => format!(
                "it changed at {}, after the feed was last read to its end at {}; the next run brings it",
                utc(updated),
                utc(read)
            ),
            (_, _, Some(read), Some(updated)) => format!(
                "it changed last at {}, before the feed was read to its end at {}: the cursor is past it; `wharf backfill {name} --from {} --to {}` reads it again",
                utc(updated),
                utc(read),
                utc(updated),
                utc(read)
            ),
            (_, _, Some(read), None) => format!(
                "the feed was last read to its end at {} and did not have it; if it is older than the cursor, `wharf backfill {name}` reads it",
                utc(read)
            ),
        }))
    }
}

/// Finds a field of a document by the name of a filter, also among what does not fit its common shape.
fn field(document: &Value, name: &str) -> Option<String> {
    let value = document.get(name).or_else(|| document.get("extra")?.get(name))?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// What came of reading one record.
pub(super) enum Found {
    Item(Box<Item>),
    Nothing,
    /// It cannot be asked, or the question failed; why.
    NotAsked(String),
}

/// Reads one record by its id, in whatever way the connector can.
pub(super) async fn find(endpoint: &dyn Endpoint, entity: &str, id: &str) -> Found {
    match try_find(endpoint, entity, id).await {
        Ok(found) => found,
        Err(error) => Found::NotAsked(format!("the record could not be read: {error}")),
    }
}

/// As [`find`]; an error is that of the call.
pub(super) async fn try_find(endpoint: &dyn Endpoint, entity: &str, id: &str) -> Result<Found, wharf_host::Error> {
    let manifest = endpoint.manifest();
    let access = manifest.records.iter().find(|record| record.entity == entity);
    let by_key = || access.is_some_and(|access| access.lookup_keys.iter().any(|key| key == "id"));
    if access.is_some_and(|access| access.get) {
        return match endpoint.get(entity, id).await {
            Ok(answer) => Ok(Found::Item(Box::new(answer.value))),
            Err(error) if is_absence(error.cause()) => Ok(Found::Nothing),
            Err(error) => Err(error),
        };
    }
    if by_key() {
        let query = [("id".to_owned(), id.to_owned())];
        let items = endpoint.lookup(entity, &query, 1).await?.value;
        return Ok(items.into_iter().next().map_or(Found::Nothing, |item| Found::Item(Box::new(item))));
    }
    Ok(Found::NotAsked(format!("connector `{}` cannot read a single `{entity}` by its id", manifest.name)))
}

fn is_absence(cause: Option<&Cause>) -> bool {
    matches!(cause, Some(Cause::NotFound { kind: MissingKind::Subject, .. }))
}
