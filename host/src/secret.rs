//! Where secret values come from, and the only type that holds one.

use zeroize::Zeroizing;

/// A secret value. Wiped when dropped; has no `Debug`, `Display`, `Serialize` or `Clone`, so that it cannot get into a
/// log, an error or a document by accident.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Wraps a value. Copies that the caller made on the way are the caller's to wipe.
    pub fn new(value: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// Returns the value. Only the credential room of the egress pipeline and the secrets capability call this.
    pub fn expose(&self) -> &[u8] {
        &self.0
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
