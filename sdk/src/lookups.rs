//! Look records of other connections up, and hand edits of them over: for connectors that serve.
//!
//! The operator grants sources, each under a role that the connector's README names. A source is an entity of another
//! connection; its documents are of the entity's common shape unless that connector says otherwise.
//!
//! ```
//! use wharf_sdk::{Item, Result, lookups};
//!
//! /// Customers with that e-mail, from whoever owns them.
//! fn by_email(email: &str) -> Result<Vec<Item>> {
//!     let mut found = Vec::new();
//!     for source in lookups::in_role("customers").iter().filter(|source| source.has_key("email")) {
//!         found.extend(lookups::find(&source.name, &[("email", email)], 20)?);
//!     }
//!     Ok(found)
//! }
//!
//! use wharf_sdk_testing::{FakeHost, FakeSource};
//!
//! let crm = FakeSource::new("crm", "customers", "partner")
//!     .keys(["email"])
//!     .record("7", r#"{"name": "ANA LIMA", "email": "ana@example.com"}"#);
//! let _host = FakeHost::new().source(crm).install();
//! assert_eq!(by_email("ana@example.com")?.len(), 1);
//! assert_eq!(by_email("rui@example.com")?.len(), 0);
//! # Ok::<(), wharf_sdk::Failure>(())
//! ```

use serde::Serialize;

use crate::{Action, Failure, Item, Result};

pub use crate::host::{Receipt, Source};

/// Returns what the operator granted, in the operator's order; empty where nothing was.
pub fn sources() -> Vec<Source> {
    crate::host::with(|host| host.sources())
}

/// Returns the sources of one role.
pub fn in_role(role: &str) -> Vec<Source> {
    sources().into_iter().filter(|source| source.role == role).collect()
}

/// Returns at most `limit` records for which every field of `query` holds; none is an empty list.
///
/// `unsupported` for a source that was not granted or a key that it does not have, `unavailable` when it does not
/// answer in time (2 s unless the operator sets it): other sources may still be asked.
pub fn find(source: &str, query: &[(&str, &str)], limit: u32) -> Result<Vec<Item>> {
    let query: Vec<(String, String)> =
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    crate::host::with(|host| host.find(source, &query, limit))
}

/// Returns the record with that id; `not-found` with kind `subject` when it is not there.
pub fn get(source: &str, id: &str) -> Result<Item> {
    crate::host::with(|host| host.get(source, id))
}

/// Hands an edit over; `id` is the record to change, none for a create. Only in [`Serving::serve`](crate::Serving).
///
/// It is durable before anything is sent, is written by the source's own connector like every write, and is waited for
/// as long as the call's deadline leaves time: [`Receipt::Accepted`] when that was too short, and it goes on. A failure
/// means that it was not done and will not be.
pub fn submit<T: Serialize + ?Sized>(source: &str, action: Action, id: Option<&str>, document: &T) -> Result<Receipt> {
    let text = serde_json::to_string(document)
        .map_err(|error| Failure::internal(format!("an edit cannot be written as JSON: {error}")))?;
    crate::host::with(|host| host.submit(source, action, id, &text))
}

impl Source {
    /// Tells whether [`find`] takes that field.
    pub fn has_key(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known == key)
    }

    /// Tells whether [`submit`] may do that.
    pub fn allows(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }
}
