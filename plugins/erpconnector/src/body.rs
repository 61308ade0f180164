//! Records to be sent. Numbers keep their digits.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use wharf_sdk::Result;
use wharf_sdk::civil::LocalTime;
use wharf_sdk::document::Decimal;

use crate::row::Row;

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

    /// Leaves a field out.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// Returns these fields over those of a record, part by part: a PUT may replace the record as a whole.
    pub(crate) fn over(self, there: &Row<'_>) -> Result<Self> {
        let mut whole = there.fields().fold(Self::new(), |body, (name, raw)| body.written(name, raw));
        for (name, value) in self.0 {
            let value = match value {
                Value::Part(part) => Value::Part(part.over(&there.part(&name)?)?),
                value => value,
            };
            whole.0.insert(name, value);
        }
        Ok(whole)
    }

    /// Tells whether a record says all this already.
    pub(crate) fn is_said_by(&self, there: &Row<'_>) -> Result<bool> {
        for (name, value) in &self.0 {
            if !value.is_said_by(name, there)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Value {
    fn is_said_by(&self, name: &str, there: &Row<'_>) -> Result<bool> {
        match self {
            Self::Text(text) => Ok(same_text(text, &there.text(name)?.unwrap_or_default())),
            Self::Flag(flag) => Ok(there.flag(name)? == Some(*flag)),
            Self::Written(raw) => says(raw.get(), there.raw(name)),
            Self::Part(part) => part.is_said_by(&there.part(name)?),
            Self::Parts(parts) => {
                let rows = there.parts(name)?;
                let mut same = rows.len() == parts.len();
                for (part, row) in parts.iter().zip(&rows) {
                    same = same && part.is_said_by(row)?;
                }
                Ok(same)
            }
        }
    }
}

/// Compares a value with what the ERP wrote: numbers by their worth, texts without the blanks around them, parts by the
/// fields that are wanted of them.
fn says(wanted: &str, there: Option<&str>) -> Result<bool> {
    let Some(there) = there else { return Ok(matches!(wanted, "null" | "\"\"" | "[]" | "{}")) };
    if let (Ok(wanted), Ok(there)) = (wanted.parse::<Decimal>(), there.parse::<Decimal>()) {
        return Ok(wanted == there);
    }
    match (wanted.as_bytes().first(), there.as_bytes().first()) {
        (Some(b'"'), Some(b'"')) => Ok(same_text(&text(wanted), &text(there))),
        (Some(b'{'), Some(b'{')) => {
            let (wanted, there) = (Row::read(wanted)?, Row::read(there)?);
            let mut same = true;
            for (name, value) in wanted.fields() {
                same = same && says(value.get(), there.raw(name))?;
            }
            Ok(same)
        }
        (Some(b'['), Some(b'[')) => {
            let (wanted, there) = (elements(wanted), elements(there));
            let mut same = wanted.len() == there.len();
            for (wanted, there) in wanted.iter().zip(&there) {
                same = same && says(wanted.get(), Some(there.get()))?;
            }
            Ok(same)
        }
        _ => Ok(wanted == there),
    }
}

/// Tells whether two texts are the same. A day may come back with midnight behind it.
fn same_text(wanted: &str, there: &str) -> bool {
    let (wanted, there) = (wanted.trim(), there.trim());
    let is_day = wanted.len() == 10 && wanted.parse::<LocalTime>().is_ok();
    wanted == there || (is_day && there.strip_prefix(wanted).is_some_and(|rest| rest.starts_with("T00:00")))
}

fn text(raw: &str) -> String {
    serde_json::from_str(raw).unwrap_or_default()
}

fn elements(raw: &str) -> Vec<&RawValue> {
    serde_json::from_str(raw).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it stands")]
    use super::*;

    #[test]
    fn fields_go_over_a_record_part_by_part() {
        let there = Row::read(r#"{"A": 1.50, "B": {"C": "x", "D": "y"}, "E": "z"}"#).unwrap();
        let changes = Body::new().text("E", Some("new")).part("B", Body::new().text("C", Some("w")));
        let whole = serde_json::to_string(&changes.over(&there).unwrap()).unwrap();
        assert_eq!(whole, r#"{"A":1.50,"B":{"C":"w","D":"y"},"E":"new"}"#);
    }

    #[test]
    fn a_record_says_the_same_whatever_its_zeros_blanks_and_further_fields() {
        let there =
            Row::read(r#"{"A": 1.50, "B": {"C": "x ", "D": "y"}, "L": [{"Q": 2.0, "Z": 1}], "T": " t", "D": "2026-02-01T00:00:00"}"#).unwrap();
        for (wanted, same) in [
            (r#"{"A": 1.5}"#, true),
            (r#"{"A": 1.51}"#, false),
            (r#"{"T": "t"}"#, true),
            (r#"{"T": "u"}"#, false),
            (r#"{"B": {"C": "x"}}"#, true),
            (r#"{"B": {"C": "q"}}"#, false),
            (r#"{"L": [{"Q": 2}]}"#, true),
            (r#"{"L": [{"Q": 2}, {"Q": 2}]}"#, false),
            (r#"{"D": "2026-02-01"}"#, true),
            (r#"{"D": "2026-02-02"}"#, false),
            (r#"{"D": "2026-02-0"}"#, false),
            (r#"{"M": null}"#, true),
            (r#"{"M": 1}"#, false),
        ] {
            let row = Row::read(wanted).unwrap();
            let body = row.fields().fold(Body::new(), |body, (name, raw)| body.written(name, raw));
            assert_eq!(body.is_said_by(&there).unwrap(), same, "{wanted}");
        }
    }
}
