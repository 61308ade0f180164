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
//! A crate anywhere, with these lines in its `Cargo.toml`; the paths lead to a clone of Wharf:
//!
//! ```toml
//! [package]
//! name = "shop"
//! version = "0.1.0"
//! edition = "2024"
//!
//! [lib]
//! crate-type = ["cdylib", "rlib"]
//!
//! [dependencies]
//! wharf-sdk = { path = "../wharf/sdk" }
//! serde = { version = "1", features = ["derive"] }
//! serde_json = "1"
//! schemars = "1"
//!
//! [dev-dependencies]
//! wharf-sdk-testing = { path = "../wharf/sdk/testing" }
//! ```
//!
//! `cargo test` runs its tests natively. `wharf build . --out components` makes `components/shop.wasm` of it, and
//! `wharf inspect components/shop.wasm` shows what it asks for. `wharf verify components/shop.wasm --simulator shop.toml` tries
//! the laws of the contract on it, where the scenario `shop.toml` says what plays the remote: any program that prints its address
//! (`conformance/README.md`). A connector that needs files asks for them, see [`files`], and is built with `wharf build . --wasi`.
//!
//! # Writing
//!
//! A write is an intent: what to do, to which document, and a correlation text. The connector says what it would send, sends
//! it, and finds out afterwards whether it took effect. It never repeats a request itself.
//!
//! ```
//! use wharf_sdk::document::Order;
//! use wharf_sdk::manifest::Write;
//! use wharf_sdk::{Action, Applied, Failure, Intent, Outcome, Preview, Result, Verdict, Writing, http};
//!
//! struct Shop;
//!
//! /// In the manifest; `true` says that `verify` can tell.
//! fn write() -> Write {
//!     Write::new("order", [Action::Create], true)
//! }
//!
//! fn request(intent: &Intent) -> Result<http::RequestBuilder> {
//!     if (intent.entity.as_str(), intent.action) != ("order", Action::Create) {
//!         return Err(Failure::no_write(intent));
//!     }
//!     let order: Order = intent.document()?;
//!     let body = serde_json::json!({ "number": order.number, "note": intent.correlation });
//!     Ok(http::post("https://demo.shop.example/api/orders").credential("token").json(&body))
//! }
//!
//! /// Looks for the order that this intent made.
//! fn find(intent: &Intent) -> Result<Option<Applied>> {
//!     let found = http::get("https://demo.shop.example/api/orders").credential("token").query("note", &intent.correlation);
//!     let ids: Vec<u64> = found.send()?.expect_success()?.json()?;
//!     Ok(ids.first().map(|id| Applied::new(id.to_string())))
//! }
//!
//! impl Writing for Shop {
//!     fn plan(intent: &Intent) -> Result<Preview> {
//!         Ok(request(intent)?.preview()?.note("looks for it by its note before"))
//!     }
//!
//!     fn apply(intent: &Intent) -> Result<Outcome> {
//!         let request = request(intent)?;
//!         if let Some(applied) = find(intent)? {
//!             return Ok(Outcome::AlreadyApplied(applied));
//!         }
//!         let id: u64 = request.send()?.expect_success()?.json()?;
//!         Ok(Outcome::applied(id.to_string()))
//!     }
//!
//!     fn verify(intent: &Intent) -> Result<Verdict> {
//!         Ok(find(intent)?.map_or(Verdict::Absent, Verdict::Found))
//!     }
//! }
//!
//! use wharf_sdk_testing::{Answer, FakeHost, applied, intent, verified};
//!
//! let create = intent("order", Action::Create, r#"{"number": "A-1"}"#);
//! let host = FakeHost::new()
//!     .answer(Answer::json(200, "[]"))
//!     .answer(Answer::lost())
//!     .answer(Answer::json(200, "[7]"))
//!     .answer(Answer::json(200, "[7]"))
//!     .install();
//! // The order was made and the answer lost: the host asks, and would not make it again.
//! let failure = Shop::apply(&create).expect_err("the answer is lost");
//! assert!(matches!(failure.cause(), wharf_sdk::failure::Cause::OutcomeUnknown));
//! assert_eq!(verified::<Shop>(&create).as_deref(), Some("7"));
//! assert_eq!(applied::<Shop>(&create), "7");
//! assert_eq!(host.requests().iter().filter(|request| request.method == "POST").count(), 1);
//! ```
//!
//! # Webhooks
//!
//! A message says that something changed; the host reads the record again before it uses it. The manifest names the slot that
//! messages are checked with, and the host holds its key.
//!
//! ```
//! use wharf_sdk::manifest::{self, Manifest, Slot};
//! use wharf_sdk::secrets::{self, Hash};
//! use wharf_sdk::{Delivery, Event, Parsed, Webhooks};
//!
//! struct Shop;
//!
//! fn told(manifest: Manifest) -> Manifest {
//!     manifest.credential(Slot::mac("webhook").optional()).webhooks(manifest::Webhooks::new(["webhook"]))
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Message {
//!     id: String,
//!     event: String,
//!     order: String,
//! }
//!
//! impl Webhooks for Shop {
//!     fn parse(delivery: Delivery) -> Parsed {
//!         let tag = delivery.header("X-Signature").and_then(secrets::from_hex).unwrap_or_default();
//!         match secrets::verify_mac("webhook", Hash::Sha256, &delivery.body, &tag) {
//!             Ok(true) => {}
//!             Ok(false) => return Parsed::Rejected("the signature is not the shop's".to_owned()),
//!             Err(_) => return Parsed::Rejected("the key of the signature is not set; set `webhook`".to_owned()),
//!         }
//!         let Ok(message) = serde_json::from_slice::<Message>(&delivery.body) else {
//!             return Parsed::Rejected("the message cannot be read".to_owned());
//!         };
//!         // What nobody asked for is no event, and no mistake of the sender.
//!         let Some(change) = message.event.strip_prefix("order.") else { return Parsed::Events(Vec::new()) };
//!         let deleted = change == "deleted";
//!         Parsed::Events(vec![Event { key: message.id, entity: "order".to_owned(), id: message.order, deleted }])
//!     }
//! }
//!
//! use wharf_sdk_testing::FakeHost;
//!
//! let _host = FakeHost::new().secret("webhook", "a key").install();
//! let body = br#"{"id": "m-1", "event": "order.changed", "order": "7"}"#;
//! let tag = secrets::sign_mac("webhook", Hash::Sha256, body)?;
//! let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
//! let message = |tag: &str| Delivery {
//!     method: "POST".to_owned(),
//!     path: "/".to_owned(),
//!     headers: vec![("x-signature".to_owned(), tag.to_owned())],
//!     body: body.to_vec(),
//! };
//! assert!(matches!(Shop::parse(message(&hex)), Parsed::Events(events) if events[0].id == "7"));
//! assert!(matches!(Shop::parse(message("00")), Parsed::Rejected(_)));
//! # Ok::<(), wharf_sdk::Failure>(())
//! ```
//!
//! # What else a connector can do
//!
//! Each is a trait; its name in [`export!`] is the same in lower case. A connector exports what its system has.
//!
//! | trait | what it is for | said in the manifest by |
//! |---|---|---|
//! | [`Describe`] | the manifest; rules of the configuration beyond its schema ([`connection::check`], [`rules`]) | - |
//! | [`Setup`] | trying a connection step by step; what the account offers for the configuration | - |
//! | [`References`] | lists that mappings point at: statuses, VAT rates, warehouses | [`Manifest::reference_list`] |
//! | [`Feeds`] | everything, page by page | [`Manifest::feed`] |
//! | [`Counts`] | how much a feed would return | [`Feed::countable`](manifest::Feed::countable) |
//! | [`Records`] | one record, by id or by what is known of it ([`Walk`] where a list has to be searched) | [`Manifest::records`] |
//! | [`Writing`] | changes; several at once where one request takes several ([`batch`]) | [`Manifest::write`] |
//! | [`Webhooks`] | messages that the remote sends; their signatures are checked in [`secrets`] | [`Manifest::webhooks`] |
//! | [`Subscriptions`] | telling the remote where to send them | - |
//! | [`Serving`] | answering a platform that calls us, with records of other connections ([`lookups`]) | [`Manifest::serve`] |
//! | [`Wakeups`] | what was asked for through [`schedule`] | - |
//!
//! # How it signs in
//!
//! The manifest names a [`Slot`](manifest::Slot) for each credential, and a request names the slot; the host does the rest,
//! fetching and renewing tokens too.
//!
//! | the system wants | slot |
//! |---|---|
//! | user and password | [`Slot::basic`](manifest::Slot::basic) |
//! | a key in a header, a bearer token | [`Slot::header`](manifest::Slot::header), [`Slot::bearer`](manifest::Slot::bearer) |
//! | a key in the query, a form or a JSON body | [`Slot::query`](manifest::Slot::query), [`Slot::form_field`](manifest::Slot::form_field), [`Slot::body_field`](manifest::Slot::body_field) |
//! | OAuth2: password, client credentials, a refresh token | [`Slot::oauth2_password`](manifest::Slot::oauth2_password), [`Slot::oauth2_client_credentials`](manifest::Slot::oauth2_client_credentials), [`Slot::oauth2_refresh`](manifest::Slot::oauth2_refresh) |
//! | a login that is none of these and gives a token | [`Slot::token_exchange`](manifest::Slot::token_exchange) |
//! | requests that are signed | [`Slot::mac`](manifest::Slot::mac), [`Slot::jwt`](manifest::Slot::jwt) with [`secrets`] and [`jwt`] |
//! | to sign in to us | [`Slot::inbound_basic`](manifest::Slot::inbound_basic) and its neighbours |
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

pub mod batch;
pub mod bindings;
pub mod civil;
pub mod clock;
pub mod connection;
mod connector;
mod cursor;
pub mod document;
mod export;
pub mod failure;
pub mod files;
pub mod host;
pub mod http;
pub mod jwt;
pub mod log;
pub mod lookups;
pub mod manifest;
mod paging;
pub mod quirks;
pub mod random;
pub mod rules;
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
pub use paging::{Bounds, Completeness, Content, Item, Page, PageBuilder, Slice, Walk};

/// For the macros of this crate only.
#[doc(hidden)]
pub mod __private {
    pub use serde;
    use serde::de::{DeserializeSeed, Error, Expected, MapAccess, SeqAccess};

    /// Makes the error for a field that has to be there.
    pub fn missing<E: Error>(field: &'static str) -> E {
        E::missing_field(field)
    }

    /// Takes an empty list for an object without fields, as PHP writes one.
    pub fn no_fields<'de, A: SeqAccess<'de>>(
        mut list: A,
        record: &dyn Expected,
    ) -> Result<NoFields<A::Error>, A::Error> {
        match list.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(NoFields::default()),
            Some(_) => Err(A::Error::invalid_type(serde::de::Unexpected::Seq, record)),
        }
    }

    /// An object without fields.
    pub struct NoFields<E>(std::marker::PhantomData<E>);

    impl<E> Default for NoFields<E> {
        fn default() -> Self {
            Self(std::marker::PhantomData)
        }
    }

    impl<'de, E: Error> MapAccess<'de> for NoFields<E> {
        type Error = E;

        fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, _: K) -> Result<Option<K::Value>, E> {
            Ok(None)
        }

        fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, E> {
            Err(E::custom("there is no field"))
        }
    }
}
