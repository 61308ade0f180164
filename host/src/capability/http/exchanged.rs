//! Where the token is in the answer of a vendor's own exchange. Pure.

use std::collections::VecDeque;

use serde_json::Value;
use zeroize::Zeroizing;

use super::auth::Values;
use crate::manifest::TokenPlace;

/// Parts of the keys under which a token is searched for, the surest first.
const TELLING: [&str; 3] = ["token", "auth", "hash"];

/// Shortest text that a search takes for a token.
const SHORTEST: usize = 8;

/// Finds the token in the body of an answer.
pub(super) fn find(place: &TokenPlace, values: &Values, body: &[u8]) -> Option<Zeroizing<String>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let found = match place {
        TokenPlace::At(pointers) => pointers.iter().find_map(|pointer| text(answer.pointer(pointer)?)),
        TokenPlace::Wherever(_) => TELLING.into_iter().find_map(|telling| search(&answer, telling, values)),
    };
    found.map(|found| Zeroizing::new(found.to_owned()))
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// Searches level by level. What only repeats the credential is no token.
fn search<'a>(answer: &'a Value, telling: &str, values: &Values) -> Option<&'a str> {
    let mut waiting = VecDeque::from([answer]);
    while let Some(value) = waiting.pop_front() {
        if let Value::Object(fields) = value {
            let telling = fields.iter().filter(|(key, _)| key.to_ascii_lowercase().contains(telling));
            let mut texts = telling.filter_map(|(_, value)| value.as_str());
            if let Some(found) = texts.find(|text| text.len() >= SHORTEST && !values.has(text.as_bytes())) {
                return Some(found);
            }
        }
        match value {
            Value::Object(fields) => waiting.extend(fields.values()),
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    None
}
