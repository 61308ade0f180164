//! The secrets import: work with a secret by its slot's name. The value stays here.

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest, hmac};

use crate::manifest::{CredentialSlot, Scheme};
use crate::policy::Policy;
use crate::secret::{Secret, SecretRef, SecretSource};

/// Longest message, in bytes: 1 MiB. Webhook bodies of the known systems stay far below.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// Hash of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretError {
    /// The manifest declares no such slot for this use, or the operator did not grant it.
    UnknownSlot,
    /// There is no value, or it cannot be read now.
    Unavailable,
    /// The message is over the limit.
    TooLarge,
}

/// The slots of one connection that can be worked with.
pub(crate) struct Secrets {
    connection: String,
    macs: Vec<String>,
    presented: Vec<String>,
    source: Arc<dyn SecretSource>,
}

impl Secrets {
    /// Takes the slots of the schemes `mac` and `presented` that the policy grants.
    pub(crate) fn new(
        connection: &str,
        policy: &Policy,
        slots: &[CredentialSlot],
        source: Arc<dyn SecretSource>,
    ) -> Self {
        let granted = |wanted: &Scheme| -> Vec<String> {
            let of_scheme = slots.iter().filter(|slot| &slot.scheme == wanted);
            of_scheme.filter(|slot| policy.slot(&slot.name).is_ok()).map(|slot| slot.name.clone()).collect()
        };
        Self {
            connection: connection.to_owned(),
            macs: granted(&Scheme::Mac {}),
            presented: granted(&Scheme::Presented {}),
            source,
        }
    }

    /// Checks an HMAC in constant time.
    ///
    /// # Errors
    /// See `SecretError`.
    pub(crate) async fn verify_mac(
        &self,
        slot: &str,
        hash: Hash,
        message: &[u8],
        presented: &[u8],
    ) -> Result<bool, SecretError> {
        let key = self.key(slot, hash, message).await?;
        Ok(hmac::verify(&key, message, presented).is_ok())
    }

    /// Makes an HMAC.
    ///
    /// # Errors
    /// See `SecretError`.
    pub(crate) async fn sign_mac(&self, slot: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, SecretError> {
        let key = self.key(slot, hash, message).await?;
        Ok(hmac::sign(&key, message).as_ref().to_vec())
    }

    /// Compares a presented token with the secret in constant time.
    ///
    /// # Errors
    /// See `SecretError`.
    pub(crate) async fn matches(&self, slot: &str, presented: &str) -> Result<bool, SecretError> {
        if presented.len() > MAX_MESSAGE_BYTES {
            return Err(SecretError::TooLarge);
        }
        let secret = self.value(&self.presented, slot).await?;
        // Digests have one length, so that the time does not tell the secret's.
        let [expected, given] =
            [secret.expose(), presented.as_bytes()].map(|value| digest::digest(&digest::SHA256, value));
        Ok(constant_time::verify_slices_are_equal(expected.as_ref(), given.as_ref()).is_ok())
    }

    async fn key(&self, slot: &str, hash: Hash, message: &[u8]) -> Result<hmac::Key, SecretError> {
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(SecretError::TooLarge);
        }
        let algorithm = match hash {
            Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha512 => hmac::HMAC_SHA512,
        };
        let secret = self.value(&self.macs, slot).await?;
        Ok(hmac::Key::new(algorithm, secret.expose()))
    }

    /// Gets a value. An empty one counts as none: it would match what anybody sends.
    async fn value(&self, slots: &[String], slot: &str) -> Result<Secret, SecretError> {
        if !slots.iter().any(|known| known == slot) {
            return Err(SecretError::UnknownSlot);
        }
        let wanted = SecretRef { connection: &self.connection, slot, part: "value" };
        match self.source.secret(wanted).await {
            Ok(secret) if secret.expose().is_empty() => Err(SecretError::Unavailable),
            Ok(secret) => Ok(secret),
            Err(error) => {
                tracing::warn!(connection = %self.connection, slot, "secret is not there: {error}");
                Err(SecretError::Unavailable)
            }
        }
    }
}
