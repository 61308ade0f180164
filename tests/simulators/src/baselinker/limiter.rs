//! Calls per minute, and the block that follows when there were too many.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::answer::Refusal;

const WINDOW_MS: i64 = 60_000;

/// How the limit behaves.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) calls_per_minute: usize,
    pub(super) block: Duration,
    pub(super) block_growth: Duration,
    pub(super) zone: TimeZone,
}

/// The sliding window and the running block of one token.
#[derive(Debug)]
pub(super) struct Limiter {
    rules: Rules,
    calls_ms: VecDeque<i64>,
    blocked_until_ms: i64,
    pub(super) blocks: u64,
    pub(super) calls_during_block: u64,
}

impl Limiter {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, calls_ms: VecDeque::new(), blocked_until_ms: 0, blocks: 0, calls_during_block: 0 }
    }

    /// Counts a call, or refuses it; a call during a block makes the block longer.
    pub(super) fn admit(&mut self, now_ms: i64) -> Result<(), Refusal> {
        if now_ms < self.blocked_until_ms {
            self.calls_during_block += 1;
            self.blocked_until_ms = whole_second(self.blocked_until_ms + millis(self.rules.block_growth));
            return Err(self.refusal());
        }
        while self.calls_ms.front().is_some_and(|call_ms| *call_ms <= now_ms - WINDOW_MS) {
            self.calls_ms.pop_front();
        }
        if self.calls_ms.len() >= self.rules.calls_per_minute {
            return Err(self.block(now_ms));
        }
        self.calls_ms.push_back(now_ms);
        Ok(())
    }

    /// Begins a block now, whatever the count.
    pub(super) fn block(&mut self, now_ms: i64) -> Refusal {
        self.blocks += 1;
        self.calls_ms.clear();
        self.blocked_until_ms = whole_second(now_ms + millis(self.rules.block));
        self.refusal()
    }

    fn refusal(&self) -> Refusal {
        let until = Timestamp::from_millisecond(self.blocked_until_ms).unwrap_or(Timestamp::MAX);
        let local = until.to_zoned(self.rules.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        Refusal::new("ERROR_BLOCKED_TOKEN", format!("Query limit exceeded, token blocked until {local}"))
    }
}

/// Rounds up, because the text that tells the end has no fraction: who waits for it must not be refused.
fn whole_second(ms: i64) -> i64 {
    ms.div_euclid(1000).saturating_add(i64::from(ms.rem_euclid(1000) > 0)).saturating_mul(1000)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(zone: &str) -> Limiter {
        Limiter::new(Rules {
            calls_per_minute: 2,
            block: Duration::from_secs(600),
            block_growth: Duration::from_secs(60),
            zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC),
        })
    }

    fn text(result: Result<(), Refusal>) -> String {
        result.err().map(|refusal| refusal.message).unwrap_or_default()
    }

    #[test]
    fn window_slides() {
        let mut limiter = limiter("UTC");
        assert!(limiter.admit(0).is_ok());
        assert!(limiter.admit(30_000).is_ok());
        assert!(limiter.admit(60_000).is_ok(), "the first call is a minute old");
        assert!(limiter.admit(60_001).is_err(), "the second and third are not");
    }

    #[test]
    fn block_grows_with_each_call_and_ends_at_the_second_it_names() {
        let mut limiter = limiter("UTC");
        assert!(limiter.admit(1).is_ok() && limiter.admit(2).is_ok());
        assert!(text(limiter.admit(3)).ends_with("until 1970-01-01 00:10:01"));
        assert!(text(limiter.admit(4)).ends_with("until 1970-01-01 00:11:01"));
        assert!(text(limiter.admit(5)).ends_with("until 1970-01-01 00:12:01"));
        assert!(limiter.admit(721_000).is_ok());
        assert_eq!((limiter.blocks, limiter.calls_during_block), (1, 2));
    }

    #[test]
    fn block_is_told_in_the_zone_of_the_account() {
        // Midsummer 2026 in Warsaw is two hours ahead of UTC.
        let noon_ms = 1_782_043_200_000;
        let message = limiter("Europe/Warsaw").block(noon_ms).message;
        assert_eq!(message, "Query limit exceeded, token blocked until 2026-06-21 14:10:00");
    }
}
