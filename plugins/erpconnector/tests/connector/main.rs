//! The connector against a scripted ERP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

mod feeds;
mod invoices;
mod master_data;
mod support;
