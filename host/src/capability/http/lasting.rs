//! What outlives a host: one that takes its place goes on with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::budget::Budgets;
use super::redact::Redactor;
use super::token::Tokens;

/// What the connections of a host have used, fetched and sent so far.
#[derive(Default)]
pub(crate) struct Lasting {
    /// What accounts have used of their budgets.
    pub(super) budgets: Arc<Budgets>,
    /// Access tokens, and pauses after an endpoint refused.
    pub(crate) tokens: Arc<Tokens>,
    redactors: Mutex<HashMap<String, Arc<Redactor>>>,
}

impl Lasting {
    /// Returns what takes a connection's secrets out. It knows what the connection of that name sent before, as long as
    /// that is still there: a value that was replaced may come back later.
    pub(super) fn redactor(&self, connection: &str) -> Arc<Redactor> {
        let mut all = self.redactors.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, redactor| Arc::strong_count(redactor) > 1);
        Arc::clone(all.entry(connection.to_owned()).or_default())
    }
}
