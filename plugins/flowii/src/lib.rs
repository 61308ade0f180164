//! Connector for FLOWii, a CRM and ERP of Slovakia and Hungary.

mod api;
mod assumed;
mod client;
mod codes;
mod company;
mod config;
mod convert;
mod correlation;
mod countries;
mod feeds;
mod invoices;
mod items;
mod listing;
mod manifest;
mod orders;
mod partners;
mod records;
mod setup;

use wharf_sdk::setup::{Discovery, Step};
use wharf_sdk::{
    Action, Bounds, Cursor, Describe, Failure, Feeds, Intent, Item, Manifest, Outcome, Page, Preview, Records,
    ReferencePage, References, Result, Setup, Verdict, Violation, Writing, connection,
};

use client::Client;
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
        match serde_json::from_str::<Config>(config) {
            Ok(config) => config.violations(),
            Err(_) => connection::violations::<Config>(config),
        }
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
        codes::reference_page(reference_list)
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

/// A kind of write.
struct Write {
    plan: fn(&Client, &Intent) -> Result<Preview>,
    apply: fn(&Client, &Intent) -> Result<Outcome>,
    verify: fn(&Client, &Intent) -> Result<Verdict>,
}

fn write_of(intent: &Intent) -> Result<Write> {
    match (intent.entity.as_str(), intent.action) {
        ("partner", Action::Create) => {
            Ok(Write { plan: partners::plan_create, apply: partners::create, verify: partners::verify_create })
        }
        ("partner", Action::Update) => {
            Ok(Write { plan: partners::plan_update, apply: partners::update, verify: partners::verify_update })
        }
        ("order", Action::Create) => Ok(Write { plan: orders::plan, apply: orders::create, verify: orders::verify }),
        ("invoice", Action::Create) => {
            Ok(Write { plan: invoices::plan, apply: invoices::create, verify: invoices::verify })
        }
        (entity, action) => {
            let message = format!("FLOWii cannot {action:?} a {entity} here; use the writes of the manifest");
            Err(Failure::unsupported(entity, message))
        }
    }
}

impl Writing for Flowii {
    fn plan(intent: &Intent) -> Result<Preview> {
        (write_of(intent)?.plan)(&Client::open()?, intent)
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        (write_of(intent)?.apply)(&Client::open()?, intent)
    }

    fn verify(intent: &Intent) -> Result<Verdict> {
        (write_of(intent)?.verify)(&Client::open()?, intent)
    }
}
