//! What a directory holds against what it may hold.
//!
//! Growth is counted before it happens and never given back by itself, so the count is never below the truth. Where it
//! comes to the quota the directory is measured, which is the truth.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use cap_std::fs::Dir;

/// Open files that are remembered before those that were closed are forgotten.
const REMEMBERED: usize = 256;

/// Bytes and entries of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sizes {
    /// Bytes of all files.
    pub(crate) bytes: u64,
    /// Files, directories and whatever else has a name.
    pub(crate) files: u64,
}

impl Sizes {
    /// So many bytes more.
    pub(crate) fn bytes(bytes: u64) -> Self {
        Self { bytes, files: 0 }
    }

    /// One name more.
    pub(crate) const ONE_FILE: Self = Self { bytes: 0, files: 1 };

    fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes.saturating_add(other.bytes), files: self.files.saturating_add(other.files) }
    }
}

/// Which part of the quota is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    /// No more bytes.
    #[error("the directory has no room for more than its {0} bytes; remove files from it, or raise its `quota`")]
    Bytes(u64),
    /// No more names.
    #[error("the directory has no room for more than its {0} files; remove files from it, or raise its `files`")]
    Files(u64),
}

impl Full {
    /// Returns the stable code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Bytes(_) => "quota-bytes",
            Self::Files(_) => "quota-files",
        }
    }
}

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The quota is full.
    Full(Full),
    /// The system refused it.
    System(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// What a directory holds, as far as it is known.
#[derive(Default)]
pub(crate) struct Usage {
    known: Option<Sizes>,
    open: Vec<Weak<File>>,
}

impl Usage {
    /// Forgets what is known: others may have changed the directory.
    pub(crate) fn forget(&mut self) {
        self.known = None;
    }

    /// Remembers a file that was opened to be written. A file that is removed while it is open goes on taking room.
    pub(crate) fn opened(&mut self, file: &Arc<File>) {
        if self.open.len() % REMEMBERED == REMEMBERED - 1 {
            self.open.retain(|file| file.strong_count() > 0);
        }
        self.open.push(Arc::downgrade(file));
    }

    /// Counts growth that is about to happen. Measures where the count comes to the quota, if `may_measure` says that it
    /// may be measured once more. Blocks.
    pub(crate) fn grow(
        &mut self,
        directory: &Dir,
        quota: Sizes,
        by: Sizes,
        may_measure: impl FnOnce() -> bool,
    ) -> Result<(), Trouble> {
        if by == Sizes::default() {
            return Ok(());
        }
        let known = match self.known {
            None => self.measure(directory, quota)?,
            Some(known) if fits(known.plus(by), by, quota).is_err() && may_measure() => {
                self.measure(directory, quota)?
            }
            Some(known) => known,
        };
        let then = known.plus(by);
        fits(then, by, quota).map_err(Trouble::Full)?;
        self.known = Some(then);
        Ok(())
    }

    /// Counts what is there, without following links.
    fn measure(&mut self, directory: &Dir, quota: Sizes) -> io::Result<Sizes> {
        self.open.retain(|file| file.strong_count() > 0);
        let mut found = walk(directory, quota.files)?;
        let open = self.open.iter().filter_map(Weak::upgrade).filter_map(|file| file.metadata().ok());
        let mut seen = std::collections::HashSet::new();
        for file in open.filter(|file| file.nlink() == 0) {
            if seen.insert((file.dev(), file.ino())) {
                found.bytes = found.bytes.saturating_add(file.len());
            }
        }
        self.known = Some(found);
        Ok(found)
    }
}

/// Tells what of the quota a change would break, of the parts that it grows.
fn fits(then: Sizes, by: Sizes, quota: Sizes) -> Result<(), Full> {
    if by.bytes > 0 && then.bytes > quota.bytes {
        return Err(Full::Bytes(quota.bytes));
    }
    if by.files > 0 && then.files > quota.files {
        return Err(Full::Files(quota.files));
    }
    Ok(())
}

/// Adds up a directory and all below it. One that has more names than `most` counts as full in every respect.
fn walk(directory: &Dir, most: u64) -> io::Result<Sizes> {
    let mut found = Sizes::default();
    let mut ahead = vec![PathBuf::from(".")];
    while let Some(path) = ahead.pop() {
        for entry in unless_gone(directory.read_dir(&path))?.into_iter().flatten() {
            let entry = entry?;
            found.files = found.files.saturating_add(1);
            if found.files > most {
                return Ok(Sizes { bytes: u64::MAX, files: found.files });
            }
            let Some(metadata) = unless_gone(entry.metadata())? else { continue };
            if metadata.is_dir() {
                ahead.push(path.join(entry.file_name()));
            } else {
                found.bytes = found.bytes.saturating_add(metadata.len());
            }
        }
    }
    Ok(found)
}

/// Takes what disappeared meanwhile for nothing: others fetch and remove files all the time.
fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use cap_std::ambient_authority;

    use super::*;

    const QUOTA: Sizes = Sizes { bytes: 10, files: 3 };

    fn directory() -> (tempfile::TempDir, Dir) {
        let place = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(place.path(), ambient_authority()).unwrap();
        (place, dir)
    }

    fn full(result: Result<(), Trouble>) -> Option<Full> {
        match result {
            Ok(()) => None,
            Err(Trouble::Full(full)) => Some(full),
            Err(Trouble::System(error)) => unreachable!("{error}"),
        }
    }

    #[test]
    fn everything_below_counts_and_links_are_not_followed() {
        let (place, dir) = directory();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("large"), [0; 1000]).unwrap();
        std::fs::create_dir(place.path().join("a")).unwrap();
        std::fs::write(place.path().join("a/b"), b"12345").unwrap();
        std::os::unix::fs::symlink(outside.path(), place.path().join("out")).unwrap();
        let link = u64::try_from(outside.path().as_os_str().len()).unwrap();
        assert_eq!(walk(&dir, 10).unwrap(), Sizes { bytes: 5 + link, files: 3 });
    }

    #[test]
    fn directory_with_too_many_names_is_full_in_every_respect() {
        let (place, dir) = directory();
        (0..4).for_each(|n| std::fs::write(place.path().join(n.to_string()), "").unwrap());
        assert_eq!(full(Usage::default().grow(&dir, QUOTA, Sizes::bytes(1), || true)), Some(Full::Bytes(10)));
        assert_eq!(full(Usage::default().grow(&dir, QUOTA, Sizes::ONE_FILE, || true)), Some(Full::Files(3)));
    }

    #[test]
    fn growth_is_refused_at_the_quota_until_somebody_makes_room() {
        let (place, dir) = directory();
        let mut usage = Usage::default();
        std::fs::write(place.path().join("a"), b"12345678").unwrap();
        assert_eq!(full(usage.grow(&dir, QUOTA, Sizes::bytes(2), || true)), None);
        std::fs::write(place.path().join("a"), b"1234567890").unwrap();
        assert_eq!(full(usage.grow(&dir, QUOTA, Sizes::bytes(1), || true)), Some(Full::Bytes(10)));
        std::fs::remove_file(place.path().join("a")).unwrap();
        assert_eq!(full(usage.grow(&dir, QUOTA, Sizes::bytes(11), || false)), Some(Full::Bytes(10)));
        assert_eq!(full(usage.grow(&dir, QUOTA, Sizes::bytes(10), || true)), None);
    }

    #[test]
    fn file_that_is_removed_while_it_is_open_goes_on_taking_room() {
        let (place, dir) = directory();
        let mut usage = Usage::default();
        std::fs::write(place.path().join("a"), b"12345678").unwrap();
        let open = Arc::new(File::open(place.path().join("a")).unwrap());
        usage.opened(&open);
        std::fs::remove_file(place.path().join("a")).unwrap();
        assert_eq!(full(usage.grow(&dir, QUOTA, Sizes::bytes(3), || true)), Some(Full::Bytes(10)));
        drop(open);
        assert_eq!(full(usage.grow(&dir, QUOTA, Sizes::bytes(3), || true)), None);
    }
}
