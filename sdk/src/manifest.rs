//! The manifest: what a connector says of itself, without network.
//!
//! ```
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//! use wharf_sdk::manifest::{Budget, Feed, Host, Manifest, Origin, Slot};
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// Where the shop's API is.
//!     base_url: String,
//! }
//!
//! let manifest = Manifest::new("shop", "0.1.0", "Orders of the example shop.")
//!     .config::<Config>(1)
//!     .credential(Slot::bearer("token").audience(Origin::config("base_url")).hint("My account, API."))
//!     .host(Host::new(Origin::config("base_url")).methods(["GET"]))
//!     .budget(Budget::new("default", 100, 60))
//!     .feed(Feed::new("orders", "order", "All orders, oldest change first.", 1).windows());
//! assert!(manifest.to_json().contains(r#""name":"shop""#));
//! ```

use schemars::JsonSchema;
use serde::Serialize;

mod credential;
mod data;
mod grant;

pub use credential::{JwtAlgorithm, Origin, Slot};
pub use data::{Action, Feed, Records, Webhooks, Write};
pub use grant::{Oauth2Client, Oauth2Password, TokenExchange};

/// A connector's manifest.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    name: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    summary: String,
    config: ConfigShape,
    credentials: Vec<Slot>,
    hosts: Vec<Host>,
    budgets: Vec<Budget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Files>,
    feeds: Vec<Feed>,
    records: Vec<Records>,
    writes: Vec<Write>,
    reference_lists: Vec<ReferenceList>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhooks: Option<Webhooks>,
    serves: Vec<ServedPath>,
}

/// Shape and version of the configuration.
#[derive(Debug, Clone, Serialize)]
struct ConfigShape {
    version: u32,
    schema: serde_json::Value,
}

/// A reference list.
#[derive(Debug, Clone, Serialize)]
struct ReferenceList {
    name: String,
    label: String,
}

/// A path that a serving connector answers.
#[derive(Debug, Clone, Serialize)]
struct ServedPath {
    method: String,
    path: String,
}

