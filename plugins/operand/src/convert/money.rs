//! Amounts: a JSON number, or text as Brazilians write it.

use serde::de::{self, Deserialize, Deserializer};
use wharf_sdk::document::Decimal;
use wharf_sdk::quirks::Scalar;

/// An amount: `1234.56`, `"1234.56"`, `"1.234,56"` or `"R$ 1.234,56"`. `null` and `""` are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Money(Option<Decimal>);

impl Money {
    /// Returns the amount; none where there is none.
    pub(crate) fn get(self) -> Option<Decimal> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match Scalar::deserialize(deserializer)? {
            Scalar::Null => Some(Self(None)),
            Scalar::Number(text) => text.parse().ok().map(|amount| Self(Some(amount))),
            Scalar::Text(text) => amount(&text),
            Scalar::Bool(_) => None,
        };
        read.ok_or_else(|| de::Error::custom("an amount is neither a number nor written like `1.234,56`"))
    }
}

/// Reads an amount that is written as text.
fn amount(text: &str) -> Option<Money> {
    let text = text.trim();
    let text = text.strip_prefix("R$").unwrap_or(text).trim();
    if text.is_empty() {
        return Some(Money(None));
    }
    let plain = match text.split_once(',') {
        Some((whole, cents)) => format!("{}.{cents}", without_dots(whole)?),
        None => without_dots(text).unwrap_or_else(|| text.to_owned()),
    };
    plain.parse().ok().map(|amount| Money(Some(amount)))
}

/// Takes the dots out of a whole number: `1.234.567`, each group but the first of three digits. None for other text, such as
/// `0.125` and `12.50`.
fn without_dots(text: &str) -> Option<String> {
    let mut groups = text.split('.');
    let first = groups.next()?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let unsigned = first.strip_prefix('-').unwrap_or(first);
    let grouped = text.contains('.');
    let starts_well = digits(unsigned) && !(grouped && (unsigned.len() > 3 || unsigned.starts_with('0')));
    let goes_on_well = groups.all(|group| group.len() == 3 && digits(group));
    (starts_well && goes_on_well).then(|| text.replace('.', ""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    fn read(json: &str) -> Result<Option<String>, serde_json::Error> {
        serde_json::from_str::<Money>(json).map(|money| money.get().map(|amount| amount.to_string()))
    }

    #[test]
    fn amounts_are_read_as_numbers_and_as_brazilians_write_them() {
        for (json, expected) in [
            ("1234.56", Some("1234.56")),
            ("1234", Some("1234")),
            ("-0.5", Some("-0.5")),
            ("1.234", Some("1.234")),
            ("\"1234.56\"", Some("1234.56")),
            ("\"1.234,56\"", Some("1234.56")),
            ("\"1.234.567,89\"", Some("1234567.89")),
            ("\"1234,5\"", Some("1234.5")),
            ("\"-1.234,56\"", Some("-1234.56")),
            ("\"R$ 10,00\"", Some("10.00")),
            ("\"1.234\"", Some("1234")),
            ("\"1.234.567\"", Some("1234567")),
            ("\"0.125\"", Some("0.125")),
            ("\"12.50\"", Some("12.50")),
            ("\"\"", None),
            ("null", None),
        ] {
            assert_eq!(read(json).expect(json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for json in ["true", "\"abc\"", "\"1,2,3\"", "\"12.34,56\"", "\"1.23,4\"", "[]", "\",5\""] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
