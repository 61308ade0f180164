//! Connector for BaseLinker (Base.com), a hub for the orders of shops and marketplaces.

mod api;
mod assumed;
mod client;
mod config;
mod convert;
mod journal;
mod orders;
mod records;
mod references;
mod setup;
mod unconfirmed;
mod writing;

use wharf_sdk::manifest::{Action, Budget, Feed, Host, Manifest, Origin, Records, Slot, Write};
use wharf_sdk::setup::{Discovery, Step};
use wharf_sdk::{
    Bounds, Cursor, Failure, Intent, Item, Outcome, Page, Preview, ReferencePage, Result, Verdict, Violation,
    connection,
};

use client::{Client, TOKEN};
use config::Config;

/// The connector.
#[derive(Debug)]
pub struct BaseLinker;

wharf_sdk::export!(BaseLinker: describe, setup, references, feeds, records, writing);

impl wharf_sdk::Describe for BaseLinker {
    fn manifest() -> Manifest {
        let origins = [Origin::from(config::VENDOR), Origin::config("base_url")];
        let token = Slot::header(TOKEN, "X-BLToken").hint("In the panel: My account, API, add a token.");
        let token = origins.iter().cloned().fold(token, Slot::audience);
        let manifest = Manifest::new("baselinker", env!("CARGO_PKG_VERSION"), "Orders of BaseLinker (Base.com).")
            .publisher("Wharf")
            .config::<Config>(config::VERSION)
            .credential(token)
            .budget(Budget::new("default", assumed::CALLS_PER_MINUTE, 60).calls_from_config("calls_per_minute"));
        let manifest =
            origins.into_iter().fold(manifest, |manifest, origin| manifest.host(Host::new(origin).methods(["POST"])));
        let manifest = feeds(manifest).records(Records::get(orders::ENTITY).lookup(records::KEYS)).write(Write::new(
            orders::ENTITY,
            [Action::Create, Action::Update, Action::Transition],
            true,
        ));
        references::LISTS.iter().fold(manifest, |manifest, (name, label)| manifest.reference_list(name, label))
    }

    fn validate_config(config: &str) -> Vec<Violation> {
        match serde_json::from_str::<Config>(config) {
            Ok(config) => config.violations(),
            Err(_) => connection::violations::<Config>(config),
        }
    }
}

fn feeds(manifest: Manifest) -> Manifest {
    let with_filters = |feed: Feed| {
        let feed = feed.filter_from("status", "order-status").filter_from("source", "order-source");
        feed.filter("email").windows()
    };
    let orders = "Confirmed orders, in the order of confirmation, each once. With a status filter: again and again all \
                  orders that are in the status and were confirmed inside the window.";
    let raw = "The same as `orders`, as the vendor writes them.";
    let unconfirmed = "Orders that are not confirmed yet, by id, each as it was when it was read; not seen again when it \
                       changes.";
    let journal = "What happened to orders in the last three days: `order_id`, `log_type`, `object_id`, `date`. Empty \
                   for accounts without the vendor's journal.";
    manifest
        .feed(with_filters(Feed::new("orders", orders::ENTITY, orders, orders::CURSOR_VERSION)))
        .feed(with_filters(Feed::new("raw-orders", orders::ENTITY, raw, orders::CURSOR_VERSION).raw()))
        .feed(Feed::new("unconfirmed-orders", orders::ENTITY, unconfirmed, unconfirmed::CURSOR_VERSION).windows())
        .feed(Feed::new("journal", journal::ENTITY, journal, journal::CURSOR_VERSION).raw().filter("type").windows())
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
        let client = Client::open()?;
        match feed {
            "orders" => orders::pull(&client, cursor, &bounds),
            "raw-orders" => orders::pull_raw(&client, cursor, &bounds),
            "unconfirmed-orders" => unconfirmed::pull(&client, cursor, &bounds),
            "journal" => journal::pull(&client, cursor, &bounds),
            _ => Err(Failure::unsupported(feed, format!("there is no feed `{feed}`"))),
        }
    }
}

impl wharf_sdk::Records for BaseLinker {
    fn get(entity: &str, id: &str) -> Result<Item> {
        only_orders(entity)?;
        records::get(&Client::open()?, id)
    }

    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        only_orders(entity)?;
        records::lookup(&Client::open()?, query, limit)
    }
}

impl wharf_sdk::Writing for BaseLinker {
    fn plan(intent: &Intent) -> Result<Preview> {
        only_orders(&intent.entity)?;
        writing::plan(&Client::open()?, intent)
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        only_orders(&intent.entity)?;
        writing::apply(&Client::open()?, intent)
    }

    fn verify(intent: &Intent) -> Result<Verdict> {
        only_orders(&intent.entity)?;
        writing::verify(&Client::open()?, intent)
    }
}

fn only_orders(entity: &str) -> Result<()> {
    match entity {
        orders::ENTITY => Ok(()),
        _ => Err(Failure::unsupported(entity, format!("there are no records `{entity}` here; use `order`"))),
    }
}
