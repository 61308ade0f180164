//! Helping the operator to get a connection going.

use wharf_sdk::setup::{Checks, Step, StepState};
use wharf_sdk::{Failure, lookups};

use crate::client::Client;
use crate::config::Config;
use crate::owner::ROLE;
use crate::question::Key;

/// Looks at the sources that were granted, and asks the company API where there is one.
pub(crate) fn check() -> Vec<Step> {
    let reads = Config::load().is_ok_and(|config| config.base_url.is_some());
    let mut steps = serving(reads);
    if reads {
        let hint = "check `base_url`, `paths.health` and the credential of the company API";
        steps.extend(
            Checks::new()
                .step("ask the company API", hint, || {
                    Client::open()?.health()?;
                    Ok("it answers".to_owned())
                })
                .finish(),
        );
    }
    steps
}

fn serving(reads: bool) -> Vec<Step> {
    let sources = lookups::in_role(ROLE);
    if sources.is_empty() && reads {
        return vec![Step::new("owners of customers", StepState::Skipped, "nothing is granted, so nothing is served")];
    }
    let hint = "grant connections in the role `customers`, whose look-ups take `tax_number`, `registration_number`, `email` or `phone`";
    Checks::new()
        .step("owners of customers", hint, || {
            let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            match names.is_empty() {
                true => Err(Failure::unsupported("lookups", "no connection is granted in the role `customers`")),
                false => Ok(format!("{} ({})", names.join(", "), searchable(&sources))),
            }
        })
        .finish()
}

/// Says by which keys customers can be searched.
fn searchable(sources: &[lookups::Source]) -> String {
    let keys = [Key::Cpf, Key::Cnpj, Key::Email, Key::Phone];
    let can = |key: &Key| sources.iter().any(|source| key.lookup_keys().iter().any(|one| source.has_key(one)));
    let names: Vec<&str> = keys.iter().filter(|key| can(key)).map(|key| key.name()).collect();
    if names.is_empty() { "by `codigo` only".to_owned() } else { format!("by codigo, {}", names.join(", ")) }
}
