//! The connector against a fake host and a fake vendor.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail where they stand"
)]

mod bulk;
mod catalog;
mod documents;
mod errors;
mod feeds;
mod journal;
mod listings;
mod manifest;
mod records;
mod shop;
mod writing;
