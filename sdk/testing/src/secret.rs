//! What the fake host does with secrets.

use aws_lc_rs::hmac;
use wharf_sdk::host::{Hash, SecretError};

/// Most bytes of a message, as in the contract.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// Makes an HMAC.
pub(crate) fn sign(key: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, SecretError> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(SecretError::TooLarge);
    }
    Ok(hmac::sign(&keyed(key, hash), message).as_ref().to_vec())
}

/// Checks an HMAC.
pub(crate) fn verify(key: &str, hash: Hash, message: &[u8], presented: &[u8]) -> Result<bool, SecretError> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(SecretError::TooLarge);
    }
    Ok(hmac::verify(&keyed(key, hash), message, presented).is_ok())
}

fn keyed(key: &str, hash: Hash) -> hmac::Key {
    let algorithm = match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha512 => hmac::HMAC_SHA512,
    };
    hmac::Key::new(algorithm, key.as_bytes())
}
