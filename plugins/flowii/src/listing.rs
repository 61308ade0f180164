//! Walking through a list that comes in pages.

use std::collections::HashSet;
use std::ops::ControlFlow;

use wharf_sdk::Result;

use crate::api::{Envelope, Resource};
use crate::assumed::PAGE_SIZE;
use crate::client::{Client, Query, envelope};

/// How a walk ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Walk<T> {
    /// The visitor had what it wanted.
    Found(T),
    /// The list is over.
    Over,
    /// More pages than the walk may read.
    TooLong,
}

/// Returns the parameters of a page; pages count from 0.
pub(crate) fn page_of<'n>(query: &[(&'n str, String)], page: u64, size: u32) -> Vec<(&'n str, String)> {
    let mut all = query.to_vec();
    all.extend([("page[size]", size.to_string()), ("page[number]", page.to_string())]);
    all
}

/// Visits the rows of a list page by page, until `visit` breaks, the list says that it is over, or a page brings no id
/// that was not there before: some lists ignore paging and return the same rows again (seen by a client).
pub(crate) fn walk<T>(
    client: &Client,
    path: &[&str],
    query: Query<'_>,
    max_pages: u32,
    mut visit: impl FnMut(&Envelope<'_>, &Resource<'_>) -> Result<ControlFlow<T>>,
) -> Result<Walk<T>> {
    let mut seen = HashSet::new();
    for page in 0..u64::from(max_pages) {
        let response = client.get(path, &page_of(query, page, PAGE_SIZE))?;
        let envelope = envelope(&response)?;
        let mut brought_any = false;
        for row in envelope.rows()? {
            if !seen.insert(row.id.to_string()) {
                continue;
            }
            brought_any = true;
            if let ControlFlow::Break(found) = visit(&envelope, &row)? {
                return Ok(Walk::Found(found));
            }
        }
        if !brought_any || !envelope.has_next() {
            return Ok(Walk::Over);
        }
    }
    Ok(Walk::TooLong)
}
