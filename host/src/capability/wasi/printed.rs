//! What a guest prints: lines of its log, with the same limits, without secrets and control characters.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncWrite, sink};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};

use crate::capability::Rooms;
use crate::capability::http::CallScope;
use crate::capability::log::{Level, Log};

/// Bytes of a line that are looked at. The rest of a longer one is left out, so that no secret is cut in two.
const LINE: usize = 64 << 10;

/// Bytes that are taken at once.
const AT_ONCE: usize = 64 << 10;

/// One of the two streams that a guest prints to.
#[derive(Clone)]
pub(super) struct Printed(Arc<Mutex<Lines>>);

struct Lines {
    rooms: Arc<Rooms>,
    scope: Arc<CallScope>,
    log: Arc<Mutex<Log>>,
    event: &'static str,
    level: Level,
    begun: Vec<u8>,
}

impl Printed {
    /// Makes a stream whose lines go to the call's log under the name of an event.
    pub(super) fn new(
        (rooms, scope): (&Arc<Rooms>, &Arc<CallScope>),
        log: &Arc<Mutex<Log>>,
        event: &'static str,
        level: Level,
    ) -> Self {
        let (rooms, scope, log) = (Arc::clone(rooms), Arc::clone(scope), Arc::clone(log));
        Self(Arc::new(Mutex::new(Lines { rooms, scope, log, event, level, begun: Vec::new() })))
    }

    fn take(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(bytes);
    }
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let room = LINE.saturating_sub(self.begun.len());
            self.begun.extend(text.iter().take(room));
            if ends {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        let line = mem::take(&mut self.begun);
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned();
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.write((&self.rooms, &self.scope), self.level, self.event, &[("text".to_owned(), text)]);
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.begun.is_empty() {
            self.end();
        }
    }
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this one, which the host does not give.
        Box::new(sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Printed {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(AT_ONCE)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Printed {
    async fn ready(&mut self) {}
}
