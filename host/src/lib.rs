//! Embeddable host for connector plugins: WebAssembly components that read from and write to business systems, each in a
//! sandbox without sockets, files, environment or secrets.
//!
//! A [`Host`] loads components into [`Connector`]s; a connector with a configuration and the operator's
//! [`Grant`](policy::Grant) makes a [`Connection`]; calls are made against connections. The host commits nothing and
//! stores no cursor: that is for who calls it.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use wharf_host::{Host, model::Bounds, policy::Grant};
//!
//! let host = Host::builder().cache("/var/cache/wharf").build()?;
//! let connector = host.load(&std::fs::read("shop.wasm")?).await?;
//!
//! let config = serde_json::json!({ "base_url": "https://shop.example.com" });
//! let grant = Grant::new().origin("https://shop.example.com");
//! let connection = connector.connect("shop").config(config).grant(grant).build().await?;
//!
//! let page = connection.pull("orders", None, &Bounds::default()).await?.value;
//! println!("{} orders, more to read: {}", page.items.len(), !page.caught_up);
//! # Ok(())
//! # }
//! ```

mod abi;
mod cache;
mod call;
mod capability;
mod connection;
mod connector;
mod engine;
pub mod error;
pub mod files;
mod host;
pub mod inspect;
pub mod limits;
pub mod lookups;
pub mod manifest;
pub mod model;
pub mod network;
pub mod policy;
pub mod recording;
mod schema;
pub mod secret;
pub mod store;
pub mod surroundings;
pub mod tape;

pub use capability::http::tokens_kept;
pub use connection::{Connection, ConnectionBuilder};
pub use connector::Connector;
pub use error::{Blame, Error, ErrorKind};
pub use host::{Host, HostBuilder};
pub use inspect::{Inspection, inspect};
pub use limits::Limits;
