//! The connector against a scripted FLOWii.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

mod account;
mod feeds;
mod orders;
mod partners;
mod support;
