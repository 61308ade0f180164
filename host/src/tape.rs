//! Between calls and their imports: a tape hears what connectors ask and are told, or tells them itself.
//!
//! It stands where the guest stands: before policy, budget and credential on the way out, and after the redaction on the
//! way back. So no secret value passes it, and whoever answers in the host's place needs neither network nor secrets.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::model::{Effect, Instant};
use crate::surroundings::{Clock, Randomness};

/// Hears calls begin. [`recording`](crate::recording) has the tape that records and the one that replays.
pub trait Tape: Send + Sync {
    /// A call of a connection begins; its own track hears the rest of it.
    fn begin(&self, call: CallOnTape) -> Arc<dyn Track>;
}

impl<T: Tape + ?Sized> Tape for Arc<T> {
    fn begin(&self, call: CallOnTape) -> Arc<dyn Track> {
        T::begin(self, call)
    }
}

/// Which call it is.
#[derive(Debug, Clone, PartialEq)]
pub struct CallOnTape {
    /// Name of the connection.
    pub connection: String,
    /// Name of the connector.
    pub connector: String,
    /// Name of the function: `pull`, `apply`.
    pub name: &'static str,
    /// Its arguments, by name.
    pub arguments: Value,
}

/// One call. A connector asks one thing at a time, so that everything on a track is in one order.
pub trait Track: Send + Sync {
    /// Gives the time of day; `clock` is the host's.
    fn now(&self, clock: &dyn Clock) -> Instant;

    /// Fills `bytes` with randomness; `source` is the host's.
    ///
    /// # Errors
    /// When there is none.
    fn fill(&self, bytes: &mut [u8], source: &dyn Randomness) -> io::Result<()>;

    /// Answers a request in the host's place; none where the host is to send it.
    fn answer(&self, asked: &Asked) -> Option<Told>;

    /// Hears what the host answered.
    fn heard(&self, asked: &Asked, told: &Told);

    /// The call has ended, or was given up. `redact` takes the secret values that the connection has used out of a text.
    fn ended(&self, redact: &dyn Fn(String) -> String);
}

/// A request as the guest made it: it names a credential, and holds none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Method.
    pub method: String,
    /// URL.
    pub url: String,
    /// Headers that the guest set.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<Bytes>,
    /// Name of the credential slot.
    pub credential: Option<String>,
    /// What it does in the remote system.
    pub effect: Effect,
    /// Name of the budget.
    pub budget: Option<String>,
}

/// What the guest is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The remote's answer, decompressed and redacted.
    Answered {
        /// HTTP status.
        status: u16,
        /// Names in lower case.
        headers: Vec<(String, String)>,
        /// Body.
        body: Bytes,
    },
    /// There is no answer.
    Refused {
        /// `denied`, `would-write`, `budget-exhausted`, `credential-unavailable`, `not-sent`, `sent-no-answer`,
        /// `too-large` or `deadline`.
        code: String,
        /// Rule of what was denied.
        rule: Option<String>,
        /// One sentence.
        message: Option<String>,
        /// Time at which to come again, or the limit in bytes.
        number: Option<u64>,
        /// Whether the remote refused the credential, or the request may have left.
        flag: Option<bool>,
    },
}

/// Gives a call its clock: the track's, where there is a track.
pub(crate) struct OnTrack {
    pub(crate) track: Arc<dyn Track>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
}

impl Clock for OnTrack {
    fn now(&self) -> Instant {
        self.track.now(self.clock.as_ref())
    }
}

impl Randomness for OnTrack {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        self.track.fill(bytes, self.randomness.as_ref())
    }
}
