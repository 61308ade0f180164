//! What the vendor sends, as it sends it: borrowed from the answer, tolerant of its types.
//!
//! In 2023 the vendor corrected the types of `getOrders`; before that nearly everything was a string, and smaller
//! methods still are (documentation, changelog of 2023-08-16). So a value is kept as its JSON text until someone says
//! what it should be.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use wharf_sdk::quirks::Entries;

pub(crate) mod order;

/// The JSON text of a value; empty where the field is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// Takes JSON text.
    pub(crate) fn new(json: &'a str) -> Self {
        Self(json)
    }

    /// Returns the JSON text as it was written.
    pub(crate) fn json(self) -> &'a str {
        self.0
    }

    /// Tells whether the field was there.
    pub(crate) fn is_present(self) -> bool {
        !self.0.is_empty()
    }

    /// Tells whether nothing is said: the field is missing, `null`, `""`, or PHP's empty `[]`.
    pub(crate) fn is_blank(self) -> bool {
        matches!(self.0, "" | "null" | "\"\"" | "[]" | "{}")
    }

    /// Tells whether an id says none: blank or zero.
    pub(crate) fn is_no_id(self) -> bool {
        self.is_blank() || matches!(self.0, "0" | "\"0\"")
    }

    /// Tells whether it is a list or an object.
    pub(crate) fn is_nested(self) -> bool {
        matches!(self.0.as_bytes().first(), Some(b'[' | b'{'))
    }

    /// Returns what is between the quotes, escapes as they are; the text of anything else.
    pub(crate) fn unquoted(self) -> &'a str {
        self.0.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(self.0)
    }

    /// Returns the text that a scalar stands for, empty where nothing is said.
    pub(crate) fn text(self) -> Cow<'a, str> {
        match self.unquoted() {
            _ if self.is_blank() => Cow::Borrowed(""),
            inner if inner.contains('\\') => serde_json::from_str(self.0).map_or(Cow::Borrowed(inner), Cow::Owned),
            inner => Cow::Borrowed(inner),
        }
    }

    /// Returns a whole number, written with or without quotes.
    pub(crate) fn whole(self) -> Option<u64> {
        self.unquoted().parse().ok()
    }

    /// Returns a yes or no: `true`, `1`, `"1"` and their opposites.
    pub(crate) fn flag(self) -> Option<bool> {
        match self.unquoted() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(raw.get()))
    }
}

/// Rows. PHP writes a list whose keys have holes as a map, and some answers have `null` or `""` for an empty one.
#[derive(Debug)]
pub(crate) struct Rows<T>(pub(crate) Vec<T>);

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowsVisitor(PhantomData))
    }
}

struct RowsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowsVisitor<T> {
    type Value = Rows<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = list.next_element()? {
            rows.push(row);
        }
        Ok(Rows(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some((_, row)) = map.next_entry::<IgnoredAny, T>()? {
            rows.push(row);
        }
        Ok(Rows(rows))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Rows::default())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "" => Ok(Rows::default()),
            _ => Err(E::invalid_type(de::Unexpected::Str(text), &self)),
        }
    }
}

/// An object by the names of its fields, where only a few of them are needed.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a>(Entries<'a, Raw<'a>>);

impl<'a> Fields<'a> {
    /// Returns a field; one that is not present where it is missing.
    pub(crate) fn get(&self, name: &str) -> Raw<'a> {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Returns the first of several fields that says something; the vendor calls some of them differently in sample and
    /// table.
    pub(crate) fn first(&self, names: &[&str]) -> Raw<'a> {
        names.iter().map(|name| self.get(name)).find(|value| !value.is_blank()).unwrap_or_default()
    }

    /// Goes through names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Raw<'a>)> {
        self.0.iter().map(|(name, value)| (name, *value))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Entries::deserialize(deserializer).map(Self)
    }
}

/// What an answer of one method carries besides its status: the value of one key.
pub(crate) trait Payload<'a>: Deserialize<'a> {
    /// The key.
    const KEY: &'static str;

