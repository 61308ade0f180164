//! What Rust connector authors depend on.

pub mod bindings;
pub mod civil;
pub mod clock;
pub mod connection;
mod connector;
mod cursor;
pub mod document;
mod export;
pub mod failure;
pub mod host;
pub mod http;
pub mod log;
pub mod manifest;
mod paging;
pub mod quirks;
pub mod random;
pub mod schedule;
pub mod secrets;
pub mod setup;

pub use connector::{
    Action, Applied, Counts, Delivery, Describe, Event, Feeds, Intent, Outcome, Parsed, Preview, Records, Reference,
    ReferencePage, References, Reply, Serving, Setup, Subscription, Subscriptions, Tally, Verdict, Wakeups, Webhooks,
    Writing,
};
pub use cursor::Cursor;
pub use failure::{Failure, MissingKind, Result, Violation, violation};
pub use manifest::Manifest;
pub use paging::{Bounds, Completeness, Content, Item, Page, PageBuilder, Slice};

/// For the macros of this crate only.
#[doc(hidden)]
pub mod __private {
    pub use serde;

    /// Makes the error for a field that has to be there.
    pub fn missing<E: serde::de::Error>(field: &'static str) -> E {
        E::missing_field(field)
    }
}
