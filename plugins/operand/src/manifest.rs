//! What the connector says of itself.

use wharf_sdk::Action;
use wharf_sdk::manifest::{Budget, Feed, Host, Manifest, Origin, Records, Slot, TokenExchange, Write};

use crate::assumed::{CALLS_PER_MINUTE, CONCURRENT};
use crate::client::SLOT;
use crate::config::Config;
use crate::position::CURSOR_VERSION;
use crate::references::LISTS;
use crate::source::{INVOICE, JOB, PARTNER, TASK};
use crate::writing::WriteBack;

const SUMMARY: &str =
    "Clients, jobs, tasks, receivables and payables of Operand, an agency management system of Brazil.";
const HINT: &str = "In Operand as owner or administrator: avatar, Configurações, Módulos e funções, API Operand, Gerar \
                    token. An account has one live token: a new one, made by anybody, ends this one.";

/// Returns the manifest.
pub(crate) fn manifest() -> Manifest {
    let manifest = Manifest::new("operand", env!("CARGO_PKG_VERSION"), SUMMARY)
        .config::<Config>(1)
        .credential(panel())
        .host(Host::new(Origin::config("base_url")).methods(["GET", "PUT"]))
        .budget(
            Budget::new("default", CALLS_PER_MINUTE, 60).concurrent(CONCURRENT).calls_from_config("calls_per_minute"),
        );
    let manifest = feeds().into_iter().fold(manifest, Manifest::feed);
    let manifest = LISTS.iter().fold(manifest, |manifest, (name, label)| manifest.reference_list(name, label));
    manifest
        .records(Records::get(PARTNER).lookup(["registration_number", "tax_number", "email", "phone", "name"]))
        .records(Records::get(JOB).lookup(["client", "status", "situation"]))
        .records(Records::get(INVOICE).lookup(["number", "client", "situation"]))
        .write(Write::new(INVOICE, [Action::Update], true).raw_of::<WriteBack>())
}

fn panel() -> Slot {
    let login = TokenExchange::get(Origin::config("base_url"), "/login").query("tokenAccess", "token");
    Slot::token_exchange(SLOT, login.into_header("Op-Auth-Token")).audience(Origin::config("base_url")).hint(HINT)
}

fn feeds() -> [Feed; 5] {
    let changes = "by time of change, in the order of the list; Operand tells nothing of what was removed.";
    [
        Feed::new("clients", PARTNER, "All clients; each round reads all of them again.", CURSOR_VERSION),
        Feed::new("jobs", JOB, &format!("Jobs {changes}"), CURSOR_VERSION)
            .raw()
            .filter_from("status", "job-status")
            .filter("situation")
            .filter("client")
            .windows(),
        Feed::new("tasks", TASK, "Tasks of the jobs that changed, job by job.", CURSOR_VERSION)
            .raw()
            .filter("client")
            .windows(),
        invoices("receivables", &format!("Accounts receivable as sales invoices, {changes}")),
        invoices("payables", &format!("Accounts payable as purchase invoices, {changes}")),
    ]
}

fn invoices(name: &str, summary: &str) -> Feed {
    Feed::new(name, INVOICE, summary, CURSOR_VERSION)
        .filter_from("situation", "invoice-situation")
        .filter("client")
        .windows()
}
