//! The connector against the simulator, over plain http on loopback: two readings of the same facts meet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

mod bridge;
mod reading;
mod writing;
