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
mod lists;
mod manifest;
mod orders;
mod products;
mod records;
mod setup;
mod webhooks;

use wharf_sdk::setup::{Discovery, Step};
use wharf_sdk::{
    Action, Bounds, Cursor, Delivery, Describe, Failure, Feeds, Intent, Item, Manifest, Outcome, Page, Parsed, Preview,
    Records, ReferencePage, References, Result, Setup, Verdict, Violation, Webhooks, Writing, connection,
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
        match serde_json::from_str::<Config>(config) {
            Ok(config) => config.violations(),
            Err(_) => connection::violations::<Config>(config),
        }
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
        lists::reference_page(&Client::open()?, reference_list)
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

/// A kind of write.
struct Write {
    plan: fn(&Client, &Intent) -> Result<Preview>,
    apply: fn(&Client, &Intent) -> Result<Outcome>,
    verify: fn(&Client, &Intent) -> Result<Verdict>,
}

fn write_of(intent: &Intent) -> Result<Write> {
    use {customers as c, orders as o, products as p};
    Ok(match (intent.entity.as_str(), intent.action) {
        ("order", Action::Create) => Write { plan: o::plan_create, apply: o::create, verify: o::verify_create },
        ("order", Action::Update) => Write { plan: o::plan_update, apply: o::update, verify: o::verify_update },
        ("order", Action::Transition) => Write { plan: o::plan_status, apply: o::set_status, verify: o::verify_status },
        ("partner", Action::Create) => Write { plan: c::plan_create, apply: c::create, verify: c::verify_create },
        ("partner", Action::Update) => Write { plan: c::plan_update, apply: c::update, verify: c::verify_update },
        ("product", Action::Create) => Write { plan: p::plan_create, apply: p::create, verify: p::verify_create },
        ("product", Action::Update) => Write { plan: p::plan_update, apply: p::update, verify: p::verify_update },
        ("product", Action::Delete) => Write { plan: p::plan_delete, apply: p::delete, verify: p::verify_delete },
        (entity, action) => {
            let message = format!("Optimakers cannot {action:?} a {entity} here; use the writes of the manifest");
            return Err(Failure::unsupported(entity, message));
        }
    })
}

impl Writing for Optimakers {
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
