//! JSON that tells of names which an object has twice; the usual readers keep the last and say nothing.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON value, and the names that one of its objects has more than once.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) value: Value,
    pub(super) repeated: Vec<String>,
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whole)
    }
}

struct Whole;

impl Read {
    fn plain(value: impl Into<Value>) -> Self {
        Self { value: value.into(), repeated: Vec::new() }
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Read;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read::plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Read, E> {
        Ok(Read::plain(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Read, E> {
        Ok(Read::plain(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Read, E> {
        Ok(Read::plain(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Read, E> {
        Ok(Read::plain(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Read, E> {
        Ok(Read::plain(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Read, A::Error> {
        let (mut values, mut repeated) = (Vec::new(), Vec::new());
        while let Some(inner) = list.next_element::<Read>()? {
            values.push(inner.value);
            repeated.extend(inner.repeated);
        }
        Ok(Read { value: Value::Array(values), repeated })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let (mut values, mut repeated) = (Map::new(), Vec::new());
        while let Some((name, inner)) = map.next_entry::<String, Read>()? {
            repeated.extend(inner.repeated);
            if values.insert(name.clone(), inner.value).is_some() {
                repeated.push(name);
            }
        }
        Ok(Read { value: Value::Object(values), repeated })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn names_that_are_there_twice_are_told_at_any_depth() {
        for (text, repeated) in [
            (r#"[{"a": 1, "b": [{"a": "x"}]}]"#, &[][..]),
            (r#"[{"a": 1, "a": 1}]"#, &["a"]),
            (r#"{"b": {"c": null, "c": true}, "d": 1.5, "d": -1}"#, &["c", "d"]),
        ] {
            let read: Read = serde_json::from_str(text).unwrap();
            assert_eq!(read.repeated, repeated, "{text}");
            assert_eq!(read.value, serde_json::from_str::<Value>(text).unwrap());
        }
    }
}
