//! Ids of intents, and the texts that find their documents again.

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Builder;
use wharf_host::model::Instant;
use wharf_host::surroundings::Randomness;

/// Letters of a correlation text: those of base 32 that cannot be mistaken for one another, lower case.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Mints the id of an intent: in the order of time, and never twice.
pub(super) fn intent_id(now: Instant, randomness: &dyn Randomness) -> String {
    let mut random = [0; 10];
    if randomness.fill(&mut random).is_err() {
        // Without randomness the standard's own generator, which counts within a millisecond.
        return uuid::Uuid::now_v7().to_string();
    }
    Builder::from_unix_timestamp_millis(now.0, &random).into_uuid().to_string()
}

/// Makes the text that an intent leaves in the remote document: the same for the same parts, and different for others.
/// 28 characters of `[a-z0-9]`: `wh` and 130 bits of a digest.
pub(super) fn correlation(installation: &str, parts: &[&str]) -> String {
    let mut digest = Context::new(&SHA256);
    for part in std::iter::once(&installation).chain(parts) {
        digest.update(&part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    let digest = digest.finish();
    let mut text = String::from("wh");
    // Five bytes are eight letters of five bits; the digest has 32 bytes, so the letters never run out.
    for five in digest.as_ref().chunks_exact(5) {
        let bits = five.iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        let letter = |place: u32| LETTERS.get(usize::try_from((bits >> (35 - 5 * place)) & 31).unwrap_or(0));
        text.extend((0..8).filter_map(letter).copied().map(char::from));
    }
    text.truncate(28);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_fit_every_remote_and_differ_by_every_part() {
        let texts = [
            correlation("i", &["flow", "order", "1"]),
            correlation("i", &["flow", "order", "2"]),
            correlation("i", &["flow", "orde", "r1"]),
            correlation("i", &["other", "order", "1"]),
            correlation("j", &["flow", "order", "1"]),
        ];
        for (index, text) in texts.iter().enumerate() {
            assert_eq!(text.len(), 28);
            assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{text}");
            assert_eq!(texts.iter().position(|other| other == text), Some(index), "{text} is there twice");
        }
        assert_eq!(texts[0], correlation("i", &["flow", "order", "1"]));
    }
}
