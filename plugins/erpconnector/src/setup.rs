//! Helping the operator to get a connection going.

use wharf_sdk::Result;
use wharf_sdk::setup::{Checks, Step};

use crate::assumed::{Field, customer, invoice, product};
use crate::client::{Client, rows};
use crate::query::Query;
use crate::verbs::{Entity, Verb, is_offered};

/// Signs in, and reads one record of everything that the ERP offers.
pub(crate) fn check() -> Vec<Step> {
    let hint = "check the licence code, the secret key and `company_id`, and that the robot beside the ERP runs";
    Checks::new()
        .step("sign in", hint, sign_in)
        .optional("read customers", "add what the ERP offers to `verbs`", || read(Entity::Customer, customer::NUMBER))
        .optional("read products", "add what the ERP offers to `verbs`", || read(Entity::Product, product::NUMBER))
        .optional("read invoices", "add what the ERP offers to `verbs`", || {
            read(Entity::CustomerInvoice, invoice::NUMBER)
        })
        .finish()
}

fn sign_in() -> Result<String> {
    let client = Client::open()?;
    let offered = Entity::ALL.into_iter().find(|entity| is_offered(&client.config, *entity, Verb::Get));
    // With nothing to read, asking for customers says what the table says.
    let entity = offered.unwrap_or(Entity::Customer);
    client.list(entity, &Query::new().top(1))?;
    Ok(format!("company {} answers", client.config.company_id))
}

fn read(entity: Entity, key: Field) -> Result<String> {
    let client = Client::open()?;
    if !is_offered(&client.config, entity, Verb::Get) {
        return Ok("not offered by this ERP".to_owned());
    }
    let response = client.list(entity, &Query::new().select(client.config.name(key)).top(1))?;
    Ok(match rows(&response)?.first() {
        Some(row) => format!("the first one is {}", crate::convert::key(row, key, &client.config)?),
        None => "there are none yet".to_owned(),
    })
}
