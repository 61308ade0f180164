//! Calls into a component. Every call gets a fresh instance: nothing that a call leaves behind reaches the next, and the
//! pool makes one in a few microseconds.

use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Instance, InstancePre, Linker};

use super::bindings::Connector;
use super::bindings::exports::wharf::connector as exports;
use super::told::searched;
use super::{convert, items};
use crate::abi::Told;
use crate::call::{Call, Stop};
use crate::capability::wasi;
use crate::engine::Engine;
use crate::error::{Blame, Error, ErrorKind};
use crate::inspect::Inspection;
use crate::model::{
    Bounds, Cursor, Delivery, Failure, Intent, Item, Outcome, Page, Parsed, Preview, ReferencePage, Reply, Step,
    Subscription, Tally, Verdict, Violation,
};

/// A component of contract 0.1, with the exports that it has looked up.
pub(crate) struct Program {
    component: InstancePre<Call>,
    describe: exports::describe::GuestIndices,
    setup: Option<exports::setup::GuestIndices>,
    references: Option<exports::references::GuestIndices>,
    feeds: Option<exports::feeds::GuestIndices>,
    records: Option<exports::records::GuestIndices>,
    counts: Option<exports::counts::GuestIndices>,
    writing: Option<exports::writing::GuestIndices>,
    webhooks: Option<exports::webhooks::GuestIndices>,
    subscriptions: Option<exports::subscriptions::GuestIndices>,
    serving: Option<exports::serving::GuestIndices>,
    wakeups: Option<exports::wakeups::GuestIndices>,
}

/// Makes the instance and the typed functions of one exported interface.
macro_rules! guest {
    ($program:ident . $interface:ident, $store:ident) => {{
        let instance = $program.instance($store).await?;
        let indices = $program.$interface.as_ref().ok_or_else(|| not_exported(stringify!($interface)))?;
        indices.load(&mut *$store, &instance)?
    }};
}

impl Program {
    /// Links a component with what the host gives and looks its exports up.
    pub(crate) fn link(engine: &Engine, component: &Component, inspection: &Inspection) -> Result<Self, Error> {
        Self::look_up(engine, component, inspection).map_err(|reason| {
            let message = format!(
                "the component does not fit contract {}: {reason:#}; build it against the contract of this host",
                inspection.contract
            );
            Error::new(ErrorKind::Load, "does-not-link", Blame::Connector, message)
        })
    }

    fn look_up(engine: &Engine, component: &Component, inspection: &Inspection) -> wasmtime::Result<Self> {
        let mut linker = Linker::<Call>::new(engine.wasm());
        Connector::add_to_linker::<Call, HasSelf<Call>>(&mut linker, |call| call)?;
        if inspection.wasi().next().is_some() {
            wasi::link(&mut linker)?;
        }
        let pre = linker.instantiate_pre(component)?;
        let has = |interface: &str| inspection.exports_interface(interface);
        Ok(Self {
            describe: exports::describe::GuestIndices::new(&pre)?,
            setup: has("setup").then(|| exports::setup::GuestIndices::new(&pre)).transpose()?,
            references: has("references").then(|| exports::references::GuestIndices::new(&pre)).transpose()?,
            feeds: has("feeds").then(|| exports::feeds::GuestIndices::new(&pre)).transpose()?,
            records: has("records").then(|| exports::records::GuestIndices::new(&pre)).transpose()?,
            counts: has("counts").then(|| exports::counts::GuestIndices::new(&pre)).transpose()?,
            writing: has("writing").then(|| exports::writing::GuestIndices::new(&pre)).transpose()?,
            webhooks: has("webhooks").then(|| exports::webhooks::GuestIndices::new(&pre)).transpose()?,
            subscriptions: has("subscriptions").then(|| exports::subscriptions::GuestIndices::new(&pre)).transpose()?,
            serving: has("serving").then(|| exports::serving::GuestIndices::new(&pre)).transpose()?,
            wakeups: has("wakeups").then(|| exports::wakeups::GuestIndices::new(&pre)).transpose()?,
            component: pre,
        })
    }

    async fn instance(&self, store: &mut Store<Call>) -> wasmtime::Result<Instance> {
        self.component.instantiate_async(store).await
    }

    async fn describe(&self, store: &mut Store<Call>) -> wasmtime::Result<exports::describe::Guest> {
        let instance = self.instance(store).await?;
        self.describe.load(store, &instance)
    }

    /// Makes an instance and checks the types of everything that it exports of the contract.
    pub(crate) async fn check(&self, store: &mut Store<Call>) -> wasmtime::Result<()> {
        let instance = self.instance(store).await?;
        let store = &mut *store;
        self.describe.load(&mut *store, &instance)?;
        self.setup.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.references.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.feeds.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.records.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.counts.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.writing.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.webhooks.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.subscriptions.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.serving.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.wakeups.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        Ok(())
    }

