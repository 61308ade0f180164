//! Time as people read it.

use std::time::Duration;

use jiff::Timestamp;
use wharf_host::model::Instant;
use wharf_host::surroundings::Clock;

use crate::clock::ProgramClock;

/// Returns the time now.
pub(crate) fn now() -> Instant {
    ProgramClock.now()
}

/// Writes an instant in UTC, to the second.
pub(crate) fn utc(instant: Instant) -> String {
    let timestamp = i64::try_from(instant.0).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    timestamp.map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// Reads an instant: a day, an instant with its offset, or so long ago.
pub(crate) fn parse(text: &str) -> Result<Instant, String> {
    let of = |timestamp: Timestamp| u64::try_from(timestamp.as_millisecond()).ok().map(Instant);
    let day = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let read = match (text.parse::<Timestamp>(), day()) {
        (Ok(timestamp), _) => of(timestamp),
        (_, Some(day)) => of(day.timestamp()),
        _ => ago(text),
    };
    read.ok_or_else(|| {
        "write a day as 2026-01-31, an instant as 2026-01-31T08:00:00Z, or how long ago as 7d".to_owned()
    })
}

fn ago(text: &str) -> Option<Instant> {
    let duration = text.parse::<jiff::Span>().ok()?.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    let millis = u64::try_from(duration.as_millis()).ok()?;
    now().0.checked_sub(millis).map(Instant)
}

/// Writes how long ago an instant was.
pub(crate) fn age(now: Instant, then: Instant) -> String {
    span(now.since(then))
}

/// Writes a duration with its largest unit, and the next one where it matters.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..36_000 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        36_000..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Writes milliseconds as seconds.
pub(crate) fn seconds(millis: u64) -> String {
    format!("{}.{:01}", millis / 1_000, millis % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn spans_have_the_unit_that_matters() {
        let table =
            [(0, "0 s"), (59, "59 s"), (61, "1 min"), (3_660, "1 h 1 min"), (90_000, "25 h"), (900_000, "10 d")];
        for (seconds, text) in table {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
        assert_eq!(parse("1970-01-02").unwrap(), Instant(86_400_000));
        assert_eq!(parse("1970-01-01T01:00:01+01:00").unwrap(), Instant(1_000));
        let ago = parse("7d").unwrap();
        let week = now().since(ago).as_secs();
        assert!((604_800..604_810).contains(&week), "{week}");
        assert!(parse("yesterday").is_err() && parse("99999999999h").is_err());
        assert_eq!(seconds(1_234), "1.2");
        assert_eq!(utc(Instant(0)), "1970-01-01 00:00:00Z");
        assert_eq!(utc(Instant(u64::MAX)), "-");
    }
}
