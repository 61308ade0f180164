//! Whole runs in virtual time, against remotes that remember every effect.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::result_large_err,
    reason = "these are tests"
)]

mod backfills;
mod causes;
mod changes;
mod crashes;
mod edits;
mod files;
mod leases;
mod liars;
mod people;
mod plans;
mod readiness;
mod reconciling;
mod remote;
mod serving;
mod table;
mod time;
mod unknown;
mod volume;
mod webhooks;
mod world;