    pub(crate) async fn manifest(&self, store: &mut Store<Call>) -> Told<String> {
        let guest = self.describe(store).await?;
        Ok(Ok(guest.call_manifest(store).await?))
    }

    pub(crate) async fn validate_config(&self, store: &mut Store<Call>, config: &str) -> Told<Vec<Violation>> {
        let guest = self.describe(store).await?;
        let found = guest.call_validate_config(store, config).await?;
        Ok(Ok(convert::violations(found)))
    }

    pub(crate) async fn migrate_config(&self, store: &mut Store<Call>, from: u32, config: &str) -> Told<String> {
        let guest = self.describe(store).await?;
        let migrated = guest.call_migrate_config(store, from, config).await?;
        Ok(migrated.map_err(convert::failure))
    }

    pub(crate) async fn migrate_cursor(&self, store: &mut Store<Call>, feed: &str, cursor: &Cursor) -> Told<Cursor> {
        let guest = self.describe(store).await?;
        let migrated = guest.call_migrate_cursor(&mut *store, feed, &convert::to_cursor(cursor)).await?;
        match migrated {
            Ok(cursor) => Ok(Ok(items::cursor(cursor, store.data().limits())?)),
            Err(failure) => Ok(Err(convert::failure(failure))),
        }
    }

    pub(crate) async fn check_setup(&self, store: &mut Store<Call>) -> Told<Vec<Step>> {
        let guest = guest!(self.setup, store);
        let steps = guest.call_check(&mut *store).await?;
        let steps: Vec<Step> = steps.into_iter().map(convert::step).collect();
        Ok(Ok(searched(steps, "step", store.data())))
    }

    pub(crate) async fn discover(&self, store: &mut Store<Call>) -> Told<String> {
        let guest = guest!(self.setup, store);
        let found = guest.call_discover(&mut *store).await?;
        Ok(searched(found, "discovery", store.data()).map_err(convert::failure))
    }

    pub(crate) async fn reference_page(
        &self,
        store: &mut Store<Call>,
        list: &str,
        after: Option<&str>,
    ) -> Told<ReferencePage> {
        let guest = guest!(self.references, store);
        let page = guest.call_page(&mut *store, list, after).await?;
        match page {
            Ok(page) => {
                let page = items::reference_page(page, after, store.data().limits())?;
                Ok(Ok(searched(page, "reference", store.data())))
            }
            Err(failure) => Ok(Err(convert::failure(failure))),
        }
    }

    pub(crate) async fn pull(
        &self,
        store: &mut Store<Call>,
        feed: &str,
        cursor: Option<&Cursor>,
        bounds: &Bounds,
    ) -> Told<Page> {
        let guest = guest!(self.feeds, store);
        let given = cursor.map(convert::to_cursor);
        let page = guest.call_pull(&mut *store, feed, given.as_ref(), &convert::to_bounds(bounds)).await?;
        match page {
            Ok(page) => Ok(Ok(items::page(page, cursor, bounds, store.data())?)),
            Err(failure) => Ok(Err(convert::failure(failure))),
        }
    }

    pub(crate) async fn get(&self, store: &mut Store<Call>, entity: &str, id: &str) -> Told<Item> {
        let guest = guest!(self.records, store);
        let item = guest.call_get(&mut *store, entity, id).await?;
        match item {
            Ok(item) => Ok(Ok(items::one(item, store.data())?)),
            Err(failure) => Ok(Err(convert::failure(failure))),
        }
    }

    pub(crate) async fn lookup(
        &self,
        store: &mut Store<Call>,
        entity: &str,
        query: &[(String, String)],
        limit: u32,
    ) -> Told<Vec<Item>> {
        let guest = guest!(self.records, store);
        let found = guest.call_lookup(&mut *store, entity, query, limit).await?;
        match found {
            Ok(found) => Ok(Ok(items::all(found, store.data())?)),
            Err(failure) => Ok(Err(convert::failure(failure))),
        }
    }

    pub(crate) async fn count(&self, store: &mut Store<Call>, feed: &str, bounds: &Bounds) -> Told<Tally> {
        let guest = guest!(self.counts, store);
        let tally = guest.call_count(&mut *store, feed, &convert::to_bounds(bounds)).await?;
        let tally = tally.map(|tally| Tally { count: tally.count, digest: tally.digest });
        Ok(searched(tally, "tally", store.data()).map_err(convert::failure))
    }

