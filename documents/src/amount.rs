//! Decimal text and tax rates.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An exact decimal number, written as a JSON string such as `"12.50"`.
///
/// Reads strings only: a JSON number has passed through a float somewhere. Connectors whose remote sends numbers read
/// the number's text and parse that. Trailing zeros are kept, so `"5.00"` stays `"5.00"`; comparison ignores them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(rust_decimal::Decimal);

/// The text is not a decimal number of at most 28 significant digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a decimal number; write it like `12.50`, with at most 28 digits")]
pub struct DecimalError {
    text: String,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);

    /// Wraps a number of the arithmetic crate.
    pub fn new(number: rust_decimal::Decimal) -> Self {
        Self(number)
    }

    /// Returns the number for arithmetic.
    pub fn get(self) -> rust_decimal::Decimal {
        self.0
    }

    /// Rounds to `places` decimal places, halves away from zero, as invoices do.
    #[must_use]
    pub fn round(self, places: u32) -> Self {
        use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
        Self(self.0.round_dp_with_strategy(places, MidpointAwayFromZero))
    }

    /// Returns the net part of a gross amount at `percent` of tax, rounded to `places`.
    ///
    /// None when the rate is -100 or the result does not fit.
    pub fn net_of_gross(self, percent: Decimal, places: u32) -> Option<Self> {
        let hundred = rust_decimal::Decimal::ONE_HUNDRED;
        let factor = hundred.checked_add(percent.0)?;
        let net = self.0.checked_mul(hundred)?.checked_div(factor)?;
        Some(Self(net).round(places))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads plain and scientific notation, as JSON writes numbers.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let plain = rust_decimal::Decimal::from_str_exact(text);
        plain
            .or_else(|_| rust_decimal::Decimal::from_scientific(text))
            .map(Self)
            .map_err(|_| DecimalError { text: text.chars().take(64).collect() })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^-?[0-9]{1,28}(\.[0-9]{1,28})?$",
            "description": "Decimal number as text, e.g. \"12.50\"."
        })
    }
}

/// A tax rate as the source system states it.
///
/// `percent` is missing where no percentage applies (exempt, reverse charge); `code` then says which case it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRate {
    /// Percent of tax, e.g. `"23"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Decimal>,
    /// `exempt`, `not-subject`, `reverse-charge`, or the source's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    #[test]
    fn zeros_are_kept_and_do_not_count_in_comparison() {
        let five: Decimal = "5.00".parse().expect("a number");
        assert_eq!(five.to_string(), "5.00");
        assert_eq!(five, "5".parse().expect("a number"));
    }

    #[test]
    fn json_numbers_are_refused() {
        assert!(serde_json::from_str::<Decimal>("1.5").is_err());
        assert!(serde_json::from_str::<Decimal>("\"1.5\"").is_ok());
    }

    #[test]
    fn garbage_is_refused_with_its_text() {
        for text in ["", "1,5", "abc", "1.2.3", "NaN"] {
            let error = text.parse::<Decimal>().expect_err(text);
            assert!(error.to_string().contains(text));
        }
    }

    #[test]
    fn net_is_rounded_half_away_from_zero() {
        let gross: Decimal = "53.75".parse().expect("a number");
        let rate: Decimal = "23".parse().expect("a number");
        assert_eq!(gross.net_of_gross(rate, 2).expect("fits").to_string(), "43.70");
        assert_eq!(gross.net_of_gross("-100".parse().expect("a number"), 2), None);
    }
}
