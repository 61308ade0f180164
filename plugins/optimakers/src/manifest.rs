//! What the connector says of itself.

use wharf_sdk::Action;
use wharf_sdk::manifest::{Budget, Feed, Host, Manifest, Origin, Records, Slot, Webhooks, Write};

use crate::assumed::{API_KEY_HEADER, CALLS_PER_MINUTE, CONCURRENT};
use crate::client::SLOT;
use crate::config::Config;
use crate::feeds::CURSOR_VERSION;
use crate::references::LISTS;

const SUMMARY: &str = "Orders, products and customers of Optimakers (OptiMES, Syneo), a production and order system.";

/// Slot of the token that webhooks carry.
pub(crate) const WEBHOOK_SLOT: &str = "webhook";

/// Returns the manifest.
pub(crate) fn manifest() -> Manifest {
    let manifest = Manifest::new("optimakers", env!("CARGO_PKG_VERSION"), SUMMARY)
        .config::<Config>(1)
        .credential(api_key())
        .credential(webhook_token())
        .host(Host::new(Origin::config("base_url")).methods(["GET", "POST", "PUT", "DELETE"]))
        .budget(
            Budget::new("default", CALLS_PER_MINUTE, 60).concurrent(CONCURRENT).calls_from_config("calls_per_minute"),
        );
    let manifest = feeds().into_iter().fold(manifest, Manifest::feed);
    let manifest = LISTS.iter().fold(manifest, |manifest, list| manifest.reference_list(list.name, list.label));
    manifest
        .records(Records::get("order").lookup(["external_number", "number"]))
        .records(Records::get("partner").lookup(["login", "email", "tax_number"]))
        .records(Records::get("product").lookup(["sku", "ean"]))
        .write(Write::new("order", [Action::Create, Action::Update, Action::Transition], true))
        .write(Write::new("partner", [Action::Create, Action::Update], true))
        .write(Write::new("product", [Action::Create, Action::Update, Action::Delete], true))
        .webhooks(Webhooks::new([WEBHOOK_SLOT]))
}

fn api_key() -> Slot {
    Slot::header_from(SLOT, API_KEY_HEADER, "/api_key_header").audience(Origin::config("base_url")).hint(
        "The key of an employee made for this: Employees, edit, Additional information, API key; \
         the role needs the right to issue API keys.",
    )
}

fn webhook_token() -> Slot {
    Slot::presented(WEBHOOK_SLOT)
        .hint("The security token that you write into Settings, Studio, Webhooks: a long random text.")
        .optional()
}

fn feeds() -> [Feed; 3] {
    [
        Feed::new(
            "orders",
            "order",
            "Orders changed since the last round, and those of some hours before again.",
            CURSOR_VERSION,
        )
        .filter_from("status", "order-status")
        .filter("completed")
        .windows(),
        Feed::new(
            "products",
            "product",
            "Products changed since the last round; a deleted one is told by webhook only.",
            CURSOR_VERSION,
        ),
        Feed::new("customers", "partner", "Customers changed since the last round.", CURSOR_VERSION),
    ]
}
