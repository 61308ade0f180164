//! FLOWii's wire format: JSON:API with children inside relationships.

mod draft;
mod rows;

pub(crate) use draft::Draft;
pub(crate) use rows::{
    Activity, Address, Attendance, BusinessCase, Contact, CustomValue, Document, Event, Named, Order, OrderItem,
    Partner, Payment, Product, Task,
};

use serde::de::Deserialize;
use serde_json::value::RawValue;
use wharf_sdk::quirks::{Entries, Id, Text};
use wharf_sdk::{Failure, Result};

/// Media type of requests and answers.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.api+json";

wharf_sdk::record! {
    /// An answer.
    #[derive(Debug)]
    pub(crate) struct Envelope<'de> {
        pub(crate) data: Option<&'de RawValue>,
        pub(crate) included: Option<Vec<Resource<'de>>>,
        pub(crate) links: Entries<'de, &'de RawValue>,
        pub(crate) errors: Option<Vec<Problem<'de>>>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// One thing, whole or only named.
    #[derive(Debug)]
    pub(crate) struct Resource<'de> {
        pub(crate) kind: Text<'de> as "type",
        pub(crate) id: Id<'de>,
        pub(crate) attributes: Option<&'de RawValue>,
        pub(crate) relationships: Entries<'de, Relation<'de>>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// What a resource points at, or holds.
    #[derive(Debug)]
    pub(crate) struct Relation<'de> {
        pub(crate) data: Option<&'de RawValue>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// An error of a business call.
    #[derive(Debug)]
    pub(crate) struct Problem<'de> {
        pub(crate) status: Text<'de>,
        pub(crate) code: Text<'de>,
        pub(crate) title: Text<'de>,
        pub(crate) detail: Text<'de>,
        pub(crate) source: Option<Source<'de>>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Where an error is.
    #[derive(Debug)]
    pub(crate) struct Source<'de> {
        pub(crate) pointer: Text<'de>,
        ..unknown
    }
}

impl<'de> Envelope<'de> {
    /// Returns the rows of a list.
    pub(crate) fn rows(&self) -> Result<Vec<Resource<'de>>> {
        let data = self.data.ok_or_else(|| Failure::contract_changed("a list has no `data`", ""))?;
        read(data)
    }

    /// Returns the one resource.
    pub(crate) fn resource(&self) -> Result<Resource<'de>> {
        let data = self.data.ok_or_else(|| Failure::contract_changed("the answer has no `data`", ""))?;
        read(data)
    }

    /// Tells whether the list goes on.
    pub(crate) fn has_next(&self) -> bool {
        self.links.get("next").is_some_and(|next| !matches!(next.get(), "null" | "\"\"" | "false"))
    }

    /// Returns an included resource.
    pub(crate) fn included(&self, kind: &str, id: &str) -> Option<&Resource<'de>> {
        let mut all = self.included.iter().flatten();
        all.find(|resource| resource.kind.as_str() == kind && resource.id.as_str() == id)
    }
}

impl<'de> Resource<'de> {
    /// Reads the attributes; those that are missing are empty.
    pub(crate) fn attributes<A: Deserialize<'de>>(&self) -> Result<A> {
        match self.attributes {
            Some(raw) => read(raw),
            None => serde_json::from_str("{}").map_err(|error| Failure::contract_changed(error.to_string(), "")),
        }
    }

    /// Tells whether the attributes have a name, be it with an empty value.
    pub(crate) fn mentions(&self, attribute: &str) -> bool {
        self.attributes.is_some_and(|raw| raw.get().contains(&format!("\"{attribute}\"")))
    }

    /// Returns an attribute as text; none where the resource does not have it, be it empty.
    pub(crate) fn text_of(&self, attribute: &str) -> Result<Option<Text<'de>>> {
        let Some(raw) = self.attributes.filter(|_| self.mentions(attribute)) else { return Ok(None) };
        let attributes: Entries<'de, &'de RawValue> = read(raw)?;
        attributes.get(attribute).map(|raw| read(raw)).transpose()
    }

    /// Returns what a relationship points at or holds; none where it is empty.
    pub(crate) fn one(&self, relationship: &str) -> Result<Option<Resource<'de>>> {
        Ok(self.many(relationship)?.into_iter().next())
    }

    /// Returns the id that a relationship points at.
    pub(crate) fn related_id(&self, relationship: &str) -> Result<Option<String>> {
        Ok(self.one(relationship)?.and_then(|resource| resource.id.filled()))
    }

    /// Tells whether everything that the relationships point at is here, inside or included.
    pub(crate) fn is_whole(&self, envelope: &Envelope<'_>, relationships: &[&str]) -> Result<bool> {
        for name in relationships {
            let held = self.many(name)?;
            let is_here = |one: &Resource<'_>| {
                one.attributes.is_some() || envelope.included(one.kind.as_str(), one.id.as_str()).is_some()
            };
            if !held.iter().all(is_here) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns everything that a relationship points at or holds.
    pub(crate) fn many(&self, relationship: &str) -> Result<Vec<Resource<'de>>> {
        let data = self.relationships.get(relationship).and_then(|relation| relation.data);
        match data {
            None => Ok(Vec::new()),
            Some(raw) if raw.get().starts_with('[') => read(raw),
            Some(raw) if raw.get().starts_with('{') => Ok(vec![read(raw)?]),
            Some(_) => Ok(Vec::new()),
        }
    }
}

fn read<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Result<T> {
    serde_json::from_str(raw.get()).map_err(|error| Failure::contract_changed(error.to_string(), raw.get()))
}
