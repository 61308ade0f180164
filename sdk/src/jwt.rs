//! JSON Web Tokens, signed by the host with a key that never enters the connector.

use crate::Failure;
pub use crate::host::JwtError;

/// Signs `claims`, a JSON object, with the key of a slot of the scheme `jwt`; `header` has the fields of the token's
/// header beside `alg` and `typ`, a JSON object too. Returns the compact form.
///
/// ```no_run
/// let now = wharf_sdk::clock::now() / 1000;
/// let claims = format!(r#"{{"iss":"shop","iat":{now},"exp":{}}}"#, now + 300);
/// let token = wharf_sdk::jwt::sign("assertion", Some(r#"{"kid":"2026"}"#), &claims)?;
/// # Ok::<(), wharf_sdk::Failure>(())
/// ```
///
/// Fails when the slot is not of that scheme, its key is not set or is none, or either text is no JSON object.
pub fn sign(slot: &str, header: Option<&str>, claims: &str) -> Result<String, JwtError> {
    crate::host::with(|host| host.sign_jwt(slot, header, claims))
}

impl From<JwtError> for Failure {
    fn from(error: JwtError) -> Self {
        match error {
            JwtError::Unavailable => Self::unavailable(None, "a signing key is not set or cannot be read now; set it"),
            JwtError::KeyInvalid(why) => Self::unavailable(None, why),
            JwtError::UnknownSlot => {
                Self::internal("a key was used by a slot that the manifest does not declare for that; declare it")
            }
            JwtError::Invalid(why) => Self::internal(why),
            JwtError::TooLarge => Self::internal("claims over 64 KiB were to be signed"),
        }
    }
}
