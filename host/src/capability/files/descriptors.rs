//! `wasi:filesystem/types`: what reads goes on to WASI's own implementation, what changes something is counted.

use std::sync::Arc;

use cap_std::fs::Dir;
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{self, Descriptor};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, DescriptorFlags, ErrorCode, HostDescriptor, HostDirectoryEntryStream, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult, ReaddirIterator};

use super::writer::{At, WriteFailed, Writer, write};
use super::{Account, Change, FilesView, LISTINGS, name, too_many_open};
use crate::files::Sizes;

type Fd = Resource<Descriptor>;

impl FilesView<'_> {
    fn account(&self) -> FsResult<Arc<Account>> {
        Ok(Arc::clone(self.files.account()?))
    }

    /// Returns the account, where this call may change files.
    fn writing(&self) -> FsResult<Arc<Account>> {
        let account = self.account()?;
        account.may_write()?;
        Ok(account)
    }

    fn file(&self, fd: &Fd) -> FsResult<filesystem::File> {
        match self.wasi.table.get(fd)? {
            Descriptor::File(file) => Ok(file.clone()),
            Descriptor::Dir(_) => Err(ErrorCode::IsDirectory.into()),
        }
    }

    /// Returns a file that was opened to be written, where this call may write.
    fn written_file(&self, fd: &Fd) -> FsResult<(Arc<Account>, filesystem::File)> {
        let (account, file) = (self.writing()?, self.file(fd)?);
        if file.perms.write_not_permitted() {
            return Err(ErrorCode::NotPermitted.into());
        }
        Ok((account, file))
    }

    fn directory(&self, fd: &Fd) -> FsResult<Dir> {
        match self.wasi.table.get(fd)? {
            Descriptor::Dir(directory) => Ok(Dir::from_std_file(directory.dir.try_clone()?)),
            Descriptor::File(_) => Err(ErrorCode::NotDirectory.into()),
        }
    }

    fn named(&self, path: &str) -> FsResult<()> {
        match name::wrong(path) {
            None => Ok(()),
            Some(text) => Err(self.account()?.refuse("name", text, ErrorCode::NameTooLong).into()),
        }
    }

    /// Makes no link: one that leads elsewhere by tomorrow, or a second name that is counted once.
    fn no_link<T>(&self) -> FsResult<T> {
        let text = "connectors make no links; write a copy";
        Err(self.account()?.refuse("link", text.to_owned(), ErrorCode::NotPermitted).into())
    }

    async fn open_to_write(
        &mut self,
        fd: Fd,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        let account = self.writing()?;
        let (directory, place, creates) = (self.directory(&fd)?, path.clone(), open_flags.contains(OpenFlags::CREATE));
        let room = move |change: &mut Change<'_>| {
            if creates {
                change.grows_by(&directory, &place)?;
            }
            change.begins(0);
            Ok(())
        };
        let (mut usage, ()) = account.holding(room).await?;
        let opened = HostDescriptor::open_at(&mut self.wasi, fd, path_flags, path, open_flags, flags).await?;
        if let Descriptor::File(file) = self.wasi.table.get(&opened)? {
            usage.opened(&file.file);
        }
        Ok(opened)
    }
}

/// Lets only files and directories be opened: a pipe would wait for its writer.
async fn only_usual(account: &Account, directory: Dir, flags: PathFlags, path: String) -> FsResult<()> {
    let look = move || match flags.contains(PathFlags::SYMLINK_FOLLOW) {
        true => directory.metadata(&path),
        false => directory.symlink_metadata(&path),
    };
    let kind = match tokio::task::spawn_blocking(look).await {
        Ok(Ok(metadata)) => metadata.file_type(),
        // What is not there, or leads out, is refused where it is opened.
        Ok(Err(_)) => return Ok(()),
        Err(_) => return Err(ErrorCode::Io.into()),
    };
    if kind.is_file() || kind.is_dir() || kind.is_symlink() {
        return Ok(());
    }
    let text = "there is a pipe, a socket or a device among the files; have it removed";
    Err(account.refuse("special-file", text.to_owned(), ErrorCode::NotPermitted).into())
}

