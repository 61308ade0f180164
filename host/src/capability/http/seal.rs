//! What is kept of a refresh, and how it is sealed: nobody who reads the store alone can use it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::model::Instant;

/// First byte of what is sealed: the version of this form.
const FORM: u8 = 1;

const NONCE_BYTES: usize = 12;

/// Why something cannot be sealed: the library has no randomness or no memory.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be sealed")]
pub(super) struct NotSealed;

/// Seals for one slot, with a key made from the refresh token that the operator supplied. Another one opens nothing that
/// was kept before: then the operator's counts.
pub(super) struct Seal {
    key: RandomizedNonceKey,
    place: Vec<u8>,
}

/// The tokens of a slot, in the form in which they are stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Tokens {
    pub(super) refresh: String,
    pub(super) access: String,
    renew_at_ms: u64,
    expires_at_ms: u64,
}

impl Tokens {
    pub(super) fn new(refresh: String, access: String, renew_at: Instant, expires_at: Instant) -> Self {
        Self { refresh, access, renew_at_ms: renew_at.0, expires_at_ms: expires_at.0 }
    }

    pub(super) fn renew_at(&self) -> Instant {
        Instant(self.renew_at_ms)
    }

    pub(super) fn expires_at(&self) -> Instant {
        Instant(self.expires_at_ms)
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.refresh.zeroize();
        self.access.zeroize();
    }
}

impl Seal {
    pub(super) fn new(connection: &str, slot: &str, secret: &[u8]) -> Result<Self, NotSealed> {
        let place = [connection.as_bytes(), b"\0", slot.as_bytes()].concat();
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"wharf kept token").extract(secret);
        let info: [&[u8]; 1] = [&place];
        let mut key = Zeroizing::new([0; 32]);
        let expanded = extracted.expand(&info, &AES_256_GCM).map_err(|_| NotSealed)?;
        expanded.fill(key.as_mut()).map_err(|_| NotSealed)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| NotSealed)?;
        Ok(Self { key, place })
    }

    pub(super) fn seal(&self, tokens: &Tokens) -> Result<Vec<u8>, NotSealed> {
        let text = Zeroizing::new(serde_json::to_vec(tokens).map_err(|_| NotSealed)?);
        // A copy with room for the tag, encrypted where it is.
        let mut sealed = Vec::with_capacity(text.len() + 64);
        sealed.extend_from_slice(&text);
        let nonce = self.key.seal_in_place_append_tag(Aad::from(&self.place), &mut sealed).map_err(|_| NotSealed)?;
        Ok([&[FORM], nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Opens what was sealed; none when it was sealed with another secret, for another slot, or was changed.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Tokens> {
        let (form, rest) = sealed.split_first()?;
        let (nonce, rest) = rest.split_at_checked(NONCE_BYTES)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(rest.to_vec());
        let opened = self.key.open_in_place(nonce, Aad::from(&self.place), &mut text).ok()?;
        (*form == FORM).then(|| serde_json::from_slice(opened).ok())?
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn tokens() -> Tokens {
        Tokens::new("the-refresh-token".into(), "the-access-token".into(), Instant(5), Instant(6))
    }

    #[test]
    fn sealed_tokens_are_opened_by_the_same_secret_for_the_same_slot_only() {
        let seal = |connection, slot, secret: &str| Seal::new(connection, slot, secret.as_bytes()).unwrap();
        let sealed = seal("crm", "account", "first").seal(&tokens()).unwrap();
        let opened = seal("crm", "account", "first").open(&sealed).unwrap();
        assert_eq!((opened.refresh.as_str(), opened.access.as_str()), ("the-refresh-token", "the-access-token"));
        assert_eq!((opened.renew_at(), opened.expires_at()), (Instant(5), Instant(6)));
        for (connection, slot, secret) in
            [("crm", "account", "other"), ("crn", "account", "first"), ("crm", "accoun", "tfirst")]
        {
            assert!(seal(connection, slot, secret).open(&sealed).is_none(), "{connection} {slot} {secret}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(seal("crm", "account", "first").open(&changed).is_none(), "{at}");
        }
        assert!(seal("crm", "account", "first").open(b"").is_none());
    }

    #[test]
    fn what_is_sealed_shows_nothing_and_is_never_the_same() {
        let seal = Seal::new("crm", "account", b"first").unwrap();
        let [one, two] = [seal.seal(&tokens()).unwrap(), seal.seal(&tokens()).unwrap()];
        assert_ne!(one, two);
        let shown = String::from_utf8_lossy(&one).into_owned();
        assert!(!shown.contains("token") && !shown.contains("refresh"), "{shown}");
    }
}
