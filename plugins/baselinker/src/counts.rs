//! Counting what a feed would return.

use std::collections::BTreeSet;

use wharf_sdk::{Bounds, Completeness, Failure, Result, Tally};

use crate::catalog;
use crate::client::Client;
use crate::feeds::pull;

/// Counts the records of a feed: the vendor has no method for it, so the lists are gone through.
///
/// `too-large` when the configuration's `count_pages` are not enough.
pub(crate) fn count(client: Client, feed: &str, bounds: Bounds) -> Result<Tally> {
    let answers = client.config.count_pages;
    let count = match feed {
        "products" => catalog::products::count(&client, &bounds, answers)?,
        _ => by_reading(&client, feed, bounds, answers)?,
    };
    let too_many = || {
        let message =
            format!("`{feed}` is not counted after {answers} answers; narrow the window, or raise `count_pages`");
        Failure::too_large(0, message)
    };
    Ok(Tally { count: count.ok_or_else(too_many)?, digest: None })
}

/// Reads the feed to its end; a record that comes twice counts once. None when it takes too many answers.
fn by_reading(client: &Client, feed: &str, bounds: Bounds, answers: u32) -> Result<Option<u64>> {
    let bounds = Bounds { max_items: u32::MAX, max_bytes: u32::MAX, ..bounds };
    let mut cursor = None;
    let mut seen = BTreeSet::new();
    for _ in 0..answers {
        let page = pull(client, feed, cursor.take(), &bounds)?;
        seen.extend(page.items.into_iter().map(|item| item.id));
        if page.state == Completeness::CaughtUp {
            return Ok(Some(u64::try_from(seen.len()).unwrap_or(u64::MAX)));
        }
        cursor = Some(page.next);
    }
    Ok(None)
}
