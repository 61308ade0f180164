//! Connector for FLOWii, a CRM and ERP of Slovakia and Hungary.

mod api;
mod assumed;
mod client;
mod company;
mod config;
mod convert;
mod correlation;
mod countries;
mod document;
mod feeds;
mod invoices;
mod items;
mod listing;
mod manifest;
mod orders;
mod partners;
mod plain;
mod products;
mod records;
mod references;
mod search;
mod setup;
mod writing;

use wharf_sdk::setup::{Discovery, Step};
use wharf_sdk::{
    Bounds, Cursor, Describe, Feeds, Intent, Item, Manifest, Outcome, Page, Preview, Records, ReferencePage,
    References, Result, Setup, Verdict, Violation, Writing, batch, connection,
};

use config::Config;

/// The connector.
#[derive(Debug)]
pub struct Flowii;

wharf_sdk::export!(Flowii: describe, setup, references, feeds, records, writing);

impl Describe for Flowii {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn validate_config(config: &str) -> Vec<Violation> {
        connection::check(config, Config::violations)
    }
}

impl Setup for Flowii {
    fn check() -> Vec<Step> {
        setup::check()
    }

    fn discover() -> Result<Discovery> {
        setup::discover()
    }
}

impl References for Flowii {
    fn page(reference_list: &str, _after: Option<&str>) -> Result<ReferencePage> {
        references::page(reference_list)
    }
}

impl Feeds for Flowii {
    fn pull(feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> Result<Page> {
        feeds::pull(feed, cursor, &bounds)
    }
}

impl Records for Flowii {
    fn get(entity: &str, id: &str) -> Result<Item> {
        records::get(entity, id)
    }

    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        records::lookup(entity, query, limit)
    }
}

impl Writing for Flowii {
    fn plan(intent: &Intent) -> Result<Preview> {
        writing::plan(intent)
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        batch::only(writing::apply(std::slice::from_ref(intent)))
    }

    fn verify(intent: &Intent) -> Result<Verdict> {
        batch::only(writing::verify(std::slice::from_ref(intent)))
    }

    fn apply_batch(intents: &[Intent]) -> Vec<Result<Outcome>> {
        writing::apply(intents)
    }

    fn verify_batch(intents: &[Intent]) -> Vec<Result<Verdict>> {
        writing::verify(intents)
    }
}
