//! Dates and times as text.

use std::fmt;
use std::str::FromStr;

use super::LocalTime;

/// The text is not a date, or names a day that there is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTimeError(String);

impl fmt::Display for LocalTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a local date; write it like `2026-02-01` or `2026-02-01T10:00:00`", self.0)
    }
}

impl std::error::Error for LocalTimeError {}

impl FromStr for LocalTime {
    type Err = LocalTimeError;

    /// Reads `2026-02-01`, `2026-02-01T10:00`, `2026-02-01 10:00:00` and `2026-02-01T10:00:00.123`, the fraction
    /// dropped.
    fn from_str(text: &str) -> Result<Self, LocalTimeError> {
        let error = || LocalTimeError(text.chars().take(64).collect());
        let (time, rest) = local_prefix(text).ok_or_else(error)?;
        if rest.is_empty() { Ok(time) } else { Err(error()) }
    }
}

impl fmt::Display for LocalTime {
    /// Writes `2026-02-01T10:00:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((year, month, day), (hour, minute, second)) = (self.date(), self.time());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// Writes an instant as RFC 3339 in UTC: `2026-02-01T10:00:00Z`, with milliseconds where it has some.
pub fn rfc3339(instant: u64) -> String {
    let latest = 253_402_300_799_999;
    let (seconds, millis) = (instant.min(latest) / 1000, instant.min(latest) % 1000);
    let time = i64::try_from(seconds).ok().and_then(LocalTime::from_seconds);
    match (time, millis) {
        (Some(time), 0) => format!("{time}Z"),
        (Some(time), _) => format!("{time}.{millis:03}Z"),
        (None, _) => String::new(),
    }
}

/// Reads an RFC 3339 time with its offset, to the millisecond; none when it is not one, or before 1970.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let (time, rest) = local_prefix(text)?;
    let offset = match rest {
        "Z" | "z" => 0,
        _ => offset_seconds(rest)?,
    };
    let seconds = u64::try_from(time.seconds() - offset).ok()?;
    Some(seconds * 1000 + milliseconds(text))
}

/// Reads the date of an HTTP header, `Sun, 06 Nov 1994 08:49:37 GMT`; none when it is not one, or before 1970.
pub fn parse_http_date(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(", ")?;
    let [day, month, year, time, "GMT"] = *rest.split(' ').collect::<Vec<_>>() else { return None };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = u8::try_from(months.iter().position(|name| *name == month)? + 1).ok()?;
    let [hour, minute, second] = *time.split(':').collect::<Vec<_>>() else { return None };
    let [day, hour, minute, second] = [number(day, 2)?, number(hour, 2)?, number(minute, 2)?, number(second, 2)?];
    let time = LocalTime::new(number(year, 4)?, month, narrow(day)?, narrow(hour)?, narrow(minute)?, narrow(second)?)?;
    u64::try_from(time.seconds()).ok().map(|seconds| seconds * 1000)
}

/// Reads the date and time that `text` starts with; what comes after a fraction of a second is the rest.
fn local_prefix(text: &str) -> Option<(LocalTime, &str)> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = *date.split('-').collect::<Vec<_>>() else { return None };
    let (year, month, day) = (number(year, 4)?, narrow(number(month, 2)?)?, narrow(number(day, 2)?)?);
    let Some(time) = rest.strip_prefix(['T', 't', ' ']) else {
        return Some((LocalTime::new(year, month, day, 0, 0, 0)?, rest));
    };
    let (clock, rest) = time.split_at_checked(5)?;
    let (hour, minute) = clock.split_once(':')?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => rest.split_at_checked(2)?,
        None => ("00", rest),
    };
    let (hour, minute, second) = (narrow(number(hour, 2)?)?, narrow(number(minute, 2)?)?, narrow(number(second, 2)?)?);
    Some((LocalTime::new(year, month, day, hour, minute, second)?, without_fraction(rest)?))
}

fn without_fraction(rest: &str) -> Option<&str> {
    let Some(fraction) = rest.strip_prefix('.') else { return Some(rest) };
    let after = fraction.trim_start_matches(|char: char| char.is_ascii_digit());
    if after.len() < fraction.len() { Some(after) } else { None }
}

fn milliseconds(text: &str) -> u64 {
    let digits = text.split_once('.').map_or("", |(_, fraction)| fraction).bytes().take_while(u8::is_ascii_digit);
    let digits = digits.map(|digit| u64::from(digit - b'0')).chain(std::iter::repeat(0));
    digits.take(3).fold(0, |millis, digit| millis * 10 + digit)
}

fn offset_seconds(text: &str) -> Option<i64> {
    let (sign, text) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(text), _) => (1, text),
        (None, Some(text)) => (-1, text),
        (None, None) => return None,
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (i64::from(number(hours, 2)?), i64::from(number(minutes, 2)?));
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Reads exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i16> {
    let all_digits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

fn narrow(number: i16) -> Option<u8> {
    u8::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    #[test]
    fn rfc_3339_is_read_and_written_to_the_millisecond() {
        for (text, instant, written) in [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            ("2026-02-01T10:00:00.5+02:00", 1_769_932_800_500, "2026-02-01T08:00:00.500Z"),
            ("2024-02-29t23:59:60.123456z", 1_709_251_199_123, "2024-02-29T23:59:59.123Z"),
            ("2026-02-01T00:30:00-01:30", 1_769_911_200_000, "2026-02-01T02:00:00Z"),
        ] {
            assert_eq!(parse_rfc3339(text), Some(instant), "{text}");
            assert_eq!(rfc3339(instant), written);
        }
        assert_eq!(rfc3339(u64::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn text_that_is_no_time_is_refused() {
        for text in [
            "",
            "2026-02-01T10:00:00",
            "2026-02-30T10:00:00Z",
            "2026-02-01T24:00:00Z",
            "1969-12-31T00:00:00Z",
            "2026-02-01T10:00:00+2",
            "2026-02-01T10:00:00.Z",
            "+026-02-01T10:00:00Z",
            "2026-02-01T1é:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn local_times_are_read_with_and_without_their_parts() {
        for (text, written) in [
            ("2026-02-01", "2026-02-01T00:00:00"),
            ("2026-02-01T10:05", "2026-02-01T10:05:00"),
            ("2026-02-01 10:05:07", "2026-02-01T10:05:07"),
            ("2026-02-01T10:05:07.1234567", "2026-02-01T10:05:07"),
        ] {
            assert_eq!(text.parse::<LocalTime>().expect(text).to_string(), written);
        }
        for text in ["2026-02-01Z", "2026-2-1", "2026-02-01T", "2026-02-01T10:05:07Z", "26-02-01"] {
            assert!(text.parse::<LocalTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn dates_of_http_headers_are_read() {
        assert_eq!(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_000));
        for text in ["", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT"] {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }
}
