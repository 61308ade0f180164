//! Making entries of the general ledger.

use wharf_sdk::{Intent, Result};

use crate::assumed::entry::{DATE, DESCRIPTION, NUMBER};
use crate::client::Client;
use crate::convert::entry::body;
use crate::convert::marked;
use crate::document::JournalEntry;
use crate::posting::Posting;
use crate::verbs::Entity;

/// Makes an entry ready. Its number is the ERP's unless the document has one.
pub(crate) fn entry<'a>(client: &Client, intent: &'a Intent) -> Result<Posting<'a>> {
    let entry: JournalEntry = intent.document()?;
    let description = marked(&intent.correlation, &[entry.description.as_deref()]);
    let body = body(&entry, &description, &client.config)?;
    let number = entry.number.as_deref().map(str::trim).filter(|number| !number.is_empty());
    Ok(Posting {
        entity: Entity::GLJournalEntry,
        key: NUMBER,
        identity: number.map(|number| vec![(NUMBER, number.to_owned())]),
        description: (DESCRIPTION, description),
        dated: Some((DATE, entry.date.chars().take(10).collect())),
        correlation: &intent.correlation,
        body,
    })
}
