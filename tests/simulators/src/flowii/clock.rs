//! The simulator's clock: real time plus what a test has added.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Time zone of the company, whose local time all date-times are in.
pub(crate) const ZONE: &str = "Europe/Bratislava";

/// A clock that can be put forward.
#[derive(Debug)]
pub(crate) struct Clock {
    ahead_seconds: AtomicI64,
    zone: TimeZone,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { ahead_seconds: AtomicI64::new(0), zone: TimeZone::get(ZONE).unwrap_or(TimeZone::UTC) }
    }

    pub(crate) fn advance(&self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        self.ahead_seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Returns Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        Timestamp::now().as_second().saturating_add(self.ahead_seconds.load(Ordering::Relaxed))
    }

    /// Writes an instant as local date-time without zone.
    pub(crate) fn local(&self, unix_seconds: i64) -> String {
        let instant = Timestamp::from_second(unix_seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// Reads a local date-time as Unix seconds.
    pub(crate) fn unix(&self, local: &str) -> Option<i64> {
        let local: DateTime = local.parse().ok()?;
        Some(self.zone.to_timestamp(local).ok()?.as_second())
    }
}

/// Writes an instant as the date of an HTTP header.
pub(crate) fn http_date(unix_seconds: i64) -> String {
    let instant = Timestamp::from_second(unix_seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_that_of_bratislava_in_summer_and_winter() {
        let clock = Clock::new();
        for (unix, local) in [(1_769_940_000, "2026-02-01T11:00:00"), (1_782_900_000, "2026-07-01T12:00:00")] {
            assert_eq!(clock.local(unix), local);
            assert_eq!(clock.unix(local), Some(unix));
        }
    }

    #[test]
    fn http_date_has_the_fixed_form() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
