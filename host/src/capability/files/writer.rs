//! Writing into a file: each chunk takes its room from the quota before it is written.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use super::{Account, Change};
use crate::files::{Sizes, Trouble};

/// Bytes that a stream takes at once.
const CHUNK: usize = 64 << 10;

/// Where bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// There; what comes next goes behind.
    Position(u64),
    /// At the end of the file, wherever that is by then.
    End,
}

/// Why a stream's write failed, for `filesystem-error-code`.
#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
pub(super) struct WriteFailed(pub(super) ErrorCode);

/// Writes bytes, all of them or none for want of room. Returns where the next go.
pub(super) async fn write(account: &Arc<Account>, file: Arc<File>, bytes: Bytes, at: At) -> Result<At, ErrorCode> {
    account.may_write()?;
    let write = move |change: &mut Change<'_>| {
        let length = file.metadata()?.len();
        let start = match at {
            At::Position(position) => position,
            At::End => length,
        };
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let end =
            start.checked_add(count).ok_or_else(|| Trouble::from(io::Error::from(io::ErrorKind::InvalidInput)))?;
        change.grow(Sizes::bytes(end.saturating_sub(length)))?;
        change.begins(bytes.len());
        file.write_all_at(&bytes, start)?;
        Ok(if at == At::End { At::End } else { At::Position(end) })
    };
    account.alone(write).await
}

/// An output stream of a file.
pub(super) struct Writer {
    account: Arc<Account>,
    file: Arc<File>,
    state: State,
}

enum State {
    Ready(At),
    Writing(JoinHandle<Result<At, ErrorCode>>),
    Failed(ErrorCode),
    Closed,
}

impl Writer {
    pub(super) fn new(account: &Arc<Account>, file: &Arc<File>, at: At) -> Self {
        Self { account: Arc::clone(account), file: Arc::clone(file), state: State::Ready(at) }
    }

    /// Returns how much may be written now; the failure of what was written before, once.
    fn permit(&mut self) -> StreamResult<usize> {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Failed(code) => Err(StreamError::LastOperationFailed(WriteFailed(code).into())),
            State::Closed => Err(StreamError::Closed),
            State::Ready(at) => {
                self.state = State::Ready(at);
                Ok(CHUNK)
            }
            writing @ State::Writing(_) => {
                self.state = writing;
                Ok(0)
            }
        }
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let at = match &self.state {
            State::Ready(at) => *at,
            State::Closed => return Err(StreamError::Closed),
            State::Writing(_) | State::Failed(_) => {
                return Err(StreamError::trap("write not permitted: check_write was not called before"));
            }
        };
        let (account, file) = (Arc::clone(&self.account), Arc::clone(&self.file));
        self.state = State::Writing(tokio::spawn(async move { write(&account, file, bytes, at).await }));
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        // Nothing waits here but what is being written.
        self.permit().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.permit()
    }

    async fn cancel(&mut self) {
        self.ready().await;
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {
        if let State::Writing(writing) = &mut self.state {
            self.state = match writing.await {
                Ok(Ok(at)) => State::Ready(at),
                Ok(Err(code)) => State::Failed(code),
                Err(_) => State::Failed(ErrorCode::Io),
            };
        }
    }
}
