//! Connector for Operand, an agency management system of Brazil.

mod api;
mod assumed;
mod client;
mod clients;
mod codes;
mod config;
mod convert;
mod feeds;
mod listing;
mod manifest;
mod position;
mod records;
mod setup;
mod source;
mod tasks;
mod write_back;

use wharf_sdk::setup::Step;
use wharf_sdk::{
    Action, Bounds, Cursor, Describe, Failure, Feeds, Intent, Item, Manifest, Outcome, Page, Preview, Records,
    ReferencePage, References, Result, Setup, Verdict, Violation, Writing, connection,
};

use client::Client;
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
        match serde_json::from_str::<Config>(config) {
            Ok(config) => config.violations(),
            Err(_) => connection::violations::<Config>(config),
        }
    }
}

impl Setup for Operand {
    fn check() -> Vec<Step> {
        setup::check()
    }
}

impl References for Operand {
    fn page(reference_list: &str, _after: Option<&str>) -> Result<ReferencePage> {
        codes::reference_page(reference_list)
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

/// Only receivables are written, and only changed.
fn check_kind(intent: &Intent) -> Result<()> {
    match (intent.entity.as_str(), intent.action) {
        (source::INVOICE, Action::Update) => Ok(()),
        (entity, action) => {
            let message = format!("{action:?} of {entity} is not possible in Operand; use the writes of the manifest");
            Err(Failure::unsupported(entity, message))
        }
    }
}

impl Writing for Operand {
    fn plan(intent: &Intent) -> Result<Preview> {
        check_kind(intent)?;
        write_back::plan(&Client::open()?, intent)
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        check_kind(intent)?;
        write_back::apply(&Client::open()?, intent)
    }

    fn verify(intent: &Intent) -> Result<Verdict> {
        check_kind(intent)?;
        write_back::verify(&Client::open()?, intent)
    }
}
