//! What the connector says of itself.

use wharf_sdk::Action;
use wharf_sdk::manifest::{Budget, Feed, Host, Manifest, Origin, Records, Slot, Write};

use crate::assumed::{CALLS_PER_MINUTE, CONCURRENT};
use crate::client::SLOT;
use crate::config::{Config, VENDOR};
use crate::feeds::CURSOR_VERSION;

const SUMMARY: &str = "Products, customers and invoices of Acomba, QuickBooks Online, Avantage and Sage 50 through \
                       ERPConnector; what can be written depends on the ERP.";
const METHODS: [&str; 3] = ["GET", "POST", "PUT"];

/// Returns the manifest.
pub(crate) fn manifest() -> Manifest {
    Manifest::new("erpconnector", env!("CARGO_PKG_VERSION"), SUMMARY)
        .config::<Config>(1)
        .credential(
            Slot::basic(SLOT)
                .audience(Origin::config("base_url"))
                .audience(VENDOR)
                .hint("Username is the licence code (CodeLicence), password the secret key; the vendor gives both."),
        )
        .host(Host::new(Origin::config("base_url")).methods(METHODS))
        .host(Host::new(VENDOR).methods(METHODS))
        .budget(
            Budget::new("default", CALLS_PER_MINUTE, 60).concurrent(CONCURRENT).calls_from_config("calls_per_minute"),
        )
        .feed(
            feed("products", "product", "All products, by number (Acomba, QuickBooks Online); every round reads all.")
                .filter("group")
                .filter("active"),
        )
        .feed(feed("customers", "partner", "All customers, by number; every round reads all."))
        .feed(feed(
            "customer-invoices",
            "invoice",
            "All customer invoices, by number (Acomba, QuickBooks Online, Avantage); every round reads all.",
        ))
        .records(Records::get("partner").lookup(["number", "email", "name"]))
        .records(Records::get("invoice").lookup(["number"]))
        .records(Records::get("product").lookup(["sku"]))
        .write(Write::new("partner", [Action::Create], true))
        .write(Write::new("product", [Action::Create, Action::Update], true))
        .write(Write::new("invoice", [Action::Create], true))
}

fn feed(name: &str, entity: &str, summary: &str) -> Feed {
    Feed::new(name, entity, summary, CURSOR_VERSION)
}
