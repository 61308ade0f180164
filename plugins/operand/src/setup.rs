//! Helping the operator to get a connection going.

use wharf_sdk::Result;
use wharf_sdk::setup::{Checks, Step};

use crate::api;
use crate::client::Client;
use crate::listing::page_of;
use crate::source::Source;

/// Signs in, and reads one row of each list.
pub(crate) fn check() -> Vec<Step> {
    let token =
        "set the token that Operand shows under Configurações, Módulos e funções, API Operand; the newest counts";
    Checks::new()
        .step("sign in and read clients", token, || first_row(Source::Clients, "client"))
        .optional("read jobs", "let the owner of the account see the jobs", || first_row(Source::Jobs, "job"))
        .optional("read receivables", "have the financial module switched on, or correct `finance_path`", || {
            first_row(Source::Receivables, "receivable")
        })
        .optional("read payables", "have the financial module switched on, or correct `finance_path`", || {
            first_row(Source::Payables, "payable")
        })
        .finish()
}

fn first_row(source: Source, what: &str) -> Result<String> {
    let client = Client::open()?;
    let response = client.get(&source.path(&client.config), &page_of(&[], 0, 1))?;
    Ok(match api::rows(&response)?.is_empty() {
        true => format!("there is no {what} yet"),
        false => format!("one {what} was read"),
    })
}
