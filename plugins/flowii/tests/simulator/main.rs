//! The connector against the simulator of FLOWii, which knows nothing of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

mod bridge;
mod reading;
mod writing;
