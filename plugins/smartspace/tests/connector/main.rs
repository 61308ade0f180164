//! The connector as Smartspace sees it, over owners that were granted, and against a scripted company API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

mod account;
mod company_api;
mod edits;
mod searches;
mod support;
