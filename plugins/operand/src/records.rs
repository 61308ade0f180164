//! Records one by one. Clients and jobs have no route of their own that is known, so their lists are searched.

use std::ops::ControlFlow;

use wharf_sdk::document::Partner;
use wharf_sdk::{Failure, Item, Result};

use crate::api::{self, Entry};
use crate::client::{Client, Query};
use crate::clients::{self, Clients};
use crate::convert;
use crate::convert::partner::significant;
use crate::feeds::{item, row};
use crate::listing::walk;
use crate::source::{INVOICE, JOB, PARTNER, Source};

/// Returns a record by its id.
pub(crate) fn get(entity: &str, id: &str) -> Result<Item> {
    let client = Client::open()?;
    let source = match entity {
        PARTNER => Source::Clients,
        JOB => Source::Jobs,
        INVOICE => return invoice(&client, id),
        _ => return Err(Failure::no_records(entity)),
    };
    let found = walk(&client, &source.path(&client.config), &[], |raw| {
        let row = row(source, raw, &client.config)?;
        match row.id == id {
            true => Ok(ControlFlow::Break(item(source, &row, &client.config, &Clients::new())?)),
            false => Ok(ControlFlow::Continue(())),
        }
    })?;
    found.found("rows", "search_pages")?.ok_or_else(|| Failure::subject_not_found(entity, id))
}

fn invoice(client: &Client, id: &str) -> Result<Item> {
    let (source, number) = Source::of_invoice(id).ok_or_else(|| Failure::subject_not_found(INVOICE, id))?;
    let mut path = source.path(&client.config);
    path.push(number);
    let response = client.get_one(INVOICE, &path, id)?;
    let row = row(source, api::one(&response)?, &client.config)?;
    let clients = clients::of_rows(client, source, [row.raw])?;
    item(source, &row, &client.config, &clients)
}

/// Returns the records for which every field of `query` holds.
pub(crate) fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
    let client = Client::open()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    match entity {
        PARTNER => {
            let wanted = query.iter().map(Wanted::read).collect::<Result<Vec<_>>>()?;
            search(&client, Source::Clients, &[], limit, |raw| {
                let partner = convert::partner::read(&api::read(raw)?);
                Ok(wanted.iter().all(|one| one.fits(&partner)))
            })
        }
        JOB => {
            let asked = parameters(entity, &["client", "status", "situation"], query)?;
            search(&client, Source::Jobs, &asked, limit, |raw| {
                let job: api::Job<'_> = api::read(raw)?;
                Ok(client.config.is_job(job.task_type.as_str())
                    && holds(query, "client", job.client_id.as_str())
                    && holds(query, "status", job.status_id.as_str())
                    && holds(query, "situation", job.situation.as_str()))
            })
        }
        INVOICE => invoices(&client, query, limit),
        _ => Err(Failure::no_records(entity)),
    }
}

fn invoices(client: &Client, query: &[(String, String)], limit: usize) -> Result<Vec<Item>> {
    let asked = parameters(INVOICE, &["number", "client", "situation"], query)?;
    let mut found = Vec::new();
    for source in [Source::Receivables, Source::Payables] {
        found.extend(search(client, source, &asked, limit.saturating_sub(found.len()), |raw| {
            let entry: Entry<'_> = api::read(raw)?;
            let partner = if source == Source::Payables { &entry.supplier_id } else { &entry.client_id };
            Ok(holds(query, "number", entry.number.as_str())
                && holds(query, "client", partner.as_str())
                && holds(query, "situation", entry.situation.as_str()))
        })?);
    }
    Ok(found)
}

/// Collects the rows of a list that fit, at most `limit`.
fn search(
    client: &Client,
    source: Source,
    query: Query<'_>,
    limit: usize,
    fits: impl Fn(&serde_json::value::RawValue) -> Result<bool>,
) -> Result<Vec<Item>> {
    let mut found: Vec<Item> = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    let walked = walk(client, &source.path(&client.config), query, |raw| {
        if fits(raw)? {
            let clients = clients::of_rows(client, source, [raw])?;
            let item = item(source, &row(source, raw, &client.config)?, &client.config, &clients)?;
            if found.iter().all(|known| known.id != item.id) {
                found.push(item);
            }
        }
        Ok(if found.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    walked.found("rows", "search_pages")?;
    Ok(found)
}

/// Returns the query parameters that narrow a list, for a client that can filter by them.
fn parameters(entity: &str, keys: &[&str], query: &[(String, String)]) -> Result<Vec<(&'static str, String)>> {
    if let Some((key, _)) = query.iter().find(|(key, _)| !keys.contains(&key.as_str())) {
        return Err(Failure::no_lookup_key(entity, key));
    }
    let parameter = |key: &str| match key {
        "client" => Some("clientIds[]"),
        "status" => Some("statusIds[]"),
        "situation" => Some("situations[]"),
        _ => None,
    };
    Ok(query.iter().filter_map(|(key, value)| Some((parameter(key)?, value.clone()))).collect())
}

/// Tells whether a field has the value that is asked for: a list may ignore its filters.
fn holds(query: &[(String, String)], key: &str, value: &str) -> bool {
    query.iter().all(|(asked, wanted)| asked != key || wanted == value)
}

/// What is asked of a client, in the form in which it is compared.
enum Wanted {
    Registration(String),
    Tax(String),
    Email(String),
    Phone(String),
    Name(String),
}

impl Wanted {
    fn read((key, value): &(String, String)) -> Result<Self> {
        match key.as_str() {
            "registration_number" => Ok(Self::Registration(significant(value))),
            "tax_number" => Ok(Self::Tax(significant(value))),
            "email" => Ok(Self::Email(value.trim().to_lowercase())),
            "phone" => Ok(Self::Phone(national(value))),
            "name" => Ok(Self::Name(value.trim().to_lowercase())),
            _ => Err(Failure::no_lookup_key(PARTNER, key)),
        }
    }

    fn fits(&self, partner: &Partner) -> bool {
        let is = |text: &Option<String>, form: fn(&str) -> String, wanted: &String| {
            !wanted.is_empty() && text.as_deref().is_some_and(|text| form(text) == *wanted)
        };
        match self {
            Self::Registration(wanted) => is(&partner.registration_number, significant, wanted),
            Self::Tax(wanted) => is(&partner.tax_number, significant, wanted),
            Self::Email(wanted) => is(&partner.email, |text| text.trim().to_lowercase(), wanted),
            Self::Phone(wanted) => is(&partner.phone, national, wanted),
            Self::Name(wanted) => partner.name.trim().to_lowercase() == *wanted,
        }
    }
}

/// Returns the digits of a telephone number without the country's 55 and without a leading zero.
fn national(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    // With area code a number has ten or eleven digits.
    digits.strip_prefix("55").filter(|rest| rest.len() >= 10).unwrap_or(digits).to_owned()
}
