//! Between the ERP's records and the common documents. Pure.

pub(crate) mod customer;
pub(crate) mod entry;
pub(crate) mod invoice;
pub(crate) mod product;
pub(crate) mod supplier;

use wharf_sdk::civil::LocalTime;
use wharf_sdk::{Failure, Result, Violation, violation};

use crate::assumed::Field;
use crate::config::Config;
use crate::row::Row;

/// Returns the key of a record; `contract-changed` without one.
pub(crate) fn key(row: &Row<'_>, field: Field, config: &Config) -> Result<String> {
    let name = config.name(field);
    row.text(name)?.ok_or_else(|| {
        let fields: Vec<&str> = row.fields().map(|(name, _)| name).collect();
        let detail = format!("a `{}` has no `{name}`; rename it under `fields` of the configuration", field.entity);
        Failure::contract_changed(detail, &fields.join(", "))
    })
}

/// Returns the day of a date, with or without a time behind it.
fn day(date: Option<String>) -> Option<String> {
    date.map(|date| date.trim().chars().take(10).collect())
}

/// Says that a date cannot be read.
fn date_violation(path: &str, date: Option<&str>) -> Option<Violation> {
    let unreadable = date.is_some_and(|date| date.parse::<LocalTime>().is_err());
    unreadable.then(|| violation(path, "not-a-date", "the date cannot be read; write it like `2026-02-01`"))
}

/// Returns the text that carries a correlation. It says the same for the same intent, so that it can be looked for with
/// `eq`; the correlation comes first, so that an ERP with a short field keeps it.
pub(crate) fn marked(correlation: &str, further: &[Option<&str>]) -> String {
    let further = further.iter().copied().flatten().map(str::trim).filter(|part| !part.is_empty());
    std::iter::once(correlation).chain(further).collect::<Vec<_>>().join(" ")
}

/// Tells whether a text has the correlation as a word of its own.
pub(crate) fn carries(text: Option<&str>, correlation: &str) -> bool {
    let separates = |char: char| !char.is_ascii_alphanumeric() && char != '-';
    text.is_some_and(|text| text.split(separates).any(|word| word == correlation))
}
