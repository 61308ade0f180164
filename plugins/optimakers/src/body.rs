//! Records to be sent. Numbers keep their digits.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use wharf_sdk::document::Decimal;
use wharf_sdk::quirks::{Entries, Scalar};

use crate::config::RemoteId;

/// The fields of a record as Optimakers wrote them.
pub(crate) type Fields<'a> = Entries<'a, &'a RawValue>;

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

    /// Starts with the fields of a record, as they were written.
    pub(crate) fn of(record: &Fields<'_>) -> Self {
        Self(record.iter().map(|(name, raw)| (name.to_owned(), Value::Written((*raw).to_owned()))).collect())
    }

    /// Sets a text where there is one.
    pub(crate) fn text(mut self, name: &str, text: Option<impl Into<String>>) -> Self {
        if let Some(text) = text.map(Into::into).filter(|text| !text.trim().is_empty()) {
            self.0.insert(name.to_owned(), Value::Text(text));
        }
        self
    }

    /// Sets a number where there is one.
    pub(crate) fn number(self, name: &str, number: Option<Decimal>) -> Self {
        match number {
            Some(number) => self.digits(name, number.to_string()),
            None => self,
        }
    }

    /// Sets an id where there is one.
    pub(crate) fn id(self, name: &str, id: Option<&RemoteId>) -> Self {
        match id {
            Some(id) => self.digits(name, id.to_string()),
            None => self,
        }
    }

    /// Sets a yes or no where there is one.
    pub(crate) fn flag(mut self, name: &str, flag: Option<bool>) -> Self {
        if let Some(flag) = flag {
            self.0.insert(name.to_owned(), Value::Flag(flag));
        }
        self
    }

    /// Sets a part where it says something.
    pub(crate) fn part(mut self, name: &str, part: Body) -> Self {
        if !part.0.is_empty() {
            self.0.insert(name.to_owned(), Value::Part(part));
        }
        self
    }

    /// Sets a list where it has elements.
    pub(crate) fn parts(mut self, name: &str, parts: Vec<Body>) -> Self {
        if !parts.is_empty() {
            self.0.insert(name.to_owned(), Value::Parts(parts));
        }
        self
    }

    /// Puts the fields of a change over the own ones; of parts only what the change names, of attributes those that it
    /// names.
    pub(crate) fn overlaid(mut self, change: &Body) -> Self {
        for (name, value) in &change.0 {
            let merged = match (self.0.get(name), value) {
                (Some(Value::Written(raw)), Value::Part(part)) => Value::Part(overlaid_part(raw, part)),
                (Some(Value::Written(raw)), Value::Parts(parts)) => Value::Parts(overlaid_attributes(raw, parts)),
                _ => value.clone(),
            };
            self.0.insert(name.clone(), merged);
        }
        self
    }

    /// Tells whether a record says what is set here; it may write numbers its own way, and may say more.
    pub(crate) fn is_in(&self, record: &Fields<'_>) -> bool {
        self.0.iter().all(|(name, value)| match record.get(name) {
            Some(raw) => value.is_in(raw),
            None => false,
        })
    }

    /// Writes the body of a request.
    pub(crate) fn to_json(&self) -> String {
        // Texts, numbers and maps with text keys always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A decimal's text is a JSON number; were it ever not, it would go out as a text rather than not at all.
    fn digits(mut self, name: &str, text: String) -> Self {
        let value = RawValue::from_string(text.clone()).map_or(Value::Text(text), Value::Written);
        self.0.insert(name.to_owned(), value);
        self
    }
}

impl Value {
    fn is_in(&self, raw: &RawValue) -> bool {
        match self {
            Self::Text(text) => scalar(raw).is_some_and(|found| found.trim() == text.trim()),
            Self::Flag(flag) => raw.get() == if *flag { "true" } else { "false" },
            Self::Written(sent) => same_number(sent, raw),
            Self::Part(part) => fields(raw).is_some_and(|found| part.is_in(&found)),
            Self::Parts(parts) => rows(raw).is_some_and(|found| {
                parts.iter().all(|part| found.iter().filter_map(|raw| fields(raw)).any(|found| part.is_in(&found)))
            }),
        }
    }
}

