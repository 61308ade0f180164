//! Work with secrets by the names of their slots; the values never enter the connector.

use crate::Failure;
pub use crate::host::{Hash, SecretError};

/// Checks an HMAC in constant time. `presented` is the raw tag; see [`from_hex`] and [`from_base64`] for its text
/// forms.
///
/// Fails when the slot is not of the scheme `mac`, its secret is not set, or `message` is over 1 MiB.
pub fn verify_mac(slot: &str, hash: Hash, message: &[u8], presented: &[u8]) -> Result<bool, SecretError> {
    crate::host::with(|host| host.verify_mac(slot, hash, message, presented))
}

/// Makes an HMAC over `message`; fails like [`verify_mac`].
pub fn sign_mac(slot: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, SecretError> {
    crate::host::with(|host| host.sign_mac(slot, hash, message))
}

/// Compares a presented token with the secret of a slot of the scheme `presented`, in constant time.
pub fn matches(slot: &str, presented: &str) -> Result<bool, SecretError> {
    crate::host::with(|host| host.matches(slot, presented))
}

/// Reads bytes from hexadecimal text of either case; none when it is not such text.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

/// Reads bytes from base64 text, standard or URL alphabet, padded or not; none when it is not such text.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.chunks(4) {
        let mut bits = 0_u32;
        for place in 0..4 {
            let value = group.get(place).map_or(Some(0), |byte| base64_digit(*byte))?;
            bits = bits << 6 | value;
        }
        let [_, whole @ ..] = bits.to_be_bytes();
        bytes.extend(whole.get(..group.len().checked_sub(1).filter(|taken| *taken > 0)?)?);
    }
    Some(bytes)
}

fn base64_digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Unavailable => Self::unavailable(None, "a secret is not set or cannot be read now; set it"),
            SecretError::UnknownSlot => {
                Self::internal("a secret was used by a slot that the manifest does not declare for that; declare it")
            }
            SecretError::TooLarge => Self::internal("a message over 1 MiB was to be signed or checked"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_of_either_case_is_read_and_anything_else_is_not() {
        assert_eq!(from_hex("00fFa0"), Some(vec![0, 255, 160]));
        assert_eq!(from_hex(""), Some(vec![]));
        for text in ["0", "0g", "é0"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn base64_of_either_alphabet_is_read_and_anything_else_is_not() {
        for (text, bytes) in [
            ("", "".as_bytes()),
            ("Zg==", b"f"),
            ("Zm8", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYg==", b"foob"),
            ("-_8=", &[0xfb, 0xff]),
            ("+/8=", &[0xfb, 0xff]),
        ] {
            assert_eq!(from_base64(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["Z", "Zm9vY", "Zm 9", "Zm9\u{e9}"] {
            assert_eq!(from_base64(text), None, "{text}");
        }
    }
}
