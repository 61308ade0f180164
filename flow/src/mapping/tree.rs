//! JSON as text with places in it: only what a rule touches is taken apart, the rest stays the text that it was.
//!
//! Numbers therefore come out as they went in, digit for digit, and a document that few rules touch costs little more
//! than copying it.

use std::cell::OnceCell;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

use super::path::Step;

/// A document that is read from.
pub(super) struct Reader<'d> {
    raw: &'d RawValue,
    parts: OnceCell<Parts<'d>>,
}

enum Parts<'d> {
    Object(Vec<(String, Reader<'d>)>),
    List(Vec<Reader<'d>>),
    Neither,
}

/// A value that was found, and the elements of lists that it was found in.
pub(super) struct Found<'d> {
    pub(super) indices: Vec<usize>,
    pub(super) raw: Option<&'d RawValue>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(raw: &'d RawValue) -> Self {
        Self { raw, parts: OnceCell::new() }
    }

    /// Returns what a path leads to: one value, or one per element of the lists on its way. An element without the rest
    /// of the path counts, with nothing; a list that is not there has no elements.
    pub(super) fn find(&self, steps: &[Step]) -> Vec<Found<'d>> {
        let mut found = Vec::new();
        self.collect(steps, &mut Vec::new(), &mut found);
        found
    }

    /// Returns the one value that a path without lists leads to.
    pub(super) fn one(&self, steps: &[Step]) -> Option<&'d RawValue> {
        self.find(steps).first().and_then(|found| found.raw)
    }

    fn collect(&self, steps: &[Step], indices: &mut Vec<usize>, found: &mut Vec<Found<'d>>) {
        let Some((step, rest)) = steps.split_first() else {
            found.push(Found { indices: indices.clone(), raw: Some(self.raw) });
            return;
        };
        let next = match (step, self.parts()) {
            (Step::Each, Parts::List(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    indices.push(index);
                    element.collect(rest, indices, found);
                    indices.pop();
                }
                return;
            }
            (Step::Each, _) => return,
            (Step::Key(key), Parts::Object(fields)) => {
                fields.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            (Step::Index(index), Parts::List(elements)) => elements.get(*index),
            _ => None,
        };
        match next {
            Some(next) => next.collect(rest, indices, found),
            // Lists below what is missing have no elements; a single value is missing once.
            None if rest.contains(&Step::Each) => {}
            None => found.push(Found { indices: indices.clone(), raw: None }),
        }
    }

    fn parts(&self) -> &Parts<'d> {
        self.parts.get_or_init(|| parts(self.raw))
    }
}

fn parts(raw: &RawValue) -> Parts<'_> {
    // The text was checked as a whole when it became a `RawValue`.
    match raw.get().as_bytes().first() {
        Some(b'{') => fields(raw)
            .map(|fields| Parts::Object(fields.into_iter().map(|(key, raw)| (key, Reader::new(raw))).collect()))
            .unwrap_or(Parts::Neither),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(raw.get())
            .map(|elements| Parts::List(elements.into_iter().map(Reader::new).collect()))
            .unwrap_or(Parts::Neither),
        _ => Parts::Neither,
    }
}

fn fields(raw: &RawValue) -> serde_json::Result<Vec<(String, &RawValue)>> {
    struct Fields;

    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                fields.push(field);
            }
            Ok(fields)
        }
    }

    serde_json::Deserializer::from_str(raw.get()).deserialize_map(Fields)
}

/// A value that a rule made.
#[derive(Debug, Clone)]
pub(super) enum Made<'d> {
    /// Text of the source.
    Copied(&'d RawValue),
    /// Its own text.
    Own(Box<RawValue>),
}

