//! The imports `secrets` and `jwt`: work with a secret by its slot's name. The value stays here.

pub(crate) mod inbound;
pub(crate) mod jwt;

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest, hmac};

use self::jwt::JwtError;
use super::http::redact::Redactor;
use crate::manifest::{CredentialSlot, JwtAlgorithm, Scheme};
use crate::model::Delivery;
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
    jwts: Vec<(String, JwtAlgorithm)>,
    source: Arc<dyn SecretSource>,
    redactor: Redactor,
}

impl Secrets {
    /// Takes the slots of the schemes `mac`, `presented` and `jwt` that the policy grants.
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
        let signs = |slot: &CredentialSlot| match slot.scheme {
            Scheme::Jwt { algorithm } if policy.slot(&slot.name).is_ok() => Some((slot.name.clone(), algorithm)),
            _ => None,
        };
        Self {
            connection: connection.to_owned(),
            jwts: slots.iter().filter_map(signs).collect(),
            macs: granted(&Scheme::Mac {}),
            presented: granted(&Scheme::Presented {}),
            source,
            redactor: Redactor::default(),
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
            [&*secret.expose(), presented.as_bytes()].map(|value| digest::digest(&digest::SHA256, value));
        Ok(constant_time::verify_slices_are_equal(expected.as_ref(), given.as_ref()).is_ok())
    }

    /// Signs a JWT: the fields of `header` beside `alg` and `typ`, and `claims`, both JSON objects.
    ///
    /// # Errors
    /// See `JwtError`.
    pub(crate) async fn sign_jwt(&self, slot: &str, header: Option<&str>, claims: &str) -> Result<String, JwtError> {
        let known = self.jwts.iter().find(|(name, _)| name == slot);
        let (name, algorithm) = known.ok_or(JwtError::UnknownSlot)?;
        let key = self.read(name).await.map_err(|_| JwtError::Unavailable)?;
        jwt::sign(*algorithm, &key, header, claims)
    }

    /// Takes the slots' values out of a delivery, wherever in it they are. A value that cannot be had cannot be looked
    /// for; the delivery is then not genuine either.
    pub(crate) async fn redact(&self, delivery: &Delivery) -> Delivery {
        for slots in [&self.macs, &self.presented] {
            for slot in slots {
                if let Ok(secret) = self.value(slots, slot).await {
                    self.redactor.learn([&*secret.expose()]);
                }
            }
        }
        let _in_use = self.redactor.in_use();
        self.redactor.delivery(delivery)
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
        Ok(hmac::Key::new(algorithm, &secret.expose()))
    }

    async fn value(&self, slots: &[String], slot: &str) -> Result<Secret, SecretError> {
        if !slots.iter().any(|known| known == slot) {
            return Err(SecretError::UnknownSlot);
        }
        self.read(slot).await
    }

    /// Gets a value. An empty one counts as none: it would match what anybody sends.
    async fn read(&self, slot: &str) -> Result<Secret, SecretError> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use serde_json::json;

    use super::*;
    use crate::manifest::Manifest;
    use crate::policy::Grant;
    use crate::secret::SecretUnavailable;

    /// Says `value` for every slot but `missing` and `empty`.
    struct One(&'static str);

    #[async_trait::async_trait]
    impl SecretSource for One {
        async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
            match part.slot {
                "missing" => Err(SecretUnavailable("not set".into())),
                "empty" => Ok(Secret::new("")),
                _ => Ok(Secret::new(self.0)),
            }
        }
    }

    fn secrets(value: &'static str) -> Secrets {
        let slot = |name: &str, scheme: &str| json!({"name": name, "scheme": {"type": scheme}});
        let manifest: Manifest = serde_json::from_value(json!({
            "name": "tester", "version": "1.0.0", "summary": "Tests.",
            "config": {"version": 1, "schema": {"type": "object"}},
            "credentials": [
                slot("sign", "mac"), slot("ungranted", "mac"), slot("missing", "mac"), slot("empty", "mac"),
                slot("hook", "presented"), slot("api", "bearer"),
            ],
        }))
        .unwrap();
        let grant = ["sign", "missing", "empty", "hook", "api"].into_iter().fold(Grant::new(), Grant::slot);
        let policy = Policy::effective("shop", &manifest, &grant, &json!({})).unwrap();
        Secrets::new("shop", &policy, &manifest.credentials, Arc::new(One(value)))
    }

    #[tokio::test]
    async fn macs_are_the_published_ones() {
        // RFC 2202 and RFC 4231, test case 2.
        let secrets = secrets("Jefe");
        let message = b"what do ya want for nothing?";
        let table = [
            (Hash::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Hash::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                Hash::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
                 caeab1a34d4a6b4b636e070a38bce737",
            ),
        ];
        for (hash, expected) in table {
            let mac = secrets.sign_mac("sign", hash, message).await.unwrap();
            assert_eq!(hex::encode(&mac), expected);
            assert_eq!(secrets.verify_mac("sign", hash, message, &mac).await, Ok(true));
            assert_eq!(secrets.verify_mac("sign", hash, b"other", &mac).await, Ok(false));
            assert_eq!(secrets.verify_mac("sign", hash, message, &mac[..8]).await, Ok(false));
            assert_eq!(secrets.verify_mac("sign", hash, message, b"").await, Ok(false));
        }
    }

    #[tokio::test]
    async fn slot_serves_its_own_use_only() {
        let secrets = secrets("token");
        for slot in ["hook", "api", "ungranted", "nothing", ""] {
            assert_eq!(secrets.sign_mac(slot, Hash::Sha256, b"").await, Err(SecretError::UnknownSlot), "{slot}");
        }
        for slot in ["sign", "api", "nothing"] {
            assert_eq!(secrets.matches(slot, "token").await, Err(SecretError::UnknownSlot), "{slot}");
        }
        for slot in ["missing", "empty"] {
            assert_eq!(secrets.sign_mac(slot, Hash::Sha256, b"").await, Err(SecretError::Unavailable), "{slot}");
        }
    }

    #[tokio::test]
    async fn presented_token_must_be_the_whole_one() {
        let secrets = secrets("token");
        for (presented, expected) in
            [("token", true), ("toke", false), ("tokens", false), ("", false), ("TOKEN", false)]
        {
            assert_eq!(secrets.matches("hook", presented).await, Ok(expected), "{presented}");
        }
    }

    #[tokio::test]
    async fn message_over_the_limit_is_refused() {
        let secrets = secrets("token");
        let message = vec![0; MAX_MESSAGE_BYTES + 1];
        assert!(secrets.sign_mac("sign", Hash::Sha256, &message[1..]).await.is_ok());
        assert_eq!(secrets.sign_mac("sign", Hash::Sha256, &message).await, Err(SecretError::TooLarge));
        let presented = "x".repeat(MAX_MESSAGE_BYTES + 1);
        assert_eq!(secrets.matches("hook", &presented).await, Err(SecretError::TooLarge));
    }
}
