//! Finding again what was made, by a text that it carries: one walk through a list for as many as are looked for.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use wharf_sdk::{Result, Walk};

use crate::api::Resource;
use crate::client::{Client, Query, envelope};
use crate::listing::walk;

/// Most records that are read one by one where a list leaves the text out: a call of the host sends 200 requests at most.
const MOST_SINGLE_READS: usize = 50;

/// A list, and what its records are recognised by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) entity: &'static str,
    pub(crate) path: &'static str,
    /// The attribute with the text.
    pub(crate) attribute: &'a str,
    /// Whether the attribute's text is that of what is looked for.
    pub(crate) is_it: fn(&str, &str) -> bool,
}

/// A record that is in FLOWii.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
}

/// What a search found.
#[derive(Debug, Default)]
pub(crate) struct Search {
    found: BTreeMap<String, Found>,
    /// Whether the list was longer than is read.
    too_long: bool,
}

impl Found {
    /// Reads id and number.
    pub(crate) fn of(row: &Resource<'_>) -> Result<Self> {
        let number = row.text_of("serial-nr")?.and_then(|text| text.filled());
        Ok(Self { id: row.id.to_string(), number })
    }
}

impl Search {
    /// Returns what became of one text.
    pub(crate) fn of(&self, text: &str) -> Walk<Found> {
        match self.found.get(text) {
            Some(found) => Walk::Found(found.clone()),
            None if self.too_long => Walk::TooLong,
            None => Walk::Over,
        }
    }
}

/// Looks for all these texts. The list is read once, until it is over or all of them are found.
pub(crate) fn search(client: &Client, place: Place<'_>, query: Query<'_>, texts: &[&str]) -> Result<Search> {
    let missing: RefCell<BTreeSet<&str>> = RefCell::new(texts.iter().copied().collect());
    let mut search = Search::default();
    let (mut described, mut bare) = (false, Vec::new());
    if missing.borrow().is_empty() {
        return Ok(search);
    }
    let end = walk(client, &[place.path], query, client.config.search_pages, |_, row| {
        let Some(text) = row.text_of(place.attribute)? else {
            bare.push(row.id.to_string());
            return Ok(ControlFlow::Continue(()));
        };
        described = true;
        take(&mut search, &missing, place, text.as_str(), row)?;
        Ok(if missing.borrow().is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    search.too_long = end == Walk::TooLong;
    // A list that leaves the text out of every record says nothing: the records themselves are read.
    if !described && !search.too_long {
        search.too_long = bare.len() > MOST_SINGLE_READS;
        for id in bare.iter().take(MOST_SINGLE_READS) {
            let response = client.get_one(place.entity, &[place.path, id], id)?;
            let row = envelope(&response)?.resource()?;
            let text = row.text_of(place.attribute)?.unwrap_or_default();
            take(&mut search, &missing, place, text.as_str(), &row)?;
            if missing.borrow().is_empty() {
                break;
            }
        }
    }
    Ok(search)
}

fn take(
    search: &mut Search,
    missing: &RefCell<BTreeSet<&str>>,
    place: Place<'_>,
    text: &str,
    row: &Resource<'_>,
) -> Result<()> {
    let wanted = missing.borrow().iter().copied().find(|wanted| (place.is_it)(text, wanted));
    if let Some(wanted) = wanted {
        search.found.insert(wanted.to_owned(), Found::of(row)?);
        missing.borrow_mut().remove(wanted);
    }
    Ok(())
}
