//! What the connector says of itself.

use wharf_sdk::manifest::{Action, Budget, Feed, Host, Manifest, Origin, Records, Slot, Write};

use crate::client::TOKEN;
use crate::config::{self, Config};
use crate::references::LISTS;
use crate::{assumed, catalog, journal, listing, orders, payments, records, storages, unconfirmed, writing};

const SUMMARY: &str = "Orders, returns, invoices, receipts, parcels and the product catalog of BaseLinker (Base.com).";

/// Returns the manifest.
pub(crate) fn manifest() -> Manifest {
    let origins = [Origin::from(config::VENDOR), Origin::config("base_url")];
    let token = Slot::header(TOKEN, "X-BLToken").hint("In the panel: My account, API, add a token.");
    let token = origins.iter().cloned().fold(token, Slot::audience);
    let manifest = Manifest::new("baselinker", env!("CARGO_PKG_VERSION"), SUMMARY)
        .publisher("Wharf")
        .config::<Config>(config::VERSION)
        .credential(token)
        .budget(Budget::new("default", assumed::CALLS_PER_MINUTE, 60).calls_from_config("calls_per_minute"));
    let manifest =
        origins.into_iter().fold(manifest, |manifest, origin| manifest.host(Host::new(origin).methods(["POST"])));
    let manifest =
        order_feeds().into_iter().chain(document_feeds()).chain(catalog_feeds()).fold(manifest, Manifest::feed);
    let manifest = single().into_iter().fold(manifest, Manifest::records);
    let manifest = writes().into_iter().fold(manifest, Manifest::write);
    LISTS.iter().fold(manifest, |manifest, list| manifest.reference_list(list.name, list.label))
}

fn order_feeds() -> [Feed; 4] {
    let with_filters = |feed: Feed| {
        let feed = feed.filter_from("status", "order-status").filter_from("source", "order-source");
        feed.filter("email").windows().countable()
    };
    let orders = "Confirmed orders, in the order of confirmation, each once. With a status filter: again and again all \
                  orders that are in the status and were confirmed inside the window.";
    let raw = "The same as `orders`, as the vendor writes them.";
    let unconfirmed = "Orders that are not confirmed yet, by id, each as it was when it was read; not seen again when it \
                       changes.";
    let journal = "What happened to orders in the last three days: `order_id`, `log_type`, `object_id`, `date`. Empty \
                   for accounts without the vendor's journal.";
    let version = orders::CURSOR_VERSION;
    [
        with_filters(Feed::new("orders", orders::ENTITY, orders, version)),
        with_filters(Feed::new("raw-orders", orders::ENTITY, raw, version).raw()),
        Feed::new("unconfirmed-orders", orders::ENTITY, unconfirmed, unconfirmed::CURSOR_VERSION).windows().countable(),
        Feed::new("journal", journal::ENTITY, journal, journal::CURSOR_VERSION)
            .raw()
            .filter("type")
            .windows()
            .countable(),
    ]
}

fn document_feeds() -> [Feed; 6] {
    let returns = "Returns of orders, by id, each as it was when it was read. With a status filter: again and again all \
                   returns that are in the status.";
    let invoices = "Invoices and their corrections, by id, each as it was when it was read.";
    let raw_invoices = "The same as `invoices`, as the vendor writes them.";
    let receipts = "Receipts, by id, each as it was when it was read.";
    let payments =
        "Payments of orders for which the journal reports one. Empty for accounts without the vendor's journal.";
    let packages = "Packages of orders for which the journal reports one, or a new status of one. Empty for accounts \
                    without the vendor's journal.";
    let by_id = |name, entity, summary| Feed::new(name, entity, summary, listing::CURSOR_VERSION).windows().countable();
    let by_series = |feed: Feed| feed.filter_from("series", "document-series");
    let of_order = |name, entity, summary| Feed::new(name, entity, summary, payments::CURSOR_VERSION).windows();
    [
        by_id("order-returns", "order-return", returns).raw().filter_from("status", "order-return-status"),
        by_series(by_id("invoices", "invoice", invoices)),
        by_series(by_id("raw-invoices", "invoice", raw_invoices).raw()),
        by_series(by_id("receipts", "receipt", receipts).raw()),
        of_order("payments", "payment", payments),
        of_order("packages", "package", packages).raw(),
    ]
}

fn catalog_feeds() -> [Feed; 4] {
    let products = "Products of the inventories with prices and stock, by id; each round reads all of them again.";
    let stock = "Stock by product, as the vendor writes it; each round reads all of it again.";
    let prices = "Prices by product, as the vendor writes them; each round reads all of them again.";
    let external = "Products of connected shops and wholesalers, as the vendor writes them; each round reads all of them \
                    again.";
    let paged =
        |name, entity, summary| Feed::new(name, entity, summary, catalog::paged::CURSOR_VERSION).raw().countable();
    [
        Feed::new("products", catalog::ENTITY, products, catalog::products::CURSOR_VERSION)
            .filter_from("inventory", "inventory")
            .filter_from("category", "product-category")
            .countable(),
        paged("product-stock", "product-stock", stock).filter_from("inventory", "inventory"),
        paged("product-prices", "product-price", prices).filter_from("inventory", "inventory"),
        paged("external-products", storages::ENTITY, external).filter_from("storage", "external-storage"),
    ]
}

fn single() -> [Records; 8] {
    [
        Records::get(orders::ENTITY).lookup(records::KEYS),
        Records::get("order-return").lookup(["id", "order_id"]),
        Records::get("invoice").lookup(["id", "order_id"]),
        Records::get("receipt"),
        Records::lookup_only("payment", ["order_id"]),
        Records::lookup_only("package", ["order_id"]),
        Records::get(catalog::ENTITY).lookup(catalog::KEYS),
        Records::get(storages::ENTITY),
    ]
}

fn writes() -> [Write; 9] {
    let statuses = u32::try_from(assumed::BULK_STATUSES).unwrap_or(1);
    let bulk = u32::try_from(assumed::BULK_PRODUCTS).unwrap_or(1);
    [
        Write::new(orders::ENTITY, [Action::Create, Action::Update, Action::Transition], true),
        Write::new("order-status", [Action::Transition], true).raw_of::<writing::StatusChange>().batch(statuses),
        Write::new("order-line", [Action::Create, Action::Update, Action::Delete], true).raw_of::<writing::Line>(),
        Write::new("payment", [Action::Create], true),
        Write::new("package", [Action::Create], true).raw_of::<writing::Package>(),
        Write::new(catalog::ENTITY, [Action::Create, Action::Update, Action::Upsert, Action::Delete], true),
        Write::new("product-stock", [Action::Update], true).raw_of::<writing::StockChange>().batch(bulk),
        Write::new("product-price", [Action::Update], true).raw_of::<writing::PriceChange>().batch(bulk),
        Write::new("external-stock", [Action::Update], true).raw_of::<writing::ExternalStockChange>().batch(bulk),
    ]
}
