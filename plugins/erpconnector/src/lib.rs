//! Connector for ERPConnector (OnlineERP), one REST face on Acomba, QuickBooks Online, Avantage and Sage 50.

mod assumed;
mod body;
mod client;
mod config;
mod convert;
mod customers;
mod feeds;
mod invoices;
mod manifest;
mod products;
mod query;
mod records;
mod row;
mod setup;
mod verbs;

use wharf_sdk::setup::Step;
use wharf_sdk::{
    Action, Bounds, Cursor, Describe, Failure, Feeds, Intent, Item, Manifest, Outcome, Page, Preview, Records, Result,
    Setup, Verdict, Violation, Writing, connection,
};

use client::Client;
use config::Config;

/// The connector.
#[derive(Debug)]
pub struct ErpConnector;

wharf_sdk::export!(ErpConnector: describe, setup, feeds, records, writing);

impl Describe for ErpConnector {
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

/// A kind of write.
struct Write {
    plan: fn(&Client, &Intent) -> Result<Preview>,
    apply: fn(&Client, &Intent) -> Result<Outcome>,
    verify: fn(&Client, &Intent) -> Result<Verdict>,
}

fn write_of(intent: &Intent) -> Result<Write> {
    match (intent.entity.as_str(), intent.action) {
        ("partner", Action::Create) => {
            Ok(Write { plan: customers::plan, apply: customers::create, verify: customers::verify })
        }
        ("product", Action::Create) => {
            Ok(Write { plan: products::plan_create, apply: products::create, verify: products::verify_create })
        }
        ("product", Action::Update) => {
            Ok(Write { plan: products::plan_update, apply: products::update, verify: products::verify_update })
        }
        ("invoice", Action::Create) => {
            Ok(Write { plan: invoices::plan, apply: invoices::create, verify: invoices::verify })
        }
        ("invoice", _) => {
            let message =
                "an invoice is never changed or removed once it is in the books; make a credit note in the ERP";
            Err(Failure::unsupported("invoice", message))
        }
        (entity, action) => {
            let message = format!("{action:?} of {entity} is not possible here; use the writes of the manifest");
            Err(Failure::unsupported(entity, message))
        }
    }
}

impl Writing for ErpConnector {
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
