//! The envelope: `SUCCESS` or `ERROR`, both with HTTP status 200.

use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::{Map, Value, json};

use crate::log::Note;

/// An error inside HTTP 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }

    /// Name assumed: what the vendor calls it is not known.
    pub(super) fn parameters(message: impl Into<String>) -> Self {
        Self::new("ERROR_INVALID_PARAMETERS", message)
    }

    pub(super) fn into_response(self) -> Response {
        let body = json!({"status": "ERROR", "error_code": self.code, "error_message": self.message});
        let mut response = response(body.to_string());
        response.extensions_mut().insert(Note(self.code));
        response
    }
}

/// The JSON text of a whole answer, or an error.
pub(super) type Answer = Result<String, Refusal>;

/// `{"status":"SUCCESS"}` and nothing else, as the pure setters answer.
pub(super) fn done() -> Answer {
    Ok(r#"{"status":"SUCCESS"}"#.to_owned())
}

/// Success with these fields beside the status.
pub(super) fn success(fields: Value) -> Answer {
    let mut whole = Map::from_iter([("status".to_owned(), Value::from("SUCCESS"))]);
    if let Value::Object(fields) = fields {
        whole.extend(fields);
    }
    Ok(Value::Object(whole).to_string())
}

pub(super) fn response(body: String) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

/// A map as PHP prints it: an empty one is `[]`.
pub(super) fn php_map(map: Map<String, Value>) -> Value {
    if map.is_empty() { Value::Array(Vec::new()) } else { Value::Object(map) }
}

/// A map as PHP prints it when keys `0..n-1` are taken for a list.
pub(super) fn php_list(map: Map<String, Value>) -> Value {
    let is_list = (0..map.len()).all(|index| map.contains_key(&index.to_string()));
    if is_list {
        (0..map.len()).filter_map(|index| map.get(&index.to_string()).cloned()).collect()
    } else {
        php_map(map)
    }
}

/// A number as PHP prints it: without a fraction when it has none.
pub(super) fn php_number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, checked in the line above")]
        return Value::from(number as i64);
    }
    Value::from(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(keys: &[&str]) -> Map<String, Value> {
        keys.iter().map(|key| ((*key).to_owned(), Value::from("x"))).collect()
    }

    #[test]
    fn maps_come_as_php_prints_them() {
        assert_eq!(php_map(map(&[])).to_string(), "[]");
        assert_eq!(php_map(map(&["0"])).to_string(), r#"{"0":"x"}"#);
        assert_eq!(php_list(map(&["0", "1"])).to_string(), r#"["x","x"]"#);
        assert_eq!(php_list(map(&["1"])).to_string(), r#"{"1":"x"}"#);
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(php_number(23.0).to_string(), "23");
        assert_eq!(php_number(-0.02).to_string(), "-0.02");
        assert_eq!(php_number(53.75).to_string(), "53.75");
    }
}
