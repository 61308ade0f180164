//! A connection: a connector with a configuration and the operator's grant. Calls are made against it.

mod builder;
mod promise;
mod reach;

use std::sync::Arc;

use self::reach::Reach;
use crate::abi::{Ask, ask};
use crate::call::{self, Setting};
use crate::capability::http::Egress;
use crate::capability::http::scope::Allowance;
use crate::capability::secrets::inbound::Inbound;
use crate::connector::Connector;
use crate::error::{Blame, Error};
use crate::manifest::Manifest;
use crate::model::{
    Admission, Answer, Bounds, Cause, Cursor, Delivery, Failure, Intent, Item, Outcome, Page, Parsed, Preview,
    ReferencePage, Reply, Step, Subscription, Tally, Trace, Verdict,
};
use crate::policy::Explanation;

pub use builder::ConnectionBuilder;

/// A connection. Cheap to clone; all clones are one, with one way out and its own sockets.
///
/// Every call runs in a fresh instance of the connector, so calls may be made at the same time; dropping a call's future
/// ends it. A call that fails gives an [`Error`] with a [`Cause`]; one to an interface that the component does not
/// export has the cause `unsupported`.
#[derive(Clone)]
pub struct Connection {
    bound: Arc<Bound>,
    ceiling: Allowance,
}

/// What a connection consists of.
pub(crate) struct Bound {
    name: String,
    connector: Connector,
    setting: Setting,
    egress: Arc<Egress>,
    reach: Reach,
    inbound: Inbound,
}

impl Connection {
    /// Returns the connection's name.
    pub fn name(&self) -> &str {
        &self.bound.name
    }

    /// Returns the connector.
    pub fn connector(&self) -> &Connector {
        &self.bound.connector
    }

    /// Returns what the connector says of itself.
    pub fn manifest(&self) -> &Manifest {
        self.bound.connector.manifest()
    }

    /// Returns the same connection for a dry run: nothing but reads is sent, and no wake-up is kept.
    #[must_use]
    pub fn dry_run(&self) -> Self {
        Self { bound: Arc::clone(&self.bound), ceiling: Allowance::Reads }
    }

    /// Tries step by step whether the connection can do what it is for: first the host, whether the names of the origins
    /// lead where the connection may go, then the connector. Only reads are sent.
    ///
    /// # Errors
    /// When the connector breaks off. A step that fails is no error.
    pub async fn check(&self) -> Result<Answer<Vec<Step>>, Error> {
        let Answer { value: theirs, trace } = self.ask(&ask::Check::new()).await?;
        let resolver = self.bound.connector.0.ground.resolver.as_ref();
        let mut value = self.bound.reach.steps(resolver, self.bound.setting.limits.connect).await;
        value.extend(theirs);
        Ok(Answer { value, trace })
    }

    /// Says whether the policy lets a request of this connection out, by which rules, to which addresses, and which
    /// credential slots may go with it. Looks the host's name up when the rules let the request pass; sends nothing and
    /// reads no secret. What a call may do on top (reads only, budgets, limits) is not part of it.
    pub async fn explain(&self, method: &str, url: &str) -> Explanation {
        let resolver = self.bound.connector.0.ground.resolver.as_ref();
        self.bound.egress.explain(resolver, method, url).await
    }

    /// Asks what the account offers for the configuration: a JSON object, key of the configuration to a list of
    /// `{"value": .., "label": ..}`. Only reads are sent.
    ///
    /// # Errors
    /// When the connector fails, or what it returns is not JSON.
    pub async fn discover(&self) -> Result<Answer<serde_json::Value>, Error> {
        let Answer { value, trace } = self.ask(&ask::Discover::new()).await?;
        match serde_json::from_str(&value) {
            Ok(value) => Ok(Answer { value, trace }),
            Err(error) => Err(self.broken(format!("`discover` returned what is not JSON: {error}"), trace)),
        }
    }

    /// Reads a page of a reference list, after the place that the page before gave. Only reads are sent.
    ///
    /// # Errors
    /// When there is no such list, or the connector fails.
    pub async fn reference_page(&self, list: &str, after: Option<&str>) -> Result<Answer<ReferencePage>, Error> {
        self.promised(promise::reference_list(self.manifest(), list))?;
        self.ask(&ask::References::new(list, after)).await
    }

