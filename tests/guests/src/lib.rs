//! What the guest programs share: a manifest that asks for no more than the behaviour needs.
//!
//! Each program in `src/bin` has one behaviour, which its first paragraph describes together with what the host has to
//! make of it. They are built into components like any connector; natively they are empty programs.

pub mod wasi;

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::manifest::{Host, Manifest, Origin, Records, Slot};
use wharf_sdk::{Item, Result, connection};

/// Configuration of the guests that go to a network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// The only origin that the guest asks for.
    pub base_url: String,
}

/// Returns the manifest of a guest that needs nothing.
pub fn manifest(name: &str) -> Manifest {
    Manifest::new(name, env!("CARGO_PKG_VERSION"), "A guest for tests.")
}

/// Returns the manifest of a guest that reads `probe` records by their id and by any of `keys`.
pub fn probe<'a>(name: &str, keys: impl IntoIterator<Item = &'a str>) -> Manifest {
    manifest(name).records(Records::get("probe").lookup(keys))
}

/// Adds the upstream of the configuration, and a bearer token for it that may be missing.
pub fn with_upstream(manifest: Manifest) -> Manifest {
    manifest
        .config::<Upstream>(1)
        .host(Host::new(Origin::config("base_url")))
        .credential(Slot::bearer("token").audience(Origin::config("base_url")).optional())
}

/// Returns the upstream's URL of the connection, with a path added.
pub fn upstream(path: &str) -> Result<String> {
    let config: Upstream = connection::config()?;
    Ok(format!("{}{path}", config.base_url.trim_end_matches('/')))
}

/// Returns an item of the entity `probe` with a document.
pub fn found(id: &str, document: &serde_json::Value) -> Result<Item> {
    Item::new("probe", id, document)
}

/// Returns the first value of a query's field.
pub fn field<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
