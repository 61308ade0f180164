//! Readers for JSON that does not keep to one type: numbers in quotes, `"0"` for false, `[]` for an empty map.
//!
//! They are exact and fast: a number is taken from its text, never through a float; what is text in the answer is
//! borrowed from it; no tree of values is built. [`record!`](crate::record) makes types of them that keep every field
//! that they do not know.
//!
//! ```
//! use wharf_sdk::quirks::{Exact, Flag, Id, Seconds, Text};
//!
//! wharf_sdk::record! {
//!     /// A line of an order.
//!     #[derive(Debug)]
//!     struct Line<'de> {
//!         order_product_id: Id<'de> = required,
//!         name: Text<'de>,
//!         price: Exact as "price_brutto",
//!         paid: Flag,
//!         added: Seconds as "date_add",
//!         ..unknown
//!     }
//! }
//!
//! let json = r#"{"order_product_id": 154, "name": null, "price_brutto": "15.10", "paid": "1", "w": 1.5}"#;
//! let line: Line<'_> = serde_json::from_str(json)?;
//! assert_eq!(line.order_product_id.as_str(), "154");
//! assert_eq!(line.name.as_str(), "");
//! assert_eq!(line.price.get().map(|price| price.to_string()).as_deref(), Some("15.10"));
//! assert!(line.paid.is_set());
//! assert_eq!(line.added.instant(), None);
//! assert_eq!(line.unknown.get("w"), Some("1.5"));
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::document::Decimal;

mod entries;
mod record;

pub use entries::Entries;
pub use record::{Key, Unknown};

/// A JSON value that is no list and no object, borrowed from the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar<'de> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(&'de str),
    /// A string.
    Text(Cow<'de, str>),
}

impl<'de> Scalar<'de> {
    /// Reads the JSON text of one value; none for a list or an object.
    pub fn of(raw: &'de RawValue) -> Option<Self> {
        let text = raw.get();
        match *text.as_bytes().first()? {
            b'"' => Self::string(text),
            b'n' => Some(Self::Null),
            b't' => Some(Self::Bool(true)),
            b'f' => Some(Self::Bool(false)),
            b'[' | b'{' => None,
            _ => Some(Self::Number(text)),
        }
    }

    fn string(text: &'de str) -> Option<Self> {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            return serde_json::from_str(text).ok().map(|unescaped| Self::Text(Cow::Owned(unescaped)));
        }
        Some(Self::Text(Cow::Borrowed(inner)))
    }

    /// Returns what is written, without quotes; empty for `null`.
    pub fn into_text(self) -> Cow<'de, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Number(text) => Cow::Borrowed(text),
            Self::Text(text) => text,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Self::of(raw).ok_or_else(|| de::Error::custom("a list or an object stands where a plain value should"))
    }
}

/// Declares a reader of a scalar: a documented newtype, and how it is made of one.
macro_rules! reader {
    ($(#[$meta:meta])* $name:ident($inner:ty), $what:literal, $read:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $name(Option<$inner>);

        impl $name {
            /// Returns the value; none where there is none.
            pub fn get(self) -> Option<$inner> {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Scalar::deserialize(deserializer)?.into_text();
                let text = text.trim();
                if text.is_empty() {
                    return Ok(Self(None));
                }
                let read: fn(&str) -> Option<Option<$inner>> = $read;
                read(text).map(Self).ok_or_else(|| not_a($what, text))
            }
        }
    };
}

fn not_a<E: de::Error>(what: &str, text: &str) -> E {
    let start: String = text.chars().take(64).collect();
    E::custom(format_args!("`{start}` is not {what}"))
}

reader!(
    /// An exact number: `12.50`, `"12.50"` or `1.25e1`. `null` and `""` are none.
    Exact(Decimal),
    "a decimal number",
    |text| text.parse().ok().map(Some)
);

impl Exact {
    /// Returns the number, zero where there is none.
    pub fn or_zero(self) -> Decimal {
        self.0.unwrap_or_default()
    }
}

reader!(
    /// A whole number: `12`, `"12"` or `12.0`. `null` and `""` are none.
    Whole(i64),
    "a whole number",
    |text| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let exact = fraction.bytes().all(|digit| digit == b'0');
        whole.parse().ok().filter(|_| exact).map(Some)
    }
);

reader!(
    /// A yes or no: `true`, `1`, `"1"`, `"true"`, `"yes"` and their opposites. `null` and `""` are none.
    Flag(bool),
    "a yes or no",
    |text| match text {
        "1" | "true" | "True" | "TRUE" | "yes" | "t" | "y" => Some(Some(true)),
        "0" | "false" | "False" | "FALSE" | "no" | "f" | "n" => Some(Some(false)),
        _ => None,
    }
);

impl Flag {
    /// Tells whether the answer is yes; no value is a no.
    pub fn is_set(self) -> bool {
        self.0.unwrap_or(false)
    }
}

