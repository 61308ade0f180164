//! Connector for Operand, an agency management system of Brazil.

mod api;
mod assumed;
mod client;
mod clients;
mod config;
mod convert;
mod feeds;
mod listing;
mod manifest;
mod position;
mod records;
mod references;
mod setup;
mod source;
mod tasks;
mod writing;

use wharf_sdk::setup::Step;
use wharf_sdk::{
    Bounds, Cursor, Describe, Feeds, Intent, Item, Manifest, Outcome, Page, Preview, Records, ReferencePage,
    References, Result, Setup, Verdict, Violation, Writing, connection,
};

use config::Config;

/// The connector.
#[derive(Debug)]
pub struct Operand;

wharf_sdk::export!(Operand: describe, setup, references, feeds, records, writing);

impl Describe for Operand {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn validate_config(config: &str) -> Vec<Violation> {
        connection::check(config, Config::violations)
    }
}

impl Setup for Operand {
    fn check() -> Vec<Step> {
        setup::check()
    }
}

impl References for Operand {
    fn page(reference_list: &str, _after: Option<&str>) -> Result<ReferencePage> {
        references::page(reference_list)
    }
}

impl Feeds for Operand {
    fn pull(feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> Result<Page> {
        feeds::pull(feed, cursor, &bounds)
    }
}

impl Records for Operand {
    fn get(entity: &str, id: &str) -> Result<Item> {
        records::get(entity, id)
    }

    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        records::lookup(entity, query, limit)
    }
}

impl Writing for Operand {
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
