//! From Operand's records to the common documents. Pure.

pub(crate) mod invoice;
pub(crate) mod money;
pub(crate) mod partner;

use wharf_sdk::civil::{LocalTime, Zone};
use wharf_sdk::document::Extra;
use wharf_sdk::quirks::Text;

/// Returns the instant of a local time, in milliseconds since 1970.
pub(crate) fn instant(zone: Zone, local: Option<LocalTime>) -> Option<u64> {
    zone.instant(local?)
}

/// Writes an instant as Operand's local time: `2026-02-01 10:00:00`.
pub(crate) fn local(zone: Zone, instant: u64) -> Option<String> {
    zone.local(instant).map(|local| local.to_string().replace('T', " "))
}

/// Writes the date of a local time.
fn date(local: Option<LocalTime>) -> Option<String> {
    local.map(|local| local.to_string().chars().take(10).collect())
}

/// Adds a text to `extra`, unless it says nothing.
fn keep(extra: &mut Extra, name: &str, text: &Text<'_>) {
    if let Some(text) = text.filled() {
        extra.insert(name.to_owned(), text.into());
    }
}

/// Takes the zero date-times out of `extra`: Operand writes them for none (seen by a client).
fn drop_zero_times(extra: &mut Extra) {
    extra.retain(|_, value| !value.as_str().is_some_and(|text| text.starts_with("0000-00-00")));
}
