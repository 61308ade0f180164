//! FLOWii's code lists, as reference lists and for lookups. They are read one after the other: read in parallel they
//! ended in 429 (seen by a client).

use wharf_sdk::{Failure, Reference, ReferencePage, Result, violation};

use crate::api::{Named, Resource};
use crate::assumed::COUNTRY_CODES;
use crate::client::{Client, envelope};
use crate::{company, countries};

/// An entry of a code list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Its code where it has one.
    pub(crate) code: Option<String>,
    /// Whether it is below another entry.
    pub(crate) nested: bool,
}

/// Reference lists: name, what people call it, path.
pub(crate) const LISTS: [(&str, &str, &[&str]); 9] = [
    ("order-type", "Order types", &["ordertypes"]),
    ("order-status", "Order states", &["orderstates"]),
    ("activity-type", "Activity types", &["activitytypes"]),
    ("business-case-state", "States of business cases", &["businesscasestates"]),
    ("product-category", "Categories of products", &["productcategories"]),
    ("country", "Countries", &["countries"]),
    ("user", "Users", &["users"]),
    ("company-data", "Billing identities of the company", &["companydata"]),
    ("order-field", "Custom fields of orders", &["orders", "customfields"]),
];

/// Returns a reference list, whole.
pub(crate) fn page(list: &str) -> Result<ReferencePage> {
    let client = Client::open()?;
    if list == "company" {
        let companies = company::list(&client)?;
        return Ok(ReferencePage::last(companies.into_iter().map(|one| Reference::new(one.id, one.name)).collect()));
    }
    let found = LISTS.iter().find(|(name, ..)| *name == list);
    let (_, _, path) = found.ok_or_else(|| Failure::no_reference_list(list))?;
    let entries = read_path(&client, path)?;
    Ok(ReferencePage::last(entries.into_iter().map(|entry| reference(list, entry)).collect()))
}

/// Reads a code list.
pub(crate) fn read(client: &Client, path: &str) -> Result<Vec<Entry>> {
    read_path(client, &[path])
}

/// Returns the first type that new orders may have: sub-types are refused.
pub(crate) fn first_order_type(client: &Client) -> Result<String> {
    let types = read(client, "ordertypes")?;
    types.into_iter().find(|entry| !entry.nested).map(|entry| entry.id).ok_or_else(|| {
        let message = "the company has no top-level order type; make one in FLOWii, or set `order_type_id`";
        Failure::config_invalid(vec![violation("/order_type_id", "no-order-type", message)])
    })
}

/// Returns the first activity type.
pub(crate) fn first_activity_type(client: &Client) -> Result<String> {
    read(client, "activitytypes")?.into_iter().next().map(|entry| entry.id).ok_or_else(|| {
        let message = "the company has no activity type; make one in FLOWii, or set `activity_type_id`";
        Failure::config_invalid(vec![violation("/activity_type_id", "no-activity-type", message)])
    })
}

/// Code lists ignore paging, so the first request asks for none; a list that says that it goes on is read on.
fn read_path(client: &Client, path: &[&str]) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for page in 0..client.config.search_pages {
        let query = [("page[number]", page.to_string())];
        let response = client.get(path, if page == 0 { &[] } else { &query })?;
        let envelope = envelope(&response)?;
        let before = entries.len();
        for row in envelope.rows()? {
            if !entries.iter().any(|entry| entry.id == row.id.as_str()) {
                entries.push(entry(&row)?);
            }
        }
        if entries.len() == before || !envelope.has_next() {
            break;
        }
    }
    Ok(entries)
}

fn entry(row: &Resource<'_>) -> Result<Entry> {
    let attributes: Named<'_> = row.attributes()?;
    let code = COUNTRY_CODES.iter().find_map(|name| {
        let text: String = serde_json::from_str(attributes.unknown.get(name)?).ok()?;
        Some(text).filter(|text| !text.is_empty())
    });
    let nested = row.one("parent")?.is_some();
    Ok(Entry { id: row.id.to_string(), name: attributes.name.into_string(), code, nested })
}

fn reference(list: &str, entry: Entry) -> Reference {
    let code = match list {
        "country" => countries::iso_of(&entry),
        _ => entry.code,
    };
    let reference = Reference::new(entry.id, entry.name);
    match code {
        Some(code) => reference.code(code),
        None => reference,
    }
}
