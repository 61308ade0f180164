//! JSON Schemas of configurations and documents: compiled once, violations with their places. Pure.

mod weight;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::model::Violation;

/// Steps back that a regular expression may take on one text. Those that need more take all the time that there is.
const BACKTRACKS: usize = 100_000;

/// Bytes that a compiled regular expression may take.
const PATTERN_BYTES: usize = 1 << 20;

/// A compiled JSON Schema. References to other files or servers do not resolve: such a schema does not compile.
pub(crate) struct Schema(Validator);

impl Schema {
    /// Compiles a schema; the error says what is wrong with it.
    pub(crate) fn compile(schema: &Value) -> Result<Self, String> {
        weight::too_much(schema)?;
        let patterns = PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS).size_limit(PATTERN_BYTES);
        let options = jsonschema::options().with_pattern_options(patterns);
        options.build(schema).map(Self).map_err(|error| error.to_string())
    }

    /// Returns everything that is wrong with a value.
    pub(crate) fn violations(&self, value: &Value) -> Vec<Violation> {
        self.0.iter_errors(value).flat_map(|error| violations_of(&error)).collect()
    }
}

/// Turns one error of the validator into violations, one per property where it names several.
fn violations_of(error: &ValidationError<'_>) -> Vec<Violation> {
    let path = error.instance_path().as_str();
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![violation(&member(path, name), "required", format!("`{name}` is missing; add it"))]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let unknown = |name: &String| {
                let message = format!("`{name}` is not known; remove it, or correct its name");
                violation(&member(path, name), "unknown-property", message)
            };
            unexpected.iter().map(unknown).collect()
        }
        // The value itself stays out of the message: whoever pasted a password into the wrong field shall not find it in
        // a log.
        _ => vec![violation(path, &kebab(error.kind().keyword()), format!("{}; correct it", error.masked()))],
    }
}

fn violation(path: &str, code: &str, message: String) -> Violation {
    Violation { path: path.to_owned(), code: code.to_owned(), message }
}

/// Returns the JSON pointer of a member of the object at `path`.
pub(crate) fn member(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn kebab(keyword: &str) -> String {
    let mut text = String::with_capacity(keyword.len() + 4);
    for letter in keyword.chars() {
        if letter.is_ascii_uppercase() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use serde_json::json;

    use super::*;

    #[test]
    fn every_violation_is_reported_with_its_place() {
        let schema = json!({
            "type": "object",
            "required": ["base_url", "a/b"],
            "properties": { "pages": { "type": "integer", "maximum": 9 }, "list": { "items": { "minLength": 2 } } },
            "additionalProperties": false,
        });
        let value = json!({ "pages": 10, "list": ["ok", "x"], "other": 1 });
        let mut found: Vec<(String, String)> = Vec::new();
        for violation in Schema::compile(&schema).unwrap().violations(&value) {
            found.push((violation.path, violation.code));
        }
        found.sort();
        let expected = [
            ("/a~1b", "required"),
            ("/base_url", "required"),
            ("/list/1", "min-length"),
            ("/other", "unknown-property"),
            ("/pages", "maximum"),
        ];
        let expected = expected.map(|(path, code)| (path.to_owned(), code.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn value_of_the_offending_field_is_not_in_the_message() {
        let schema = Schema::compile(&json!({ "properties": { "base_url": { "pattern": "^https" } } })).unwrap();
        let found = schema.violations(&json!({ "base_url": "hunter2" }));
        assert!(found.len() == 1 && found.iter().all(|one| !one.message.contains("hunter2")), "{found:?}");
    }

    #[test]
    fn schema_that_refers_elsewhere_does_not_compile() {
        for reference in ["http://127.0.0.1:1/schema.json", "file:///etc/hostname"] {
            assert!(Schema::compile(&json!({ "$ref": reference })).is_err(), "{reference}");
        }
    }
}
