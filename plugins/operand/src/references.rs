//! Reference lists: code lists of the financial module, and what can be gathered of jobs.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use wharf_sdk::{Failure, Reference, ReferencePage, Result};

use crate::api::{self, Job, Named};
use crate::assumed::SITUATIONS;
use crate::client::Client;
use crate::listing::walk;
use crate::source::Source;

/// Reference lists: name, and what people call it.
pub(crate) const LISTS: [(&str, &str); 4] = [
    ("category", "Categories of the financial module"),
    ("account", "Accounts of the financial module"),
    ("job-status", "Statuses of jobs, as far as jobs have them"),
    ("invoice-situation", "Situations of receivables and payables"),
];

/// Returns a reference list, whole.
pub(crate) fn page(list: &str) -> Result<ReferencePage> {
    let references = match list {
        "category" => named(&Client::open()?, "categories")?,
        "account" => named(&Client::open()?, "accounts")?,
        "job-status" => job_statuses(&Client::open()?)?,
        "invoice-situation" => SITUATIONS.iter().map(|(id, label)| Reference::new(*id, *label)).collect(),
        _ => return Err(Failure::no_reference_list(list)),
    };
    Ok(ReferencePage::last(references))
}

fn named(client: &Client, path: &str) -> Result<Vec<Reference>> {
    let path: Vec<&str> = client.config.finance().chain([path]).collect();
    let mut found: Vec<Reference> = Vec::new();
    let walked = walk(client, &path, &[], |raw| {
        let entry: Named<'_> = api::read(raw)?;
        if found.iter().all(|known| known.id != entry.id.as_str()) {
            let reference = Reference::new(entry.id.as_str(), entry.name.as_str());
            found.push(match entry.kind.filled() {
                Some(kind) => reference.code(kind),
                None => reference,
            });
        }
        Ok(ControlFlow::<()>::Continue(()))
    })?;
    walked.found("rows", "search_pages")?;
    Ok(found)
}

/// No route lists the statuses of jobs, so those that jobs have are gathered.
fn job_statuses(client: &Client) -> Result<Vec<Reference>> {
    let mut statuses: BTreeMap<String, String> = BTreeMap::new();
    // A list too long to be read whole has shown every status in use.
    let _all_or_most = walk(client, &Source::Jobs.path(&client.config), &[], |raw| {
        let job: Job<'_> = api::read(raw)?;
        if let Some(id) = job.status_id.filled() {
            statuses.insert(id, job.status_name.to_string());
        }
        Ok(ControlFlow::<()>::Continue(()))
    })?;
    Ok(statuses.into_iter().map(|(id, name)| Reference::new(id, name)).collect())
}
