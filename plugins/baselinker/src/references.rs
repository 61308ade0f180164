//! The account's own lists.

use serde_json::json;
use wharf_sdk::{Failure, Reference, ReferencePage, Result};

use crate::api::list::{AllSeries, ExtraFields, PriceGroups, Sources, Statuses, Warehouses};
use crate::api::{Raw, Rows};
use crate::client::Client;

/// Names of the lists and what the vendor's panel calls them.
pub(crate) const LISTS: [(&str, &str); 6] = [
    ("order-status", "Order statuses"),
    ("order-source", "Order sources"),
    ("attribute", "Additional order fields"),
    ("warehouse", "Warehouses"),
    ("price-list", "Price groups"),
    ("document-series", "Numbering series"),
];

/// Returns a list. The vendor sends each of them whole.
pub(crate) fn page(client: &Client, list: &str) -> Result<ReferencePage> {
    let references = match list {
        "order-status" => statuses(client),
        "order-source" => sources(client),
        "attribute" => extra_fields(client),
        "warehouse" => warehouses(client),
        "price-list" => price_groups(client),
        "document-series" => series(client),
        _ => Err(Failure::unsupported(list, format!("there is no reference list `{list}`"))),
    };
    references.map(ReferencePage::last)
}

pub(crate) fn statuses(client: &Client) -> Result<Vec<Reference>> {
    let answer = client.read("getOrderStatusList", &json!({}))?;
    let Statuses(Rows(rows)) = answer.payload()?;
    Ok(rows.iter().map(|row| entry(row.id, row.name, row.name_for_customer)).collect())
}

/// Lists sources by `type:id`, as their numbers are unique within their type only.
pub(crate) fn sources(client: &Client) -> Result<Vec<Reference>> {
    let answer = client.read("getOrderSources", &json!({}))?;
    let Sources(types) = answer.payload()?;
    let mut references = Vec::new();
    for (kind, sources) in types.iter() {
        references
            .extend(sources.iter().map(|(id, name)| Reference::new(format!("{kind}:{id}"), name.text()).code(kind)));
    }
    Ok(references)
}

fn extra_fields(client: &Client) -> Result<Vec<Reference>> {
    let answer = client.read("getOrderExtraFields", &json!({}))?;
    let ExtraFields(Rows(rows)) = answer.payload()?;
    Ok(rows.iter().map(|row| entry(row.extra_field_id, row.name, row.editor_type)).collect())
}

fn warehouses(client: &Client) -> Result<Vec<Reference>> {
    let answer = client.read("getInventoryWarehouses", &json!({}))?;
    let Warehouses(Rows(rows)) = answer.payload()?;
    let key = |kind: Raw<'_>, id: Raw<'_>| format!("{}_{}", kind.text(), id.text());
    Ok(rows.iter().map(|row| Reference::new(key(row.warehouse_type, row.warehouse_id), row.name.text())).collect())
}

fn price_groups(client: &Client) -> Result<Vec<Reference>> {
    let answer = client.read("getInventoryPriceGroups", &json!({}))?;
    let PriceGroups(Rows(rows)) = answer.payload()?;
    Ok(rows.iter().map(|row| entry(row.price_group_id, row.name, row.currency)).collect())
}

fn series(client: &Client) -> Result<Vec<Reference>> {
    let answer = client.read("getSeries", &json!({}))?;
    let AllSeries(Rows(rows)) = answer.payload()?;
    Ok(rows.iter().map(|row| entry(row.id, row.name, row.r#type)).collect())
}

/// Makes an entry; the code is left out where nothing is said or it repeats the name.
fn entry(id: Raw<'_>, name: Raw<'_>, code: Raw<'_>) -> Reference {
    let reference = Reference::new(id.text(), name.text());
    match code.is_blank() || code == name {
        true => reference,
        false => reference.code(code.text()),
    }
}
