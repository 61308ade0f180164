//! Connector for ERPConnector (OnlineERP), one REST face on Acomba, QuickBooks Online, Avantage and Sage 50.

mod assumed;
mod body;
mod client;
mod company;
mod config;
mod convert;
mod customers;
mod document;
mod entries;
mod feeds;
mod invoices;
mod listing;
mod manifest;
mod others;
mod posting;
mod products;
mod query;
mod records;
mod references;
mod row;
mod setup;
mod suppliers;
mod verbs;
mod writing;

use wharf_sdk::setup::Step;
use wharf_sdk::{
    Bounds, Cursor, Describe, Feeds, Intent, Item, Manifest, Outcome, Page, Preview, Records, ReferencePage,
    References, Result, Setup, Verdict, Violation, Writing, connection,
};

use config::Config;

/// The connector.
#[derive(Debug)]
pub struct ErpConnector;

wharf_sdk::export!(ErpConnector: describe, setup, references, feeds, records, writing);

impl Describe for ErpConnector {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn validate_config(config: &str) -> Vec<Violation> {
        connection::check(config, Config::violations)
    }
}

impl Setup for ErpConnector {
    fn check() -> Vec<Step> {
        setup::check()
    }
}

impl Feeds for ErpConnector {
    fn pull(feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> Result<Page> {
        feeds::pull(feed, cursor, &bounds)
    }
}

impl Records for ErpConnector {
    fn get(entity: &str, id: &str) -> Result<Item> {
        records::get(entity, id)
    }

    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        records::lookup(entity, query, limit)
    }
}

impl References for ErpConnector {
    fn page(reference_list: &str, after: Option<&str>) -> Result<ReferencePage> {
        references::page(reference_list, after)
    }
}

impl Writing for ErpConnector {
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
