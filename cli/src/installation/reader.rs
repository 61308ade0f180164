//! Reads values of the file as what they should be; what they are not is reported, and reading goes on. Pure.

use std::cell::RefCell;
use std::fmt::Display;
use std::time::Duration;

use jiff::Timestamp;
use toml::de::{DeTable, DeValue};
use wharf_host::model::Instant;

use super::key::Key;
use super::nearest;
use super::problem::Problems;

/// A value with its key.
#[derive(Clone)]
pub(super) struct Node<'a> {
    value: &'a DeValue<'a>,
    key: Key,
    problems: &'a Problems,
}

impl<'a> Node<'a> {
    /// Reports a mistake of this value.
    pub(super) fn wrong(&self, message: impl Into<String>, fix: impl Into<String>) {
        self.problems.add(&self.key, message, fix);
    }

    /// Reports a mistake whose sentence ends with the fix.
    pub(super) fn wrong_sentence(&self, sentence: &str) {
        self.problems.add_sentence(&self.key, sentence);
    }

    fn not<T>(&self, wanted: &str, example: impl Display) -> Option<T> {
        let is = kind(self.value);
        self.wrong(format!("is {is}, should be {wanted}"), format!("write {example}"));
        None
    }

    /// Tells whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// Tells whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// Reads text that is not empty.
    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            DeValue::String(text) if text.trim().is_empty() => {
                self.wrong("is empty", "write a text, or remove the key");
                None
            }
            DeValue::String(text) => Some(text.clone().into_owned()),
            _ => self.not("a text", format!("{} = \"...\"", self.last())),
        }
    }

    /// Reads text, or a number or boolean as the text it is written as; for values that systems spell either way.
    pub(super) fn scalar(&self) -> Option<String> {
        match self.value {
            DeValue::String(text) => Some(text.clone().into_owned()),
            DeValue::Integer(number) => Some(number.to_string()),
            DeValue::Float(number) => Some(number.to_string()),
            DeValue::Boolean(flag) => Some(flag.to_string()),
            _ => self.not("a text", format!("{} = \"...\"", self.last())),
        }
    }

    /// Reads a list of texts; one text counts as a list of one.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        match self.value {
            DeValue::String(_) => self.text().map(|text| vec![text]),
            DeValue::Array(_) => Some(self.elements().iter().filter_map(Node::text).collect()),
            _ => self.not("a list of texts", format!("{} = [\"...\"]", self.last())),
        }
    }

    /// Reads a list of texts or numbers.
    pub(super) fn scalars(&self) -> Option<Vec<String>> {
        match self.value {
            DeValue::Array(_) => Some(self.elements().iter().filter_map(Node::scalar).collect()),
            DeValue::Table(_) => self.not("a list of texts", format!("{} = [\"...\"]", self.last())),
            _ => self.scalar().map(|text| vec![text]),
        }
    }

    /// Returns the elements of an array; empty when it is none.
    pub(super) fn elements(&self) -> Vec<Node<'a>> {
        let DeValue::Array(array) = self.value else { return Vec::new() };
        let node = |(index, value): (usize, &'a toml::Spanned<DeValue<'a>>)| Node {
            value: value.get_ref(),
            key: self.key.index(index),
            problems: self.problems,
        };
        array.iter().enumerate().map(node).collect()
    }

    /// Reads an array of tables (`[[...]]`).
    pub(super) fn sections(&self) -> Option<Vec<Section<'a>>> {
        match self.value {
            DeValue::Array(_) => Some(self.elements().iter().filter_map(Node::section).collect()),
            _ => self.not("a list of tables", format!("[[{}]]", self.key)),
        }
    }

    /// Reads a table with known keys.
    pub(super) fn section(&self) -> Option<Section<'a>> {
        match self.value {
            DeValue::Table(table) => Some(Section::new(table, self.key.clone(), self.problems)),
            _ => self.not("a table", format!("{} = {{ ... }}", self.last())),
        }
    }

    /// Reads a table with the keys that its author chose.
    pub(super) fn entries(&self) -> Option<Vec<(String, Node<'a>)>> {
        match self.value {
            DeValue::Table(table) => Some(entries(table, &self.key, self.problems)),
            _ => self.not("a table", format!("{} = {{ ... }}", self.last())),
        }
    }

    /// Reads a table that leads to secrets. What stands in its place is not repeated in the message.
    pub(super) fn entries_of_secrets(&self) -> Option<Vec<(String, Node<'a>)>> {
        if !self.is_table() {
            self.secret_written_out();
            return None;
        }
        self.entries()
    }

    /// Reports a value where the source of a secret should be.
    pub(super) fn secret_written_out(&self) {
        let fix = "name its source, { env = \"NAME\" } or { file = \"PATH\" }, and replace the secret if it was real";
        self.wrong("is written out here, secrets are not", fix);
    }

    /// Reads a whole number within bounds.
    pub(super) fn number(&self, least: u32, most: u32) -> Option<u32> {
        let DeValue::Integer(number) = self.value else {
            return self.not("a whole number", format!("{} = {least}", self.last()));
        };
        let read = i64::from_str_radix(number.as_str(), number.radix()).ok().and_then(|n| u32::try_from(n).ok());
        let within = read.filter(|n| (least..=most).contains(n));
        if within.is_none() {
            self.wrong(format!("`{number}` is out of range"), format!("write a number from {least} to {most}"));
        }
        within
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.not("true or false", format!("{} = true", self.last())),
        }
    }

    /// Reads a duration such as `"90s"`, `"5m"` or `"1h30m"`.
    pub(super) fn duration(&self) -> Option<Duration> {
        let DeValue::String(text) = self.value else {
            return self.not("a duration", format!("{} = \"5m\"", self.last()));
        };
        let read = parse_duration(text);
        if read.is_none() {
            let units = "write numbers with units ms, s, m, h or d, such as \"90s\", \"5m\" or \"1h30m\"";
            self.wrong(format!("`{text}` is no duration"), units);
        }
        read
    }

    /// Reads a size such as `"100MB"`, `"512 KiB"` or `"2GB"`, in bytes.
    pub(super) fn bytes(&self) -> Option<u64> {
        let DeValue::String(text) = self.value else {
            return self.not("a size", format!("{} = \"100MB\"", self.last()));
        };
        let read = parse_bytes(text);
        if read.is_none() {
            let units = "write a whole number with a unit B, KB, MB, GB, KiB, MiB or GiB, such as \"100MB\"";
            self.wrong(format!("`{text}` is no size"), units);
        }
        read
    }

    /// Reads an instant: an offset date-time, as text or as TOML writes it.
    pub(super) fn instant(&self) -> Option<Instant> {
        let text = match self.value {
            DeValue::String(text) => text.clone().into_owned(),
            DeValue::Datetime(datetime) => datetime.to_string(),
            _ => return self.not("an instant", format!("{} = \"2026-01-31T00:00:00Z\"", self.last())),
        };
        let read = text.parse::<Timestamp>().ok().and_then(|at| u64::try_from(at.as_millisecond()).ok());
        if read.is_none() {
            let fix = "write date, time and offset, such as \"2026-01-31T00:00:00Z\", not before 1970";
            self.wrong(format!("`{text}` is no instant"), fix);
        }
        read.map(Instant)
    }

    /// Reads any value as JSON.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        match self.value {
            DeValue::String(text) => Some(text.clone().into_owned().into()),
            DeValue::Boolean(flag) => Some((*flag).into()),
            DeValue::Datetime(datetime) => Some(datetime.to_string().into()),
            DeValue::Integer(number) => self.json_number(i64::from_str_radix(number.as_str(), number.radix()).ok()),
            DeValue::Float(number) => {
                let float = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
                self.json_number(float)
            }
            DeValue::Array(_) => self.elements().iter().map(Node::json).collect(),
            DeValue::Table(table) => {
                let pair = |(name, node): (String, Node<'_>)| Some((name, node.json()?));
                entries(table, &self.key, self.problems).into_iter().map(pair).collect()
            }
        }
    }

    fn json_number(&self, number: Option<impl Into<serde_json::Number>>) -> Option<serde_json::Value> {
        if number.is_none() {
            self.wrong("is a number that JSON cannot hold", "write a smaller one, or a text");
        }
        number.map(|number| serde_json::Value::Number(number.into()))
    }

    /// Tells which of a few words it is.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant);
        if found.is_none() {
            self.wrong(format!("`{text}` is unknown"), nearest::fix(&text, words.iter().map(|(word, _)| *word)));
        }
        found
    }

    fn last(&self) -> String {
        let whole = self.key.to_string();
        whole.rsplit('.').next().unwrap_or_default().to_owned()
    }
}

