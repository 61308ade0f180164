//! Trying the connection out.

use serde_json::json;
use wharf_sdk::setup::{Checks, Discovery, Step};
use wharf_sdk::{Failure, MissingKind, Reference, Result, clock};

use crate::api::order::RawOrders;
use crate::api::{Raw, Rows};
use crate::assumed::DAY_MS;
use crate::client::Client;
use crate::orders::question::Question;
use crate::references;

/// Tries to sign in, to read orders, and whether the journal is there.
pub(crate) fn check(client: Result<Client>) -> Vec<Step> {
    let client = client.as_ref().map_err(Clone::clone);
    Checks::new()
        .step("sign in", "take the token from My account, API, and check `base_url`", || statuses(client.clone()?))
        .step("read orders", "give the token's user the right to read orders", || orders(client.clone()?))
        .optional("read sources", "give the token's user the right to read orders", || sources(client.clone()?))
        .optional("read journal", JOURNAL_HINT, || journal(client.clone()?))
        .optional("read inventories", INVENTORY_HINT, || inventories(client.clone()?))
        .finish()
}

const JOURNAL_HINT: &str = "ask the vendor's support to switch the journal on, or do without the feed `journal`";

const INVENTORY_HINT: &str = "give the token's user the right to read products, and check `inventory_id`";

fn statuses(client: &Client) -> Result<String> {
    let statuses = references::statuses(client)?;
    Ok(format!("the token is good; {} order statuses", statuses.len()))
}

fn orders(client: &Client) -> Result<String> {
    let yesterday = clock::now().saturating_sub(DAY_MS) / 1000;
    let question = Question { date_confirmed_from: Some(yesterday.max(1)), ..Question::default() };
    let answer = client.read("getOrders", &question)?;
    let RawOrders(Rows(orders)) = answer.payload()?;
    Ok(format!("{} orders were confirmed in the last 24 hours (100 are counted at most)", orders.len()))
}

fn sources(client: &Client) -> Result<String> {
    Ok(format!("{} order sources", references::sources(client)?.len()))
}

fn journal(client: &Client) -> Result<String> {
    let answer = client.read("getJournalList", &json!({"last_log_id": 0}))?;
    let logs: Vec<Raw<'_>> = answer.rows("logs")?;
    Ok(match logs.len() {
        0 => format!("no entry in three days; if orders have changed, the journal is switched off: {JOURNAL_HINT}"),
        entries => format!("{entries} entries"),
    })
}

/// Reads the inventories; the one of the configuration has to be among them.
fn inventories(client: &Client) -> Result<String> {
    let inventories = references::inventories(client)?;
    match client.config.inventory_id.map(|id| id.to_string()) {
        Some(id) if inventories.iter().all(|inventory| inventory.id != id) => {
            let message = format!("there is no inventory `{id}`; take one of the list `inventory`");
            Err(Failure::not_found(MissingKind::Referenced, "inventory", &id, message))
        }
        _ => Ok(format!("{} inventories", inventories.len())),
    }
}

/// Offers the personal order sources, and what products are written to.
pub(crate) fn discover(client: &Client) -> Result<Discovery> {
    let sources = references::sources(client)?;
    let personal = sources.iter().filter_map(|source| {
        let id: u64 = source.id.strip_prefix("personal:")?.parse().ok()?;
        Some((id, source.label.as_str()))
    });
    let found = personal.fold(Discovery::new(), |found, (id, label)| found.choice("custom_source_id", id, label));
    let found = numbers(found, "inventory_id", &references::inventories(client)?);
    let found = numbers(found, "price_group_id", &references::page(client, "price-list")?.references);
    let warehouses = references::page(client, "warehouse")?.references;
    // Stock of the automatic warehouses of shops cannot be set.
    let ours = warehouses.iter().filter(|warehouse| warehouse.id.starts_with("bl_"));
    Ok(ours.fold(found, |found, one| found.choice("warehouse", one.id.as_str(), &one.label)))
}

fn numbers(found: Discovery, key: &str, references: &[Reference]) -> Discovery {
    let numbered = references.iter().filter_map(|one| Some((one.id.parse::<u64>().ok()?, one.label.as_str())));
    numbered.fold(found, |found, (id, label)| found.choice(key, id, label))
}