    /// Reads the page of a feed after `cursor`, or the first. A cursor of an older version is migrated before. Only reads
    /// are sent.
    ///
    /// # Errors
    /// When there is no such feed or filter, or the connector fails. A page that is over a limit, that does not move on
    /// with more to read, or that names bytes outside a response fails the call: the connector is to blame.
    pub async fn pull(&self, feed: &str, cursor: Option<&Cursor>, bounds: &Bounds) -> Result<Answer<Page>, Error> {
        let declared = self.bound.connector.feed(feed).map_err(|error| error.with_connection(self.name()))?;
        self.promised(promise::filters(declared, bounds))?;
        let migrated = match cursor.filter(|cursor| cursor.version != declared.cursor_version) {
            Some(old) => Some(self.bound.connector.migrate_cursor(feed, old).await?),
            None => None,
        };
        let cursor = migrated.as_ref().or(cursor);
        let answer = self.ask(&ask::Pull::new(feed, cursor, &self.within_limits(bounds))).await?;
        let (version, expected) = (answer.value.next.version, declared.cursor_version);
        if version == expected {
            return Ok(answer);
        }
        let detail = format!("its cursor has version {version} where the manifest says {expected} for feed `{feed}`");
        Err(self.broken(detail, answer.trace))
    }

    /// Reads one record. Only reads are sent.
    ///
    /// # Errors
    /// When the manifest does not say that this entity can be read, or the connector fails: `not-found` of kind
    /// `subject` when the record is not there.
    pub async fn get(&self, entity: &str, id: &str) -> Result<Answer<Item>, Error> {
        self.promised(promise::get(self.manifest(), entity))?;
        self.ask(&ask::Get::new(entity, id)).await
    }

    /// Looks records up for which every field of `query` holds. None is an empty list. Only reads are sent.
    ///
    /// # Errors
    /// When the manifest does not declare the entity or a key, or the connector fails.
    pub async fn lookup(
        &self,
        entity: &str,
        query: &[(String, String)],
        limit: u32,
    ) -> Result<Answer<Vec<Item>>, Error> {
        self.promised(promise::lookup(self.manifest(), entity, query))?;
        self.ask(&ask::Lookup::new(entity, query, limit)).await
    }

    /// Counts what a feed would return. Only reads are sent.
    ///
    /// # Errors
    /// When the feed is not countable, or the connector fails.
    pub async fn count(&self, feed: &str, bounds: &Bounds) -> Result<Answer<Tally>, Error> {
        self.promised(promise::countable(self.bound.connector.feed(feed)?, bounds))?;
        self.ask(&ask::Count::new(feed, bounds)).await
    }

