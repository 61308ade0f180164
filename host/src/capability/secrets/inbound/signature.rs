//! Signatures by Standard Webhooks (standardwebhooks.com, version 1).

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Verdict, header};
use crate::model::{Delivery, Instant};
use crate::secret::Secret;

/// Signatures of one message that are looked at: senders that rotate keys send two.
const MAX_SIGNATURES: usize = 10;

/// Checks the signature of a delivery with one or more keys.
pub(super) fn verdict(delivery: &Delivery, keys: &Secret, tolerance_s: u32, now: Instant) -> Verdict {
    let [id, timestamp, signatures] =
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| header(delivery, name));
    let (Some(id), Some(timestamp), Some(signatures)) = (id, timestamp, signatures) else {
        return refused("the message lacks `webhook-id`, `webhook-timestamp` or `webhook-signature`, or has one twice");
    };
    let keys = usable(keys);
    if keys.is_empty() {
        return refused("its value has no key like `whsec_` and base64; set one");
    }
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &delivery.body].concat();
    let presented = signatures.split(' ').take(MAX_SIGNATURES).filter_map(|one| one.strip_prefix("v1,"));
    let mut presented = presented.filter_map(|text| STANDARD.decode(text).ok());
    // The signature first: what is said of the time of a forged message helps only its author.
    if !presented.any(|tag| keys.iter().any(|key| hmac::verify(key, &message, &tag).is_ok())) {
        return refused("no signature of the message is one of ours");
    }
    match timestamp.parse::<u64>() {
        Ok(seconds) if is_near(seconds, now, tolerance_s) => Verdict::Admitted,
        Ok(_) => refused("the time of the message is too far from ours; correct the clocks, or it was replayed"),
        Err(_) => refused("its `webhook-timestamp` is no number of seconds"),
    }
}

fn refused(why: &str) -> Verdict {
    Verdict::Refused(why.to_owned())
}

fn is_near(seconds: u64, now: Instant, tolerance_s: u32) -> bool {
    let sent = Instant(seconds.saturating_mul(1000));
    now.since(sent).max(sent.since(now)) <= Duration::from_secs(tolerance_s.into())
}

/// Reads the keys: base64, with or without the prefix.
fn usable(keys: &Secret) -> Vec<hmac::Key> {
    let keys = keys.expose();
    let text = std::str::from_utf8(&keys).unwrap_or_default();
    let bytes = text.split_ascii_whitespace().filter_map(|key| {
        let key = STANDARD.decode(key.strip_prefix("whsec_").unwrap_or(key)).ok().map(Zeroizing::new)?;
        (!key.is_empty()).then_some(key)
    });
    bytes.map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key)).collect()
}
