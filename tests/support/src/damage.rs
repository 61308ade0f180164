//! Damaged copies of samples, for tests of what reads texts and bytes from outside. The same seed gives the same damage.

use std::env;
use std::time::{Duration, Instant};

/// Text that readers have opinions on.
const ODD: [&str; 24] = [
    "\0",
    "\n",
    "\r\n",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{feff}",
    "\\",
    "\"",
    "'",
    "`",
    "{",
    "}}",
    "[",
    "]]",
    "://",
    "@",
    "..",
    "%00",
    "-1",
    "18446744073709551616",
    "1e999",
    "null",
    "\u{10ffff}",
    "\u{301}",
];

/// Longest result, in bytes: what is longer tries patience, not care.
const LONGEST: usize = 1 << 20;

/// Rounds of a target: a fixed number from a fixed seed, so that a test run is the same each time and short.
/// `WHARF_FUZZ_SECONDS` makes it go on for so long, and `WHARF_FUZZ_SEED` begin with another seed: `cargo xtask fuzz`.
pub struct Rounds {
    target: &'static str,
    seed: u64,
    left: u64,
    until: Option<Instant>,
}

impl Rounds {
    /// Makes so many rounds of a target.
    pub fn of(target: &'static str, count: u64) -> Self {
        let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let until = number("WHARF_FUZZ_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
        Self { target, seed: number("WHARF_FUZZ_SEED").unwrap_or(1), left: count, until }
    }
}

impl Iterator for Rounds {
    type Item = Damage;

    fn next(&mut self) -> Option<Damage> {
        match self.until {
            Some(until) if Instant::now() >= until => return None,
            None if self.left == 0 => return None,
            _ => self.left = self.left.saturating_sub(1),
        }
        let seed = self.seed;
        self.seed = self.seed.wrapping_add(1);
        Some(Damage { target: self.target, seed, state: seed })
    }
}

/// One round: where its randomness comes from. A test that fails in it says with which seed.
pub struct Damage {
    target: &'static str,
    seed: u64,
    state: u64,
}

impl Damage {
    /// Returns a number below `end`, or 0.
    pub fn below(&mut self, end: usize) -> usize {
        // SplitMix64: short, and good enough to spread damage.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// Returns one of several.
    ///
    /// # Panics
    /// When there is none.
    pub fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// Returns a copy with up to eight changes: bytes flipped, cut out, put in, said again.
    pub fn bytes(&mut self, sample: &[u8]) -> Vec<u8> {
        let mut bytes = sample.to_vec();
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len() + 1);
            let length = self.below(bytes.len() - at + 1);
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap_or(0),
                2 => drop(bytes.drain(at..at + length.min(64))),
                3 => {
                    let odd = self.one(&ODD).as_bytes();
                    drop(bytes.splice(at..at, odd.iter().copied()));
                }
                4 if bytes.len() < LONGEST => {
                    let again = bytes[at..at + length.min(4096)].to_vec();
                    drop(bytes.splice(at..at, again));
                }
                _ => bytes.truncate(bytes.len() - length.min(bytes.len() / 2)),
            }
        }
        bytes
    }

    /// Returns a copy of a text, damaged; what is no UTF-8 any more is replaced.
    pub fn text(&mut self, sample: &str) -> String {
        String::from_utf8_lossy(&self.bytes(sample.as_bytes())).into_owned()
    }
}

impl Drop for Damage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("target `{}` fails with WHARF_FUZZ_SEED={}", self.target, self.seed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_gives_the_same_damage_and_another_one_another() {
        let first: Vec<Vec<u8>> = Rounds::of("test", 20).map(|mut damage| damage.bytes(b"sample of a text")).collect();
        let again: Vec<Vec<u8>> = Rounds::of("test", 20).map(|mut damage| damage.bytes(b"sample of a text")).collect();
        assert_eq!(first, again);
        let mut different = first.clone();
        different.sort();
        different.dedup();
        assert!(different.len() > 10, "{different:?}");
    }
}
