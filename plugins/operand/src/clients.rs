//! The clients of receivables: a receivable names its client by id and name, and others know customers by their documents.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use serde_json::value::RawValue;
use wharf_sdk::Result;
use wharf_sdk::document::Partner;

use crate::api::{self, Entry};
use crate::client::Client;
use crate::convert;
use crate::listing::walk;
use crate::source::Source;

/// Clients by their ids.
pub(crate) type Clients = BTreeMap<String, Partner>;

/// Reads the clients of these rows, where the configuration wants them; a client that is not found is left as it is named.
pub(crate) fn of_rows<'a>(
    client: &Client,
    source: Source,
    rows: impl IntoIterator<Item = &'a RawValue>,
) -> Result<Clients> {
    let mut found = Clients::new();
    if source != Source::Receivables || !client.config.client_details {
        return Ok(found);
    }
    let mut wanted = BTreeSet::new();
    for row in rows {
        wanted.extend(api::read::<Entry<'_>>(row)?.client_id.filled());
    }
    if wanted.is_empty() {
        return Ok(found);
    }
    // A list that is too long to be read whole leaves some clients by their names.
    let _all_or_some = walk(client, &Source::Clients.path(&client.config), &[], |raw| {
        let row: api::Client<'_> = api::read(raw)?;
        if wanted.remove(row.id()) {
            found.insert(row.id().to_owned(), convert::partner::read(&row));
        }
        Ok(if wanted.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}
