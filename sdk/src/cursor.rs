//! Cursors: the position in a feed, as any type that serde can write, with a version.

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::bindings::imports::wharf::connector::types::Cursor;
use crate::{Failure, Result};

/// Most bytes that the host keeps.
const MAX_BYTES: usize = 64 * 1024;

/// What a connector cannot do when it can make nothing of a cursor; the host knows the word.
pub(crate) const MIGRATE_CURSOR: &str = "migrate-cursor";

impl Cursor {
    /// Makes a cursor. `version` is the feed's `cursor_version` in the manifest; raise both when `T` changes its shape,
    /// and bring older ones up in `Describe::migrate_cursor`.
    ///
    /// Fails with `internal` over 64 KiB: a position is small, a list of all ids seen is not one.
    ///
    /// ```
    /// use wharf_sdk::Cursor;
    ///
    /// let cursor = Cursor::encode(1, &("2026-02-01", 17))?;
    /// let (day, id): (String, u32) = cursor.decode(1)?;
    /// assert_eq!((day.as_str(), id), ("2026-02-01", 17));
    /// # Ok::<(), wharf_sdk::Failure>(())
    /// ```
    pub fn encode<T: Serialize + ?Sized>(version: u32, position: &T) -> Result<Self> {
        let bytes = serde_json::to_vec(position)
            .map_err(|error| Failure::internal(format!("a cursor cannot be written: {error}")))?;
        if bytes.len() > MAX_BYTES {
            let message = format!("a cursor has {} bytes, at most {MAX_BYTES} are kept; store less in it", bytes.len());
            return Err(Failure::internal(message));
        }
        Ok(Self { version, bytes })
    }

    /// Reads a cursor back; when it is of another version or cannot be read, `unsupported`, for which the host reads the feed
    /// from its start.
    pub fn decode<T: DeserializeOwned>(&self, version: u32) -> Result<T> {
        if self.version != version {
            let message =
                format!("the cursor has version {}, this connector reads {version}; migrate it", self.version);
            return Err(Failure::unsupported(MIGRATE_CURSOR, message));
        }
        serde_json::from_slice(&self.bytes).map_err(|error| {
            let message =
                format!("the cursor of version {version} cannot be read: {error}; give another shape another version");
            Failure::unsupported(MIGRATE_CURSOR, message)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    #[test]
    fn a_cursor_of_another_version_or_shape_is_refused() {
        let cursor = Cursor::encode(1, &7_u32).expect("fits");
        assert_eq!(cursor.decode::<u32>(1).expect("reads"), 7);
        assert!(cursor.decode::<u32>(2).expect_err("version").message().contains("version 1"));
        assert!(
            cursor.decode::<String>(1).expect_err("shape").message().contains("give another shape another version")
        );
    }

    #[test]
    fn a_cursor_over_the_limit_is_refused() {
        assert!(Cursor::encode(1, &"x".repeat(MAX_BYTES)).expect_err("too large").message().contains("65538"));
        assert!(Cursor::encode(1, &"x".repeat(MAX_BYTES - 2)).is_ok());
    }
}
