//! Writing JSON text.

use wharf_sdk::quirks::Entries;

use super::number::Number;
use crate::api::Raw;

/// Makes a key with its quotes and colon.
macro_rules! key {
    ($name:literal) => {
        concat!("\"", $name, "\":")
    };
}
pub(super) use key;

/// JSON text in the making.
pub(super) struct Json {
    text: String,
}

impl Json {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes) }
    }

    /// Returns the text; every escape in it stands for a character.
    pub(super) fn finish(self) -> String {
        with_whole_surrogates(self.text)
    }

    pub(super) fn open(&mut self) {
        self.text.push('{');
    }

    pub(super) fn close(&mut self) {
        self.text.push('}');
    }

    /// Writes JSON as it is.
    pub(super) fn raw(&mut self, json: &str) {
        self.text.push_str(json);
    }

    /// Writes a key made by [`key!`].
    pub(super) fn key(&mut self, key: &str) {
        self.separate();
        self.text.push_str(key);
    }

    /// Writes any key.
    pub(super) fn any_key(&mut self, name: &str) {
        self.separate();
        let plain = name.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        if plain {
            self.text.push('"');
            self.text.push_str(name);
            self.text.push('"');
        } else {
            self.text.push_str(&serde_json::Value::from(name).to_string());
        }
        self.text.push(':');
    }

    /// Writes a value as a string, empty where nothing is said. A list or an object has no text.
    pub(super) fn string(&mut self, value: Raw<'_>) {
        match value.json().as_bytes().first() {
            Some(b'"') => self.text.push_str(value.json()),
            None | Some(b'n' | b'[' | b'{') => self.text.push_str("\"\""),
            Some(_) => {
                self.text.push('"');
                self.text.push_str(value.json());
                self.text.push('"');
            }
        }
    }

    /// Writes a member as a string, unless nothing is said.
    pub(super) fn text(&mut self, key: &str, value: Raw<'_>) {
        if !value.is_blank() {
            self.key(key);
            self.string(value);
        }
    }

    /// Writes a member as a string in upper case, unless nothing is said.
    pub(super) fn upper(&mut self, key: &str, value: Raw<'_>) {
        if value.is_blank() {
            return;
        }
        let start = self.text.len();
        self.text(key, value);
        let is_plain = !value.json().contains('\\');
        let is_lower = |byte: u8| byte.is_ascii_lowercase();
        if is_plain && value.json().bytes().any(is_lower) {
            self.text.truncate(start);
            self.key(key);
            let upper = value.json().to_ascii_uppercase();
            self.string(Raw::new(&upper));
        }
    }

    /// Writes a member as decimal text.
    pub(super) fn number(&mut self, key: &str, number: &Number<'_>) {
        self.key(key);
        self.text.push('"');
        self.text.push_str(number.as_str());
        self.text.push('"');
    }

    /// Writes a map, also where PHP wrote a list for it.
    pub(super) fn map(&mut self, value: Raw<'_>) {
        if value.json().starts_with('{') {
            return self.raw(value.json());
        }
        let entries = serde_json::from_str::<Entries<'_, Raw<'_>>>(value.json());
        let Ok(entries) = entries else { return self.raw(value.json()) };
        self.open();
        for (name, value) in entries.iter() {
            self.any_key(name);
            self.raw(value.json());
        }
        self.close();
    }

    /// Starts a member that is an object, and returns where.
    pub(super) fn begin(&mut self, key: &str) -> usize {
        let start = self.text.len();
        self.key(key);
        self.open();
        start
    }

    /// Ends an object; takes it back if nothing is in it.
    pub(super) fn end(&mut self, start: usize) {
        if self.text.ends_with('{') { self.text.truncate(start) } else { self.close() }
    }

    fn separate(&mut self) {
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
    }
}

/// Replaces each half of a surrogate pair that stands alone: it is no character, and readers refuse the whole document
/// because of it. Text that was cut by its length ends so.
fn with_whole_surrogates(text: String) -> String {
    let mut from = 0;
    let mut broken = Vec::new();
    while let Some(found) = text.get(from..).and_then(|rest| rest.find('\\')) {
        let start = from + found;
        from = match (surrogate(&text, start), surrogate(&text, start + 6)) {
            (Some(Half::High), Some(Half::Low)) => start + 12,
            (Some(_), _) => {
                broken.push(start);
                start + 6
            }
            (None, _) => start + 2,
        };
    }
    broken.into_iter().fold(text, |mut text, start| {
        text.replace_range(start..start + 6, "\\ufffd");
        text
    })
}

enum Half {
    High,
    Low,
}

/// Returns which half of a surrogate pair is escaped at `start`.
fn surrogate(text: &str, start: usize) -> Option<Half> {
    let digits = text.get(start..start + 6)?.strip_prefix("\\u")?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..0xdc00 => Some(Half::High),
        0xdc00..0xe000 => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests fail where they stand")]

    use super::*;

    #[test]
    fn half_surrogates_are_replaced_and_whole_ones_stay() {
        for (text, whole) in [
            (r"a", r"a"),
            (r"\ud83d\ude00", r"\ud83d\ude00"),
            (r"a\ud83d", r"a\ufffd"),
            (r"\ude00\ud83d\ude00\uD83D\u0142", r"\ufffd\ud83d\ude00\ufffd\u0142"),
            (r"\\ud83d \/ \n", r"\\ud83d \/ \n"),
            (r"\ud83dł", r"\ufffdł"),
        ] {
            assert_eq!(with_whole_surrogates(text.to_owned()), whole, "{text}");
        }
    }

    #[test]
    fn keys_are_escaped_where_they_have_to_be() {
        let mut json = Json::with_capacity(0);
        json.open();
        json.any_key("a\"\\\n");
        json.raw("1");
        json.any_key("ł");
        json.raw("2");
        json.close();
        let read: serde_json::Value = serde_json::from_str(&json.finish()).expect("JSON");
        assert_eq!(read, serde_json::json!({"a\"\\\n": 1, "ł": 2}));
    }
}
