//! Connector for Smartspace, a customer service platform of Brazil. Roles are turned round: Smartspace calls, and the
//! connector answers with customers of other connections. It also reads any company API that follows the same contract.

mod assumed;
mod client;
mod config;
mod customer;
mod edit;
mod feeds;
mod manifest;
mod owner;
mod question;
mod records;
mod reply;
mod serving;
mod setup;
mod shape;

use wharf_sdk::setup::Step;
use wharf_sdk::{
    Bounds, Cursor, Delivery, Describe, Feeds, Item, Manifest, Page, Records, Reply, Result, Serving, Setup, Violation,
    connection,
};

use config::Config;

/// The connector.
#[derive(Debug)]
pub struct Smartspace;

wharf_sdk::export!(Smartspace: describe, setup, feeds, records, serving);

impl Describe for Smartspace {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn validate_config(config: &str) -> Vec<Violation> {
        connection::check(config, Config::violations)
    }
}

impl Setup for Smartspace {
    fn check() -> Vec<Step> {
        setup::check()
    }
}

impl Serving for Smartspace {
    fn serve(request: Delivery) -> Result<Reply> {
        serving::serve(&request)
    }
}

impl Feeds for Smartspace {
    fn pull(feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> Result<Page> {
        feeds::pull(feed, cursor, &bounds)
    }
}

impl Records for Smartspace {
    fn get(entity: &str, id: &str) -> Result<Item> {
        records::get(entity, id)
    }

    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        records::lookup(entity, query, limit)
    }
}
