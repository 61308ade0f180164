//! Compiled code on disk, so that a connector is compiled once per machine and engine.
//!
//! The engine trusts what it loads from here as it trusts its own compiler, so the directory must be writable by nobody
//! else: who could write to it could write a fitting checksum as well. The checksum is there for damage, by a disk or a
//! write that was cut off, and is a fast one because all of the code is read through it at every start.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
use wasmtime::component::Component;

use crate::error::{Blame, Error, ErrorKind};

/// A directory of compiled components.
pub(crate) struct CodeCache {
    directory: PathBuf,
    written: AtomicU64,
}

impl CodeCache {
    /// Opens the directory, and makes it where it is missing: for its owner only.
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        let cache = Self { directory: directory.to_owned(), written: AtomicU64::new(0) };
        cache.make().and_then(|()| cache.check()).map_err(|source| {
            let path = directory.display();
            let message = format!(
                "the cache directory `{path}` cannot be used: {source}; name a directory that belongs to this user and \
                 that only this user may write"
            );
            Error::new(ErrorKind::Setup, "cache", Blame::Operator, message).with_source(source)
        })?;
        Ok(cache)
    }

    fn make(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)
    }

    /// Refuses a directory that is a link, belongs to somebody else, or that others may write.
    fn check(&self) -> io::Result<()> {
        let found = fs::symlink_metadata(&self.directory)?;
        if !found.is_dir() {
            return Err(io::Error::other("it is not a directory"));
        }
        if found.permissions().mode() & 0o022 != 0 {
            return Err(io::Error::other("others may write to it"));
        }
        // A file that we make belongs to us, which tells who we are without asking the system.
        let probe = self.scratch("probe");
        let owner = new_file(&probe)?.metadata().map(|file| file.uid());
        fs::remove_file(&probe)?;
        if owner? != found.uid() {
            return Err(io::Error::other("it belongs to another user"));
        }
        Ok(())
    }

    /// Loads the compiled form of a component, when it is there and intact. Anything else is a miss.
    pub(crate) fn load(&self, engine: &wasmtime::Engine, component: &str) -> Option<Component> {
        let (code, sum) = self.paths(engine, component);
        let expected = fs::read(sum).ok()?;
        let bytes = fs::read(&code).ok()?;
        if checksum(&bytes).as_slice() != expected.as_slice() {
            tracing::warn!(file = %code.display(), "damaged file of compiled code; compiling again");
            return None;
        }
        deserialize(engine, &bytes)
    }

    /// Keeps the compiled form of a component. A failure costs only the next start some time, so it is logged.
    pub(crate) fn store(&self, engine: &wasmtime::Engine, component: &str, compiled: &Component) {
        let (code, sum) = self.paths(engine, component);
        let written = compiled.serialize().map_err(io::Error::other).and_then(|bytes| {
            // The checksum goes last: without it, or with another one, the code is not loaded.
            self.replace(&code, &bytes)?;
            self.replace(&sum, &checksum(&bytes))
        });
        if let Err(reason) = written {
            tracing::warn!(%reason, file = %code.display(), "compiled code could not be kept");
        }
    }

    fn paths(&self, engine: &wasmtime::Engine, component: &str) -> (PathBuf, PathBuf) {
        let key = key(engine, component);
        (self.directory.join(format!("{key}.code")), self.directory.join(format!("{key}.sum")))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let scratch = self.scratch("new");
        let written = new_file(&scratch).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&scratch, path)).inspect_err(|_| drop(fs::remove_file(&scratch)))
    }

    /// Names a file that no other process and no other thread uses.
    fn scratch(&self, kind: &str) -> PathBuf {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let nanos = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
        self.directory.join(format!("{}-{number}-{nanos}.{kind}", std::process::id()))
    }
}

/// Makes a component of checked bytes. They are copied, where mapping the file would save that: whoever cut a mapped file
/// short would end the process.
#[expect(unsafe_code, reason = "the engine's only way to load compiled code is unsafe")]
fn deserialize(engine: &wasmtime::Engine, bytes: &[u8]) -> Option<Component> {
    // SAFETY: the bytes come from the engine's own compiler: they were written by `store` into a directory that only this
    // user may write (`check`), under a name made from the engine's fingerprint, and they have the checksum that
    // was written with them. They are in memory, so that nobody changes them between the check and here.
    unsafe { Component::deserialize(engine, bytes) }.ok()
}

/// Returns length and CRC-32.
fn checksum(bytes: &[u8]) -> Vec<u8> {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    [length.to_le_bytes().as_slice(), &crc32fast::hash(bytes).to_le_bytes()].concat()
}

fn new_file(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Makes the name for a component compiled by this engine: everything that changes the code changes the name.
fn key(engine: &wasmtime::Engine, component: &str) -> String {
    let mut fingerprint = Fingerprint(Context::new(&SHA256));
    component.hash(&mut fingerprint);
    engine.precompile_compatibility_hash().hash(&mut fingerprint);
    hex::encode(fingerprint.0.finish())
}

/// Feeds what is hashed to SHA-256: the standard hasher's 64 bits are too few for a name that code is loaded by.
struct Fingerprint(Context);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finish();
        digest.as_ref().iter().take(8).fold(0, |word, byte| (word << 8) | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;
    use crate::engine::Engine;

    /// The smallest component there is.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn filled() -> (tempfile::TempDir, CodeCache, Engine) {
        let directory = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(&directory.path().join("code")).unwrap();
        let engine = Engine::new().unwrap();
        let compiled = Component::from_binary(engine.wasm(), EMPTY).unwrap();
        cache.store(engine.wasm(), "one", &compiled);
        (directory, cache, engine)
    }

    #[test]
    fn stored_code_is_loaded_again_and_only_under_its_name() {
        let (_directory, cache, engine) = filled();
        assert!(cache.load(engine.wasm(), "one").is_some());
        assert!(cache.load(engine.wasm(), "two").is_none());
    }

    #[test]
    fn files_and_directory_are_for_their_owner_only() {
        let (_directory, cache, _engine) = filled();
        assert_eq!(fs::metadata(&cache.directory).unwrap().permissions().mode() & 0o777, 0o700);
        let modes =
            fs::read_dir(&cache.directory).unwrap().map(|file| file.unwrap().metadata().unwrap().mode() & 0o777);
        assert_eq!(modes.collect::<Vec<_>>(), [0o600, 0o600]);
    }

    #[test]
    fn damaged_truncated_and_foreign_files_are_a_miss() {
        let (_directory, cache, engine) = filled();
        let (code, sum) = cache.paths(engine.wasm(), "one");
        let intact = fs::read(&code).unwrap();
        let mut flipped = intact.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for damaged in [flipped.as_slice(), &intact[..intact.len() / 2], b"", b"\x7fELF"] {
            fs::write(&code, damaged).unwrap();
            assert!(cache.load(engine.wasm(), "one").is_none());
        }
        fs::write(&code, &intact).unwrap();
        assert!(cache.load(engine.wasm(), "one").is_some());
        fs::remove_file(sum).unwrap();
        assert!(cache.load(engine.wasm(), "one").is_none());
    }

    #[test]
    fn directory_that_others_may_write_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for mode in [0o777, 0o770, 0o702] {
            fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
            let error = CodeCache::open(directory.path()).err().unwrap();
            assert!(error.code() == "cache" && error.to_string().contains("others may write"), "{error}");
        }
    }

    #[test]
    fn link_in_place_of_the_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(directory.path(), &link).unwrap();
        assert!(CodeCache::open(&link).is_err());
    }
}
