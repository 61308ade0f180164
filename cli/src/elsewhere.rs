//! Files from elsewhere: components and signatures before anything is known of them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Largest component in bytes. 128 MiB: one of Python has about 18 MB.
pub(crate) const LARGEST_COMPONENT: u64 = 128 << 20;

/// Largest signature in bytes. 16 KiB: one has about 300, and its comments are free text.
pub(crate) const LARGEST_SIGNATURE: u64 = 16 << 10;

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// When it cannot be read, is no regular file (a pipe may never say anything, a device may never end), or is larger. The
/// text is the reason without the name of the file.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    within(File::open(path)?, most)
}

/// Reads what is there, of at most `most` bytes.
///
/// # Errors
/// When it cannot be read or is larger.
pub(crate) fn within(source: impl io::Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= most => Ok(bytes),
        _ => Err(io::Error::other(format!("it is over {most} bytes"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn file_is_read_up_to_the_limit_and_not_beyond() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shop.wasm");
        std::fs::write(&path, b"component").unwrap();
        assert_eq!(read(&path, 9).unwrap(), b"component");
        assert_eq!(read(&path, 8).unwrap_err().to_string(), "it is over 8 bytes");
    }

    #[test]
    fn file_without_end_is_no_more_read_than_the_limit() {
        let error = within(io::repeat(b'x'), 1 << 10).unwrap_err();
        assert_eq!(error.to_string(), "it is over 1024 bytes");
    }

    #[cfg(unix)]
    #[test]
    fn pipe_device_and_directory_are_refused_before_they_are_opened() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe.wasm");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [&pipe, Path::new("/dev/zero"), directory.path()] {
            assert_eq!(read(path, 8).unwrap_err().to_string(), "it is no regular file", "{}", path.display());
        }
    }
}
