//! When a flow runs: pure arithmetic over instants. Nothing here waits.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use wharf_host::model::Instant;

/// When a flow runs.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Schedule {
    /// Only when it is told to.
    #[default]
    Manual,
    /// So long after the last start, and up to `jitter` later.
    Every {
        /// From start to start.
        interval: Duration,
        /// Spread, so that flows with the same interval do not start together.
        jitter: Duration,
    },
    /// When the clock on the wall of a time zone says so.
    Cron(Cron),
}

impl Schedule {
    /// Returns when the flow is due next; none for a manual one.
    ///
    /// `last` is when it was started last. What fell due in between, with the process down or the flow still at work,
    /// is made up for once, within 30 s or a quarter of the interval. `seed` spreads the jitter: give each flow its own, and the same one each time.
    /// A start that is yet to come was noted while the clock was ahead, and counts as one at `now`.
    pub fn next(&self, now: Instant, last: Option<Instant>, seed: u64) -> Option<Instant> {
        let last = last.map(|last| last.min(now));
        match self {
            Self::Manual => None,
            Self::Every { interval, jitter } => Some(next_interval(*interval, *jitter, now, last, seed)),
            Self::Cron(cron) => {
                let due = cron.next(last.unwrap_or(now))?;
                Some(if due < now { now.after(spread(CATCH_UP, seed ^ due.0)) } else { due })
            }
        }
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Manual => serializer.serialize_str("manual"),
            Self::Every { interval, jitter } => {
                serializer.collect_str(&format_args!("every {interval:?} + {jitter:?}"))
            }
            Self::Cron(cron) => serializer.collect_str(&format_args!("{} in {}", cron.expression, cron.zone_name)),
        }
    }
}

fn next_interval(interval: Duration, jitter: Duration, now: Instant, last: Option<Instant>, seed: u64) -> Instant {
    let Some(last) = last else {
        // Never started: soon, but not all flows at the same moment.
        return now.after(spread(jitter, seed));
    };
    let due = last.after(interval).after(spread(jitter, seed ^ last.0));
    if due < now { now.after(spread(CATCH_UP.min(interval / 4), seed ^ last.0)) } else { due }
}

/// Over how long is spread what fell due while nobody was there, so that after a restart not all flows start at once.
const CATCH_UP: Duration = Duration::from_secs(30);

/// Picks a duration below `jitter` that depends on nothing but `seed`.
fn spread(jitter: Duration, seed: u64) -> Duration {
    let millis = u64::try_from(jitter.as_millis()).unwrap_or(u64::MAX);
    match millis {
        0 => Duration::ZERO,
        millis => Duration::from_millis(mix(seed) % millis),
    }
}

/// Scrambles the bits of a number (the finaliser of splitmix64), so that near seeds give far results.
pub(crate) fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Cron {
    expression: String,
    zone_name: String,
    pattern: Box<croner::Cron>,
    zone: TimeZone,
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        (&self.expression, &self.zone_name) == (&other.expression, &other.zone_name)
    }
}

/// Why there is no such schedule, with the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScheduleError(String);

impl Cron {
    /// Reads a cron expression of five fields and the name of a time zone (IANA), e.g. `*/5 * * * *` and
    /// `Europe/Warsaw`. Where clocks go forward, what falls into the gap is due once, right after it; where they go
    /// back, a fixed time is due once.
    ///
    /// # Errors
    /// When either is not known.
    pub fn new(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        let parser = croner::parser::CronParser::builder().seconds(croner::parser::Seconds::Disallowed).build();
        let pattern = parser.parse(expression).map(Box::new).map_err(|error| {
            ScheduleError(format!(
                "`{expression}` is not a cron expression: {error}; write five fields, e.g. `*/5 * * * *`"
            ))
        })?;
        let time_zone = TimeZone::get(zone).map_err(|_| {
            ScheduleError(format!("`{zone}` is not a time zone; write an IANA name, e.g. `Europe/Warsaw` or `UTC`"))
        })?;
        Ok(Self { expression: expression.to_owned(), zone_name: zone.to_owned(), pattern, zone: time_zone })
    }

