//! The pipeline against real servers on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod budgets;
mod credentials;
mod delivery;
mod effects;
mod limits;
mod logs;
mod neighbours;
mod reach;
mod redaction;
mod refresh;
mod schemes;
mod servers;
mod tls;
mod tokens;
mod world;