    pub(crate) async fn plan(
        &self,
        store: &mut Store<Call>,
        intents: &[Intent],
    ) -> Told<Vec<Result<Preview, Failure>>> {
        let guest = guest!(self.writing, store);
        let previews = guest.call_plan(&mut *store, &convert::to_intents(intents)?).await?;
        one_per_intent("previews", previews.len(), intents)?;
        #[expect(clippy::result_large_err, reason = "the results of a batch are kept in a list, not passed up")]
        let preview = |result: Result<_, _>| result.map(convert::preview).map_err(convert::failure);
        let previews: Vec<_> = previews.into_iter().map(preview).collect();
        Ok(Ok(searched(previews, "preview", store.data())))
    }

    pub(crate) async fn apply(&self, store: &mut Store<Call>, intents: &[Intent]) -> Told<Vec<Outcome>> {
        let guest = guest!(self.writing, store);
        let outcomes = guest.call_apply(&mut *store, &convert::to_intents(intents)?).await?;
        one_per_intent("outcomes", outcomes.len(), intents)?;
        let outcomes: Vec<Outcome> = outcomes.into_iter().map(convert::outcome).collect();
        Ok(Ok(searched(outcomes, "outcome", store.data())))
    }

    pub(crate) async fn verify(
        &self,
        store: &mut Store<Call>,
        intents: &[Intent],
    ) -> Told<Vec<Result<Verdict, Failure>>> {
        let guest = guest!(self.writing, store);
        let verdicts = guest.call_verify(&mut *store, &convert::to_intents(intents)?).await?;
        one_per_intent("verdicts", verdicts.len(), intents)?;
        #[expect(clippy::result_large_err, reason = "the results of a batch are kept in a list, not passed up")]
        let verdict = |result: Result<_, _>| result.map(convert::verdict).map_err(convert::failure);
        let verdicts: Vec<_> = verdicts.into_iter().map(verdict).collect();
        Ok(Ok(searched(verdicts, "verdict", store.data())))
    }

    pub(crate) async fn parse_webhook(&self, store: &mut Store<Call>, delivery: &Delivery) -> Told<Parsed> {
        let guest = guest!(self.webhooks, store);
        let parsed = guest.call_parse(&mut *store, &convert::to_delivery(delivery)).await?;
        match searched(convert::parsed(parsed)?, "event", store.data()) {
            Parsed::Handshake(reply) => Ok(Ok(Parsed::Handshake(items::reply(reply, store.data())))),
            parsed => Ok(Ok(parsed)),
        }
    }

    pub(crate) async fn subscribe(&self, store: &mut Store<Call>, url: &str, topics: &[String]) -> Told<Subscription> {
        let guest = guest!(self.subscriptions, store);
        let made = guest.call_subscribe(&mut *store, url, topics).await?.map(convert::subscription);
        Ok(searched(made, "subscription", store.data()).map_err(convert::failure))
    }

    pub(crate) async fn unsubscribe(&self, store: &mut Store<Call>, id: &str) -> Told<()> {
        let guest = guest!(self.subscriptions, store);
        Ok(guest.call_unsubscribe(store, id).await?.map_err(convert::failure))
    }

    pub(crate) async fn subscriptions(&self, store: &mut Store<Call>) -> Told<Vec<Subscription>> {
        let guest = guest!(self.subscriptions, store);
        let found = guest.call_subscriptions(&mut *store).await?;
        let found = found.map(|all| all.into_iter().map(convert::subscription).collect::<Vec<_>>());
        Ok(searched(found, "subscription", store.data()).map_err(convert::failure))
    }

    pub(crate) async fn serve(&self, store: &mut Store<Call>, delivery: &Delivery) -> Told<Reply> {
        let guest = guest!(self.serving, store);
        match guest.call_serve(&mut *store, &convert::to_delivery(delivery)).await? {
            Ok(reply) => Ok(Ok(items::reply(convert::reply(reply)?, store.data()))),
            Err(failure) => Ok(Err(convert::failure(failure))),
        }
    }

    pub(crate) async fn wake(&self, store: &mut Store<Call>, name: &str, payload: &str) -> Told<()> {
        let guest = guest!(self.wakeups, store);
        Ok(guest.call_wake(store, name, payload).await?.map_err(convert::failure))
    }
}

/// The caller checks the exports before, so this is only said when it did not.
fn not_exported(interface: &str) -> Stop {
    Stop::Misuse(format!("the component does not export `{interface}`"))
}

fn one_per_intent(what: &str, given: usize, intents: &[Intent]) -> Result<(), Stop> {
    if given == intents.len() {
        return Ok(());
    }
    Err(Stop::Misuse(format!("it returned {given} {what} for {} intents; return one for each", intents.len())))
}