/// A table whose keys are known.
pub(super) struct Section<'a> {
    table: &'a DeTable<'a>,
    key: Key,
    problems: &'a Problems,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(table: &'a DeTable<'a>, key: Key, problems: &'a Problems) -> Self {
        Self { table, key, problems, known: RefCell::default() }
    }

    /// Returns the value of a key that may be missing.
    pub(super) fn optional(&self, name: &'static str) -> Option<Node<'a>> {
        self.known.borrow_mut().push(name);
        let value = self.table.get(name)?;
        Some(Node { value: value.get_ref(), key: self.key.name(name), problems: self.problems })
    }

    /// Returns the value of a key that has to be there; `example` is how it would be written.
    pub(super) fn required(&self, name: &'static str, example: &str) -> Option<Node<'a>> {
        let node = self.optional(name);
        if node.is_none() {
            self.problems.add(&self.key, format!("`{name}` is missing"), format!("add {example}"));
        }
        node
    }

    /// Returns the keys of a table of this table; none when it is missing or no table.
    pub(super) fn table_keys(&self, name: &str) -> Vec<String> {
        let table = self.table.get(name).and_then(|value| value.get_ref().as_table());
        table.map(|table| table.keys().map(|name| name.to_string()).collect()).unwrap_or_default()
    }

    /// Reports a mistake of the table as a whole.
    pub(super) fn wrong(&self, message: impl Into<String>, fix: impl Into<String>) {
        self.problems.add(&self.key, message, fix);
    }

    /// Reports the keys that nothing asked for. Call it after the last key was asked for.
    pub(super) fn end(&self) {
        let known = self.known.borrow();
        let unknown = self.table.keys().map(|name| name.get_ref()).filter(|name| !known.contains(&name.as_ref()));
        for name in unknown {
            let fix = nearest::fix(name, known.iter().copied());
            self.problems.add(&self.key.name(name), "unknown key", fix);
        }
    }
}

fn entries<'a>(table: &'a DeTable<'a>, key: &Key, problems: &'a Problems) -> Vec<(String, Node<'a>)> {
    let mut all: Vec<_> = table.iter().collect();
    all.sort_by_key(|(name, _)| name.span().start);
    let node = |name: &str, value| Node { value, key: key.name(name), problems };
    all.into_iter().map(|(name, value)| (name.to_string(), node(name.get_ref(), value.get_ref()))).collect()
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Reads a whole number with a unit: thousands, or those of 1024 with an `i`.
fn parse_bytes(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let factor: u64 = match unit.trim_start() {
        "B" => 1,
        "KB" | "kB" => 1000,
        "MB" => 1000 * 1000,
        "GB" => 1000 * 1000 * 1000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Reads a sum of whole numbers with units, largest unit first or not.
fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(letters)?;
        let millis = number.parse::<u64>().ok()?.checked_mul(unit_millis(unit.trim())?)?;
        sum = sum.checked_add(Duration::from_millis(millis))?;
        rest = next;
    }
    (!text.trim().is_empty()).then_some(sum)
}

fn unit_millis(unit: &str) -> Option<u64> {
    match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_numbers_with_a_unit() {
        let read = [
            ("100MB", Some(100_000_000)),
            ("512 KiB", Some(524_288)),
            ("2GB", Some(2_000_000_000)),
            ("1GiB", Some(1 << 30)),
            ("0B", Some(0)),
            ("", None),
            ("100", None),
            ("MB", None),
            ("-1MB", None),
            ("1.5GB", None),
            ("100 Mb", None),
            ("99999999999GB", None),
        ];
        for (text, bytes) in read {
            assert_eq!(parse_bytes(text), bytes, "{text}");
        }
    }

    #[test]
    fn durations_are_sums_of_numbers_with_units() {
        let read = [
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("1h 30m", Some(5_400_000)),
            ("250ms", Some(250)),
            ("2d", Some(172_800_000)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("m", None),
            ("-5m", None),
            ("1.5h", None),
            ("5 minutes", None),
            ("99999999999999999999s", None),
            ("9999999999999999d", None),
        ];
        for (text, millis) in read {
            assert_eq!(parse_duration(text), millis.map(Duration::from_millis), "{text}");
        }
    }
}
