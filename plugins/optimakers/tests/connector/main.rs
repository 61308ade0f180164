//! The connector against a scripted Optimakers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

mod account;
mod customers;
mod errors;
mod feeds;
mod orders;
mod products;
mod support;
mod webhooks;
