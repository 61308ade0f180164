//! How a list is walked through, page by page or within one call.
//!
//! Nothing but a page without a new row is its end. A shorter page than was asked for proves nothing: an ERP may have a
//! largest page of its own, and the vendor publishes none.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use wharf_sdk::failure::Cause;
use wharf_sdk::http::Response;
use wharf_sdk::{Failure, Result, Walk};

use crate::assumed::{PAGE_SIZE, SEARCH_PAGES};
use crate::client::{Client, rows};
use crate::feeds::{key, key_name};
use crate::query::Query;
use crate::row::Row;
use crate::verbs::Entity;

/// Where a list is being read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Rows of the list that are done.
    pub(crate) skip: u32,
    /// Rows that are asked for; it stays the same during a round.
    pub(crate) size: u32,
    /// Key of the row that was done last.
    pub(crate) last: Option<String>,
    /// Whether the page before had fewer rows than were asked for, and so may have been the last.
    #[serde(default)]
    pub(crate) short: bool,
}

impl Position {
    /// Starts at the first row.
    pub(crate) fn start(size: u32) -> Self {
        Self { skip: 0, size, last: None, short: false }
    }

    /// Asks for the next rows. None where the ERP refuses to go on behind a short page: it has no `$skip` [assumed], so
    /// that page was the list.
    pub(crate) fn ask(&self, client: &Client, entity: Entity<'_>, query: Query) -> Result<Option<Response>> {
        match client.list(entity, &query.top(self.size).skip(self.skip)) {
            Err(failure) if self.short && matches!(failure.cause(), Cause::Unsupported(_)) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Returns the place of the first row after the one done last, which is there again where the list ignores `$skip` or
    /// has grown. `contract-changed` where an ERP that keeps to `$top` brings a full page again: what is behind it cannot
    /// be reached.
    pub(crate) fn first_new(&self, keys: &[String], response: &Response, entity: Entity<'_>) -> Result<usize> {
        let Some(last) = self.last.as_ref().filter(|_| self.skip > 0) else { return Ok(0) };
        let begin = keys.iter().position(|key| key == last).map_or(0, |index| index.saturating_add(1));
        if begin > 0 && begin == keys.len() && counted(begin) == self.size {
            let detail = format!("the list of `{}` brought the same rows again: it ignores `$skip`", entity.name());
            let sample = response.text_if_any().unwrap_or_default();
            return Err(Failure::contract_changed(detail, sample).with_evidence(response.evidence()));
        }
        Ok(begin)
    }

    /// Returns the position behind a page of so many rows, all of which are done.
    pub(crate) fn after(&self, rows: usize, last: Option<String>) -> Self {
        let counted = counted(rows);
        Self { skip: self.skip.saturating_add(counted), last, short: counted < self.size, ..self.clone() }
    }

    /// Returns the position within a page of which the first rows are done.
    pub(crate) fn within(&self, rows: usize, last: Option<String>) -> Self {
        Self { short: false, ..self.after(rows, last) }
    }
}

fn counted(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// Visits the records that a query finds until `visit` breaks or the list is over.
pub(crate) fn walk<T>(
    client: &Client,
    entity: Entity<'_>,
    query: &Query,
    mut visit: impl FnMut(&Row<'_>) -> Result<ControlFlow<T>>,
) -> Result<Walk<T>> {
    let query = query.clone().order_by(key_name(entity, &client.config)?);
    let mut position = Position::start(PAGE_SIZE);
    for _ in 0..SEARCH_PAGES {
        let Some(response) = position.ask(client, entity, query.clone())? else { return Ok(Walk::Over) };
        let rows = rows(&response)?;
        let keys = rows.iter().map(|row| key(client, entity, row)).collect::<Result<Vec<_>>>()?;
        let begin = position.first_new(&keys, &response, entity)?;
        for row in rows.iter().skip(begin) {
            if let ControlFlow::Break(found) = visit(row)? {
                return Ok(Walk::Found(found));
            }
        }
        if begin == rows.len() {
            return Ok(Walk::Over);
        }
        position = position.after(rows.len(), keys.last().cloned());
    }
    Ok(Walk::TooLong)
}
