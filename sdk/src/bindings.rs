//! Bindings that are generated from `wit/`, once for all connectors.
//!
//! What a component can do shows in its exports, so each interface that a connector may export has a world of its own:
//! [`export!`](crate::export) takes the ones that a connector implements, and the component encoder merges them.
//! Nothing in here is for authors; the rest of this crate is.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::panic,
    clippy::unwrap_used,
    reason = "generated from wit/; the boundary is made of raw pointers, and its lints are not ours to fix"
)]

/// What every connector may import, and the shared types.
pub mod imports {
    wit_bindgen::generate!({
        path: "../wit",
        world: "imports",
        generate_unused_types: true,
        additional_derives: [PartialEq],
    });
}

macro_rules! exported {
    ($(#[$doc:meta])* $module:ident, $wit:literal, $bindings:literal $(, with: { $($interface:literal: $path:path),* })?) => {
        $(#[$doc])*
        pub mod $module {
            wit_bindgen::generate!({
                path: "../wit",
                inline: $wit,
                pub_export_macro: true,
                default_bindings_module: $bindings,
                additional_derives: [PartialEq],
                with: {
                    "wharf:connector/types@0.1.0": crate::bindings::imports::wharf::connector::types,
                    $($($interface: $path),*)?
                },
            });
        }
    };
}

exported!(
    /// World of `describe`.
    describe,
    "package wharf:sdk-describe; world describe { export wharf:connector/describe@0.1.0; }",
    "wharf_sdk::bindings::describe"
);
exported!(
    /// World of `setup`.
    setup,
    "package wharf:sdk-setup; world setup { export wharf:connector/setup@0.1.0; }",
    "wharf_sdk::bindings::setup"
);
exported!(
    /// World of `references`.
    references,
    "package wharf:sdk-references; world references { export wharf:connector/references@0.1.0; }",
    "wharf_sdk::bindings::references"
);
exported!(
    /// World of `feeds`.
    feeds,
    "package wharf:sdk-feeds; world feeds { export wharf:connector/feeds@0.1.0; }",
    "wharf_sdk::bindings::feeds"
);
exported!(
    /// World of `records`.
    records,
    "package wharf:sdk-records; world records { export wharf:connector/records@0.1.0; }",
    "wharf_sdk::bindings::records"
);
exported!(
    /// World of `counts`.
    counts,
    "package wharf:sdk-counts; world counts { export wharf:connector/counts@0.1.0; }",
    "wharf_sdk::bindings::counts",
    with: { "wharf:connector/feeds@0.1.0": crate::bindings::feeds::exports::wharf::connector::feeds }
);
exported!(
    /// World of `writing`.
    writing,
    "package wharf:sdk-writing; world writing { export wharf:connector/writing@0.1.0; }",
    "wharf_sdk::bindings::writing"
);
exported!(
    /// World of `webhooks`.
    webhooks,
    "package wharf:sdk-webhooks; world webhooks { export wharf:connector/webhooks@0.1.0; }",
    "wharf_sdk::bindings::webhooks"
);
exported!(
    /// World of `subscriptions`.
    subscriptions,
    "package wharf:sdk-subscriptions; world subscriptions { export wharf:connector/subscriptions@0.1.0; }",
    "wharf_sdk::bindings::subscriptions"
);
exported!(
    /// World of `serving`.
    serving,
    "package wharf:sdk-serving; world serving { export wharf:connector/serving@0.1.0; }",
    "wharf_sdk::bindings::serving",
    with: { "wharf:connector/webhooks@0.1.0": crate::bindings::webhooks::exports::wharf::connector::webhooks }
);
exported!(
    /// World of `wakeups`.
    wakeups,
    "package wharf:sdk-wakeups; world wakeups { export wharf:connector/wakeups@0.1.0; }",
    "wharf_sdk::bindings::wakeups"
);

/// The exported interfaces under short names.
pub mod exports {
    pub use super::counts::exports::wharf::connector::counts::{self, Tally};
    pub use super::describe::exports::wharf::connector::describe;
    pub use super::feeds::exports::wharf::connector::feeds;
    pub use super::records::exports::wharf::connector::records;
    pub use super::references::exports::wharf::connector::references::{self, Reference, ReferencePage};
    pub use super::serving::exports::wharf::connector::serving;
    pub use super::setup::exports::wharf::connector::setup;
    pub use super::subscriptions::exports::wharf::connector::subscriptions::{self, Subscription};
    pub use super::wakeups::exports::wharf::connector::wakeups;
    pub use super::webhooks::exports::wharf::connector::webhooks::{self, Delivery, Event, Parsed, Reply};
    pub use super::writing::exports::wharf::connector::writing::{self, Preview};
}
