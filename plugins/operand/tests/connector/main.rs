//! The connector against a scripted Operand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

mod account;
mod feeds;
mod records;
mod support;
mod writing;
