//! What the connector says of itself.

use wharf_sdk::Action;
use wharf_sdk::document::Invoice;
use wharf_sdk::manifest::{Budget, Feed, Host, Manifest, Origin, Records, Slot, Write};

use crate::assumed::{CALLS_PER_MINUTE, CONCURRENT, GUESSES};
use crate::client::SLOT;
use crate::config::{Config, VENDOR};
use crate::document::{AnyRecord, JournalEntry, SupplierOrder};
use crate::feeds::CURSOR_VERSION;
use crate::references::COMPANIES;

const SUMMARY: &str = "Products, customers, invoices, supplier orders and ledger entries of Acomba, QuickBooks Online, Avantage and Sage 50 through \
                       ERPConnector; what can be written depends on the ERP.";
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// Returns the manifest.
pub(crate) fn manifest() -> Manifest {
    let manifest = Manifest::new("erpconnector", env!("CARGO_PKG_VERSION"), SUMMARY)
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
        );
    let manifest = feeds().into_iter().fold(manifest, Manifest::feed);
    let manifest = records().into_iter().fold(manifest, Manifest::records);
    let manifest = writes().into_iter().fold(manifest, Manifest::write);
    let lists = GUESSES.iter().filter_map(|guess| guess.list);
    lists
        .fold(manifest, |manifest, (name, label)| manifest.reference_list(name, label))
        .reference_list(COMPANIES, "Companies of the configuration")
}

fn feeds() -> [Feed; 7] {
    [
        feed("products", "product", "All products, by number (Acomba, QuickBooks Online); every round reads all.")
            .filter("group")
            .filter("active"),
        feed("customers", "partner", "All customers, by number; every round reads all."),
        feed(
            "customer-invoices",
            "invoice",
            "All customer invoices, by number (Acomba, QuickBooks Online, Avantage); every round reads all.",
        ),
        feed(
            "supplier-invoices",
            "supplier-invoice",
            "All invoices of suppliers, by number, as common invoices of kind `purchase`; every round reads all.",
        )
        .raw(),
        feed(
            "supplier-orders",
            "supplier-order",
            "All orders to suppliers, by number (Acomba, Avantage); every round reads all.",
        )
        .raw(),
        feed(
            "journal-entries",
            "journal-entry",
            "All entries of the ledger, by number (Avantage, Sage 50); every round reads all.",
        )
        .raw(),
        feed(
            "records",
            "record",
            "All records of the entity that the filter `entity` names, by key, with the ERP's own fields.",
        )
        .raw()
        .filter("entity"),
    ]
}

/// Every feed can read another company of the licence.
fn feed(name: &str, entity: &str, summary: &str) -> Feed {
    Feed::new(name, entity, summary, CURSOR_VERSION).filter_from("company", COMPANIES)
}

fn records() -> [Records; 7] {
    [
        Records::get("partner").lookup(["number", "email", "phone", "name", "company"]),
        Records::get("product").lookup(["sku", "company"]),
        Records::get("invoice").lookup(["number", "company"]),
        Records::get("supplier-invoice").lookup(["number", "supplier", "company"]),
        Records::get("supplier-order").lookup(["number", "supplier", "company"]),
        Records::get("journal-entry").lookup(["number", "company"]),
        Records::get("record"),
    ]
}

fn writes() -> [Write; 7] {
    [
        Write::new("partner", [Action::Create, Action::Update], true),
        Write::new("product", [Action::Create, Action::Update], true),
        Write::new("invoice", [Action::Create], true),
        Write::new("supplier-invoice", [Action::Create], true).raw_of::<Invoice>(),
        Write::new("supplier-order", [Action::Create], true).raw_of::<SupplierOrder>(),
        Write::new("journal-entry", [Action::Create], true).raw_of::<JournalEntry>(),
        Write::new("record", [Action::Create, Action::Update, Action::Delete], true).raw_of::<AnyRecord>(),
    ]
}
