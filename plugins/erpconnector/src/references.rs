//! Reference lists, from entities whose names and fields are [assumed], and the companies of the configuration.

use wharf_sdk::{Failure, Reference, ReferencePage, Result};

use crate::assumed::{GUESSES, Guess, PAGE_SIZE, TAX_PERCENT};
use crate::client::{Client, rows};
use crate::others::{key_field, key_of};
use crate::query::Query;
use crate::row::Row;
use crate::verbs::Entity;

/// The list of companies.
pub(crate) const COMPANIES: &str = "company";

/// Returns a page of a reference list; `after` says how many entries came before it.
pub(crate) fn page(list: &str, after: Option<&str>) -> Result<ReferencePage> {
    let client = Client::open()?;
    if list == COMPANIES {
        return Ok(ReferencePage::last(companies(&client)));
    }
    let guess = GUESSES.iter().find(|guess| guess.list.is_some_and(|(name, _)| name == list));
    let guess = guess.ok_or_else(|| Failure::no_reference_list(list))?;
    let skip: u32 = after
        .unwrap_or("0")
        .parse()
        .map_err(|_| Failure::internal(format!("`{}` is no place in a list", after.unwrap_or_default())))?;
    entries(&client, guess, skip)
}

fn companies(client: &Client) -> Vec<Reference> {
    let config = &client.config;
    let ids = std::iter::once(&config.company_id).chain(&config.company_ids);
    ids.map(|id| Reference::new(id.as_str(), format!("Company {id}"))).collect()
}

fn entries(client: &Client, guess: &Guess, skip: u32) -> Result<ReferencePage> {
    let key = key_field(&client.config, guess.entity)?;
    let query = Query::new().order_by(key).top(PAGE_SIZE).skip(skip);
    let response = client.list(Entity::Other(guess.entity), &query)?;
    let rows = rows(&response)?;
    let references = rows.iter().map(|row| reference(client, guess, row)).collect::<Result<Vec<_>>>()?;
    // A list that ignores `$top` is whole; one that is as long as asked for may go on.
    let is_full = u32::try_from(rows.len()) == Ok(PAGE_SIZE);
    let next = is_full.then(|| skip.saturating_add(PAGE_SIZE).to_string());
    Ok(ReferencePage { references, next })
}

fn reference(client: &Client, guess: &Guess, row: &Row<'_>) -> Result<Reference> {
    let key = key_of(row, &client.config, guess.entity)?;
    let label = row.text(guess.label)?.unwrap_or_else(|| key.clone());
    let reference = Reference::new(key.as_str(), label).code(key.as_str());
    Ok(match row.number(TAX_PERCENT)? {
        Some(percent) => reference.value(percent),
        None => reference,
    })
}
