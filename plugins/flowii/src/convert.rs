//! Between FLOWii's resources and the common documents. Pure.

pub(crate) mod invoice;
pub(crate) mod item;
pub(crate) mod order;
pub(crate) mod partner;
pub(crate) mod payment;
pub(crate) mod product;

use wharf_sdk::Result;
use wharf_sdk::civil::{self, LocalTime, Zone};
use wharf_sdk::document::Extra;

use crate::api::Resource;

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
