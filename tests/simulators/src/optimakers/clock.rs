//! The simulator's clock: real time plus what a test has added.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Time zone of the instance, whose local time all dates are in.
pub(crate) const ZONE: &str = "Europe/Warsaw";

/// A clock that can be put forward.
#[derive(Debug)]
pub(crate) struct Clock {
    ahead_ms: AtomicI64,
    zone: TimeZone,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { ahead_ms: AtomicI64::new(0), zone: TimeZone::get(ZONE).unwrap_or(TimeZone::UTC) }
    }

    pub(crate) fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Returns Unix milliseconds.
    pub(crate) fn now(&self) -> i64 {
        Timestamp::now().as_millisecond().saturating_add(self.ahead_ms.load(Ordering::Relaxed))
    }

    /// Writes an instant as local date-time without zone, to the second.
    pub(crate) fn local(&self, unix_ms: i64) -> String {
        self.zone.to_datetime(instant(unix_ms)).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// Reads a local date-time as Unix milliseconds; none for anything else, a date-time with a zone included.
    pub(crate) fn unix_ms(&self, local: &str) -> Option<i64> {
        let is_local = !local.ends_with(['Z', 'z']) && local.len() <= "2026-02-01T10:15:00.0000000".len();
        let local: DateTime = local.parse().ok().filter(|_| is_local && !has_offset(local))?;
        Some(self.zone.to_timestamp(local).ok()?.as_millisecond())
    }
}

/// Tells whether a time of day is followed by an offset from UTC.
fn has_offset(text: &str) -> bool {
    text.split_once('T').is_some_and(|(_, time)| time.contains(['+', '-', '[']))
}

/// Writes an instant as the date of an HTTP header.
pub(crate) fn http_date(unix_ms: i64) -> String {
    instant(unix_ms).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn instant(unix_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_that_of_warsaw_in_summer_and_winter() {
        let clock = Clock::new();
        for (unix, local) in [(1_769_940_000_000, "2026-02-01T11:00:00"), (1_782_900_000_000, "2026-07-01T12:00:00")] {
            assert_eq!(clock.local(unix), local);
            assert_eq!(clock.unix_ms(local), Some(unix));
        }
        for text in ["2026-02-01T11:00:00Z", "2026-02-01T11:00:00+01:00", "yesterday", ""] {
            assert_eq!(clock.unix_ms(text), None, "{text}");
        }
    }
}