    /// Returns what a missing key stands for; none where the answer makes no sense without it.
    fn missing() -> Option<Self> {
        None
    }
}

/// Declares a payload: a newtype, its key and what is under it.
macro_rules! payload {
    ($(#[$meta:meta])* $name:ident, $key:literal, $inner:ty) => {
        $(#[$meta])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) $inner);

        impl<'a> $crate::api::Payload<'a> for $name {
            const KEY: &'static str = $key;
        }
    };
    ($(#[$meta:meta])* $name:ident<$life:lifetime>, $key:literal, $inner:ty) => {
        $(#[$meta])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(transparent, bound(deserialize = "'de: 'a"))]
        pub(crate) struct $name<$life>(#[serde(borrow)] pub(crate) $inner);

        impl<$life> $crate::api::Payload<$life> for $name<$life> {
            const KEY: &'static str = $key;
        }
    };
}
pub(crate) use payload;

/// The answer to a method that only changes something: nothing but its status.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Done {}

impl Payload<'_> for Done {
    const KEY: &'static str = "";

    fn missing() -> Option<Self> {
        Some(Self {})
    }
}

/// Any answer: the status, the error where there is one, and the payload.
#[derive(Debug)]
pub(crate) struct Envelope<'a, P> {
    /// `SUCCESS` or `ERROR`.
    pub(crate) status: Raw<'a>,
    /// The vendor's error code. Absent on success.
    pub(crate) error_code: Raw<'a>,
    /// What the vendor says about the error.
    pub(crate) error_message: Raw<'a>,
    /// What was asked for.
    pub(crate) payload: Option<P>,
}

impl<'de, P: Payload<'de>> Deserialize<'de> for Envelope<'de, P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor(PhantomData))
    }
}

struct EnvelopeVisitor<P>(PhantomData<P>);

impl<'de, P: Payload<'de>> Visitor<'de> for EnvelopeVisitor<P> {
    type Value = Envelope<'de, P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `status`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let [mut status, mut error_code, mut error_message] = [Raw::default(); 3];
        let mut payload = None;
        while let Some(key) = map.next_key::<wharf_sdk::quirks::Key<'de>>()? {
            match key.as_str() {
                "status" => status = map.next_value()?,
                "error_code" => error_code = map.next_value()?,
                "error_message" => error_message = map.next_value()?,
                key if key == P::KEY => payload = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Envelope { status, error_code, error_message, payload })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests fail where they stand")]

    use super::*;

    #[test]
    fn rows_are_read_from_lists_maps_and_empty_values() {
        for (json, expected) in [
            ("[1, 2]", vec![1, 2]),
            (r#"{"0": 1, "5": 2}"#, vec![1, 2]),
            ("[]", vec![]),
            ("{}", vec![]),
            ("null", vec![]),
            ("\"\"", vec![]),
        ] {
            assert_eq!(serde_json::from_str::<Rows<u8>>(json).expect(json).0, expected, "{json}");
        }
        assert!(serde_json::from_str::<Rows<u8>>("\"x\"").is_err());
        assert!(serde_json::from_str::<Rows<u8>>("7").is_err());
    }

    #[test]
    fn a_value_is_what_it_says_whatever_its_type() {
        for json in ["7", "\"7\""] {
            assert_eq!((Raw::new(json).whole(), Raw::new(json).text().as_ref()), (Some(7), "7"), "{json}");
        }
        for (json, flag) in [
            ("true", Some(true)),
            ("1", Some(true)),
            ("\"1\"", Some(true)),
            ("false", Some(false)),
            ("\"0\"", Some(false)),
            ("0", Some(false)),
            ("\"\"", None),
            ("2", None),
        ] {
            assert_eq!(Raw::new(json).flag(), flag, "{json}");
        }
        assert_eq!(Raw::new(r#""a\/\u0142""#).text(), "a/ł");
        assert!(["", "null", "\"\"", "[]", "{}"].iter().all(|json| Raw::new(json).is_blank()));
        assert!(Raw::new("\"0\"").is_no_id() && !Raw::new("\"0\"").is_blank());
    }
}
