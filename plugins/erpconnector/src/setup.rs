//! Helping the operator to get a connection going.

use wharf_sdk::Result;
use wharf_sdk::setup::{Checks, Step};

use crate::assumed::supplier_invoice::SUPPLIER;
use crate::client::{Client, rows};
use crate::feeds::{key, key_name};
use crate::query::Query;
use crate::verbs::{Entity, Verb, is_offered};

/// Signs in, and reads one record of everything that the ERP offers.
pub(crate) fn check() -> Vec<Step> {
    let hint = "check the licence code, the secret key and `company_id`, and that the robot beside the ERP runs";
    let verbs = "add what the ERP offers to `verbs`";
    Checks::new()
        .step("sign in", hint, sign_in)
        .optional("read customers", verbs, || read(Entity::Customer))
        .optional("read products", verbs, || read(Entity::Product))
        .optional("read invoices", verbs, || read(Entity::CustomerInvoice))
        .optional("read supplier invoices", verbs, || read(Entity::SupplierInvoice))
        .optional("read supplier orders", verbs, || read(Entity::SupplierOrder))
        .optional("read journal entries", verbs, || read(Entity::GLJournalEntry))
        .optional("reach other companies", "take out of `company_ids` what the licence has not", other_companies)
        .finish()
}

fn sign_in() -> Result<String> {
    let client = Client::open()?;
    first_list(&client)?;
    Ok(format!("company {} answers", client.config.company_id))
}

/// Reads a list that the ERP offers; with nothing to read, asking for customers says what the table says.
fn first_list(client: &Client) -> Result<()> {
    let offered = Entity::KNOWN.into_iter().find(|entity| is_offered(&client.config, *entity, Verb::Get));
    client.list(offered.unwrap_or(Entity::Customer), &Query::new().top(1)).map(drop)
}

fn read(entity: Entity<'static>) -> Result<String> {
    let client = Client::open()?;
    if !is_offered(&client.config, entity, Verb::Get) {
        return Ok("not offered by this ERP".to_owned());
    }
    let supplier = (entity == Entity::SupplierInvoice).then(|| client.config.name(SUPPLIER));
    let fields = std::iter::once(key_name(entity, &client.config)?).chain(supplier);
    let response = client.list(entity, &fields.fold(Query::new(), Query::select).top(1))?;
    Ok(match rows(&response)?.first() {
        Some(row) => format!("the first one is {}", key(&client, entity, row)?),
        None => "there are none yet".to_owned(),
    })
}

fn other_companies() -> Result<String> {
    let ids = Client::open()?.config.company_ids;
    for id in &ids {
        first_list(&Client::open()?.of_company(Some(id))?)?;
    }
    Ok(if ids.is_empty() { "none are set".to_owned() } else { format!("{} answer, too", ids.join(", ")) })
}
