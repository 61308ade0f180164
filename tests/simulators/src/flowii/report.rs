//! What a test reads of the state: records in plain form, and who of them carries a text twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::company::{Company, Record};
use super::store::parsed;

/// A record of any type, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Id of the company.
    pub company: String,
    /// Path of its table, e.g. `orders`.
    pub table: &'static str,
    /// Id of the record.
    pub id: String,
    /// Whether it was seeded and not created by a call.
    pub seeded: bool,
    /// Its attributes.
    pub attributes: Map<String, Value>,
    /// Its relationships, with the ids that children were given.
    pub relationships: Map<String, Value>,
    /// The children that were sent inside it (contacts, addresses, items, custom-field values, activities).
    pub children: Vec<Value>,
}

impl Document {
    pub(crate) fn new(company: &Company, table: &'static str, record: &Record) -> Self {
        let draft = parsed(record);
        Self {
            company: company.id.to_string(),
            table,
            id: record.id.to_string(),
            seeded: record.seeded,
            attributes: draft.attributes,
            relationships: draft.relationships,
            children: draft.children.iter().filter_map(|child| serde_json::from_str(&child.json).ok()).collect(),
        }
    }

    /// Returns an attribute as text; empty when it is absent or no text.
    pub fn text(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the id that a to-one relationship points at.
    pub fn points_at(&self, relationship: &str) -> Option<&str> {
        self.relationships.get(relationship)?.pointer("/data/id")?.as_str()
    }

    /// Returns each text in its attributes and in those of its children.
    pub fn texts(&self) -> Vec<&str> {
        let own = self.attributes.values();
        let inner = self.children.iter().filter_map(|child| child["attributes"].as_object()).flat_map(Map::values);
        own.chain(inner).filter_map(Value::as_str).collect()
    }

    /// Tells whether a text stands alone (not inside a longer word or number) in one of its texts.
    pub fn mentions(&self, text: &str) -> bool {
        self.texts().iter().any(|place| stands_alone(place, text))
    }

    /// Returns the children of a type, e.g. `order-item`.
    pub fn children_of(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.children.iter().filter(move |child| child["type"] == kind)
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "company": self.company,
            "table": self.table,
            "id": self.id,
            "number": self.text("serial-nr"),
            "attributes": self.attributes,
            "relationships": self.relationships,
            "children": self.children,
            "texts": self.texts(),
        })
    }
}

fn stands_alone(place: &str, text: &str) -> bool {
    let part_of_word = |sign: Option<char>| sign.is_some_and(char::is_alphanumeric);
    !text.is_empty()
        && place.match_indices(text).any(|(at, _)| {
            let (before, after) = (place.get(..at), place.get(at + text.len()..));
            !part_of_word(before.and_then(|part| part.chars().next_back()))
                && !part_of_word(after.and_then(|part| part.chars().next()))
        })
}

/// A partner in plain form.
#[derive(Clone, Debug, PartialEq)]
pub struct Partner {
    /// The record behind it.
    pub document: Document,
    /// Name.
    pub name: String,
    /// Company number (`ico`).
    pub ico: String,
    /// E-mail addresses of its contacts.
    pub emails: Vec<String>,
}

impl From<Document> for Partner {
    fn from(document: Document) -> Self {
        let email = |contact: &Value| Some(contact.pointer("/attributes/email")?.as_str()?.to_owned());
        Self {
            name: document.text("name").to_owned(),
            ico: document.text("ico").to_owned(),
            emails: document.children_of("contact").filter_map(email).collect(),
            document,
        }
    }
}

/// An order in plain form.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The record behind it.
    pub document: Document,
    /// Number that the system gave.
    pub serial_nr: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Id of the partner.
    pub partner: String,
    /// Values of custom fields by the field's id.
    pub custom_fields: BTreeMap<String, String>,
    /// Attributes of its items, in their order.
    pub items: Vec<Map<String, Value>>,
}

impl From<Document> for Order {
    fn from(document: Document) -> Self {
        let custom = |child: &Value| {
            let field = child.pointer("/relationships/custom-field/data/id")?.as_str()?;
            Some((field.to_owned(), child.pointer("/attributes/value")?.as_str()?.to_owned()))
        };
        let item = |child: &Value| child["attributes"].as_object().cloned();
        Self {
            serial_nr: document.text("serial-nr").to_owned(),
            name: document.text("name").to_owned(),
            description: document.text("description").to_owned(),
            partner: document.points_at("partner").unwrap_or_default().to_owned(),
            custom_fields: document.children_of("custom-field-string-value").filter_map(custom).collect(),
            items: document.children_of("order-item").filter_map(item).collect(),
            document,
        }
    }
}

/// Finds the keys that more than one document has.
pub(crate) fn duplicates<'a, K: Ord>(
    documents: impl Iterator<Item = &'a Document>,
    keys: impl Fn(&Document) -> Vec<K>,
) -> BTreeMap<K, Vec<String>> {
    let mut holders: BTreeMap<K, Vec<String>> = BTreeMap::new();
    for document in documents {
        for key in keys(document).into_iter().collect::<BTreeSet<K>>() {
            holders.entry(key).or_default().push(document.id.clone());
        }
    }
    holders.retain(|_, ids| ids.len() > 1);
    holders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_inside_a_longer_number_does_not_count() {
        let cases = [
            ("ref 12", "12", true),
            ("ref 123", "12", false),
            ("ref 123, 12.", "12", true),
            ("[wharf:ž1]", "wharf:ž1", true),
            ("wharf:ž10", "wharf:ž1", false),
            ("anything", "", false),
        ];
        for (place, text, stands) in cases {
            assert_eq!(stands_alone(place, text), stands, "{place} / {text}");
        }
    }
}
