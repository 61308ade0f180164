//! Between Optimakers' records and the common documents. Pure.

pub(crate) mod customer;
pub(crate) mod order;
pub(crate) mod price;
pub(crate) mod product;

use wharf_sdk::civil::{self, LocalTime, Zone};
use wharf_sdk::quirks::Text;
use wharf_sdk::{Failure, Item, Result, violation};

use crate::api::Attribute;
use crate::config::RemoteId;

/// Reads a time: local as Optimakers writes it, or with its zone where it comes with one.
pub(crate) fn instant(zone: Zone, text: &Text<'_>) -> Option<u64> {
    let text = text.as_str();
    civil::parse_rfc3339(text).or_else(|| zone.instant(text.parse::<LocalTime>().ok()?))
}

/// Writes a time as documents have it.
fn rfc3339(zone: Zone, text: &Text<'_>) -> Option<String> {
    instant(zone, text).map(civil::rfc3339)
}

/// Writes an instant as Optimakers' local time, without a zone.
pub(crate) fn local(zone: Zone, instant: u64) -> Option<String> {
    zone.local(instant).map(|local| local.to_string())
}

/// Writes the time of a document as Optimakers' local time.
fn local_of(zone: Zone, path: &str, time: Option<&str>) -> Result<Option<String>> {
    let Some(time) = time else { return Ok(None) };
    let message = "the time is not RFC 3339; write it like `2026-02-01T10:00:00Z`";
    let wrong = || Failure::invalid_record(vec![violation(path, "not-a-time", message)]);
    civil::parse_rfc3339(time).and_then(|instant| local(zone, instant)).map(Some).ok_or_else(wrong)
}

/// Says when a record changed, where it tells.
pub(crate) fn dated(item: Item, zone: Zone, modified: &Text<'_>) -> Item {
    match instant(zone, modified) {
        Some(modified) => item.updated(modified),
        None => item,
    }
}

/// Returns the value of an attribute, where it has one.
fn attribute_value(attributes: Option<&[Attribute<'_>]>, id: Option<&RemoteId>) -> Option<String> {
    let id = id?.as_str();
    attributes?.iter().find(|attribute| attribute.attribute_id.as_str() == id)?.value.filled()
}

/// Returns the text where it says something.
fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Puts one space between words.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
