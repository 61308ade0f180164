//! Records of a company API, one by one.

use wharf_sdk::{Failure, Item, Result};

use crate::client::Client;
use crate::customer::PARTNER;

/// Returns the customer with that code.
pub(crate) fn get(entity: &str, id: &str) -> Result<Item> {
    check(entity)?;
    Client::open()?.one(id)?.ok_or_else(|| Failure::subject_not_found(entity, id))
}

/// Returns the customers for which every field of `query` holds.
pub(crate) fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
    check(entity)?;
    let parameters = query.iter().map(parameter).collect::<Result<Vec<_>>>()?;
    let found = Client::open()?.search(parameters)?;
    Ok(found.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

fn check(entity: &str) -> Result<()> {
    match entity {
        PARTNER => Ok(()),
        _ => Err(Failure::no_records(entity)),
    }
}

fn parameter((key, value): &(String, String)) -> Result<(&'static str, &str)> {
    let name = match key.as_str() {
        "registration_number" => "cnpj",
        "tax_number" => "cpf",
        "email" => "email",
        "phone" => "telefone",
        _ => return Err(Failure::no_lookup_key(PARTNER, key)),
    };
    Ok((name, value))
}
