//! Connector for Optimakers (OptiMES, Syneo), a production and order system of Poland.

mod api;
mod assumed;
mod body;
mod client;
mod config;
mod convert;
mod correlation;
mod customers;
mod feeds;
mod listing;
mod manifest;
mod orders;
mod products;
mod records;
mod references;
mod setup;
mod webhooks;
mod writing;

use wharf_sdk::setup::{Discovery, Step};
use wharf_sdk::{
    Bounds, Cursor, Delivery, Describe, Feeds, Intent, Item, Manifest, Outcome, Page, Parsed, Preview, Records,
    ReferencePage, References, Result, Setup, Verdict, Violation, Webhooks, Writing, connection,
};

use client::Client;
use config::Config;

/// The connector.
#[derive(Debug)]
pub struct Optimakers;

wharf_sdk::export!(Optimakers: describe, setup, references, feeds, records, writing, webhooks);

impl Describe for Optimakers {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn validate_config(config: &str) -> Vec<Violation> {
        connection::check(config, Config::violations)
    }
}

impl Setup for Optimakers {
    fn check() -> Vec<Step> {
        setup::check()
    }

    fn discover() -> Result<Discovery> {
        setup::discover()
    }
}

impl References for Optimakers {
    fn page(reference_list: &str, _after: Option<&str>) -> Result<ReferencePage> {
        references::page(&Client::open()?, reference_list)
    }
}

impl Feeds for Optimakers {
    fn pull(feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> Result<Page> {
        feeds::pull(feed, cursor, &bounds)
    }
}

impl Records for Optimakers {
    fn get(entity: &str, id: &str) -> Result<Item> {
        records::get(entity, id)
    }

    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        records::lookup(entity, query, limit)
    }
}

impl Webhooks for Optimakers {
    fn parse(delivery: Delivery) -> Parsed {
        webhooks::parse(&delivery)
    }
}

impl Writing for Optimakers {
    fn plan(intent: &Intent) -> Result<Preview> {
        writing::plan(intent)
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        writing::apply(intent)
    }

    fn verify(intent: &Intent) -> Result<Verdict> {
        writing::verify(intent)
    }
}
