//! Reference lists, from entities whose names and fields are [assumed], and the companies of the configuration.

use wharf_sdk::{Failure, Reference, ReferencePage, Result};

use crate::assumed::{GUESSES, Guess, PAGE_SIZE, TAX_PERCENT};
use crate::client::{Client, rows};
use crate::listing::Position;
use crate::others::{key_field, key_of};
use crate::query::Query;
use crate::row::Row;
use crate::verbs::Entity;

/// The list of companies.
pub(crate) const COMPANIES: &str = "company";

/// Returns a page of a reference list; `after` says how many entries came before it, and the key of the last of them.
pub(crate) fn page(list: &str, after: Option<&str>) -> Result<ReferencePage> {
    let client = Client::open()?;
    if list == COMPANIES {
        return Ok(ReferencePage::last(companies(&client)));
    }
    let guess = GUESSES.iter().find(|guess| guess.list.is_some_and(|(name, _)| name == list));
    let guess = guess.ok_or_else(|| Failure::no_reference_list(list))?;
    entries(&client, guess, &after.map_or_else(|| Ok(Position::start(PAGE_SIZE)), position)?)
}

fn position(after: &str) -> Result<Position> {
    let (skip, last) = after.split_once(' ').unwrap_or((after, ""));
    let skip = skip.parse().map_err(|_| Failure::internal(format!("`{after}` is no place in a list")))?;
    Ok(Position { skip, size: PAGE_SIZE, last: Some(last.to_owned()), short: skip % PAGE_SIZE != 0 })
}

fn companies(client: &Client) -> Vec<Reference> {
    let config = &client.config;
    let ids = std::iter::once(&config.company_id).chain(&config.company_ids);
    ids.map(|id| Reference::new(id.as_str(), format!("Company {id}"))).collect()
}

fn entries(client: &Client, guess: &Guess, position: &Position) -> Result<ReferencePage> {
    let entity = Entity::Other(guess.entity);
    let query = Query::new().order_by(key_field(&client.config, guess.entity)?);
    let Some(response) = position.ask(client, entity, query)? else { return Ok(ReferencePage::last(Vec::new())) };
    let rows = rows(&response)?;
    let keys = rows.iter().map(|row| key_of(row, &client.config, guess.entity)).collect::<Result<Vec<_>>>()?;
    let begin = position.first_new(&keys, &response, entity)?;
    let fresh = rows.iter().zip(&keys).skip(begin);
    let references = fresh.map(|(row, key)| reference(guess, row, key)).collect::<Result<Vec<_>>>()?;
    let after = position.after(rows.len(), None).skip;
    let next = keys.last().filter(|_| begin < keys.len()).map(|last| format!("{after} {last}"));
    Ok(ReferencePage { references, next })
}

fn reference(guess: &Guess, row: &Row<'_>, key: &str) -> Result<Reference> {
    let label = row.text(guess.label)?.unwrap_or_else(|| key.to_owned());
    let reference = Reference::new(key, label).code(key);
    Ok(match row.number(TAX_PERCENT)? {
        Some(percent) => reference.value(percent),
        None => reference,
    })
}
