//! What a trial came to.

use aws_lc_rs::digest;
use serde::Serialize;

/// The laws and how they were kept, for people and for programs.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Name of the connector.
    pub connector: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: String,
    /// Version of the contract that it was built against.
    pub contract: String,
    /// Version of wharf that tried it.
    pub wharf: String,
    /// SHA-256 of the scenario.
    pub scenario: String,
    /// The laws in their order.
    pub laws: Vec<Law>,
    /// SHA-256 over all of the above as JSON, set by [`sign`](Self::sign): a report that was changed shows.
    pub signature: String,
}

/// One law.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Law {
    /// `L1` to `L14`.
    pub law: &'static str,
    /// What it says.
    pub title: &'static str,
    /// Cases that were tried.
    pub cases: u64,
    /// Cases in which it was broken.
    pub broken: u64,
    /// The first of them.
    pub first: Option<Broken>,
    /// Why there was nothing to try.
    pub not_tried: Option<String>,
}

/// A case in which a law was broken.
#[derive(Debug, Clone, Serialize)]
pub struct Broken {
    /// Which case.
    pub case: String,
    /// What was seen.
    pub seen: String,
    /// Requests that left in it, in their order.
    pub requests: Vec<String>,
}

impl Law {
    pub(crate) fn new(law: &'static str, title: &'static str) -> Self {
        Self { law, title, ..Self::default() }
    }

    /// Notes a case; `seen` says how the law was broken in it.
    pub(crate) fn case(&mut self, case: impl FnOnce() -> String, seen: Option<String>, requests: Vec<String>) {
        self.cases += 1;
        if let Some(seen) = seen {
            self.broken += 1;
            self.first.get_or_insert_with(|| Broken { case: case(), seen, requests });
        }
    }

    pub(crate) fn not_tried(&mut self, why: &str) {
        if self.cases == 0 {
            self.not_tried = Some(why.to_owned());
        }
    }
}

impl Report {
    /// Tells whether no law was broken.
    pub fn is_kept(&self) -> bool {
        self.laws.iter().all(|law| law.broken == 0)
    }

    /// Returns a law by its name.
    pub fn law(&self, name: &str) -> Option<&Law> {
        self.laws.iter().find(|law| law.law == name)
    }

    /// Sets the signature.
    #[must_use]
    pub fn sign(mut self) -> Self {
        self.signature = String::new();
        let text = serde_json::to_string(&self).unwrap_or_default();
        self.signature = sha256(text.as_bytes());
        self
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes).as_ref())
}
