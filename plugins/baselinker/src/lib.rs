//! Connector for BaseLinker (Base.com), a hub for the orders of shops and marketplaces.

mod api;
mod assumed;
mod catalog;
mod client;
mod config;
mod convert;
mod counts;
mod documents;
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

use wharf_sdk::manifest::Manifest;
use wharf_sdk::setup::{Discovery, Step};
use wharf_sdk::{
    Bounds, Cursor, Failure, Intent, Item, Outcome, Page, Preview, ReferencePage, Result, Tally, Verdict, Violation,
    connection,
};

use client::Client;
use config::Config;

/// The connector.
#[derive(Debug)]
pub struct BaseLinker;

wharf_sdk::export!(BaseLinker: describe, setup, references, feeds, records, counts, writing);

impl wharf_sdk::Describe for BaseLinker {
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

impl wharf_sdk::Setup for BaseLinker {
    fn check() -> Vec<Step> {
        setup::check(Client::open())
    }

    fn discover() -> Result<Discovery> {
        setup::discover(&Client::open()?)
    }
}

impl wharf_sdk::References for BaseLinker {
    fn page(reference_list: &str, _: Option<&str>) -> Result<ReferencePage> {
        references::page(&Client::open()?, reference_list)
    }
}

impl wharf_sdk::Feeds for BaseLinker {
    fn pull(feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> Result<Page> {
        pull(&Client::open()?, feed, cursor, &bounds)
    }
}

/// Pulls a page of any feed.
fn pull(client: &Client, feed: &str, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    match feed {
        "orders" => orders::pull(client, cursor, bounds),
        "raw-orders" => orders::pull_raw(client, cursor, bounds),
        "unconfirmed-orders" => unconfirmed::pull(client, cursor, bounds),
        "journal" => journal::pull(client, cursor, bounds),
        "order-returns" => documents::RETURNS.pull(client, cursor, bounds),
        "invoices" => documents::INVOICES.pull(client, cursor, bounds),
        "raw-invoices" => documents::RAW_INVOICES.pull(client, cursor, bounds),
        "receipts" => documents::RECEIPTS.pull(client, cursor, bounds),
        "payments" => payments::PAYMENTS.pull(client, cursor, bounds),
        "packages" => payments::PACKAGES.pull(client, cursor, bounds),
        "products" => catalog::products::pull(client, cursor, bounds),
        "product-stock" => catalog::paged::STOCK.pull(client, cursor, bounds),
        "product-prices" => catalog::paged::PRICES.pull(client, cursor, bounds),
        "external-products" => storages::PRODUCTS.pull(client, cursor, bounds),
        _ => Err(Failure::unsupported(feed, format!("there is no feed `{feed}`"))),
    }
}

impl wharf_sdk::Records for BaseLinker {
    fn get(entity: &str, id: &str) -> Result<Item> {
        records::any(&Client::open()?, entity, id)
    }

    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        records::lookup_any(&Client::open()?, entity, query, limit)
    }
}

impl wharf_sdk::Counts for BaseLinker {
    fn count(feed: &str, bounds: Bounds) -> Result<Tally> {
        counts::count(Client::open()?.forgetful(), feed, bounds)
    }
}

impl wharf_sdk::Writing for BaseLinker {
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
        with_client(intents, |client| writing::plan_batch(client, intents))
    }

    fn apply_batch(intents: &[Intent]) -> Vec<Result<Outcome>> {
        with_client(intents, |client| writing::apply_batch(client, intents))
    }

    fn verify_batch(intents: &[Intent]) -> Vec<Result<Verdict>> {
        with_client(intents, |client| writing::verify_batch(client, intents))
    }
}

/// Does something for all intents; all of them fail where the configuration cannot work.
fn with_client<T>(intents: &[Intent], does: impl FnOnce(&Client) -> Vec<Result<T>>) -> Vec<Result<T>> {
    match Client::open() {
        Ok(client) => does(&client),
        Err(failure) => intents.iter().map(|_| Err(failure.clone())).collect(),
    }
}
