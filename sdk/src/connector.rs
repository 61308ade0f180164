//! What a connector can do: one trait for each interface of the contract that it may export.
//!
//! All functions are associated functions without `self`: a connector keeps nothing between calls, as the host may run
//! every call in a fresh instance. What has to last is in the cursor, in the configuration or with the host.

use crate::manifest::Manifest;
use crate::setup::{Discovery, Step};
use crate::{Cursor, Failure, Page, Result, Violation};

pub use crate::bindings::exports::{
    Delivery, Event, Parsed, Preview, Reference, ReferencePage, Reply, Subscription, Tally,
};
pub use crate::bindings::imports::wharf::connector::types::{Action, Applied, Intent, Verdict};
use crate::paging::{Bounds, Item};

/// Says what the connector is. Every connector implements this; no network while its functions run.
pub trait Describe {
    /// Returns the manifest. The same at every call.
    fn manifest() -> Manifest;

    /// Checks what the JSON Schema of the manifest cannot say; the host has checked the schema before. Finds nothing
    /// unless the connector says otherwise.
    fn validate_config(config: &str) -> Vec<Violation> {
        let _ = config;
        Vec::new()
    }

    /// Brings a configuration of an older version to the current one; `unsupported` unless the connector says
    /// otherwise.
    fn migrate_config(from_version: u32, config: &str) -> Result<String> {
        let _ = config;
        let message = format!("a configuration of version {from_version} cannot be migrated; write it anew");
        Err(Failure::unsupported("migrate-config", message))
    }

    /// Brings a cursor of an older version to the current one; `unsupported` unless the connector says otherwise, and then the
    /// host reads the feed from its start.
    fn migrate_cursor(feed: &str, cursor: Cursor) -> Result<Cursor> {
        let message = format!(
            "a cursor of version {} of feed `{feed}` cannot be migrated; it is read from its start",
            cursor.version
        );
        Err(Failure::unsupported(crate::cursor::MIGRATE_CURSOR, message))
    }
}

/// Helps the operator to get a connection going. Only reads are sent.
pub trait Setup {
    /// Tries, step by step, whether the connection can do what it is for; see [`Checks`](crate::setup::Checks).
    fn check() -> Vec<Step>;

    /// Returns what the account offers for the configuration, e.g. the companies to choose from. Nothing unless the
    /// connector says otherwise.
    fn discover() -> Result<Discovery> {
        Ok(Discovery::default())
    }
}

/// Lists what mappings point at: VAT rates, currencies, statuses, warehouses. Only reads are sent.
pub trait References {
    /// Returns a page of a reference list that the manifest declares; `after` is the `next` of the page before.
    fn page(reference_list: &str, after: Option<&str>) -> Result<ReferencePage>;
}

/// Reads everything, in steps that can be resumed. Only reads are sent.
pub trait Feeds {
    /// Returns the page after `cursor`, from the start where there is none.
    ///
    /// The same cursor and the same remote state give the same page. Nothing may be skipped between a page and the
    /// next, equal time stamps included; an item may come twice. [`PageBuilder`](crate::PageBuilder) keeps the bounds.
    fn pull(feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> Result<Page>;
}

/// Reads one record, or a few. Only reads are sent.
pub trait Records {
    /// Returns the record with that id; [`Failure::subject_not_found`] when it is not there.
    fn get(entity: &str, id: &str) -> Result<Item>;

    /// Returns at most `limit` records for which every field of `query` holds. `unsupported` unless the connector says
    /// otherwise.
    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        let _ = (query, limit);
        Err(Failure::unsupported("lookup", format!("{entity} records cannot be looked up")))
    }
}

/// Counts what a feed would return. Only reads are sent. Needs [`Feeds`] exported as well.
pub trait Counts {
    /// Counts the feed's records inside the window and the filter of `bounds`.
    fn count(feed: &str, bounds: Bounds) -> Result<Tally>;
}

/// Changes the remote system: first says what would be sent, then sends it, then, if in doubt, asks.
///
/// A connector whose remote takes one record a call implements the first three; the batches go through them in order.
pub trait Writing {
    /// Returns the request that [`apply`](Self::apply) would send first. Pure: no network, no clock, no randomness.
    fn plan(intent: &Intent) -> Result<Preview>;

    /// Does it. A create leaves [`Intent::correlation`] in the remote document. Never send an
    /// [`Effect::Write`](crate::http::Effect::Write) twice: with `?` a lost answer becomes `outcome-unknown`, and the
    /// host goes on from there.
    fn apply(intent: &Intent) -> Result<Outcome>;

