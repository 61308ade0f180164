//! The connector against a scripted ERP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

mod companies;
mod feeds;
mod invoices;
mod master_data;
mod others;
mod postings;
mod support;
