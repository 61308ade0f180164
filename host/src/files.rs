//! Directories that operators grant: the only files that a connector ever sees.
//!
//! A connector that asks for files in its manifest finds the directory of its connection as `/files`, through WASI. Nothing
//! leads out of it: no `..`, no absolute path, no link, whoever made it. The connector makes no links at all, and what it
//! writes counts against a quota while it writes.

mod quota;

use std::fmt;
use std::sync::Arc;

use cap_std::fs::Dir;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::manifest::FileAccess;

pub(crate) use self::quota::{Full, Sizes, Trouble, Usage};

/// Bytes of a directory, where the operator says nothing else. 100 MB: thousands of documents that nobody has fetched yet.
const QUOTA_BYTES: u64 = 100_000_000;

/// Files and directories in a directory, where the operator says nothing else.
const MOST_FILES: u64 = 10_000;

/// A directory that a connection may use. Cheap to clone; all clones are one and count together.
///
/// The directory is open from the start: renaming it or putting another one in its place changes nothing for who has it.
/// What others put into it counts against the quota as well, as far as it was there when the host looked last: at the
/// first change of every call, and whenever the quota seems full.
#[derive(Clone)]
pub struct Folder {
    directory: Arc<Dir>,
    access: FileAccess,
    quota: Sizes,
    usage: Arc<Mutex<Usage>>,
}

impl Folder {
    /// Takes an open directory. It may hold 100 MB in 10,000 files and directories.
    pub fn new(directory: Dir, access: FileAccess) -> Self {
        let quota = Sizes { bytes: QUOTA_BYTES, files: MOST_FILES };
        Self { directory: Arc::new(directory), access, quota, usage: Arc::default() }
    }

    /// Sets how many bytes its files may have together. Beyond, whatever would grow a file is refused with `quota`;
    /// reading and removing go on. Holes of sparse files count as if they were filled.
    #[must_use]
    pub fn quota_bytes(mut self, bytes: u64) -> Self {
        self.quota.bytes = bytes;
        self
    }

    /// Sets how many files and directories it may have below it. Beyond, a new one is refused with `quota`.
    #[must_use]
    pub fn most_files(mut self, files: u64) -> Self {
        self.quota.files = files;
        self
    }

    /// Returns what the operator lets connectors do with it.
    pub fn access(&self) -> FileAccess {
        self.access
    }

    pub(crate) fn directory(&self) -> &Arc<Dir> {
        &self.directory
    }

    pub(crate) fn quota(&self) -> Sizes {
        self.quota
    }

    /// Waits until nobody else changes anything in the directory through the host.
    pub(crate) async fn usage(&self) -> OwnedMutexGuard<Usage> {
        Arc::clone(&self.usage).lock_owned().await
    }
}

impl PartialEq for Folder {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.usage, &other.usage) && (self.access, self.quota) == (other.access, other.quota)
    }
}

impl Eq for Folder {}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("access", &self.access).field("quota", &self.quota).finish_non_exhaustive()
    }
}