    fn next(&self, after: Instant) -> Option<Instant> {
        let timestamp = Timestamp::from_millisecond(i64::try_from(after.0).ok()?).ok()?;
        let next = self.pattern.find_next_occurrence(&timestamp.to_zoned(self.zone.clone()), false).ok()?;
        u64::try_from(next.timestamp().as_millisecond()).ok().map(Instant)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn at(text: &str) -> Instant {
        Instant(u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap())
    }

    fn cron_times(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::Cron(Cron::new(expression, zone).unwrap());
        let mut last = at(from);
        let mut times = Vec::new();
        for _ in 0..count {
            last = schedule.next(last, Some(last), 0).unwrap();
            times.push(crate::problem::utc(last));
        }
        times
    }

    #[test]
    fn cron_follows_the_clock_on_the_wall() {
        // Warsaw is UTC+1 in winter, UTC+2 in summer; clocks go forward on 2026-03-29 at 02:00, back on 2026-10-25 at 03:00.
        let cases: [(&str, &str, &[&str]); 5] = [
            ("0 8 * * *", "2026-03-28T12:00:00Z", &["2026-03-29T06:00:00Z", "2026-03-30T06:00:00Z"]),
            ("0 8 * * *", "2026-10-24T12:00:00Z", &["2026-10-25T07:00:00Z", "2026-10-26T07:00:00Z"]),
            // 02:30 does not exist on the 29th.
            ("30 2 * * *", "2026-03-28T12:00:00Z", &["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            // 02:30 happens twice on the 25th.
            ("30 2 * * *", "2026-10-24T12:00:00Z", &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
            (
                "*/30 * * * *",
                "2026-10-25T00:15:00Z",
                &["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"],
            ),
        ];
        for (expression, from, expected) in cases {
            assert_eq!(
                cron_times(expression, "Europe/Warsaw", from, expected.len()),
                expected,
                "{expression} from {from}"
            );
        }
    }

    #[test]
    fn missed_times_are_made_up_for_once() {
        let schedule = Schedule::Cron(Cron::new("0 * * * *", "UTC").unwrap());
        let now = at("2026-05-01T12:10:00Z");
        let due = schedule.next(now, Some(at("2026-05-01T03:00:00Z")), 0).unwrap();
        assert!(due >= now && due.since(now) < CATCH_UP, "{due:?}");
        assert_eq!(schedule.next(due, Some(due), 0), Some(at("2026-05-01T13:00:00Z")));
    }

    #[test]
    fn interval_is_counted_from_the_last_start_and_spread_by_the_seed() {
        let schedule = Schedule::Every { interval: Duration::from_secs(300), jitter: Duration::from_secs(10) };
        let last = at("2026-05-01T12:00:00Z");
        let mut offsets = Vec::new();
        for seed in 0..50 {
            let due = schedule.next(last, Some(last), seed).unwrap();
            assert_eq!(
                schedule.next(last.after(Duration::from_secs(1)), Some(last), seed),
                Some(due),
                "same seed, same time"
            );
            let offset = due.since(last);
            assert!(offset >= Duration::from_secs(300) && offset < Duration::from_secs(310), "{offset:?}");
            offsets.push(offset);
        }
        offsets.sort();
        offsets.dedup();
        assert!(offsets.len() > 40, "50 flows start at {} moments", offsets.len());
    }

    #[test]
    fn interval_that_passed_while_down_is_due_soon_and_not_for_all_flows_at_once() {
        let schedule = Schedule::Every { interval: Duration::from_secs(60), jitter: Duration::ZERO };
        let now = at("2026-05-01T12:10:30Z");
        let starts: std::collections::BTreeSet<_> =
            (0..50).map(|seed| schedule.next(now, Some(at("2026-05-01T12:00:00Z")), seed).unwrap()).collect();
        assert!(starts.iter().all(|start| *start >= now && start.since(now) < Duration::from_secs(15)), "{starts:?}");
        assert!(starts.len() > 40, "50 flows start at {} moments", starts.len());
        assert_eq!(schedule.next(now, Some(now), 7), Some(now.after(Duration::from_secs(60))), "once");
    }

    #[test]
    fn start_that_was_noted_by_a_clock_that_was_ahead_puts_nothing_off() {
        let now = at("2026-05-01T12:00:00Z");
        let ahead = Some(at("2027-05-01T12:00:00Z"));
        let every = Schedule::Every { interval: Duration::from_secs(300), jitter: Duration::ZERO };
        assert_eq!(every.next(now, ahead, 0), Some(now.after(Duration::from_secs(300))));
        let cron = Schedule::Cron(Cron::new("30 * * * *", "UTC").unwrap());
        assert_eq!(cron.next(now, ahead, 0), Some(at("2026-05-01T12:30:00Z")));
    }

    #[test]
    fn flow_that_never_ran_starts_within_its_jitter() {
        let schedule = Schedule::Every { interval: Duration::from_secs(3600), jitter: Duration::from_secs(20) };
        let now = at("2026-05-01T12:00:00Z");
        for seed in 0..20 {
            assert!(schedule.next(now, None, seed).unwrap().since(now) < Duration::from_secs(20));
        }
        assert_eq!(Schedule::Manual.next(now, None, 0), None);
    }

    #[test]
    fn mistakes_are_named_with_the_fix() {
        assert!(Cron::new("* * *", "UTC").unwrap_err().to_string().contains("write five fields"));
        assert!(Cron::new("0 0 8 * * *", "UTC").unwrap_err().to_string().contains("write five fields"));
        assert!(Cron::new("0 8 * * *", "Europe/Warsawa").unwrap_err().to_string().contains("write an IANA name"));
    }
}
