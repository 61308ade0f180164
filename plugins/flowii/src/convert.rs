//! Between FLOWii's resources and the common documents. Pure.

pub(crate) mod attendance;
pub(crate) mod case;
pub(crate) mod event;
pub(crate) mod invoice;
pub(crate) mod item;
pub(crate) mod order;
pub(crate) mod partner;
pub(crate) mod payment;
pub(crate) mod product;
pub(crate) mod task;

use wharf_sdk::civil::{self, LocalTime, Zone};
use wharf_sdk::document::Extra;
use wharf_sdk::{Failure, Result, violation};

use crate::api::{Envelope, Resource};

/// Turns FLOWii's id of a country into its ISO code, where it can be told.
pub(crate) type CountryOf<'a> = &'a dyn Fn(&str) -> Result<Option<String>>;

/// Writes a local time as an instant.
fn instant(zone: Zone, local: Option<LocalTime>) -> Option<String> {
    zone.instant(local?).map(civil::rfc3339)
}

/// Writes an instant as FLOWii's local time, without a zone.
fn local(zone: Zone, instant: Option<&str>) -> Option<String> {
    zone.local(civil::parse_rfc3339(instant?)?).map(|local| local.to_string())
}

/// Writes the date of a local time.
fn date(local: Option<LocalTime>) -> Option<String> {
    local.map(|local| local.to_string().chars().take(10).collect())
}

/// Keeps the relationships that the common document has no place for, under their own names.
fn keep_relations(row: &Resource<'_>, known: &[&str], extra: &mut Extra) {
    let unknown = row.relationships.iter().filter(|(name, _)| !known.contains(name));
    for (name, relation) in unknown {
        let value = relation.data.and_then(|raw| serde_json::from_str::<serde_json::Value>(raw.get()).ok());
        if let Some(value) = value.filter(|value| !value.is_null()) {
            extra.insert(name.to_owned(), value);
        }
    }
}

/// Returns the included resource that another names, or that other itself.
fn whole<'a, 'de>(envelope: &'a Envelope<'de>, held: &'a Resource<'de>) -> &'a Resource<'de> {
    match held.attributes {
        Some(_) => held,
        None => envelope.included(held.kind.as_str(), held.id.as_str()).unwrap_or(held),
    }
}

/// Says that something new has no name.
fn named(path: &str, name: &str, is_new: bool) -> Result<()> {
    if !is_new || !name.trim().is_empty() {
        return Ok(());
    }
    let message = "there is no name; FLOWii needs one";
    Err(Failure::invalid_record(vec![violation(path, "required", message)]))
}

/// Says which time cannot be read.
fn times(times: &[(&str, &Option<String>)]) -> Result<()> {
    let unreadable = |time: &str| civil::parse_rfc3339(time).is_none();
    match times.iter().find(|(_, time)| time.as_deref().is_some_and(unreadable)) {
        None => Ok(()),
        Some((path, _)) => {
            let message = "the time is not RFC 3339; write it like `2026-02-01T10:00:00Z`";
            Err(Failure::invalid_record(vec![violation(*path, "not-a-time", message)]))
        }
    }
}
