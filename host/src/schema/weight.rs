//! What a schema costs whoever checks something by it. Connectors bring theirs along, and the host checks by them without a
//! limit of time: a few references that branch would keep it busy for years, and a long chain of them would end its stack.

use std::collections::HashMap;

use serde_json::Value;

/// Most places of a schema, those that are referred to counted each time. Real ones have a few hundred.
const MOST_PLACES: usize = 20_000;

/// Most levels of a schema, references included.
const DEEPEST: usize = 256;

/// Most regular expressions of a schema. A compiled one may take a megabyte.
const MOST_PATTERNS: usize = 200;

/// A part of a schema with all that it refers to.
#[derive(Clone, Copy)]
struct Part {
    places: usize,
    levels: usize,
}

impl Part {
    const ONE: Self = Self { places: 1, levels: 1 };

    /// Adds a part below.
    fn over(&mut self, below: Self) {
        self.places = self.places.saturating_add(below.places);
        self.levels = self.levels.max(below.levels.saturating_add(1));
    }

    fn checked(self) -> Result<Self, String> {
        if self.levels > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} levels deep, references included; make it flatter"));
        }
        if self.places > MOST_PLACES {
            let places = "places when its references are followed; make it smaller";
            return Err(format!("it has more than {MOST_PLACES} {places}"));
        }
        Ok(self)
    }
}

/// The weight of a schema, as far as it is known.
struct Weight<'s> {
    root: &'s Value,
    /// What is behind references. While one is being followed, so that what refers to itself ends, one place.
    known: HashMap<&'s str, Part>,
    patterns: usize,
}

/// Says why a schema is too much; nothing when it is not.
pub(super) fn too_much(schema: &Value) -> Result<(), String> {
    let mut weight = Weight { root: schema, known: HashMap::new(), patterns: 0 };
    weight.of(schema, 0)?;
    match weight.patterns {
        0..=MOST_PATTERNS => Ok(()),
        patterns => Err(format!("it has {patterns} regular expressions; use {MOST_PATTERNS} at most")),
    }
}

impl<'s> Weight<'s> {
    fn of(&mut self, schema: &'s Value, depth: usize) -> Result<Part, String> {
        Part { levels: depth, ..Part::ONE }.checked()?;
        let mut part = Part::ONE;
        match schema {
            Value::Object(fields) => {
                for (name, value) in fields {
                    part.over(self.field(name, value, depth)?);
                }
            }
            Value::Array(items) => {
                for item in items {
                    part.over(self.of(item, depth + 1)?);
                }
            }
            _ => {}
        }
        part.checked()
    }

    fn field(&mut self, name: &str, value: &'s Value, depth: usize) -> Result<Part, String> {
        match (name, value) {
            ("$ref", Value::String(reference)) => return self.behind(reference, depth),
            ("$dynamicRef" | "$recursiveRef", Value::String(_)) => {
                return Err(format!("it has a `{name}`; use `$ref`"));
            }
            ("pattern", Value::String(_)) => self.patterns = self.patterns.saturating_add(1),
            ("patternProperties", Value::Object(all)) => self.patterns = self.patterns.saturating_add(all.len()),
            _ => {}
        }
        self.of(value, depth + 1)
    }

    /// Weighs what a reference leads to.
    fn behind(&mut self, reference: &'s str, depth: usize) -> Result<Part, String> {
        if let Some(known) = self.known.get(reference) {
            return Ok(*known);
        }
        let path = reference.strip_prefix('#').filter(|path| path.is_empty() || path.starts_with('/'));
        let path =
            path.ok_or_else(|| format!("it refers to `{reference}`; refer to its own parts, as `#/$defs/name`"))?;
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        // What is not there is told when the schema is compiled.
        let Some(target) = self.root.pointer(&path) else { return Ok(Part::ONE) };
        self.known.insert(reference, Part::ONE);
        let part = self.of(target, depth + 1)?;
        self.known.insert(reference, part);
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn usual_schema_and_one_that_refers_to_itself_are_fine() {
        let schema = json!({
            "$defs": { "node": { "properties": { "next": { "$ref": "#/$defs/node" }, "name": { "pattern": "^a" } } } },
            "properties": { "first": { "$ref": "#/$defs/node" }, "pattern": { "type": "string" }, "$ref": {} },
        });
        assert_eq!(too_much(&schema), Ok(()));
    }

    #[test]
    fn schema_that_would_cost_without_end_is_refused_with_the_reason() {
        let next = |number: usize| json!({ "$ref": format!("#/$defs/{:03}", number + 1) });
        let branching = |number: usize| (format!("{number:03}"), json!({ "allOf": [next(number), next(number)] }));
        let chain = |number: usize| (format!("{number:03}"), next(number));
        // The other way round, so that each reference leads to what was weighed before.
        let back = |number: usize| (format!("{:03}", number + 2), next(number));
        let of = |defs: serde_json::Map<String, Value>| json!({ "$defs": defs, "$ref": "#/$defs/000" });
        let patterns: Vec<_> = (0..201).map(|_| json!({ "pattern": "a" })).collect();
        let cases = [
            (of((0..60).map(branching).collect()), "more than 20000 places"),
            (of((0..300).map(chain).collect()), "levels deep"),
            (of((0..300).map(back).collect()), "levels deep"),
            (json!({ "allOf": patterns }), "201 regular expressions"),
            (json!({ "$ref": "https://example.com/schema" }), "refers to `https://example.com/schema`"),
            (json!({ "$dynamicRef": "#a" }), "`$dynamicRef`"),
        ];
        for (schema, reason) in cases {
            let told = too_much(&schema);
            assert!(told.as_ref().is_err_and(|why| why.contains(reason)), "{reason}: {told:?}");
        }
    }
}
