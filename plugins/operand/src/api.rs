//! Operand's wire format: what a list is wrapped in, and the records.

mod rows;

pub(crate) use rows::{Client, Entry, Job, Named, Task};

use serde::de::Deserialize;
use serde_json::value::RawValue;
use wharf_sdk::http::Response;
use wharf_sdk::quirks::Entries;
use wharf_sdk::{Failure, Result};

/// Returns the rows of a list.
///
/// Routes wrap them in three ways (seen by a client): `[...]`, `{"records": [...]}` and `{"records": {"NAME": [...]}}`.
pub(crate) fn rows(response: &Response) -> Result<Vec<&RawValue>> {
    let whole: &RawValue = response.json()?;
    let inner = if is_object(whole) { records_of(whole) } else { Some(whole) };
    let list = match inner {
        Some(inner) if is_object(inner) => only_list(inner),
        other => other,
    };
    match list.map(|list| serde_json::from_str(list.get())) {
        Some(Ok(rows)) => Ok(rows),
        _ => Err(response.unreadable("a list is neither bare nor under `records`")),
    }
}

/// Returns the one record of an answer: bare, under `records`, or the only one of a list.
pub(crate) fn one(response: &Response) -> Result<&RawValue> {
    let whole: &RawValue = response.json()?;
    let inner = records_of(whole).unwrap_or(whole);
    if is_object(inner) {
        // A list's wrapper has a name, a record has fields.
        return Ok(only_member(inner).filter(|member| is_object(member)).unwrap_or(inner));
    }
    match read::<Vec<&RawValue>>(inner)?.as_slice() {
        [only] => Ok(only),
        _ => Err(response.unreadable("one record was asked for")),
    }
}

/// Reads a record.
pub(crate) fn read<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Result<T> {
    serde_json::from_str(raw.get()).map_err(|error| Failure::contract_changed(error.to_string(), raw.get()))
}

fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}

fn members(raw: &RawValue) -> Entries<'_, &RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn records_of(raw: &RawValue) -> Option<&RawValue> {
    members(raw).get("records").copied()
}

/// Returns the list in an object that has one, whatever its name; an empty object is an empty list.
fn only_list(raw: &RawValue) -> Option<&RawValue> {
    let members = members(raw);
    let mut lists = members.iter().map(|(_, value)| *value).filter(|value| value.get().starts_with('['));
    match (lists.next(), lists.next()) {
        (Some(list), None) => Some(list),
        (None, _) if members.is_empty() => serde_json::from_str("[]").ok(),
        _ => None,
    }
}

fn only_member(raw: &RawValue) -> Option<&RawValue> {
    let members = members(raw);
    members.iter().next().map(|(_, value)| *value).filter(|_| members.len() == 1)
}
