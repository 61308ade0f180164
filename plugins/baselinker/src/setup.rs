//! Trying the connection out.

use serde_json::json;
use wharf_sdk::setup::{Checks, Discovery, Step};
use wharf_sdk::{Result, clock};

use crate::api::Rows;
use crate::api::list::Logs;
use crate::api::order::RawOrders;
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
        .finish()
}

const JOURNAL_HINT: &str = "ask the vendor's support to switch the journal on, or do without the feed `journal`";

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
    let Logs(Rows(logs)) = answer.payload()?;
    Ok(match logs.len() {
        0 => format!("no entry in three days; if orders have changed, the journal is switched off: {JOURNAL_HINT}"),
        entries => format!("{entries} entries"),
    })
}

/// Offers the personal order sources for `custom_source_id`.
pub(crate) fn discover(client: &Client) -> Result<Discovery> {
    let sources = references::sources(client)?;
    let personal = sources.iter().filter_map(|source| {
        let id: u64 = source.id.strip_prefix("personal:")?.parse().ok()?;
        Some((id, source.label.as_str()))
    });
    Ok(personal.fold(Discovery::new(), |found, (id, label)| found.choice("custom_source_id", id, label)))
}
