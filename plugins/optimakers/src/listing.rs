//! Walking through a list that comes in pages.

use std::ops::ControlFlow;

use serde_json::value::RawValue;
use wharf_sdk::{Result, Walk};

use crate::api::Sheet;
use crate::client::{Client, Query, Resource};

/// Returns the parameters of a page; pages count from 1.
pub(crate) fn page_of<'n>(query: &[(&'n str, String)], page: u64, size: u32) -> Vec<(&'n str, String)> {
    let mut all = query.to_vec();
    all.extend([("page", page.to_string()), ("pageSize", size.to_string())]);
    all
}

/// Visits the rows of a list page by page, until `visit` breaks, the list says that it is over, or a page comes again: a
/// server may ignore paging, as it may ignore a filter.
pub(crate) fn walk<T>(
    client: &Client,
    resource: Resource,
    query: Query<'_>,
    mut visit: impl FnMut(&RawValue) -> Result<ControlFlow<T>>,
) -> Result<Walk<T>> {
    let size = client.config.page_size;
    let mut before = None;
    for page in 1..=u64::from(client.config.search_pages) {
        let response = client.list(resource, &page_of(query, page, size))?;
        let sheet = Sheet::of(&response)?;
        let first = sheet.first_id()?;
        if first.is_some() && first == before {
            return Ok(Walk::Over);
        }
        before = first;
        for raw in &sheet.items {
            if let ControlFlow::Break(found) = visit(raw)? {
                return Ok(Walk::Found(found));
            }
        }
        if sheet.is_last(page, size) {
            return Ok(Walk::Over);
        }
    }
    Ok(Walk::TooLong)
}
