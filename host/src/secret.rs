//! Where secret values come from, and the only type that holds one.

use std::ops::Deref;

use zeroize::Zeroizing;

/// A secret value. Has no `Debug`, `Display`, `Serialize` or `Clone`, so that it cannot get into a log, an error or a
/// document by accident.
///
/// In memory it lies masked, in two halves that are random each by itself, so that who searches the memory of a process
/// that waits does not find it. That is no encryption: who knows where both halves are has the value. Both are wiped when
/// it is dropped.
pub struct Secret(Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);

impl Secret {
    /// Wraps a value. Copies that the caller made on the way are the caller's to wipe.
    pub fn new(value: impl Into<Vec<u8>>) -> Self {
        let mut value = Zeroizing::new(value.into());
        let mut mask = Zeroizing::new(vec![0; value.len()]);
        // Without randomness it lies there as it is, which is no reason to do without the value.
        let _ = aws_lc_rs::rand::fill(&mut mask);
        xor(&mut value, &mask);
        Self(value, mask)
    }

    /// Returns a copy of the value as it is, for the moment in which it is needed. Only the credential room of the egress
    /// pipeline and the secrets capability call this.
    pub fn expose(&self) -> Exposed {
        let mut value = self.0.clone();
        xor(&mut value, &self.1);
        Exposed(value)
    }
}

/// A secret value as it is: not to be kept. Wiped when it is dropped; shows itself as little as [`Secret`].
pub struct Exposed(Zeroizing<Vec<u8>>);

impl Deref for Exposed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

fn xor(bytes: &mut [u8], mask: &[u8]) {
    for (byte, mask) in bytes.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

/// A part of a credential: which connection, which slot of the manifest, which part of the slot's scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretRef<'a> {
    /// Name of the connection.
    pub connection: &'a str,
    /// Name of the slot.
    pub slot: &'a str,
    /// Name of the part, e.g. `password`; see `Scheme::parts`.
    pub part: &'a str,
}

/// Why a secret could not be had. The text names the source (the variable, the file), never the value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SecretUnavailable(pub String);

/// Where secret values come from: environment, file, a vault. Asked each time a credential is attached, so that a
/// replaced secret counts at once; cache behind this trait if that is slow.
#[async_trait::async_trait]
pub trait SecretSource: Send + Sync {
    /// Returns the value.
    ///
    /// # Errors
    /// When there is none or it cannot be read now.
    async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_lies_in_memory_masked_and_comes_out_as_it_went_in() {
        let value = b"correct horse battery staple".as_slice();
        let secret = Secret::new(value);
        assert_eq!(&*secret.expose(), value);
        assert!(secret.0.windows(4).zip(value.windows(4)).all(|(masked, clear)| masked != clear));
        assert_ne!(*secret.0, *Secret::new(value).0);
        assert!(Secret::new("").expose().is_empty());
    }
}
