//! Recorded calls: everything that connectors asked and were told, in a file that can be replayed without network.
//!
//! The file is lines of JSON. The first says what it is and what it is about, each of the others is one call with its
//! steps in order, and the last says how it ended. A call is on one line only after it has ended, with the secret values
//! taken out that its connection had used by then: it is made of what the guest said and heard, and a guest never holds a
//! secret.

mod file;
mod player;
mod recorder;

pub use file::{Recording, RecordingError};
pub use player::{Divergence, Player};
pub use recorder::Recorder;

/// Version of the format that is written, and the only one that is read.
pub const FORMAT: u32 = 1;
