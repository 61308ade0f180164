//! What a flow needs of a connection, behind a trait, so that flows run against anything that answers like one.

mod connection;

use async_trait::async_trait;
use wharf_host::manifest::Manifest;
use wharf_host::model::{
    Answer, Bounds, Cause, Cursor, Delivery, Failure, Intent, Item, Outcome, Page, Parsed, Preview, ReferencePage,
    Tally, Verdict,
};
use wharf_host::{Blame, Error};

/// A connection, as flows see it. Dropping a future cancels its call.
///
/// Every method fails with an error whose `cause` says why; an operation that the connector does not have fails with
/// cause `unsupported`.
#[async_trait]
pub trait Endpoint: Send + Sync {
    /// Returns the connector's manifest.
    fn manifest(&self) -> &Manifest;

    /// Reads the page after `cursor`, from the start where there is none. A cursor of an older version of the connector
    /// is brought to the current one first.
    async fn pull(&self, feed: &str, cursor: Option<&Cursor>, bounds: &Bounds) -> Result<Answer<Page>, Error>;

    /// Reads one record.
    async fn get(&self, entity: &str, id: &str) -> Result<Answer<Item>, Error>;

    /// Reads the records for which every field of `query` holds, at most `limit` of them.
    async fn lookup(&self, entity: &str, query: &[(String, String)], limit: u32) -> Result<Answer<Vec<Item>>, Error>;

    /// Reads one page of a reference list.
    async fn reference_page(&self, list: &str, after: Option<&str>) -> Result<Answer<ReferencePage>, Error>;

    /// Counts what a feed would return.
    async fn count(&self, feed: &str, bounds: &Bounds) -> Result<Answer<Tally>, Error>;

    /// Shows what `apply` would send first, one result per intent. Sends nothing.
    async fn plan(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Preview, Failure>>>, Error>;

    /// Takes the intents' effects, one outcome per intent.
    async fn apply(&self, intents: &[Intent]) -> Result<Answer<Vec<Outcome>>, Error>;

    /// Asks whether the intents took effect, one result per intent. Sends only reads.
    async fn verify(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Verdict, Failure>>>, Error>;

    /// Tells the connector that a wake-up is due.
    async fn wake(&self, name: &str, payload: &str) -> Result<Answer<()>, Error>;

    /// Reads a webhook. Sends nothing. `unsupported` unless the endpoint says otherwise.
    async fn parse_webhook(&self, delivery: &Delivery) -> Result<Answer<Parsed>, Error> {
        let _ = delivery;
        let cause = Cause::Unsupported { capability: "webhooks".to_owned() };
        Err(Error::failed(cause, Blame::Caller, "this connector reads no webhooks; use one that does"))
    }

    /// Returns a delivery as it may be kept: without the secrets that the connection has.
    async fn redact_delivery(&self, delivery: &Delivery) -> Delivery {
        delivery.clone()
    }
}