    /// Says for each intent what `apply` would send first. Pure: nothing is sent.
    ///
    /// # Errors
    /// When the manifest does not declare a write, or the connector breaks off.
    pub async fn plan(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Preview, Failure>>>, Error> {
        self.promised(promise::writes(self.manifest(), intents))?;
        self.ask(&ask::Plan::new(intents)).await
    }

    /// Writes, and returns what became of each intent, in their order.
    ///
    /// # Errors
    /// When the manifest does not declare a write or takes fewer at once, or when the whole call dies: by a trap, a
    /// limit, its deadline. **Then no outcome of any intent is known** as soon as the error's
    /// [`trace`](Error::trace) has a request with `sent` and another effect than `read`: some of the writes may have
    /// happened, answered ones too. Ask [`verify`](Self::verify) before anything is repeated. Where the trace has no
    /// such request nothing was written. `deadline` says with `write_in_flight` whether the last write was not answered.
    pub async fn apply(&self, intents: &[Intent]) -> Result<Answer<Vec<Outcome>>, Error> {
        self.promised(promise::writes(self.manifest(), intents))?;
        self.promised(promise::batch(self.manifest(), intents))?;
        self.ask(&ask::Apply::new(intents)).await
    }

    /// Asks the remote whether each intent took effect. Only reads are sent.
    ///
    /// # Errors
    /// When the connector breaks off.
    pub async fn verify(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Verdict, Failure>>>, Error> {
        self.promised(promise::writes(self.manifest(), intents))?;
        self.ask(&ask::Verify::new(intents)).await
    }

    /// Checks who sent a delivery, by the inbound credentials of the manifest: one that is granted and set is enough. Call
    /// it before [`parse_webhook`](Self::parse_webhook) and [`serve`](Self::serve). A connector that declares none admits
    /// everybody here, and checks signatures in `parse` by itself.
    ///
    /// # Errors
    /// `unavailable`, when nothing admits it and a secret cannot be read now.
    pub async fn authenticate(&self, delivery: &Delivery) -> Result<Admission, Error> {
        let admission = self.bound.inbound.authenticate(delivery).await;
        admission.map_err(|error| error.with_connector(&self.manifest().name))
    }

    /// Reads a webhook. Pure: nothing is sent; signatures are checked through the `secrets` import. What inbound credentials
    /// are shown by is not passed on.
    ///
    /// # Errors
    /// When the connector breaks off.
    pub async fn parse_webhook(&self, delivery: &Delivery) -> Result<Answer<Parsed>, Error> {
        let passed_on = self.passed_on(delivery).await;
        self.ask(&ask::Parse::new(passed_on.as_ref().unwrap_or(delivery))).await
    }

    /// Returns a delivery without the secrets that webhooks are checked with, so that it can be kept.
    pub async fn redact_delivery(&self, delivery: &Delivery) -> Delivery {
        let passed_on = self.bound.inbound.passed_on(delivery).await;
        let delivery = passed_on.as_ref().unwrap_or(delivery);
        match &self.bound.setting.rooms.connected {
            Some(connected) => connected.secrets.redact(delivery).await,
            None => delivery.clone(),
        }
    }

    /// Returns a delivery as the connector gets it, and makes the host look for the secrets of callers from here on: what a
    /// connector says of this delivery is searched for them.
    async fn passed_on(&self, delivery: &Delivery) -> Option<Delivery> {
        self.bound.egress.learn_callers().await;
        self.bound.inbound.passed_on(delivery).await
    }

    /// Tells the remote where to send webhooks.
    ///
    /// # Errors
    /// When the connector fails.
    pub async fn subscribe(&self, url: &str, topics: &[String]) -> Result<Answer<Subscription>, Error> {
        self.ask(&ask::Subscribe::new(url, topics)).await
    }

    /// Takes a subscription back.
    ///
    /// # Errors
    /// When the connector fails.
    pub async fn unsubscribe(&self, id: &str) -> Result<Answer<()>, Error> {
        self.ask(&ask::Unsubscribe::new(id)).await
    }

    /// Lists the subscriptions that the remote knows. Only reads are sent.
    ///
    /// # Errors
    /// When the connector fails.
    pub async fn subscriptions(&self) -> Result<Answer<Vec<Subscription>>, Error> {
        self.ask(&ask::Subscriptions::new()).await
    }

    /// Answers a request of the remote. Check the caller before, by [`authenticate`](Self::authenticate): what inbound
    /// credentials are shown by is not passed on.
    ///
    /// # Errors
    /// When the connector fails.
    pub async fn serve(&self, delivery: &Delivery) -> Result<Answer<Reply>, Error> {
        let passed_on = self.passed_on(delivery).await;
        self.ask(&ask::Serve::new(passed_on.as_ref().unwrap_or(delivery))).await
    }

    /// Tells the connector that a wake-up is due. Reads and idempotent writes are sent.
    ///
    /// # Errors
    /// When the connector fails.
    pub async fn wake(&self, name: &str, payload: &str) -> Result<Answer<()>, Error> {
        self.ask(&ask::Wake::new(name, payload)).await
    }

    async fn ask<A: Ask>(&self, ask: &A) -> Result<Answer<A::Output>, Error> {
        if !self.bound.connector.inspection().exports_interface(A::INTERFACE) {
            let message = format!(
                "connector `{}` does not export `{}`; use a connector that does",
                self.manifest().name,
                A::INTERFACE
            );
            return self.promised(Err(call::unsupported(A::INTERFACE, Blame::Caller, message)));
        }
        call::make(&self.bound.setting, &self.bound.connector.0.program, self.ceiling, ask).await
    }

    /// Adds who is concerned to an error about what the manifest does not promise.
    fn promised<T>(&self, promised: Result<T, Error>) -> Result<T, Error> {
        promised.map_err(|error| error.with_connector(&self.manifest().name).with_connection(self.name()))
    }

    fn broken(&self, detail: String, trace: Trace) -> Error {
        let message = format!("{detail}; the connector has to be corrected");
        let error = Error::failed(Cause::Internal { detail }, Blame::Connector, message);
        error.with_connector(&self.manifest().name).with_connection(self.name()).with_trace(trace)
    }

    /// Asks for no more than the connection takes.
    fn within_limits(&self, bounds: &Bounds) -> Bounds {
        let limits = &self.bound.setting.limits;
        let at_most = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
        Bounds {
            max_items: bounds.max_items.min(at_most(limits.page_items)),
            max_bytes: bounds.max_bytes.min(at_most(limits.page_bytes)),
            ..bounds.clone()
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("name", &self.bound.name).field("connector", self.connector()).finish()
    }
}
