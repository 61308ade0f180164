//! Numbers as decimal text, exactly as they were written.

use std::borrow::Cow;

use wharf_sdk::document::Decimal;

use crate::api::Raw;

/// Decimal text of at most 28 digits, as the common documents have it.
pub(super) struct Number<'a>(Cow<'a, str>);

impl<'a> Number<'a> {
    /// Reads `12.50`, `"12.50"`, `1.25e1`; none for anything else.
    pub(super) fn of(value: Raw<'a>) -> Option<Self> {
        let text = value.unquoted();
        if is_plain(text) {
            return Some(Self(Cow::Borrowed(text)));
        }
        let number: Decimal = text.trim().parse().ok()?;
        Some(Self(Cow::Owned(number.to_string())))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Tells whether text is a number of at most 28 digits in plain notation.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.len() <= 28 && all_digits(whole) && all_digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        for (json, expected) in [
            ("53.75", Some("53.75")),
            ("\"53.750\"", Some("53.750")),
            ("0.30000000000000004", Some("0.30000000000000004")),
            ("-0.02", Some("-0.02")),
            ("1.5E+2", Some("150")),
            ("1e-7", Some("0.0000001")),
            ("\" 7 \"", Some("7")),
            ("\"1,5\"", None),
            ("\"\"", None),
            ("true", None),
            ("[]", None),
            ("1.", Some("1")),
        ] {
            let number = Number::of(Raw::new(json));
            assert_eq!(number.as_ref().map(Number::as_str), expected, "{json}");
        }
    }
}
