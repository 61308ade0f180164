//! What the connector says of itself.

use wharf_sdk::Action;
use wharf_sdk::manifest::{Budget, Feed, Host, Manifest, Oauth2Password, Origin, Records, Slot, Write};

use crate::assumed::{BATCH, CALLS_PER_MINUTE, CONCURRENT};
use crate::client::SLOT;
use crate::config::Config;
use crate::document::{BusinessCase, Event, Task};
use crate::feeds::CURSOR_VERSION;
use crate::references::LISTS;

const SUMMARY: &str = "Partners, tasks, events, business cases, orders, products, invoices, payments and attendance of FLOWii, a CRM and ERP \
     of Slovakia and Hungary.";

/// Returns the manifest.
pub(crate) fn manifest() -> Manifest {
    let manifest = Manifest::new("flowii", env!("CARGO_PKG_VERSION"), SUMMARY)
        .config::<Config>(1)
        .credential(account())
        .host(Host::new(Origin::config("base_url")).methods(["GET", "POST", "PATCH"]))
        .budget(
            Budget::new("default", CALLS_PER_MINUTE, 60).concurrent(CONCURRENT).calls_from_config("calls_per_minute"),
        );
    let manifest = feeds().into_iter().fold(manifest, Manifest::feed);
    let manifest = LISTS.iter().fold(manifest, |manifest, (name, label, _)| manifest.reference_list(name, label));
    manifest
        .reference_list("company", "Companies that the user may use")
        .records(Records::get("partner").lookup(["registration_number", "email", "name"]))
        .records(Records::get("order").lookup(["number", "correlation"]))
        .records(Records::get("product"))
        .records(Records::get("invoice"))
        .records(Records::get("task"))
        .records(Records::get("event"))
        .records(Records::get("business-case"))
        .records(Records::get("payment"))
        .records(Records::get("attendance"))
        .write(Write::new("partner", [Action::Create, Action::Update], true))
        .write(Write::new("order", [Action::Create, Action::Update, Action::Transition], true).batch(BATCH))
        .write(Write::new("task", [Action::Create, Action::Update], true).raw_of::<Task>().batch(BATCH))
        .write(Write::new("event", [Action::Create, Action::Update], true).raw_of::<Event>().batch(BATCH))
        .write(
            Write::new("business-case", [Action::Create, Action::Update], true).raw_of::<BusinessCase>().batch(BATCH),
        )
        .write(Write::new("product", [Action::Create, Action::Update], true).batch(BATCH))
        .write(Write::new("invoice", [Action::Create], true))
}

fn account() -> Slot {
    let grant = Oauth2Password::new(Origin::config("base_url"), "/token").header("Api-Key", "api-key");
    Slot::oauth2_password(SLOT, grant).audience(Origin::config("base_url")).hint(
        "E-mail and password of a user made for this, and the key shown in FLOWii under Settings, Extensions, API.",
    )
}

fn feeds() -> [Feed; 9] {
    [
        Feed::new("partners", "partner", "All partners; each round reads all of them again.", CURSOR_VERSION),
        Feed::new(
            "tasks",
            "task",
            "All tasks with their activities; each round reads all of them again.",
            CURSOR_VERSION,
        )
        .raw(),
        Feed::new(
            "events",
            "event",
            "All events, windows by their start; each round reads all of them again.",
            CURSOR_VERSION,
        )
        .raw()
        .windows(),
        Feed::new(
            "business-cases",
            "business-case",
            "All business cases, windows by creation; each round reads all of them again.",
            CURSOR_VERSION,
        )
        .raw()
        .windows(),
        Feed::new(
            "attendances",
            "attendance",
            "All attendance, windows by day; each round reads all again.",
            CURSOR_VERSION,
        )
        .raw()
        .windows(),
        Feed::new(
            "orders",
            "order",
            "Orders by time of creation; a change of an order is seen only while it is among the newest days.",
            CURSOR_VERSION,
        )
        .filter_from("status", "order-status")
        .windows(),
        Feed::new("products", "product", "All goods and services; each round reads all of them again.", CURSOR_VERSION),
        Feed::new("invoices", "invoice", "All invoices; each round reads all of them again.", CURSOR_VERSION).windows(),
        Feed::new("payments", "payment", "All payments; each round reads all of them again.", CURSOR_VERSION).windows(),
    ]
}