fn same_number(sent: &RawValue, found: &RawValue) -> bool {
    let number = |raw: &RawValue| scalar(raw)?.trim().parse::<Decimal>().ok();
    number(sent).is_some_and(|sent| number(found) == Some(sent))
}

fn scalar(raw: &RawValue) -> Option<String> {
    Scalar::of(raw).map(|scalar| scalar.into_text().into_owned())
}

fn fields(raw: &RawValue) -> Option<Fields<'_>> {
    serde_json::from_str(raw.get()).ok()
}

fn rows(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

fn overlaid_part(raw: &RawValue, change: &Body) -> Body {
    fields(raw).map_or_else(|| change.clone(), |found| Body::of(&found).overlaid(change))
}

/// Attributes that the change does not name stay as they are.
fn overlaid_attributes(raw: &RawValue, changes: &[Body]) -> Vec<Body> {
    let id_of = |body: &Body| match body.0.get("attributeId") {
        Some(Value::Written(raw)) => scalar(raw),
        _ => None,
    };
    let found = rows(raw).unwrap_or_default();
    let kept = found.into_iter().filter_map(fields).map(|found| Body::of(&found));
    let kept = kept.filter(|one| !changes.iter().any(|change| id_of(change) == id_of(one)));
    kept.chain(changes.iter().cloned()).collect()
}

/// Makes the value of an attribute; values are always text.
pub(crate) fn attribute(id: &RemoteId, value: &str) -> Body {
    Body::new().id("attributeId", Some(id)).text("value", Some(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    const RECORD: &str = r#"{"id": 3000000001, "name": "A ", "netPrice": 43.700, "isActive": true, "x": 1.10,
        "address": {"street": "S", "city": "C"}, "attributes": [{"attributeId": 11, "value": "a"}, {"attributeId": "12", "value": "b"}]}"#;

    fn record() -> Fields<'static> {
        serde_json::from_str(RECORD).expect("reads")
    }

    fn id(text: &str) -> RemoteId {
        RemoteId::parse(text).expect("an id")
    }

    fn change() -> Body {
        Body::new()
            .text("name", Some("B"))
            .number("netPrice", "1.50".parse().ok())
            .part("address", Body::new().text("city", Some("D")))
            .parts("attributes", vec![attribute(&id("12"), "c"), attribute(&id("13"), "d")])
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let written = Body::of(&record()).overlaid(&change()).to_json();
        let expected = r#"{"address":{"city":"D","street":"S"},"attributes":[{"attributeId":11,"value":"a"},{"attributeId":12,"value":"c"},{"attributeId":13,"value":"d"}],"id":3000000001,"isActive":true,"name":"B","netPrice":1.50,"x":1.10}"#;
        assert_eq!(written, expected);
    }

    #[test]
    fn what_was_written_is_found_again_whatever_its_spelling() {
        let fits = Body::new()
            .id("id", Some(&id("3000000001")))
            .text("name", Some("A"))
            .number("netPrice", "43.7".parse().ok())
            .flag("isActive", Some(true))
            .part("address", Body::new().text("city", Some("C")))
            .parts("attributes", vec![attribute(&id("12"), "b")]);
        assert!(fits.is_in(&record()));
        for other in [
            Body::new().text("name", Some("B")),
            Body::new().number("netPrice", "43.71".parse().ok()),
            Body::new().flag("isActive", Some(false)),
            Body::new().text("missing", Some("x")),
            Body::new().part("address", Body::new().text("city", Some("D"))),
            Body::new().parts("attributes", vec![attribute(&id("12"), "a")]),
        ] {
            assert!(!other.is_in(&record()), "{}", other.to_json());
        }
    }
}
