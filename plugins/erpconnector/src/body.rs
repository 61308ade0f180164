//! Records to be sent. Numbers keep their digits.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use wharf_sdk::document::Decimal;

/// A record in the making; fields go out in the order of their names.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Body(BTreeMap<String, Value>);

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Flag(bool),
    Written(Box<RawValue>),
    Part(Body),
    Parts(Vec<Body>),
}

impl Body {
    /// Starts without fields.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Sets a text where there is one.
    pub(crate) fn text(mut self, name: &str, text: Option<impl Into<String>>) -> Self {
        if let Some(text) = text.map(Into::into).filter(|text| !text.is_empty()) {
            self.0.insert(name.to_owned(), Value::Text(text));
        }
        self
    }

    /// Sets a number where there is one.
    pub(crate) fn number(mut self, name: &str, number: Option<Decimal>) -> Self {
        if let Some(text) = number.map(|number| number.to_string()) {
            // A decimal's text is a JSON number; were it ever not, it would go out as a text rather than not at all.
            let value = RawValue::from_string(text.clone()).map_or(Value::Text(text), Value::Written);
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    /// Sets a yes or no where there is one.
    pub(crate) fn flag(mut self, name: &str, flag: Option<bool>) -> Self {
        if let Some(flag) = flag {
            self.0.insert(name.to_owned(), Value::Flag(flag));
        }
        self
    }

    /// Sets a field to what the ERP wrote.
    pub(crate) fn written(mut self, name: &str, raw: &RawValue) -> Self {
        self.0.insert(name.to_owned(), Value::Written(raw.to_owned()));
        self
    }

    /// Sets a part where it says something.
    pub(crate) fn part(mut self, name: &str, part: Body) -> Self {
        if !part.0.is_empty() {
            self.0.insert(name.to_owned(), Value::Part(part));
        }
        self
    }

    /// Sets a list of parts.
    pub(crate) fn parts(mut self, name: &str, parts: Vec<Body>) -> Self {
        self.0.insert(name.to_owned(), Value::Parts(parts));
        self
    }

    /// Adds the fields of another record, over the own ones of the same names.
    pub(crate) fn with(mut self, other: Body) -> Self {
        self.0.extend(other.0);
        self
    }
}
