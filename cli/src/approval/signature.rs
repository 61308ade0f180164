//! Detached signatures of connectors, in the format of minisign.

use std::fmt;

use minisign_verify::{PublicKey, Signature as Signed};

/// A key that the operator trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrustedKey {
    text: String,
}

impl TrustedKey {
    /// Reads the base64 line of a minisign public key.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match PublicKey::from_base64(text) {
            Ok(_) => Ok(Self { text: text.to_owned() }),
            Err(error) => Err(format!("is no minisign public key ({error})")),
        }
    }

    fn verifies(&self, bytes: &[u8], signed: &Signed) -> bool {
        // Signatures of the older kind are over the whole file rather than over its hash; they are as good.
        PublicKey::from_base64(&self.text).is_ok_and(|key| key.verify(bytes, signed, true).is_ok())
    }
}

/// What is known of a component's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signature {
    /// There is none.
    NotSigned,
    /// There is one, and no trusted key is configured to check it with.
    Unchecked,
    /// There is one, and no trusted key made it for this file.
    Failed(String),
    /// A trusted key made it for this file.
    Verified {
        /// The key.
        key: String,
        /// What the signer added, e.g. a file name and a date.
        comment: String,
    },
}

impl Signature {
    /// Checks a component against the text of its signature file.
    pub(crate) fn check(bytes: &[u8], signature: Option<&str>, trusted: &[TrustedKey]) -> Self {
        let Some(text) = signature else { return Self::NotSigned };
        if trusted.is_empty() {
            return Self::Unchecked;
        }
        let signed = match Signed::decode(text) {
            Ok(signed) => signed,
            Err(error) => return Self::Failed(format!("the signature file is not one of minisign ({error})")),
        };
        match trusted.iter().find(|key| key.verifies(bytes, &signed)) {
            Some(key) => Self::Verified { key: key.text.clone(), comment: signed.trusted_comment().to_owned() },
            None => Self::Failed("no trusted key made it for this file".to_owned()),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSigned => write!(f, "not-signed"),
            Self::Unchecked => write!(f, "unchecked"),
            Self::Failed(_) => write!(f, "failed"),
            Self::Verified { .. } => write!(f, "verified"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    /// Made by `minisign` 0.11, for a file that says `component`.
    const KEY: &str = "RWS50ys2d32waRwkrcLP061ek9girWnWToCvx765OHkUO+qL+30jQhxA";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key
RUS50ys2d32waV6LR/L+HbCbFHaHkyEwaw/gSqsCgE4mPrHEq7TtdWMnW5cDNa+njHiO4697jQrrEQTPqML6bYp+ar5tqrLNAQs=
trusted comment: shop 1.0.0
BqVZMzO7aPUrxMsTPMyfI3KO7wf10Qd8sX2yriOsC5t0+v9RYGutbt2ODAC8g2QO4ydVAoNl9BrORG8x0KlrAw==
";

    #[test]
    fn signature_of_the_tool_is_verified_for_its_file_and_its_comment_only() {
        let keys = [TrustedKey::parse(KEY).unwrap()];
        let verified = Signature::Verified { key: KEY.to_owned(), comment: "shop 1.0.0".to_owned() };
        assert_eq!(Signature::check(b"component", Some(SIGNATURE), &keys), verified);
        assert!(matches!(Signature::check(b"Component", Some(SIGNATURE), &keys), Signature::Failed(_)));
        let other = SIGNATURE.replace("shop 1.0.0", "shop 2.0.0");
        assert!(matches!(Signature::check(b"component", Some(&other), &keys), Signature::Failed(_)));
        assert!(matches!(Signature::check(b"component", Some("nonsense"), &keys), Signature::Failed(_)));
    }

    #[test]
    fn nothing_and_unchecked_are_no_verdict() {
        let keys = [TrustedKey::parse(KEY).unwrap()];
        assert_eq!(Signature::check(b"component", None, &keys), Signature::NotSigned);
        assert_eq!(Signature::check(b"component", Some(SIGNATURE), &[]), Signature::Unchecked);
    }
}
