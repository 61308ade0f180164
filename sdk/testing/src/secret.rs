//! What the fake host does with secrets.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use wharf_sdk::host::{Hash, JwtError, SecretError};

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

/// Signs a JWT: always by HS256, as the fake does not know the manifest.
pub(crate) fn sign_jwt(key: &str, header: Option<&str>, claims: &str) -> Result<String, JwtError> {
    let object = |text: &str| {
        let read = serde_json::from_str::<Map<String, Value>>(text);
        read.map_err(|error| JwtError::Invalid(format!("`{text}` is no JSON object: {error}")))
    };
    let mut fields = Map::from_iter([("alg".to_owned(), "HS256".into()), ("typ".to_owned(), "JWT".into())]);
    fields.extend(object(header.unwrap_or("{}"))?);
    object(claims)?;
    let header = URL_SAFE_NO_PAD.encode(Value::Object(fields).to_string());
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&keyed(key, Hash::Sha256), message.as_bytes());
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag)))
}

fn keyed(key: &str, hash: Hash) -> hmac::Key {
    let algorithm = match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha512 => hmac::HMAC_SHA512,
    };
    hmac::Key::new(algorithm, key.as_bytes())
}
