//! From the vendor's error to a cause.
//!
//! The documentation lists no codes. The rule: something with `BLOCKED` or `LIMIT` is a matter of waiting, something
//! with `TOKEN` of the credential, everything else stays and carries code and message.

use wharf_sdk::civil::Zone;
use wharf_sdk::failure::{LimitScope, RateLimit, ToldBy};
use wharf_sdk::http::{Effect, Response};
use wharf_sdk::{Failure, MissingKind, clock, log, violation};

use crate::assumed::{BLOCK_MS, LONGEST_BLOCK_MS, MOST_BELIEVED_BLOCK_MS, VENDOR_CALLS_PER_MINUTE};
use crate::config::BlockReading;

/// An error of the vendor.
pub(super) struct Refusal<'a> {
    /// The method that was called.
    pub(super) method: &'a str,
    /// The vendor's code.
    pub(super) code: &'a str,
    /// The vendor's words.
    pub(super) message: &'a str,
}

impl Refusal<'_> {
    /// Returns the failure.
    pub(super) fn failure(&self, response: &Response, reading: BlockReading) -> Failure {
        let failure = self.classified(response, reading);
        failure.with_evidence(response.evidence()).with_remote_code(self.code)
    }

    fn classified(&self, response: &Response, reading: BlockReading) -> Failure {
        let has = |word: &str| self.code.to_ascii_uppercase().contains(word);
        if has("BLOCKED") || has("LIMIT") || has("TOO_MANY") || self.message.contains("blocked until") {
            let scope = if has("ACCOUNT") { LimitScope::Account } else { LimitScope::Credential };
            let message = format!("{}; {}", self.sentence(), who_did_it(response, reading.calls_per_minute));
            return Failure::rate_limited(block(self.message, scope, clock::now(), reading), message);
        }
        if has("TOKEN") {
            let message = format!("{}; set a valid token of My account, API", self.sentence());
            return Failure::auth_revoked(message);
        }
        if has("UNKNOWN_METHOD") {
            return Failure::unsupported(self.method, self.sentence());
        }
        if has("STORAGE_ID") {
            return Failure::not_found(MissingKind::Referenced, "inventory", "", self.sentence());
        }
        self.permanent(response)
    }

    fn permanent(&self, response: &Response) -> Failure {
        if response.effect() == Effect::Read {
            let sample = response.text_if_any().unwrap_or_default();
            return Failure::contract_changed(self.sentence(), sample);
        }
        let message = format!("{}; correct the document", self.sentence());
        Failure::invalid_record(vec![violation("", "refused", message)])
    }

    fn sentence(&self) -> String {
        format!("`{}` was refused: {} {}", self.method, self.code, self.message).trim_end().to_owned()
    }
}

/// Says who is likely to have used the calls up, and what to do about it.
///
/// The host lets at most `calls_per_minute` calls of ours through, over all connections with the token. Where that is
/// under the vendor's limit and the token is blocked all the same, somebody else calls with it.
fn who_did_it(response: &Response, calls_per_minute: u32) -> String {
    let by_others = calls_per_minute < VENDOR_CALLS_PER_MINUTE;
    log::warn(
        if by_others { "the token is blocked by calls of others" } else { "the token is blocked" },
        &[("calls_per_minute", &calls_per_minute), ("requests_of_this_call", &response.number())],
    );
    match by_others {
        true => format!(
            "at most {calls_per_minute} calls a minute were ours and the vendor allows {VENDOR_CALLS_PER_MINUTE}, so \
             another program uses the token up; give Wharf a token of its own"
        ),
        false => format!(
            "`calls_per_minute` is {calls_per_minute} and the vendor allows {VENDOR_CALLS_PER_MINUTE}; lower it"
        ),
    }
}

/// Reads `Query limit exceeded, token blocked until 2026-02-01 10:00:00`.
///
/// Nobody says in which zone the time is: one client takes it for UTC, others for local time. Of both readings the one
/// that is ahead and nearest counts, unless it is hours ahead and the other one is just over: blocks last minutes. Where
/// all are long over the zone is another one, so nothing is told.
fn block(message: &str, scope: LimitScope, now: u64, reading: BlockReading) -> RateLimit {
    let readings = || [Zone::UTC, reading.zone].into_iter().filter_map(|zone| zone.instant(local_time(message)?));
    let (least, most) = (reading.shortest_ms, MOST_BELIEVED_BLOCK_MS);
    let ahead = readings().filter(|until| *until >= now).min().map(|until| until - now);
    let just_over = readings().any(|until| until < now && now - until <= least).then_some(least);
    let soon = ahead.filter(|wait| *wait <= LONGEST_BLOCK_MS);
    let told = soon.or(just_over).or(ahead).map(|wait| wait.clamp(least, most));
    let told_by = if told.is_some() { ToldBy::Text } else { ToldBy::Estimate };
    RateLimit { scope, not_before: Some(now.saturating_add(told.unwrap_or(BLOCK_MS))), told_by }
}

/// Finds the first `YYYY-MM-DD HH:MM:SS` in a text.
fn local_time(text: &str) -> Option<wharf_sdk::civil::LocalTime> {
    const LENGTH: usize = "2026-02-01 10:00:00".len();
    let starts = text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(start, _)| start);
    let mut found = starts.filter_map(|start| text.get(start..start + LENGTH)?.parse().ok());
    found.next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests fail where they stand")]

    use super::*;

    /// 2026-07-01T08:00:00Z, 10:00 in Warsaw.
    const NOW: u64 = 1_782_892_800_000;
    const MINUTE: u64 = 60_000;

    #[test]
    fn the_reading_of_a_block_that_is_ahead_and_nearest_counts() {
        let zone = Zone::named("Europe/Warsaw").expect("known");
        let warsaw = BlockReading { zone, shortest_ms: MINUTE, calls_per_minute: 90 };
        for (message, minutes, told_by) in [
            ("Query limit exceeded, token blocked until 2026-07-01 08:10:00", 10, ToldBy::Text),
            ("Query limit exceeded, token blocked until 2026-07-01 10:10:00", 10, ToldBy::Text),
            ("blocked until 2026-07-01 10:00:01.", 1, ToldBy::Text),
            ("blocked until 2026-07-01 09:59:30", 1, ToldBy::Text),
            ("blocked until 2026-07-01 11:30:00", 15, ToldBy::Text),
            ("blocked until 2026-07-01 04:10:00", 10, ToldBy::Estimate),
            ("blocked until tomorrow", 10, ToldBy::Estimate),
            ("blocked until 2026-02-31 10:00:00", 10, ToldBy::Estimate),
            ("", 10, ToldBy::Estimate),
        ] {
            let limit = block(message, LimitScope::Credential, NOW, warsaw);
            assert_eq!((limit.not_before, limit.told_by), (Some(NOW + minutes * MINUTE), told_by), "{message}");
        }
    }

    #[test]
    fn winter_time_counts_in_winter() {
        let zone = Zone::named("Europe/Warsaw").expect("known");
        let warsaw = BlockReading { zone, shortest_ms: MINUTE, calls_per_minute: 90 };
        // 2026-01-15T09:00:00Z is 10:00 in Warsaw.
        let now = 1_768_467_600_000;
        let limit = block("until 2026-01-15 10:05:00", LimitScope::Account, now, warsaw);
        assert_eq!((limit.not_before, limit.scope), (Some(now + 5 * MINUTE), LimitScope::Account));
    }
}
