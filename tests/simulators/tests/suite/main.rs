//! The simulators as a client over TLS sees them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail so")]

mod baselinker;
mod catalog;
mod client;
mod demo;
mod faults;
mod parcels;
mod returns;
mod storages;