    /// Asks the remote, with reads only, whether the intent took effect.
    fn verify(intent: &Intent) -> Result<Verdict>;

    /// Plans a batch; one result per intent, in their order.
    fn plan_batch(intents: &[Intent]) -> Vec<Result<Preview>> {
        intents.iter().map(Self::plan).collect()
    }

    /// Applies a batch; one outcome per intent, in their order.
    ///
    /// After a failure that [stops the connection](Failure::stops_the_connection) the remaining intents fail the same
    /// way, and nothing is sent for them.
    fn apply_batch(intents: &[Intent]) -> Vec<Result<Outcome>> {
        crate::batch::each(intents.iter().map(Ok), Self::apply)
    }

    /// Verifies a batch; one result per intent, in their order.
    fn verify_batch(intents: &[Intent]) -> Vec<Result<Verdict>> {
        intents.iter().map(Self::verify).collect()
    }
}

/// What became of an intent that did not fail.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was done.
    Applied(Applied),
    /// It was there already, put there by this very intent.
    AlreadyApplied(Applied),
    /// The remote document is already as wanted.
    NothingToDo,
}

impl Outcome {
    /// It was done, to the document with that id.
    pub fn applied(id: impl Into<String>) -> Self {
        Self::Applied(Applied::new(id))
    }
}

impl Applied {
    /// Names the remote document by its id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), revision: None, number: None }
    }

    /// Adds the revision that the document has now.
    #[must_use]
    pub fn revision(mut self, revision: impl ToString) -> Self {
        self.revision = Some(revision.to_string());
        self
    }

    /// Adds the number that people know the document by.
    #[must_use]
    pub fn number(mut self, number: impl ToString) -> Self {
        self.number = Some(number.to_string());
        self
    }
}

impl Intent {
    /// Reads the intent's document; `invalid-record` with the place of the mistake when it does not fit.
    pub fn document<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        crate::connection::read(&self.document).map_err(|violation| Failure::invalid_record(vec![violation]))
    }

    /// Returns the remote id of the document to change; `invalid-record` for an intent without one.
    pub fn target(&self) -> Result<&str> {
        self.target.as_deref().ok_or_else(|| {
            let message = "the intent names no document to change; give its id in `target`";
            Failure::invalid_record(vec![crate::failure::violation("", "target-required", message)])
        })
    }
}

/// Reads messages that the remote sends on its own account.
pub trait Webhooks {
    /// Says what a delivery means. Pure: no network, no clock; signatures and tokens are checked through
    /// [`secrets`](crate::secrets).
    fn parse(delivery: Delivery) -> Parsed;
}

impl Delivery {
    /// Returns the first value of a header; the case of its name does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Reply {
    /// Makes a reply of a status and a text.
    pub fn text(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into().into_bytes() }
    }
}

/// Tells the remote where to send webhooks, where its API can be told.
pub trait Subscriptions {
    /// Has the remote send the topics to `url`.
    fn subscribe(url: &str, topics: &[String]) -> Result<Subscription>;
    /// Ends a subscription.
    fn unsubscribe(id: &str) -> Result<()>;
    /// Lists the subscriptions that there are.
    fn subscriptions() -> Result<Vec<Subscription>>;
}

/// Answers requests of the remote, for platforms that call us. Needs [`Webhooks`] exported as well.
pub trait Serving {
    /// Answers a request whose caller the host has checked.
    fn serve(request: Delivery) -> Result<Reply>;
}

/// Is called when something that was asked for through [`schedule`](crate::schedule) is due.
pub trait Wakeups {
    /// Does what is due. Reads and idempotent writes may be sent.
    fn wake(name: &str, payload: &str) -> Result<()>;
}

impl Reference {
    /// Makes an entry of a reference list.
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self { id: id.into(), code: None, label: label.into(), value: None, valid_from: None, valid_to: None }
    }

    /// Adds a code that people use for it.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Adds the number that it stands for, as decimal text: the VAT rate `23.00`.
    #[must_use]
    pub fn value(mut self, value: impl ToString) -> Self {
        self.value = Some(value.to_string());
        self
    }
}

impl ReferencePage {
    /// Makes the only page, or the last one.
    pub fn last(references: Vec<Reference>) -> Self {
        Self { references, next: None }
    }
}
