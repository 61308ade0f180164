//! Records as the ERP writes them, read by names that the configuration may change.

use serde_json::value::RawValue;
use wharf_sdk::document::{Decimal, Extra};
use wharf_sdk::quirks::{Entries, Exact, Flag, Text};
use wharf_sdk::{Failure, Result};

/// A record, borrowed from the answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row<'de>(Entries<'de, &'de RawValue>);

impl<'de> Row<'de> {
    /// Reads one record.
    pub(crate) fn read(json: &'de str) -> Result<Self> {
        let entries = serde_json::from_str(json);
        entries.map(Self).map_err(|error| Failure::contract_changed(format!("a record cannot be read: {error}"), json))
    }

    /// Reads a list: an array, or an object that has it in `value`.
    pub(crate) fn read_all(json: &'de str) -> Result<Vec<Self>> {
        let unreadable = |error: serde_json::Error| {
            Failure::contract_changed(format!("the answer is no list of records: {error}"), json)
        };
        let list = match json.trim_start().starts_with('{') {
            true => {
                let wrapper: Entries<'de, &'de RawValue> = serde_json::from_str(json).map_err(unreadable)?;
                let value = wrapper.get("value").copied();
                value
                    .ok_or_else(|| {
                        Failure::contract_changed("the answer is neither a list nor has it a `value`", json)
                    })?
                    .get()
            }
            false => json,
        };
        let rows: Vec<Entries<'de, &'de RawValue>> = serde_json::from_str(list).map_err(unreadable)?;
        Ok(rows.into_iter().map(Self).collect())
    }

    /// Returns a field as it is written; none where it is missing or null.
    pub(crate) fn raw(&self, name: &str) -> Option<&'de str> {
        self.0.get(name).map(|raw| raw.get()).filter(|raw| *raw != "null")
    }

    /// Returns a text without the blanks around it, as some ERPs pad their fields; none where it is empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        let text: Text<'de> = self.value(name)?;
        Ok(Some(text.as_str().trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// Returns an exact number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<Decimal>> {
        Ok(self.value::<Exact>(name)?.get())
    }

    /// Returns a yes or no.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>> {
        Ok(self.value::<Flag>(name)?.get())
    }

    /// Returns a part that is a record itself; an empty one where it is missing.
    pub(crate) fn part(&self, name: &str) -> Result<Row<'de>> {
        self.raw(name).map_or_else(|| Ok(Row::default()), Row::read)
    }

    /// Returns a part that is a list of records; an empty one where it is missing.
    pub(crate) fn parts(&self, name: &str) -> Result<Vec<Row<'de>>> {
        self.raw(name).map_or_else(|| Ok(Vec::new()), Row::read_all)
    }

    /// Goes through the fields as they are written.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &'de RawValue)> {
        self.0.iter().map(|(name, raw)| (name, *raw))
    }

    /// Writes the record as it was written.
    pub(crate) fn json(&self) -> Result<String> {
        let fields: Vec<String> = self
            .fields()
            .map(|(name, raw)| Ok(format!("{}:{}", serde_json::to_string(name)?, raw.get())))
            .collect::<serde_json::Result<_>>()
            .map_err(|error| Failure::internal(format!("a record cannot be written: {error}")))?;
        Ok(format!("{{{}}}", fields.join(",")))
    }

    /// Returns the fields that are not among `known`, for `extra`; those that say nothing are left out.
    pub(crate) fn extra(&self, known: &[&str]) -> Extra {
        let mut extra = Extra::new();
        for (name, raw) in self.fields().filter(|(name, _)| !known.contains(name)) {
            if matches!(raw.get(), "null" | "\"\"" | "[]" | "{}") {
                continue;
            }
            if let Ok(value) = serde_json::from_str(raw.get()) {
                extra.insert(name.to_owned(), value);
            }
        }
        extra
    }

    fn value<T: serde::Deserialize<'de> + Default>(&self, name: &str) -> Result<T> {
        let Some(raw) = self.raw(name) else { return Ok(T::default()) };
        serde_json::from_str(raw)
            .map_err(|error| Failure::contract_changed(format!("`{name}` cannot be read: {error}"), raw))
    }
}
