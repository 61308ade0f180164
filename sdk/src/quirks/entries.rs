//! Maps whose writer takes lists for maps.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Key;

/// A map in the order it is written. PHP writes an empty one as `[]`, and one with the keys 0, 1, 2 as a list; some
/// answers have `""` or `null` for an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries<'de, T>(Vec<(Cow<'de, str>, T)>);

impl<'de, T> Entries<'de, T> {
    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Goes through keys and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T> IntoIterator for Entries<'de, T> {
    type Item = (Cow<'de, str>, T);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Entries<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map, or a list in its place")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::with_capacity(map.size_hint().unwrap_or_default().min(64));
        while let Some((key, value)) = map.next_entry::<Key<'de>, T>()? {
            entries.push((key.into_inner(), value));
        }
        Ok(Entries(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(value) = list.next_element()? {
            entries.push((Cow::Owned(entries.len().to_string()), value));
        }
        Ok(Entries(entries))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Entries::default())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "" => Ok(Entries::default()),
            _ => Err(E::invalid_type(de::Unexpected::Str(text), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    #[test]
    fn every_spelling_of_a_map_is_read() {
        for (json, expected) in [
            (r#"{"b": 1, "a": 2}"#, vec![("b", 1), ("a", 2)]),
            ("[5, 6]", vec![("0", 5), ("1", 6)]),
            ("[]", vec![]),
            ("{}", vec![]),
            ("\"\"", vec![]),
            ("null", vec![]),
        ] {
            let entries: Entries<'_, u8> = serde_json::from_str(json).expect(json);
            let read: Vec<_> = entries.iter().map(|(key, value)| (key, *value)).collect();
            assert_eq!(read, expected, "{json}");
        }
        assert!(serde_json::from_str::<Entries<'_, u8>>("\"x\"").is_err());
        assert!(serde_json::from_str::<Entries<'_, u8>>("7").is_err());
    }
}
