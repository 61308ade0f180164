//! The tape that records.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::FORMAT;
use super::file::{Call, Head, Line, Step};
use crate::model::Instant;
use crate::surroundings::{Clock, Randomness};
use crate::tape::{Asked, CallOnTape, Tape, Told, Track};

/// Writes every call. Cheap to clone; all clones write to one file.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Output>>);

struct Output {
    to: Box<dyn Write + Send>,
    calls: usize,
    failed: Option<io::Error>,
}

impl Recorder {
    /// Begins a recording; `about` is what a replay needs to know besides the calls, and must hold no secret.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(to: impl Write + Send + 'static, started: Instant, about: Value) -> io::Result<Self> {
        let host = env!("CARGO_PKG_VERSION").to_owned();
        let recorder = Self(Arc::new(Mutex::new(Output { to: Box::new(to), calls: 0, failed: None })));
        recorder.output().line(&text(&Line::Recording(Head { format: FORMAT, host, started, about }))?)?;
        Ok(recorder)
    }

    /// Returns how many calls have been written so far.
    pub fn calls(&self) -> usize {
        self.output().calls
    }

    /// Ends the recording: `end` is what a replay must come to.
    ///
    /// # Errors
    /// When it, or a call before, could not be written.
    pub fn finish(&self, end: Value) -> io::Result<()> {
        let mut output = self.output();
        if let Some(error) = output.failed.take() {
            return Err(error);
        }
        output.line(&text(&Line::End(end))?)?;
        output.to.flush()
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Output {
    fn line(&mut self, line: &str) -> io::Result<()> {
        self.to.write_all(line.as_bytes())?;
        self.to.write_all(b"\n")
    }
}

fn text(line: &Line) -> io::Result<String> {
    serde_json::to_string(line).map_err(io::Error::other)
}

impl Tape for Recorder {
    fn begin(&self, call: CallOnTape) -> Arc<dyn Track> {
        Arc::new(Recorded { recorder: self.clone(), call, steps: Mutex::default(), open: Mutex::default() })
    }
}

/// A call that is being recorded.
struct Recorded {
    recorder: Recorder,
    call: CallOnTape,
    steps: Mutex<Vec<Step>>,
    /// A request that has no answer yet.
    open: Mutex<Option<Asked>>,
}

impl Recorded {
    fn step(&self, step: Step) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    fn open(&self) -> MutexGuard<'_, Option<Asked>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Track for Recorded {
    fn now(&self, clock: &dyn Clock) -> Instant {
        let now = clock.now();
        self.step(Step::Now(now));
        now
    }

    fn fill(&self, bytes: &mut [u8], source: &dyn Randomness) -> io::Result<()> {
        source.fill(bytes)?;
        self.step(Step::Random(hex::encode(bytes)));
        Ok(())
    }

    fn answer(&self, asked: &Asked) -> Option<Told> {
        *self.open() = Some(asked.clone());
        None
    }

    fn heard(&self, asked: &Asked, told: &Told) {
        *self.open() = None;
        self.step(Step::request(asked, told));
    }

    fn ended(&self, redact: &dyn Fn(String) -> String) {
        if let Some(asked) = self.open().take() {
            self.step(Step::unanswered(&asked));
        }
        let steps = std::mem::take(&mut *self.steps.lock().unwrap_or_else(PoisonError::into_inner));
        let CallOnTape { connection, connector, name, arguments } = self.call.clone();
        let call = Call { connection, connector, name: name.to_owned(), arguments, steps };
        let mut output = self.recorder.output();
        let written = text(&Line::Call(call)).map(redact).and_then(|line| output.line(&line));
        match written {
            Ok(()) => output.calls += 1,
            Err(error) => {
                output.failed.get_or_insert(error);
            }
        }
    }
}
