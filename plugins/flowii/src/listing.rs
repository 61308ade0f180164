//! Walking through a list that comes in pages.

use std::collections::HashSet;
use std::ops::ControlFlow;

use wharf_sdk::{Failure, Result, Walk};

use crate::api::{Envelope, Resource};
use crate::assumed::PAGE_SIZE;
use crate::client::{Client, Query, envelope};

/// Returns the parameters of a page; pages count from 0.
pub(crate) fn page_of<'n>(query: &[(&'n str, String)], page: u64, size: u32) -> Vec<(&'n str, String)> {
    let mut all = query.to_vec();
    all.extend([("page[size]", size.to_string()), ("page[number]", page.to_string())]);
    all
}

/// Visits the rows of a list page by page, until `visit` breaks, the list says that it is over, or a page brings no id
/// that was not there before: some lists ignore paging and return the same rows again (seen by a client). One that knows
/// only its first page is `contract-changed`, so that the rest is not taken for missing.
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
        let rows = envelope.rows()?;
        let count = rows.len();
        for row in rows {
            if !seen.insert(row.id.to_string()) {
                continue;
            }
            brought_any = true;
            if let ControlFlow::Break(found) = visit(&envelope, &row)? {
                return Ok(Walk::Found(found));
            }
        }
        if !brought_any {
            require_all(client, path, query, count)?;
            return Ok(Walk::Over);
        }
        if !envelope.has_next() {
            return Ok(Walk::Over);
        }
    }
    Ok(Walk::TooLong)
}

/// Makes sure that a list whose page came again is all there: it ignores paging as a whole, and not only the number of the
/// page. To tell one from the other it is asked for a page of another size, a larger one where that is known to work.
pub(crate) fn require_all(client: &Client, path: &[&str], query: Query<'_>, rows: usize) -> Result<()> {
    if rows == 0 {
        return Ok(());
    }
    let other = u32::try_from(rows).ok().filter(|rows| *rows >= PAGE_SIZE).map_or(PAGE_SIZE, |rows| rows - 1);
    let response = client.get(path, &page_of(query, 0, other))?;
    let came = envelope(&response)?.rows()?.len();
    if came == rows {
        return Ok(());
    }
    let detail = format!(
        "the list `{}` brings its first page again for every `page[number]`; {rows} of its records are all that can be read",
        path.join("/")
    );
    Err(Failure::contract_changed(detail, response.text_if_any().unwrap_or_default())
        .with_evidence(response.evidence()))
}
