//! FLOWii as a client sees it, over TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod limits;
mod lists;
mod records;
mod support;