/// A document that is written to.
pub(super) enum Draft<'d> {
    Copied(&'d RawValue),
    Own(Box<RawValue>),
    Object(Vec<(String, Draft<'d>)>),
    List(Vec<Draft<'d>>),
}

impl<'d> From<Made<'d>> for Draft<'d> {
    fn from(made: Made<'d>) -> Self {
        match made {
            Made::Copied(raw) => Self::Copied(raw),
            Made::Own(raw) => Self::Own(raw),
        }
    }
}

impl<'d> Draft<'d> {
    pub(super) fn empty() -> Self {
        Self::Object(Vec::new())
    }

    /// Puts a value at a path, and makes what is missing on the way; nothing removes what is there. `indices` name the
    /// elements of the lists on the way.
    pub(super) fn put(&mut self, steps: &[Step], indices: &[usize], value: Option<Made<'d>>) -> Result<(), Obstacle> {
        let Some((step, rest)) = steps.split_first() else {
            // Only the whole document has no step, and that is always there.
            if let Some(value) = value {
                *self = value.into();
            }
            return Ok(());
        };
        let (place, indices) = match (step, indices.split_first()) {
            (Step::Key(key), _) => return self.put_field(key, rest, indices, value),
            (Step::Index(index), _) => (*index, indices),
            (Step::Each, Some((index, indices))) => (*index, indices),
            (Step::Each, None) => return Ok(()),
        };
        self.put_element(place, rest, indices, value)
    }

    fn put_field(
        &mut self,
        key: &str,
        rest: &[Step],
        indices: &[usize],
        value: Option<Made<'d>>,
    ) -> Result<(), Obstacle> {
        let fields = self.fields()?;
        let place = fields.iter().rposition(|(name, _)| name == key);
        match (place, value) {
            (Some(place), None) if rest.is_empty() => {
                fields.remove(place);
            }
            (None, None) => {}
            (Some(place), value) => {
                if let Some((_, field)) = fields.get_mut(place) {
                    field.put(rest, indices, value)?;
                }
            }
            (None, Some(value)) => {
                let mut field = Self::null();
                field.put(rest, indices, Some(value))?;
                fields.push((key.to_owned(), field));
            }
        }
        Ok(())
    }

    fn put_element(
        &mut self,
        place: usize,
        rest: &[Step],
        indices: &[usize],
        value: Option<Made<'d>>,
    ) -> Result<(), Obstacle> {
        let elements = self.elements()?;
        if place >= elements.len() {
            if value.is_none() {
                return Ok(());
            }
            if place >= LONGEST_LIST {
                return Err(Obstacle("the list is too long"));
            }
            elements.resize_with(place + 1, Self::null);
        }
        match elements.get_mut(place) {
            Some(element) if value.is_none() && rest.is_empty() => *element = Self::null(),
            Some(element) => element.put(rest, indices, value)?,
            None => {}
        }
        Ok(())
    }

    fn null() -> Self {
        Self::Own(RawValue::NULL.to_owned())
    }

    fn fields(&mut self) -> Result<&mut Vec<(String, Self)>, Obstacle> {
        self.take_apart();
        if self.is_null() {
            *self = Self::Object(Vec::new());
        }
        match self {
            Self::Object(fields) => Ok(fields),
            _ => Err(Obstacle("what is there is no object")),
        }
    }

    fn elements(&mut self) -> Result<&mut Vec<Self>, Obstacle> {
        self.take_apart();
        if self.is_null() {
            *self = Self::List(Vec::new());
        }
        match self {
            Self::List(elements) => Ok(elements),
            _ => Err(Obstacle("what is there is no list")),
        }
    }

    fn is_null(&self) -> bool {
        match self {
            Self::Copied(raw) => raw.get() == "null",
            Self::Own(raw) => raw.get() == "null",
            Self::Object(_) | Self::List(_) => false,
        }
    }

    /// Turns the text of an object or a list into its fields or elements, each still text.
    fn take_apart(&mut self) {
        let taken = match self {
            Self::Copied(raw) => apart(raw, Self::Copied),
            Self::Own(raw) => apart(raw, |part| Self::Own(part.to_owned())),
            Self::Object(_) | Self::List(_) => None,
        };
        if let Some(taken) = taken {
            *self = taken;
        }
    }
}

/// The longest list that a rule may make, so that an index that was mistyped does not fill the memory.
const LONGEST_LIST: usize = 100_000;

/// Why a value cannot go where the rule wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Obstacle(pub(super) &'static str);

fn apart<'a, 'd>(raw: &'a RawValue, keep: impl Fn(&'a RawValue) -> Draft<'d>) -> Option<Draft<'d>> {
    match raw.get().as_bytes().first() {
        Some(b'{') => {
            let fields = fields(raw).ok()?;
            Some(Draft::Object(fields.into_iter().map(|(key, raw)| (key, keep(raw))).collect()))
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
            Some(Draft::List(elements.into_iter().map(keep).collect()))
        }
        _ => None,
    }
}

impl Serialize for Draft<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Copied(raw) => raw.serialize(serializer),
            Self::Own(raw) => raw.serialize(serializer),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            Self::List(elements) => {
                let mut list = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    list.serialize_element(element)?;
                }
                list.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::mapping::path::Path;

    fn put(document: &str, path: &str, indices: &[usize], value: Option<&str>) -> Result<String, Obstacle> {
        let raw: &RawValue = serde_json::from_str(document).unwrap();
        let mut draft = Draft::Copied(raw);
        let value = value.map(|value| Made::Own(RawValue::from_string(value.to_owned()).unwrap()));
        draft.put(Path::parse(path).unwrap().steps(), indices, value)?;
        Ok(serde_json::to_string(&draft).unwrap())
    }

    #[test]
    fn values_go_where_the_path_says() {
        let cases = [
            (r#"{"a":1}"#, "b", &[][..], Some("2"), r#"{"a":1,"b":2}"#),
            (r#"{"a":1.50}"#, "b.c", &[], Some("2"), r#"{"a":1.50,"b":{"c":2}}"#),
            (r#"{"a":{"x":1e400}}"#, "a.y", &[], Some("2"), r#"{"a":{"x":1e400,"y":2}}"#),
            (r#"{"a":[{"n":1},{"n":2}]}"#, "a[].n", &[1], Some("7"), r#"{"a":[{"n":1},{"n":7}]}"#),
            (r#"{"a":[]}"#, "a[1]", &[], Some("7"), r#"{"a":[null,7]}"#),
            (r#"{"a":null}"#, "a.b", &[], Some("7"), r#"{"a":{"b":7}}"#),
            (r#"{"a":1,"b":2}"#, "a", &[], None, r#"{"b":2}"#),
            (r#"{"a":1}"#, "b.c", &[], None, r#"{"a":1}"#),
            (r#"{"a":1,"a":2}"#, "a", &[], Some("3"), r#"{"a":1,"a":3}"#),
        ];
        for (document, path, indices, value, expected) in cases {
            assert_eq!(put(document, path, indices, value).unwrap(), expected, "{path} in {document}");
        }
    }

    #[test]
    fn what_is_no_object_is_not_replaced_by_one() {
        assert_eq!(put(r#"{"a":"text"}"#, "a.b", &[], Some("1")), Err(Obstacle("what is there is no object")));
        assert_eq!(put(r#"{"a":{}}"#, "a[0]", &[], Some("1")), Err(Obstacle("what is there is no list")));
        assert_eq!(put(r#"{"a":[]}"#, "a[9999999]", &[], Some("1")), Err(Obstacle("the list is too long")));
    }

    #[test]
    fn values_are_found_with_the_elements_they_are_in() {
        let text = r#"{"lines":[{"sku":"A","tags":["x","y"]},{"tags":[]},{"sku":"C"}],"id":12.30}"#;
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        let reader = Reader::new(raw);
        let find = |path: &str| -> Vec<(Vec<usize>, Option<&str>)> {
            let found = reader.find(Path::parse(path).unwrap().steps());
            found.into_iter().map(|found| (found.indices, found.raw.map(RawValue::get))).collect()
        };
        assert_eq!(find("id"), [(vec![], Some("12.30"))]);
        assert_eq!(find("lines[].sku"), [(vec![0], Some("\"A\"")), (vec![1], None), (vec![2], Some("\"C\""))]);
        assert_eq!(find("lines[].tags[]"), [(vec![0, 0], Some("\"x\"")), (vec![0, 1], Some("\"y\""))]);
        assert_eq!(find("lines[1].sku"), [(vec![], None)]);
        assert_eq!(find("other[].sku"), []);
        assert_eq!(find("other.sku"), [(vec![], None)]);
    }
}
