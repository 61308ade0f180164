//! What Rust connector authors depend on.
//!
//! A connector teaches a Wharf host to speak to one business system. It is a WebAssembly component: it says what it is,
//! reads pages of a feed, reads single records, writes documents. Credentials, retries, waiting, rate limits and state
//! are the host's; a connector never sees a secret and never sleeps.
//!
//! # A whole connector
//!
//! Orders of a shop, in pages. Everything else is more of the same: another trait for each thing that it can do.
//!
//! ```
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//! use wharf_sdk::document::{Order, OrderLine};
//! use wharf_sdk::manifest::{Budget, Feed, Host, Origin, Records as RecordAccess, Slot};
//! use wharf_sdk::quirks::{Exact, Id, Seconds, Text};
//! use wharf_sdk::setup::{Checks, Step};
//! use wharf_sdk::{
//!     Bounds, Completeness, Cursor, Describe, Failure, Feeds, Item, Manifest, Page, PageBuilder, Records, Result,
//!     Setup, connection, http,
//! };
//!
//! /// What the operator writes for each connection; these comments become the descriptions of its JSON Schema.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// Where the shop's API is, e.g. `https://demo.shop.example/api`.
//!     base_url: String,
//! }
//!
//! struct Shop;
//!
//! impl Describe for Shop {
//!     fn manifest() -> Manifest {
//!         let base = || Origin::config("base_url");
//!         Manifest::new("shop", env!("CARGO_PKG_VERSION"), "Orders of the example shop.")
//!             .config::<Config>(1)
//!             .credential(Slot::header("token", "X-Token").audience(base()).hint("Settings, API, new token."))
//!             .host(Host::new(base()).methods(["GET"]))
//!             .budget(Budget::new("default", 100, 60))
//!             .feed(Feed::new("orders", "order", "All orders, oldest change first.", 1).windows())
//!             .records(RecordAccess::get("order"))
//!     }
//! }
//!
//! // What the shop sends. `record!` keeps the fields that are not named, and the types of `quirks` take numbers in
//! // quotes, nulls and empty strings without complaint.
//! wharf_sdk::record! {
//!     struct ShopOrder<'de> {
//!         id: Id<'de> = required,
//!         changed: Seconds,
//!         currency: Text<'de>,
//!         lines: Vec<ShopLine<'de>>,
//!         ..unknown
//!     }
//! }
//! wharf_sdk::record! {
//!     struct ShopLine<'de> {
//!         title: Text<'de>,
//!         count: Exact as "qty",
//!         price: Exact as "price_gross",
//!         ..unknown
//!     }
//! }
//!
//! /// One request, with what all requests have in common.
//! fn get(path: &[&str]) -> Result<http::RequestBuilder> {
//!     let config: Config = connection::config()?;
//!     Ok(http::get(&http::join(&config.base_url, path)).credential("token"))
//! }
//!
//! /// From the shop's order to the common document.
//! fn item(from: &ShopOrder<'_>) -> Result<Item> {
//!     let line = |line: &ShopLine<'_>| {
//!         let mut to = OrderLine {
//!             name: line.title.to_string(),
//!             quantity: line.count.or_zero(),
//!             unit_price_gross: line.price.get(),
//!             ..OrderLine::default()
//!         };
//!         line.unknown.add_to(&mut to.extra);
//!         to
//!     };
//!     let mut order = Order {
//!         id: from.id.filled(),
//!         currency: from.currency.filled(),
//!         lines: from.lines.iter().map(line).collect(),
//!         ..Order::default()
//!     };
//!     from.unknown.add_to(&mut order.extra);
//!     let changed = from.changed.instant().unwrap_or_default();
//!     Ok(Item::new("order", from.id.as_str(), &order)?.revision(changed).updated(changed))
//! }
//!
//! impl Feeds for Shop {
//!     fn pull(_feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> Result<Page> {
//!         // The position is the time of the last change and the id of the last order, as changes share a second.
//!         let start = || Ok((bounds.since.unwrap_or_default() / 1000, String::new()));
//!         let (seconds, id): (u64, String) = cursor.as_ref().map_or_else(start, |cursor| cursor.decode(1))?;
//!         let response = get(&["orders"])?
//!             .query("changed_from", seconds)
//!             .query("after_id", &id)
//!             .query("limit", bounds.max_items)
//!             .send()?
//!             .expect_success()?;
//!         let orders: Vec<ShopOrder<'_>> = response.json()?;
//!         let mut page = PageBuilder::new(&bounds);
//!         let (mut position, mut all_taken) = ((seconds, id), true);
//!         for order in &orders {
//!             if page.push(item(order)?).is_some() {
//!                 all_taken = false;
//!                 break;
//!             }
//!             position = (order.changed.get().unwrap_or_default(), order.id.to_string());
//!         }
//!         let state = if orders.is_empty() && all_taken { Completeness::CaughtUp } else { Completeness::More };
//!         Ok(page.finish(Cursor::encode(1, &position)?, state))
//!     }
//! }
//!
//! impl Records for Shop {
//!     fn get(entity: &str, id: &str) -> Result<Item> {
//!         let response = get(&["orders", id])?.send()?.expect_found(entity, id)?;
//!         item(&response.json()?)
//!     }
//! }
//!
//! impl Setup for Shop {
//!     fn check() -> Vec<Step> {
//!         Checks::new()
//!             .step("read orders", "make a token with the right to read orders", || {
//!                 get(&["orders"])?.query("limit", 1).send()?.expect_success()?;
//!                 Ok("one page was read".to_owned())
//!             })
//!             .finish()
//!     }
//! }
//!
//! wharf_sdk::export!(Shop: describe, setup, feeds, records);
//!
//! // Its test, without a wasm engine: the same functions against a host that answers from a script.
//! use wharf_sdk_testing::{Answer, FakeHost};
//!
//! let host = FakeHost::new()
//!     .config(r#"{"base_url": "https://demo.shop.example/api"}"#)
//!     .answer(Answer::json(200, r#"[{"id": 7, "changed": "1760000000", "lines": [{"qty": "2", "colour": "red"}]}]"#))
//!     .answer(Answer::json(200, "[]"))
//!     .install();
//!
//! let page = Shop::pull("orders", None, Bounds::default())?;
//! assert_eq!((page.items.len(), page.state), (1, Completeness::More));
//! let page = Shop::pull("orders", Some(page.next), Bounds::default())?;
//! assert_eq!((page.items.len(), page.state), (0, Completeness::CaughtUp));
//! assert!(host.requests()[1].url.ends_with("/orders?changed_from=1760000000&after_id=7&limit=100"));
//! # Ok::<(), Failure>(())
//! ```
//!
//! # Building it
//!
//! ```toml
//! [lib]
//! crate-type = ["cdylib", "rlib"]
//!
//! [dependencies]
//! wharf-sdk = "0.1"
//! serde = { version = "1", features = ["derive"] }
//! schemars = "1"
//!
//! [dev-dependencies]
//! wharf-sdk-testing = "0.1"
//! ```
//!
//! `cargo test` runs its tests natively. `wharf build . --out components` makes `components/shop.wasm` of it, and
//! `wharf inspect components/shop.wasm` shows what it asks for.
//!
//! # What to keep in mind
//!
//! - **Say why, not what to do.** Every failure has a [cause](failure::Cause); the host retries, waits, parks and
//!   alerts by it. Most come by themselves: `?` after [`send`](http::RequestBuilder::send) and
//!   [`expect_success`](http::Response::expect_success).
//! - **Look at the body first.** Many systems answer `200` with an error inside; read that before the status.
//! - **Say what a request does.** Its [`Effect`](http::Effect) decides what the host may repeat. A POST that only reads
//!   is a [`Read`](http::Effect::Read).
//! - **A cursor points behind the last item of the page**, and never past one that was left out; equal time stamps at
//!   the edge of a page are where items get lost.
//! - **A create leaves the correlation behind**, in a field of the remote document that [`Writing::verify`] can find.
//! - **Nothing lasts between calls.** No statics; what has to last is in the cursor.

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
pub mod jwt;
pub mod log;
pub mod lookups;
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