impl types::Host for FilesView<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        if let Some(WriteFailed(code)) = self.wasi.table.get(&error)?.downcast_ref::<WriteFailed>() {
            return Ok(Some(*code));
        }
        types::Host::filesystem_error_code(&mut self.wasi, error)
    }
}

impl HostDescriptor for FilesView<'_> {
    fn read_via_stream(&mut self, fd: Fd, offset: u64) -> FsResult<Resource<DynInputStream>> {
        HostDescriptor::read_via_stream(&mut self.wasi, fd, offset)
    }

    fn write_via_stream(&mut self, fd: Fd, offset: u64) -> FsResult<Resource<DynOutputStream>> {
        let (account, file) = self.written_file(&fd)?;
        let writer: DynOutputStream = Box::new(Writer::new(&account, &file.file, At::Position(offset)));
        Ok(self.wasi.table.push(writer)?)
    }

    fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<DynOutputStream>> {
        let (account, file) = self.written_file(&fd)?;
        let writer: DynOutputStream = Box::new(Writer::new(&account, &file.file, At::End));
        Ok(self.wasi.table.push(writer)?)
    }

    async fn advise(&mut self, fd: Fd, offset: u64, length: u64, advice: types::Advice) -> FsResult<()> {
        HostDescriptor::advise(&mut self.wasi, fd, offset, length, advice).await
    }

    async fn sync_data(&mut self, fd: Fd) -> FsResult<()> {
        HostDescriptor::sync_data(&mut self.wasi, fd).await
    }

    async fn get_flags(&mut self, fd: Fd) -> FsResult<DescriptorFlags> {
        HostDescriptor::get_flags(&mut self.wasi, fd).await
    }

    async fn get_type(&mut self, fd: Fd) -> FsResult<types::DescriptorType> {
        HostDescriptor::get_type(&mut self.wasi, fd).await
    }

    async fn set_size(&mut self, fd: Fd, size: u64) -> FsResult<()> {
        let (account, file) = self.written_file(&fd)?;
        let resize = account.alone(move |change| {
            let length = file.file.metadata()?.len();
            change.grow(Sizes::bytes(size.saturating_sub(length)))?;
            change.begins(0);
            Ok(file.file.set_len(size)?)
        });
        Ok(resize.await?)
    }

    async fn set_times(
        &mut self,
        fd: Fd,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        self.writing()?.scope.changes_file(0);
        HostDescriptor::set_times(&mut self.wasi, fd, accessed, modified).await
    }

    async fn read(&mut self, fd: Fd, length: u64, offset: u64) -> FsResult<(Vec<u8>, bool)> {
        HostDescriptor::read(&mut self.wasi, fd, length, offset).await
    }

    async fn write(&mut self, fd: Fd, bytes: Vec<u8>, offset: u64) -> FsResult<u64> {
        let (account, file) = self.written_file(&fd)?;
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        write(&account, file.file, bytes.into(), At::Position(offset)).await?;
        Ok(count)
    }

    async fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<types::DirectoryEntryStream>> {
        let account = self.account()?;
        if self.files.listings >= LISTINGS {
            let text = format!("a call holds {LISTINGS} listings of directories open; close one first");
            return Err(account.refuse("listings", text, ErrorCode::InsufficientMemory).into());
        }
        let listing = HostDescriptor::read_directory(&mut self.wasi, fd).await?;
        self.files.listings = self.files.listings.saturating_add(1);
        Ok(listing)
    }

    async fn sync(&mut self, fd: Fd) -> FsResult<()> {
        HostDescriptor::sync(&mut self.wasi, fd).await
    }

    async fn create_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.named(&path)?;
        let (account, directory) = (self.writing()?, self.directory(&fd)?);
        let create = account.alone(move |change| {
            change.grows_by(&directory, &path)?;
            change.begins(0);
            Ok(directory.create_dir(&path)?)
        });
        Ok(create.await?)
    }

    async fn stat(&mut self, fd: Fd) -> FsResult<types::DescriptorStat> {
        HostDescriptor::stat(&mut self.wasi, fd).await
    }

    async fn stat_at(&mut self, fd: Fd, flags: PathFlags, path: String) -> FsResult<types::DescriptorStat> {
        HostDescriptor::stat_at(&mut self.wasi, fd, flags, path).await
    }

    async fn set_times_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        let (account, directory) = (self.writing()?, self.directory(&fd)?);
        // WASI's own implementation opens what it sets the times of.
        only_usual(&account, directory, flags, path.clone()).await?;
        account.scope.changes_file(0);
        HostDescriptor::set_times_at(&mut self.wasi, fd, flags, path, accessed, modified).await
    }

    async fn link_at(&mut self, _: Fd, _: PathFlags, _: String, _: Fd, _: String) -> FsResult<()> {
        self.no_link()
    }

    async fn open_at(
        &mut self,
        fd: Fd,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        self.named(&path)?;
        let (account, directory) = (self.account()?, self.directory(&fd)?);
        only_usual(&account, directory, path_flags, path.clone()).await?;
        if !self.files.may_open() {
            return Err(account.refuse("open-files", too_many_open(), ErrorCode::InsufficientMemory).into());
        }
        let changes = open_flags.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE);
        let opened = if changes || flags.contains(DescriptorFlags::WRITE) {
            self.open_to_write(fd, path_flags, path, open_flags, flags).await?
        } else {
            HostDescriptor::open_at(&mut self.wasi, fd, path_flags, path, open_flags, flags).await?
        };
        self.files.opened(self.wasi.table.get(&opened)?);
        Ok(opened)
    }

    async fn readlink_at(&mut self, fd: Fd, path: String) -> FsResult<String> {
        HostDescriptor::readlink_at(&mut self.wasi, fd, path).await
    }

    async fn remove_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.writing()?.scope.changes_file(0);
        HostDescriptor::remove_directory_at(&mut self.wasi, fd, path).await
    }

    async fn rename_at(&mut self, fd: Fd, old_path: String, new_fd: Fd, new_path: String) -> FsResult<()> {
        self.named(&new_path)?;
        let account = self.writing()?;
        // A file that is measured while it moves could be missed at both places.
        let _usage = account.folder.usage().await;
        account.scope.changes_file(0);
        HostDescriptor::rename_at(&mut self.wasi, fd, old_path, new_fd, new_path).await
    }

    async fn symlink_at(&mut self, _: Fd, _: String, _: String) -> FsResult<()> {
        self.no_link()
    }

    async fn unlink_file_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.writing()?.scope.changes_file(0);
        HostDescriptor::unlink_file_at(&mut self.wasi, fd, path).await
    }

    async fn is_same_object(&mut self, one: Fd, other: Fd) -> wasmtime::Result<bool> {
        HostDescriptor::is_same_object(&mut self.wasi, one, other).await
    }

    async fn metadata_hash(&mut self, fd: Fd) -> FsResult<types::MetadataHashValue> {
        HostDescriptor::metadata_hash(&mut self.wasi, fd).await
    }

    async fn metadata_hash_at(&mut self, fd: Fd, flags: PathFlags, path: String) -> FsResult<types::MetadataHashValue> {
        HostDescriptor::metadata_hash_at(&mut self.wasi, fd, flags, path).await
    }

    fn drop(&mut self, fd: Fd) -> wasmtime::Result<()> {
        HostDescriptor::drop(&mut self.wasi, fd)
    }
}

impl HostDirectoryEntryStream for FilesView<'_> {
    async fn read_directory_entry(
        &mut self,
        listing: Resource<ReaddirIterator>,
    ) -> FsResult<Option<types::DirectoryEntry>> {
        HostDirectoryEntryStream::read_directory_entry(&mut self.wasi, listing).await
    }

    fn drop(&mut self, listing: Resource<ReaddirIterator>) -> wasmtime::Result<()> {
        self.files.listings = self.files.listings.saturating_sub(1);
        HostDirectoryEntryStream::drop(&mut self.wasi, listing)
    }
}
