//! Walking through a list within one call.

use std::ops::ControlFlow;

use serde_json::value::RawValue;
use wharf_sdk::{Result, Walk};

use crate::api;
use crate::client::{Client, Query};
use crate::position::{MOST_ROWS, OVERLAP};

/// Returns the parameters of a page.
pub(crate) fn page_of<'n>(query: &[(&'n str, String)], offset: u64, limit: u32) -> Vec<(&'n str, String)> {
    let mut all = query.to_vec();
    all.extend([("limit", limit.to_string()), ("offset", offset.to_string())]);
    all
}

/// Visits the rows of a list until `visit` breaks or the list is over: a page with fewer rows than were asked for is the
/// last (seen by a client). Pages repeat some rows of the one before, as rows may be removed meanwhile, so a row may be
/// visited twice.
pub(crate) fn walk<T>(
    client: &Client,
    path: &[&str],
    query: Query<'_>,
    mut visit: impl FnMut(&RawValue) -> Result<ControlFlow<T>>,
) -> Result<Walk<T>> {
    let step = u64::from(MOST_ROWS - OVERLAP);
    for page in 0..u64::from(client.config.search_pages) {
        let response = client.get(path, &page_of(query, page * step, MOST_ROWS))?;
        let rows = api::rows(&response)?;
        for row in &rows {
            if let ControlFlow::Break(found) = visit(row)? {
                return Ok(Walk::Found(found));
            }
        }
        if u32::try_from(rows.len()).unwrap_or(u32::MAX) < MOST_ROWS {
            return Ok(Walk::Over);
        }
    }
    Ok(Walk::TooLong)
}
