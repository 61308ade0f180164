//! A fake host for unit tests of connectors, without a wasm engine.
//!
//! Built natively, a connector's calls to its host go to what the test installed for its thread. [`FakeHost`] answers
//! HTTP requests from a script and records them, has a clock that stands still until it is moved, the same randomness
//! in every run, and remembers what was logged and scheduled.
//!
//! ```
//! use wharf_sdk::{clock, http};
//! use wharf_sdk_testing::{Answer, FakeHost};
//!
//! let host = FakeHost::new()
//!     .config(r#"{"base_url": "https://shop.example"}"#)
//!     .now(1_760_000_000_000)
//!     .answer(Answer::json(200, r#"{"orders": []}"#))
//!     .install();
//!
//! let response = http::get("https://shop.example/orders").query("page", 0).credential("token").send()?;
//! assert_eq!(response.text()?, r#"{"orders": []}"#);
//! assert_eq!(clock::now(), 1_760_000_000_000);
//!
//! let request = host.only_request();
//! assert_eq!(request.url, "https://shop.example/orders?page=0");
//! assert_eq!(request.credential.as_deref(), Some("token"));
//! # Ok::<(), wharf_sdk::Failure>(())
//! ```
//!
//! A whole simulator of the system answers as well: [`Remote`] sends the requests over real HTTP. [`read_feed`],
//! [`intent`], [`applied`] and [`verified`] call a connector as a host does.
//!
//! Two things that the real host does and this one does not: it does not check requests against the manifest, and it
//! does not look at what a connector returns. The conformance run of the built component does both.

mod answer;
mod feed;
mod host;
mod lookups;
mod remote;
mod secret;
mod write;

pub use answer::{Answer, json_body, text_body};
pub use feed::{document, read_feed};
pub use host::{FakeHost, InstalledHost, LogLine, WakeUp, WakeUpTime};
pub use lookups::{Edit, FakeSource};
pub use remote::Remote;
pub use write::{CORRELATION, applied, intent, verified};