impl Manifest {
    /// Starts a manifest: a name of `[a-z0-9-]`, a semantic version (`env!("CARGO_PKG_VERSION")`), one sentence.
    ///
    /// The configuration is an empty object until [`config`](Self::config) says otherwise.
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        let schema = serde_json::json!({"type": "object", "additionalProperties": false});
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            publisher: None,
            summary: summary.to_owned(),
            config: ConfigShape { version: 1, schema },
            credentials: Vec::new(),
            hosts: Vec::new(),
            budgets: Vec::new(),
            files: None,
            feeds: Vec::new(),
            records: Vec::new(),
            writes: Vec::new(),
            reference_lists: Vec::new(),
            webhooks: None,
            serves: Vec::new(),
        }
    }

    /// Says who publishes the connector.
    #[must_use]
    pub fn publisher(mut self, publisher: &str) -> Self {
        self.publisher = Some(publisher.to_owned());
        self
    }

    /// Takes the configuration's JSON Schema from `T`; its doc comments become descriptions. Raise `version` when the
    /// shape changes. Put `#[serde(deny_unknown_fields)]` on it, so that a misspelt key is found.
    #[must_use]
    pub fn config<T: JsonSchema>(self, version: u32) -> Self {
        self.config_schema(version, schemars::schema_for!(T).to_value())
    }

    /// Sets the configuration's JSON Schema (2020-12), an object.
    #[must_use]
    pub fn config_schema(mut self, version: u32, schema: serde_json::Value) -> Self {
        self.config = ConfigShape { version, schema };
        self
    }

    /// Adds a place for a secret.
    #[must_use]
    pub fn credential(mut self, slot: Slot) -> Self {
        self.credentials.push(slot);
        self
    }

    /// Asks for an origin. Requests to any other are denied.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.hosts.push(host);
        self
    }

    /// Adds a call budget. A connector without any gets the host's default one.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budgets.push(budget);
        self
    }

    /// Asks for files in a directory that the operator grants. See [`files`](crate::files) for how to get at them, and how
    /// to build the connector.
    #[must_use]
    pub fn files(mut self, files: Files) -> Self {
        self.files = Some(files);
        self
    }

    /// Adds a feed; the component exports `feeds`.
    #[must_use]
    pub fn feed(mut self, feed: Feed) -> Self {
        self.feeds.push(feed);
        self
    }

    /// Adds records that can be read one by one; the component exports `records`.
    #[must_use]
    pub fn records(mut self, records: Records) -> Self {
        self.records.push(records);
        self
    }

    /// Adds a kind of write; the component exports `writing`.
    #[must_use]
    pub fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds a reference list; the component exports `references`.
    ///
    /// Name: one of the well-known `vat-rate`, `currency`, `country`, `unit`, `language`, `payment-method`,
    /// `shipping-method`, `warehouse`, `price-list`, `order-status`, `order-source`, `document-series`, `attribute`,
    /// `company`, `user`, or the connector's own. Label: what people call it in that system.
    #[must_use]
    pub fn reference_list(mut self, name: &str, label: &str) -> Self {
        self.reference_lists.push(ReferenceList { name: name.to_owned(), label: label.to_owned() });
        self
    }

    /// Says that the remote sends webhooks; the component exports `webhooks`.
    #[must_use]
    pub fn webhooks(mut self, webhooks: Webhooks) -> Self {
        self.webhooks = Some(webhooks);
        self
    }

    /// Adds a path that is answered; the component exports `serving`. `{name}` stands for one segment.
    #[must_use]
    pub fn serve(mut self, method: &str, path: &str) -> Self {
        self.serves.push(ServedPath { method: method.to_owned(), path: path.to_owned() });
        self
    }

    /// Writes the manifest as the contract has it.
    pub fn to_json(&self) -> String {
        // Strings, numbers and JSON trees always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Files that the connector asks for.
#[derive(Debug, Clone, Serialize)]
pub struct Files {
    access: &'static str,
    summary: String,
}

impl Files {
    /// Asks to read files. The summary is one sentence for the operator: which files, from whom, for whom.
    pub fn read(summary: &str) -> Self {
        Self { access: "read", summary: summary.to_owned() }
    }

    /// Asks to read, write, rename and remove files. The summary is one sentence for the operator.
    pub fn read_write(summary: &str) -> Self {
        Self { access: "read-write", summary: summary.to_owned() }
    }
}

/// An origin that the connector asks to reach.
#[derive(Debug, Clone, Serialize)]
pub struct Host {
    origin: Origin,
    methods: Vec<String>,
}

impl Host {
    /// Asks for an origin, with any method.
    pub fn new(origin: impl Into<Origin>) -> Self {
        Self { origin: origin.into(), methods: Vec::new() }
    }

    /// Asks for these methods only, upper case.
    #[must_use]
    pub fn methods<'a>(mut self, methods: impl IntoIterator<Item = &'a str>) -> Self {
        self.methods = owned(methods);
        self
    }
}

/// A call budget: so many calls in so many seconds, counted per credential over all connections that use it.
#[derive(Debug, Clone, Serialize)]
pub struct Budget {
    name: String,
    calls: u32,
    seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_from_config: Option<String>,
}

impl Budget {
    /// Makes a budget; `default` is the name for requests that give none.
    pub fn new(name: &str, calls: u32, seconds: u32) -> Self {
        Self { name: name.to_owned(), calls, seconds, concurrent: None, calls_from_config: None }
    }

    /// Limits the requests under way at once.
    #[must_use]
    pub fn concurrent(mut self, requests: u32) -> Self {
        self.concurrent = Some(requests);
        self
    }

    /// Names an unsigned integer of the configuration that replaces `calls`, for accounts with another quota.
    #[must_use]
    pub fn calls_from_config(mut self, key: &str) -> Self {
        self.calls_from_config = Some(key.to_owned());
        self
    }
}

fn owned<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}
