//! What is sent: a resource with its children inside relationships, as FLOWii wants them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use wharf_sdk::Result;
use wharf_sdk::document::Decimal;

use super::Resource;

/// A resource in the making.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Draft {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<Cow<'static, str>, Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    relationships: BTreeMap<&'static str, Link>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Whole(i64),
    Flag(bool),
    Number(Box<RawValue>),
}

#[derive(Debug, Clone, Serialize)]
struct Link {
    data: Linkage,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Linkage {
    One(Box<Draft>),
    Many(Vec<Draft>),
}

impl Value {
    fn is_said_by(&self, there: &str) -> bool {
        match self {
            Self::Text(text) => text.trim() == there.trim(),
            Self::Whole(number) => there.parse() == Ok(*number),
            Self::Flag(flag) => matches!((flag, there), (true, "true" | "1") | (false, "false" | "0")),
            Self::Number(raw) => match (raw.get().parse::<Decimal>(), there.parse::<Decimal>()) {
                (Ok(wanted), Ok(there)) => wanted == there,
                _ => false,
            },
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    data: &'a Draft,
}

impl Draft {
    /// Starts a new resource.
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, id: None, attributes: BTreeMap::new(), relationships: BTreeMap::new() }
    }

    /// Names a resource that there is.
    pub(crate) fn existing(kind: &'static str, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..Self::new(kind) }
    }

    /// Says which resource it changes.
    pub(crate) fn of_existing(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// Sets a text.
    pub(crate) fn text(mut self, name: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), Value::Text(text.into()));
        self
    }

    /// Sets a text where there is one.
    pub(crate) fn text_if(self, name: &'static str, text: Option<impl Into<String>>) -> Self {
        match text.map(Into::into).filter(|text| !text.is_empty()) {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Sets a whole number.
    pub(crate) fn whole(mut self, name: &'static str, number: i64) -> Self {
        self.attributes.insert(name.into(), Value::Whole(number));
        self
    }

    /// Sets a yes or no where there is one.
    pub(crate) fn flag_if(mut self, name: &'static str, flag: Option<bool>) -> Self {
        if let Some(flag) = flag {
            self.attributes.insert(name.into(), Value::Flag(flag));
        }
        self
    }

    /// Sets a decimal number, digit by digit as it is.
    pub(crate) fn number(mut self, name: &'static str, number: Decimal) -> Self {
        let text = number.to_string();
        // A decimal's text is a JSON number; were it ever not, it would go out as a text rather than not at all.
        let value = RawValue::from_string(text.clone()).map_or(Value::Text(text), Value::Number);
        self.attributes.insert(name.into(), value);
        self
    }

    /// Sets a decimal number where there is one.
    pub(crate) fn number_if(self, name: &'static str, number: Option<Decimal>) -> Self {
        match number {
            Some(number) => self.number(name, number),
            None => self,
        }
    }

    /// Points at another resource, or holds a new one.
    pub(crate) fn one(mut self, name: &'static str, other: Draft) -> Self {
        self.relationships.insert(name, Link { data: Linkage::One(Box::new(other)) });
        self
    }

    /// Points at another resource where there is one.
    pub(crate) fn one_if(self, name: &'static str, other: Option<Draft>) -> Self {
        match other {
            Some(other) => self.one(name, other),
            None => self,
        }
    }

    /// Points at other resources, or holds new ones.
    pub(crate) fn many(mut self, name: &'static str, others: Vec<Draft>) -> Self {
        if !others.is_empty() {
            self.relationships.insert(name, Link { data: Linkage::Many(others) });
        }
        self
    }

    /// Takes an attribute out again.
    pub(crate) fn drop_attribute(&mut self, name: &str) {
        self.attributes.remove(name);
    }

    /// Takes a relationship out again; tells whether it was there.
    pub(crate) fn drop_relation(&mut self, name: &str) -> bool {
        self.relationships.remove(name).is_some()
    }

    /// Returns the texts that are set.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().filter_map(|(name, value)| match value {
            Value::Text(text) => Some((name.as_ref(), text.as_str())),
            Value::Whole(_) | Value::Flag(_) | Value::Number(_) => None,
        })
    }

    /// Tells whether nothing is set.
    pub(crate) fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.relationships.is_empty()
    }

    /// Tells whether a resource says all this already: attributes, and what relationships point at. New children inside
    /// relationships are never there already.
    pub(crate) fn is_said_by(&self, there: &Resource<'_>) -> Result<bool> {
        for (name, value) in &self.attributes {
            let text = there.text_of(name)?.unwrap_or_default();
            if !value.is_said_by(text.as_str()) {
                return Ok(false);
            }
        }
        for (name, link) in &self.relationships {
            let wanted: Option<Vec<&str>> = match &link.data {
                Linkage::One(one) => one.id.as_deref().map(|id| vec![id]),
                Linkage::Many(many) => many.iter().map(|one| one.id.as_deref()).collect(),
            };
            let held = there.many(name)?;
            let mut ids: Vec<&str> = held.iter().map(|one| one.id.as_str()).collect();
            ids.sort_unstable();
            let same = wanted.is_some_and(|mut wanted| {
                wanted.sort_unstable();
                wanted == ids
            });
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes the body of a request.
    pub(crate) fn body(&self) -> String {
        // Texts, numbers and maps with text keys always have a JSON form.
        serde_json::to_string(&Body { data: self }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_children_go_inside_relationships() {
        let country = Draft::existing("country", "1");
        let draft = Draft::new("order")
            .text("name", "a \"b\"")
            .number("price", "0.10".parse().unwrap_or_default())
            .one("country", country)
            .many("items", vec![Draft::new("order-item").whole("n", 1)])
            .many("none", Vec::new());
        let expected = r#"{"data":{"type":"order","attributes":{"name":"a \"b\"","price":0.10},"relationships":{"country":{"data":{"type":"country","id":"1"}},"items":{"data":[{"type":"order-item","attributes":{"n":1}}]}}}}"#;
        assert_eq!(draft.body(), expected);
    }
}
