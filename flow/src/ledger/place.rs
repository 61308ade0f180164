//! The file's place on the disk: how much room there is, and whether the file is still there.

use std::path::{Path, PathBuf};

use super::Result;
use crate::problem::LedgerError;

/// Bytes of a page; documents are a few kilobytes: seven of 2 KB fit on one of 16 KiB, with SQLite's own 4 KiB only one.
pub(super) const PAGE_BYTES: u32 = 16 << 10;

/// Pages in the write-ahead log after which it is copied into the file, on a disk with room: 64 MiB, so that a long read is
/// not interrupted by it every few pages of the feed.
const CHECKPOINT_PAGES: u32 = 4096;

/// The same on a disk that is nearly full: 256 KiB.
pub(super) const FEWEST_CHECKPOINT_PAGES: u32 = 16;

/// The log takes this part of the free room at most. It has to be copied into the file, for which there must be room left.
const PART_FOR_LOG: u64 = 8;

/// Returns after how many pages the write-ahead log is copied into the file.
pub(super) fn checkpoint_pages(path: &Path) -> u32 {
    free_bytes(path).map_or(CHECKPOINT_PAGES, pages_for)
}

fn pages_for(free_bytes: u64) -> u32 {
    let pages = free_bytes / PART_FOR_LOG / u64::from(PAGE_BYTES);
    u32::try_from(pages).unwrap_or(u32::MAX).clamp(FEWEST_CHECKPOINT_PAGES, CHECKPOINT_PAGES)
}

#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Which file a path led to when the ledger was opened. A file that is removed goes on working for whoever has it open, and
/// everything written to it is lost.
pub(super) struct Identity {
    path: PathBuf,
    file: Option<(u64, u64)>,
}

impl Identity {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), file: identity(path) }
    }

    /// Checks that the path leads to the same file still.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn check(&self) -> Result<()> {
        if self.file.is_none() || identity(&self.path) == self.file {
            return Ok(());
        }
        Err(LedgerError::Gone { path: self.path.display().to_string() })
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_leaves_room_for_what_is_in_it() {
        for (free, pages) in [(0, 16), (900 << 10, 16), (50 << 20, 400), (512 << 20, 4096), (1 << 40, 4096)] {
            assert_eq!(pages_for(free), pages, "{free} bytes");
        }
    }
}