reader!(
    /// A time in seconds since 1970: `1760000000` or `"1760000000"`. `0`, `null` and `""` are none.
    Seconds(u64),
    "a time in seconds since 1970",
    |text| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = fraction.bytes().all(|digit| digit.is_ascii_digit());
        let seconds = whole.parse::<u64>().ok().filter(|_| digits);
        seconds.map(|seconds| Some(seconds).filter(|seconds| *seconds > 0))
    }
);

impl Seconds {
    /// Returns the time in milliseconds since 1970.
    pub fn instant(self) -> Option<u64> {
        self.0.map(|seconds| seconds.saturating_mul(1000))
    }
}

reader!(
    /// A local date, with or without a time: `"2026-02-01"`, `"2026-02-01T10:00:00"`, `"2026-02-01 10:00"`. `null`,
    /// `""` and the zero date `"0000-00-00"` are none. [`Zone`](crate::civil::Zone) makes an instant of it.
    LocalDate(crate::civil::LocalTime),
    "a local date like `2026-02-01T10:00:00`",
    |text| match text {
        _ if text.starts_with("0000-00-00") => Some(None),
        _ => text.parse().ok().map(Some),
    }
);

/// Declares a reader that borrows text.
macro_rules! borrowing_reader {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $name<'de>(Cow<'de, str>);

        impl<'de> $name<'de> {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text as an owned string.
            pub fn into_string(self) -> String {
                self.0.into_owned()
            }
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Scalar::deserialize(deserializer).map(|scalar| Self(scalar.into_text()))
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

borrowing_reader!(
    /// Text: a string, or what a number or a boolean is written as. `null` is empty.
    Text
);

impl Text<'_> {
    /// Returns the text as an owned string, none where it is empty.
    pub fn filled(&self) -> Option<String> {
        Some(self.as_str()).filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

borrowing_reader!(
    /// An id: `"12"` or `12`, the same text for both. `null` is empty.
    Id
);

impl Id<'_> {
    /// Returns the id as an owned string, none where it is empty or `0`, which many systems write for none.
    pub fn filled(&self) -> Option<String> {
        Some(self.as_str()).filter(|id| !matches!(*id, "" | "0")).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    fn read<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn numbers_are_exact_whatever_their_quotes() {
        for (json, expected) in [
            ("0.1", Some("0.1")),
            ("\"0.10\"", Some("0.10")),
            ("123456789012345678.123456789", Some("123456789012345678.123456789")),
            ("-0.02", Some("-0.02")),
            ("1.5e3", Some("1500")),
            ("\" 7 \"", Some("7")),
            ("\"\"", None),
            ("null", None),
        ] {
            let exact: Exact = read(json).expect(json);
            assert_eq!(exact.get().map(|number| number.to_string()).as_deref(), expected, "{json}");
        }
        for json in ["\"1,5\"", "\"abc\"", "true", "[]", "{}"] {
            assert!(read::<Exact>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        for (json, expected) in [("12", Some(12)), ("\"-12\"", Some(-12)), ("12.00", Some(12)), ("\"\"", None)] {
            assert_eq!(read::<Whole>(json).expect(json).get(), expected, "{json}");
        }
        for json in ["1.5", "1e3", "\"x\"", "99999999999999999999"] {
            assert!(read::<Whole>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn flags_have_many_spellings() {
        for json in ["true", "1", "\"1\"", "\"true\""] {
            assert!(read::<Flag>(json).expect(json).is_set(), "{json}");
        }
        for json in ["false", "0", "\"0\"", "\"\"", "null"] {
            assert!(!read::<Flag>(json).expect(json).is_set(), "{json}");
        }
        assert!(read::<Flag>("2").is_err());
    }

    #[test]
    fn zero_times_and_zero_dates_are_none() {
        assert_eq!(read::<Seconds>("\"1760000000\"").expect("reads").instant(), Some(1_760_000_000_000));
        for json in ["0", "\"0\"", "\"\"", "null"] {
            assert_eq!(read::<Seconds>(json).expect(json).instant(), None, "{json}");
        }
        for json in ["\"0000-00-00\"", "\"0000-00-00 00:00:00\"", "\"\"", "null"] {
            assert_eq!(read::<LocalDate>(json).expect(json).get(), None, "{json}");
        }
        assert_eq!(
            read::<LocalDate>("\"2026-02-01\"").expect("reads").get().map(|date| date.to_string()).as_deref(),
            Some("2026-02-01T00:00:00")
        );
        assert!(read::<LocalDate>("\"2026-02-30\"").is_err());
    }

    #[test]
    fn ids_are_the_same_with_and_without_quotes() {
        assert_eq!(read::<Id<'_>>("12").expect("reads"), read::<Id<'_>>("\"12\"").expect("reads"));
        assert_eq!(read::<Id<'_>>("0").expect("reads").filled(), None);
        assert_eq!(read::<Id<'_>>("\"a\\/b\\u0142\"").expect("reads").as_str(), "a/bł");
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        let json = "\"plain\"".to_owned();
        let text: Text<'_> = read(&json).expect("reads");
        assert!(matches!(text.0, Cow::Borrowed("plain")));
    }
}
