//! Connector for BaseLinker (Base.com), a hub for the orders of shops and marketplaces.

mod api;
mod assumed;
mod catalog;
mod client;
mod config;
mod convert;
mod counts;
mod documents;
mod feeds;
mod journal;
mod listing;
mod manifest;
mod orders;
mod payments;
mod records;
mod references;
mod setup;
mod storages;
mod unconfirmed;
mod writing;

use wharf_sdk::setup::{Discovery, Step};
use wharf_sdk::{
    Bounds, Counts, Cursor, Describe, Feeds, Intent, Item, Manifest, Outcome, Page, Preview, Records, ReferencePage,
    References, Result, Setup, Tally, Verdict, Violation, Writing, batch, connection,
};

use client::Client;
use config::Config;

/// The connector.
#[derive(Debug)]
pub struct BaseLinker;

wharf_sdk::export!(BaseLinker: describe, setup, references, feeds, records, counts, writing);

impl Describe for BaseLinker {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn validate_config(config: &str) -> Vec<Violation> {
        connection::check(config, Config::violations)
    }
}

impl Setup for BaseLinker {
    fn check() -> Vec<Step> {
        setup::check(Client::open())
    }

    fn discover() -> Result<Discovery> {
        setup::discover(&Client::open()?)
    }
}

impl References for BaseLinker {
    fn page(reference_list: &str, _: Option<&str>) -> Result<ReferencePage> {
        references::page(&Client::open()?, reference_list)
    }
}

impl Feeds for BaseLinker {
    fn pull(feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> Result<Page> {
        feeds::pull(&Client::open()?, feed, cursor, &bounds)
    }
}

impl Records for BaseLinker {
    fn get(entity: &str, id: &str) -> Result<Item> {
        records::any(&Client::open()?, entity, id)
    }

    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        records::lookup_any(&Client::open()?, entity, query, limit)
    }
}

impl Counts for BaseLinker {
    fn count(feed: &str, bounds: Bounds) -> Result<Tally> {
        counts::count(Client::open()?.forgetful(), feed, bounds)
    }
}

impl Writing for BaseLinker {
    fn plan(intent: &Intent) -> Result<Preview> {
        writing::plan(&Client::open()?, intent)
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        writing::apply(&Client::open()?, intent)
    }

    fn verify(intent: &Intent) -> Result<Verdict> {
        writing::verify(&Client::open()?, intent)
    }

    fn plan_batch(intents: &[Intent]) -> Vec<Result<Preview>> {
        batch::with(Client::open, intents, |client, intents| writing::plan_batch(&client, intents))
    }

    fn apply_batch(intents: &[Intent]) -> Vec<Result<Outcome>> {
        batch::with(Client::open, intents, |client, intents| writing::apply_batch(&client, intents))
    }

    fn verify_batch(intents: &[Intent]) -> Vec<Result<Verdict>> {
        batch::with(Client::open, intents, |client, intents| writing::verify_batch(&client, intents))
    }
}
