//! Time zones, by the rules that are in force today.

use super::LocalTime;
use super::calendar::{DAY, days_before, days_in};

/// A time zone with its summer time.
///
/// A connector carries no time zone database, which would be ten times its size. It knows the rules of today: those of
/// the European Union since 1996, of the United States and Canada since 2007, and fixed offsets. Older local times may
/// come out an hour off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    standard: i64,
    summer: Summer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Summer {
    Never,
    European,
    American,
}

const HOUR: i64 = 3600;

/// Names, standard offset in seconds and summer time.
const ZONES: [(&[&str], i64, Summer); 11] = [
    (&["UTC", "Etc/UTC", "GMT"], 0, Summer::Never),
    (&["Europe/London", "Europe/Dublin", "Europe/Lisbon"], 0, Summer::European),
    (
        &[
            "Europe/Bratislava",
            "Europe/Warsaw",
            "Europe/Prague",
            "Europe/Budapest",
            "Europe/Vienna",
            "Europe/Berlin",
            "Europe/Paris",
            "Europe/Madrid",
            "Europe/Rome",
            "Europe/Brussels",
            "Europe/Amsterdam",
            "Europe/Zurich",
            "Europe/Copenhagen",
            "Europe/Oslo",
            "Europe/Stockholm",
            "Europe/Ljubljana",
            "Europe/Zagreb",
            "Europe/Belgrade",
        ],
        HOUR,
        Summer::European,
    ),
    (
        &[
            "Europe/Bucharest",
            "Europe/Sofia",
            "Europe/Athens",
            "Europe/Helsinki",
            "Europe/Tallinn",
            "Europe/Riga",
            "Europe/Vilnius",
            "Europe/Kyiv",
        ],
        2 * HOUR,
        Summer::European,
    ),
    (&["Europe/Istanbul"], 3 * HOUR, Summer::Never),
    (&["America/Sao_Paulo", "America/Argentina/Buenos_Aires"], -3 * HOUR, Summer::Never),
    (&["America/Halifax"], -4 * HOUR, Summer::American),
    (&["America/Toronto", "America/Montreal", "America/New_York"], -5 * HOUR, Summer::American),
    (&["America/Chicago"], -6 * HOUR, Summer::American),
    (&["America/Denver"], -7 * HOUR, Summer::American),
    (&["America/Los_Angeles"], -8 * HOUR, Summer::American),
];

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self { standard: 0, summer: Summer::Never };

    /// Finds a zone by its name in the IANA database; none when it is not among the ones carried.
    pub fn named(name: &str) -> Option<Self> {
        let found = ZONES.iter().find(|(names, ..)| names.contains(&name));
        found.map(|&(_, standard, summer)| Self { standard, summer })
    }

    /// Returns the names of all zones that [`named`](Self::named) finds.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ZONES.iter().flat_map(|(names, ..)| names.iter().copied())
    }

    /// Returns the instant of a local time, in milliseconds since 1970; none before 1970.
    ///
    /// A time that there is twice is the first one; a time that the clock jumps over is as long after the jump as it
    /// says.
    pub fn instant(self, local: LocalTime) -> Option<u64> {
        let in_summer = local.seconds() - self.standard - HOUR;
        let seconds = if self.is_summer(in_summer) { in_summer } else { local.seconds() - self.standard };
        u64::try_from(seconds).ok().map(|seconds| seconds * 1000)
    }

    /// Returns the local time of an instant, to the second; none after the year 9999.
    pub fn local(self, instant: u64) -> Option<LocalTime> {
        let seconds = i64::try_from(instant / 1000).ok()?;
        let summer = if self.is_summer(seconds) { HOUR } else { 0 };
        LocalTime::from_seconds(seconds + self.standard + summer)
    }

    /// Tells whether summer time is in force at so many seconds since 1970.
    fn is_summer(self, seconds: i64) -> bool {
        let Some(year) = LocalTime::from_seconds(seconds + self.standard).map(|local| local.date().0) else {
            return false;
        };
        match self.summer {
            Summer::Never => false,
            // From the last Sunday of March to that of October, at 1:00 UTC everywhere.
            Summer::European => (last_sunday(year, 3) + HOUR..last_sunday(year, 10) + HOUR).contains(&seconds),
            // From the second Sunday of March to the first of November, at 2:00 of the clock then in force.
            Summer::American => {
                let start = nth_sunday(year, 3, 2) + 2 * HOUR - self.standard;
                let end = nth_sunday(year, 11, 1) + HOUR - self.standard;
                (start..end).contains(&seconds)
            }
        }
    }
}

/// Returns the seconds since 1970 at which a Sunday of a month starts, in UTC.
fn nth_sunday(year: i16, month: u8, nth: i64) -> i64 {
    let first = days_before(year, month, 1);
    (first + days_to_sunday(first) + 7 * (nth - 1)) * DAY
}

fn last_sunday(year: i16, month: u8) -> i64 {
    let week_start = days_before(year, month, days_in(year, month)) - 6;
    (week_start + days_to_sunday(week_start)) * DAY
}

/// Days from a day to the next Sunday, 0 on one. 1970-01-01 was a Thursday.
fn days_to_sunday(day: i64) -> i64 {
    (3 - day).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    #[test]
    fn every_zone_agrees_with_the_iana_database() {
        // Every 5 hours and 7 minutes of 2008 to 2037, so that each hour of the changes is met.
        for name in Zone::names() {
            let zone = Zone::named(name).expect(name);
            let database = jiff::tz::TimeZone::get(name).expect(name);
            // Istanbul and São Paulo dropped summer time in 2016 and 2019, Buenos Aires in 2009.
            let since = if zone.summer == Summer::Never { 1_577_836_800 } else { 1_199_145_600 };
            for seconds in (since..2_145_916_800_i64).step_by(18_420) {
                let timestamp = jiff::Timestamp::from_second(seconds).expect("in range");
                let local = database.to_datetime(timestamp).strftime("%Y-%m-%dT%H:%M:%S").to_string();
                let instant = u64::try_from(seconds).expect("after 1970") * 1000;
                let ours = zone.local(instant).expect("in range");
                assert_eq!(ours.to_string(), local, "{name} {seconds}");
                let parsed: jiff::civil::DateTime = local.parse().expect("a date");
                let back = database.to_ambiguous_timestamp(parsed).compatible().expect("in range").as_millisecond();
                assert_eq!(zone.instant(ours).map(u64::cast_signed), Some(back), "{name} {local}");
            }
        }
    }

    #[test]
    fn times_that_are_skipped_or_repeated_have_one_instant() {
        let zone = Zone::named("Europe/Warsaw").expect("carried");
        for (local, utc) in [
            ("2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
            ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
            ("2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
        ] {
            let instant = zone.instant(local.parse().expect("a date")).expect("after 1970");
            assert_eq!(super::super::rfc3339(instant), utc, "{local}");
        }
        assert_eq!(Zone::named("Mars/Olympus"), None);
    }
}
