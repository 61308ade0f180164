//! The connector against a scripted FLOWii.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

mod account;
mod batches;
mod changes;
mod feeds;
mod invoices;
mod orders;
mod partners;
mod plain;
mod products;
mod support;
