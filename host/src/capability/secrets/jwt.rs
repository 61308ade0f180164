//! JSON Web Tokens (RFC 7519), signed with a key that stays here.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::manifest::JwtAlgorithm;
use crate::secret::Secret;

/// Longest header and longest claims, in bytes: 64 KiB. Servers refuse headers of requests far below.
const MAX_BYTES: usize = 64 << 10;

/// Shortest shared key, in bytes: that of the hash (RFC 7518, section 3.2).
const MIN_SHARED_KEY_BYTES: usize = 32;

/// Why there is no token. The texts hold nothing of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JwtError {
    /// The manifest declares no such slot for this, or the operator did not grant it.
    UnknownSlot,
    /// There is no value, or it cannot be read now.
    Unavailable,
    /// The value is no key for the algorithm.
    KeyInvalid(String),
    /// Header or claims are no JSON objects, or say what is the host's to say.
    Invalid(String),
    /// Header or claims are over 64 KiB.
    TooLarge,
}

/// Signs a token: the fields of `header` beside `alg` and `typ`, and `claims`, both JSON objects.
pub(super) fn sign(
    algorithm: JwtAlgorithm,
    key: &Secret,
    header: Option<&str>,
    claims: &str,
) -> Result<String, JwtError> {
    if header.map_or(0, str::len).max(claims.len()) > MAX_BYTES {
        return Err(JwtError::TooLarge);
    }
    let header = joined(algorithm, header)?;
    object(claims, "claims")?;
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = signature(algorithm, &key.expose(), message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag)))
}

fn joined(algorithm: JwtAlgorithm, header: Option<&str>) -> Result<String, JwtError> {
    let mut fields = Map::from_iter([("alg".to_owned(), algorithm.name().into()), ("typ".to_owned(), "JWT".into())]);
    for (name, value) in object(header.unwrap_or("{}"), "header")? {
        if name == "alg" {
            return Err(JwtError::Invalid("`alg` of the header is the manifest's; leave it out".into()));
        }
        fields.insert(name, value);
    }
    Ok(Value::Object(fields).to_string())
}

fn object(text: &str, what: &str) -> Result<Map<String, Value>, JwtError> {
    serde_json::from_str(text).map_err(|error| JwtError::Invalid(format!("the {what} are no JSON object: {error}")))
}

fn signature(algorithm: JwtAlgorithm, key: &[u8], message: &[u8]) -> Result<Vec<u8>, JwtError> {
    match algorithm {
        JwtAlgorithm::Hs256 if key.len() < MIN_SHARED_KEY_BYTES => {
            Err(invalid(&format!("a shared key has {MIN_SHARED_KEY_BYTES} bytes at least")))
        }
        JwtAlgorithm::Hs256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key);
            Ok(hmac::sign(&key, message).as_ref().to_vec())
        }
        JwtAlgorithm::Rs256 => {
            let pair = RsaKeyPair::from_pkcs8(&pkcs8(key)?).map_err(|_| invalid("it is no RSA key in PKCS#8"))?;
            let mut tag = vec![0; pair.public_modulus_len()];
            let signed = pair.sign(&RSA_PKCS1_SHA256, &rand::SystemRandom::new(), message, &mut tag);
            signed.map_err(|_| invalid("it does not sign"))?;
            Ok(tag)
        }
        JwtAlgorithm::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8(key)?);
            let pair = pair.map_err(|_| invalid("it is no P-256 key in PKCS#8"))?;
            let tag = pair.sign(&rand::SystemRandom::new(), message).map_err(|_| invalid("it does not sign"))?;
            Ok(tag.as_ref().to_vec())
        }
    }
}

fn invalid(why: &str) -> JwtError {
    JwtError::KeyInvalid(format!("the key cannot be used: {why}; set the right one"))
}

/// Reads PEM (RFC 7468) of a private key, or takes DER as it is.
fn pkcs8(key: &[u8]) -> Result<Zeroizing<Vec<u8>>, JwtError> {
    let Some(text) = std::str::from_utf8(key).ok().filter(|text| text.contains("-----BEGIN")) else {
        return Ok(Zeroizing::new(key.to_vec()));
    };
    let inner = text
        .split_once("-----BEGIN PRIVATE KEY-----")
        .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
        .map(|(inner, _)| inner)
        .ok_or_else(|| invalid("its PEM has no `PRIVATE KEY`; convert it by `openssl pkcs8 -topk8 -nocrypt`"))?;
    let packed = Zeroizing::new(inner.split_ascii_whitespace().collect::<String>());
    let decoded = STANDARD.decode(packed.as_bytes()).map_err(|_| invalid("its PEM is no base64"))?;
    Ok(Zeroizing::new(decoded))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    };
    use serde_json::json;

    use super::*;

    const CLAIMS: &str = r#"{"iss":"wharf","exp":1800000000}"#;

    fn pem(der: &[u8]) -> Secret {
        Secret::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der)))
    }

    fn verified(token: &str, algorithm: &'static dyn VerificationAlgorithm, public: &[u8]) -> bool {
        let (message, tag) = token.rsplit_once('.').unwrap();
        let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
        UnparsedPublicKey::new(algorithm, public).verify(message.as_bytes(), &tag).is_ok()
    }

    #[test]
    fn shared_key_signs_as_published() {
        // RFC 7515, appendix A.1: the same key and claims; the header has its fields in another order there.
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let message =
            b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
            Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let tag = signature(JwtAlgorithm::Hs256, &key, message).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(tag), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn private_keys_sign_what_their_public_halves_verify() {
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&rsa).unwrap();
        let token = sign(JwtAlgorithm::Rs256, &pem(der.as_ref()), None, CLAIMS).unwrap();
        assert!(verified(&token, &RSA_PKCS1_2048_8192_SHA256, rsa.public_key().as_ref()));

        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = ec.to_pkcs8v1().unwrap();
        let token = sign(JwtAlgorithm::Es256, &pem(der.as_ref()), Some(r#"{"kid":"k1"}"#), CLAIMS).unwrap();
        assert!(verified(&token, &ECDSA_P256_SHA256_FIXED, ec.public_key().as_ref()));
        assert!(!verified(&token.replacen("ey", "ez", 1), &ECDSA_P256_SHA256_FIXED, ec.public_key().as_ref()));
        let header: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
        assert_eq!(header, json!({"alg": "ES256", "typ": "JWT", "kid": "k1"}));
    }

    #[test]
    fn what_cannot_be_signed_is_named_without_the_key() {
        let key = || Secret::new("k".repeat(32));
        let hs = |key: &Secret, header, claims: &str| sign(JwtAlgorithm::Hs256, key, header, claims).unwrap_err();
        assert!(matches!(hs(&key(), Some(r#"{"alg":"none"}"#), "{}"), JwtError::Invalid(why) if why.contains("alg")));
        assert!(matches!(hs(&key(), None, "[]"), JwtError::Invalid(why) if why.contains("claims")));
        assert_eq!(hs(&key(), None, &"x".repeat(MAX_BYTES + 1)), JwtError::TooLarge);
        assert!(
            matches!(hs(&Secret::new("short-key"), None, "{}"), JwtError::KeyInvalid(why) if !why.contains("short-key"))
        );
        for algorithm in [JwtAlgorithm::Rs256, JwtAlgorithm::Es256] {
            let error = sign(algorithm, &Secret::new("no key at all"), None, "{}").unwrap_err();
            assert!(matches!(error, JwtError::KeyInvalid(why) if why.contains("PKCS#8")));
        }
    }
}
