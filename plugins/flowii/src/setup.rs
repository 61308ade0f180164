//! Helping the operator to get a connection going.

use wharf_sdk::Result;
use wharf_sdk::setup::{Checks, Discovery, Step};

use crate::client::{Client, envelope};
use crate::{company, references};

/// Signs in, finds the company, and reads what flows need.
pub(crate) fn check() -> Vec<Step> {
    Checks::new()
        .step("sign in", "check the login, the password and the API key (FLOWii: Settings, Extensions, API)", || {
            let companies = company::list(&Client::open()?)?;
            Ok(format!("{} companies in reach", companies.len()))
        })
        .step("company access", "set `company_id` to one of the companies that `discover` lists", || {
            let client = Client::open()?;
            let wanted = client.config.company_id.as_deref();
            Ok(format!("company {}", company::choose(&company::list(&client)?, wanted)?))
        })
        .step("read partners", "grant the API user the right to read partners", || {
            let client = Client::open()?;
            let response = client.get(&["partners"], &crate::listing::page_of(&[], 0, 1))?;
            Ok(format!("{} partners on the first page", envelope(&response)?.rows()?.len()))
        })
        .step("read order types", "make an order type in FLOWii, or set `order_type_id`", || {
            let client = Client::open()?;
            let types = references::read(&client, "ordertypes")?;
            Ok(format!("{} order types; new orders get {}", types.len(), client.order_type()?))
        })
        .finish()
}

/// Lists the companies, and what new orders can have.
pub(crate) fn discover() -> Result<Discovery> {
    let client = Client::open()?;
    let companies = company::list(&client)?;
    let mut discovery = Discovery::new();
    for one in &companies {
        discovery = discovery.choice("company_id", one.id.as_str(), one.name.as_str());
    }
    if company::choose(&companies, client.config.company_id.as_deref()).is_err() {
        // The rest depends on the company, and that is to be chosen first.
        return Ok(discovery);
    }
    for (key, path) in [
        ("order_type_id", "ordertypes"),
        ("order_state_id", "orderstates"),
        ("responsible_user_ids", "users"),
        ("company_data_id", "companydata"),
    ] {
        let entries = references::read(&client, path)?.into_iter().filter(|entry| !entry.nested);
        discovery = entries.fold(discovery, |all, entry| all.choice(key, entry.id, entry.name));
    }
    Ok(discovery)
}
