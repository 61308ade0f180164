//! Lookup tables.

use std::collections::BTreeMap;

use crate::spec::Table;

/// A table that is looked up in by text and, where keys are decimal numbers, by value.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    name: String,
    by_text: BTreeMap<String, String>,
    by_number: BTreeMap<String, String>,
    default: Option<String>,
}

impl Lookup {
    pub(super) fn new(name: &str, table: &Table) -> Self {
        let by_number = table.entries.iter().filter_map(|(key, value)| Some((plain_number(key)?, value.clone())));
        Self {
            name: table.reference_list.clone().unwrap_or_else(|| name.to_owned()),
            by_text: table.entries.clone(),
            by_number: by_number.collect(),
            default: table.default.clone(),
        }
    }

    /// Returns the name that misses are filed under.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let exact = self.by_text.get(key);
        let found = exact.or_else(|| self.by_number.get(&plain_number(key)?)).or(self.default.as_ref());
        found.map(String::as_str)
    }
}

/// Writes a decimal number without what does not change its value: `23.00` as `23`, `-0.50` as `-0.5`. None for
/// anything else, numbers with an exponent included.
fn plain_number(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    Some(match (whole, fraction) {
        ("", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{}.{fraction}", if whole.is_empty() { "0" } else { whole }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_match_by_value_and_text_by_letter() {
        let entries = [("23", "3"), ("8.5", "4"), ("0", "9"), ("zw", "7"), ("05", "5")];
        let entries = entries.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let lookup = Lookup::new("vat", &Table { entries, ..Table::default() });
        let cases = [
            ("23", Some("3")),
            ("23.00", Some("3")),
            ("23.01", None),
            ("8.50", Some("4")),
            ("0.00", Some("9")),
            ("-0", Some("9")),
            ("-23", None),
            ("05", Some("5")),
            ("5", Some("5")),
            ("zw", Some("7")),
            ("ZW", None),
            ("2.3e1", None),
            ("", None),
        ];
        for (key, expected) in cases {
            assert_eq!(lookup.get(key), expected, "{key}");
        }
    }

    #[test]
    fn default_is_for_everything_else() {
        let table = Table { default: Some("1".to_owned()), ..Table::default() };
        assert_eq!(Lookup::new("vat", &table).get("anything"), Some("1"));
    }
}
