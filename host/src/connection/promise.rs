//! Whether the manifest promises what a call asks for. Pure.

use crate::call::unsupported;
use crate::error::{Blame, Error};
use crate::manifest::{Feed, Manifest, RecordAccess, Write};
use crate::model::{Bounds, Intent};

fn refused(what: &str, message: String) -> Error {
    unsupported(what, Blame::Caller, message)
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

pub(super) fn reference_list(manifest: &Manifest, list: &str) -> Result<(), Error> {
    if manifest.reference_lists.iter().any(|known| known.name == list) {
        return Ok(());
    }
    let known = listed(manifest.reference_lists.iter().map(|known| known.name.as_str()));
    Err(refused(list, format!("there is no reference list `{list}`; it has: {known}")))
}

pub(super) fn filters(feed: &Feed, bounds: &Bounds) -> Result<(), Error> {
    let declared = |name: &str| feed.filters.iter().any(|filter| filter.name == name);
    let Some((name, _)) = bounds.filter.iter().find(|(name, _)| !declared(name)) else { return Ok(()) };
    let known = listed(feed.filters.iter().map(|filter| filter.name.as_str()));
    Err(refused(name, format!("feed `{}` has no filter `{name}`; it has: {known}", feed.name)))
}

pub(super) fn countable(feed: &Feed, bounds: &Bounds) -> Result<(), Error> {
    if feed.countable {
        return filters(feed, bounds);
    }
    Err(refused("counts", format!("feed `{}` cannot be counted; read it instead", feed.name)))
}

fn record<'m>(manifest: &'m Manifest, entity: &str) -> Result<&'m RecordAccess, Error> {
    manifest.records.iter().find(|record| record.entity == entity).ok_or_else(|| {
        let known = listed(manifest.records.iter().map(|record| record.entity.as_str()));
        refused(entity, format!("records of `{entity}` cannot be read one by one; those of these can: {known}"))
    })
}

pub(super) fn get(manifest: &Manifest, entity: &str) -> Result<(), Error> {
    if record(manifest, entity)?.get {
        return Ok(());
    }
    Err(refused(entity, format!("a `{entity}` cannot be read by its id; look it up instead")))
}

pub(super) fn lookup(manifest: &Manifest, entity: &str, query: &[(String, String)]) -> Result<(), Error> {
    let keys = &record(manifest, entity)?.lookup_keys;
    let unknown = query.iter().find(|(key, _)| !keys.contains(key));
    let known = || listed(keys.iter().map(String::as_str));
    match unknown {
        Some((key, _)) => Err(refused(key, format!("`{entity}` has no key `{key}` to look up; it has: {}", known()))),
        None if query.is_empty() => {
            Err(refused(entity, format!("a look-up of `{entity}` needs a key; it has: {}", known())))
        }
        None => Ok(()),
    }
}

fn write<'m>(manifest: &'m Manifest, intent: &Intent) -> Option<&'m Write> {
    manifest.writes.iter().find(|write| write.entity == intent.entity && write.actions.contains(&intent.action))
}

/// Every intent is of a kind that the manifest declares.
pub(super) fn writes(manifest: &Manifest, intents: &[Intent]) -> Result<(), Error> {
    let Some(intent) = intents.iter().find(|intent| write(manifest, intent).is_none()) else { return Ok(()) };
    let known = listed(manifest.writes.iter().map(|write| write.entity.as_str()));
    let message = format!(
        "intent `{}` is to {:?} a `{}`, which the manifest does not declare; it writes: {known}",
        intent.id, intent.action, intent.entity
    );
    Err(refused(&intent.entity, message))
}

/// There are no more intents than `apply` takes at once of any of their kinds.
pub(super) fn batch(manifest: &Manifest, intents: &[Intent]) -> Result<(), Error> {
    let smallest = intents.iter().filter_map(|intent| write(manifest, intent)).min_by_key(|write| write.batch);
    let Some(write) = smallest else { return Ok(()) };
    if u32::try_from(intents.len()).is_ok_and(|count| count <= write.batch) {
        return Ok(());
    }
    let message =
        format!("{} intents are more than the {} that `{}` takes at once", intents.len(), write.batch, write.entity);
    Err(refused("batch", format!("{message}; pass fewer")))
}
