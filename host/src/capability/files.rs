//! The files of a connection: one directory, through `wasi:filesystem`.
//!
//! WASI's own implementation does the reading and keeps every name inside of the directory; what changes something passes
//! here first: whether this call may write, whether the name is one, whether the quota has room.

mod descriptors;
mod name;
mod writer;

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use cap_std::fs::Dir;
use tokio::sync::OwnedMutexGuard;
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{self, Descriptor, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::{FsPerms, OpenMode};

use super::Rooms;
use super::http::CallScope;
use super::http::scope::Allowance;
use crate::call::Stop;
use crate::files::{Folder, Full, Sizes, Trouble, Usage};
use crate::manifest::FileAccess;

/// Where a connector finds the directory.
const GUEST_PATH: &str = "/files";

/// Calls that may change files; everything else reads.
const WRITERS: [&str; 2] = ["apply", "wake"];

/// Times that one call may have the directory measured again because the quota seems full. 100: after that a full quota
/// is believed, so that a guest cannot keep the disk busy.
const MEASURES: u32 = 100;

/// Listings of directories that one call may hold open. Each is in the host's memory.
const LISTINGS: u32 = 16;

/// Files and directories that one call may hold open, streams on files that were closed included. 64: each takes one of the
/// handles that the system gives to the whole process, of which there may be no more than 1024.
const OPEN: usize = 64;

/// The directory that a connection has, and what it may do there.
pub(crate) struct Room {
    pub(crate) folder: Folder,
    pub(crate) access: FileAccess,
}

/// The files of one call.
pub(super) struct Files {
    account: Option<Arc<Account>>,
    listings: u32,
    open: Vec<Weak<File>>,
}

impl Files {
    /// A call without network has no files either.
    pub(super) fn new(rooms: &Rooms, scope: &Arc<CallScope>, call: &str) -> Self {
        let room = rooms.connected.as_ref().and_then(|connected| connected.files.as_ref());
        let room = room.filter(|_| scope.allowance() > Allowance::Nothing);
        let account = room.map(|room| {
            let may_write = WRITERS.contains(&call) && scope.allowance() >= Allowance::IdempotentWrites;
            let writable = may_write && room.access == FileAccess::ReadWrite;
            let folder = room.folder.clone();
            let (measures, begun) = (AtomicU32::new(MEASURES), AtomicBool::new(false));
            Arc::new(Account { folder, writable, scope: Arc::clone(scope), measures, begun })
        });
        Self { account, listings: 0, open: Vec::new() }
    }

    /// Tells whether one more may be held open. A stream keeps its file open when the guest has closed that.
    fn may_open(&mut self) -> bool {
        self.open.retain(|file| file.strong_count() > 0);
        self.open.len() < OPEN
    }

    /// Counts what was opened until nothing holds it any more.
    fn opened(&mut self, descriptor: &Descriptor) {
        let file = match descriptor {
            Descriptor::File(file) => &file.file,
            Descriptor::Dir(directory) => &directory.dir,
        };
        self.open.push(Arc::downgrade(file));
    }

    fn account(&self) -> Result<&Arc<Account>, ErrorCode> {
        self.account.as_ref().ok_or(ErrorCode::NotPermitted)
    }
}

/// What `wasi:filesystem` works on.
pub(super) struct FilesView<'a> {
    pub(super) wasi: WasiFilesystemCtxView<'a>,
    pub(super) files: &'a mut Files,
}

impl preopens::Host for FilesView<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let Some(account) = self.files.account.clone() else { return Ok(Vec::new()) };
        if !self.files.may_open() {
            return Err(Stop::Misuse(too_many_open()).into());
        }
        let descriptor = Descriptor::Dir(account.opened()?);
        self.files.opened(&descriptor);
        let descriptor = self.wasi.table.push(descriptor)?;
        Ok(vec![(descriptor, GUEST_PATH.to_owned())])
    }
}

fn too_many_open() -> String {
    format!("a call holds {OPEN} files and directories open; close one first")
}

/// A call's dealings with the directory.
struct Account {
    folder: Folder,
    writable: bool,
    scope: Arc<CallScope>,
    measures: AtomicU32,
    /// Whether the call has changed something before.
    begun: AtomicBool,
}

impl Account {
    fn opened(&self) -> wasmtime::Result<filesystem::Dir> {
        let directory = self.folder.directory().try_clone()?.into_std_file();
        let (perms, mode) = match self.writable {
            true => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
            false => (FsPerms::ReadOnly, OpenMode::READ),
        };
        Ok(filesystem::Dir::new(directory, perms, mode, false))
    }

    /// Refuses a change where the call only reads.
    fn may_write(&self) -> Result<(), ErrorCode> {
        if self.writable {
            return Ok(());
        }
        let message = "this call only reads files; write them in `apply` or `wake`, and have the manifest and the grant \
                       say `read-write`";
        Err(self.refuse("read-only", message.to_owned(), ErrorCode::NotPermitted))
    }

    /// Refuses a change, and tells people why; the guest gets a code only.
    fn refuse(&self, code: &str, message: String, told: ErrorCode) -> ErrorCode {
        if self.scope.refused_file(code, message.clone()) {
            tracing::warn!(code, "a change of files was refused: {message}");
        }
        told
    }

    fn full(&self, full: Full) -> ErrorCode {
        self.refuse(full.code(), full.to_string(), ErrorCode::Quota)
    }

    /// Says in WASI's words why a change was not made.
    fn trouble(&self, trouble: Trouble) -> ErrorCode {
        match trouble {
            Trouble::Full(full) => self.full(full),
            Trouble::System(error) => ErrorCode::from(error),
        }
    }

    /// Does something with the directory while nobody else makes it grow through the host. What has begun goes on to its
    /// end when the call is given up, so that the count stays true.
    async fn alone<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, ErrorCode> {
        self.holding(work).await.map(|(_, done)| done)
    }

    /// Does something like [`alone`](Self::alone), and goes on keeping others out.
    async fn holding<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<(OwnedMutexGuard<Usage>, T), ErrorCode> {
        let account = Arc::clone(self);
        let mut usage = self.folder.usage().await;
        if !self.begun.swap(true, Ordering::Relaxed) {
            usage.forget();
        }
        let working = move || {
            let done = work(&mut Change { account: &account, usage: &mut usage });
            done.map(|done| (usage, done))
        };
        match tokio::task::spawn_blocking(working).await {
            Ok(done) => done.map_err(|trouble| self.trouble(trouble)),
            Err(_) => Err(ErrorCode::Io),
        }
    }
}

/// A change that is being made.
struct Change<'a> {
    account: &'a Account,
    usage: &'a mut Usage,
}

impl Change<'_> {
    /// Takes room for a name, where it is not there yet. A link to nothing is not there: who creates through it makes a
    /// file. What cannot be looked at is refused where it is opened.
    fn grows_by(&mut self, directory: &Dir, path: &str) -> Result<(), Trouble> {
        if directory.metadata(path).is_ok() { Ok(()) } else { self.grow(Sizes::ONE_FILE) }
    }

    /// Takes room for growth.
    fn grow(&mut self, by: Sizes) -> Result<(), Trouble> {
        let Account { folder, measures, .. } = self.account;
        let may_measure = || {
            let left = measures.load(Ordering::Relaxed);
            measures.store(left.saturating_sub(1), Ordering::Relaxed);
            left > 0
        };
        self.usage.grow(folder.directory(), folder.quota(), by, may_measure)
    }

    /// Notes that something is about to be changed.
    fn begins(&self, bytes: usize) {
        self.account.scope.changes_file(bytes);
    }
}
