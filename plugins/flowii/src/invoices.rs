//! Invoices: making them, and finding what was made. Writing them is [assumed] throughout.
//!
//! Where the configuration names an attribute for the correlation, an invoice is found by that. Else it is found by
//! partner and variable symbol; one that only has the same partner and day decides nothing, and is left to a person.

use std::ops::ControlFlow;

use wharf_sdk::document::Invoice;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, Walk, civil, log};

use crate::api::{self, Resource};
use crate::client::{Client, envelope};
use crate::convert::invoice::{Likeness, Mark, check, draft, likeness};
use crate::convert::item;
use crate::listing::walk;
use crate::{assumed, correlation, orders, partners};

/// Days before the date of issue from which invoices are read: an invoice may be entered before the date it bears.
const DAYS_BEFORE_ISSUE: u64 = 31;

/// What is in FLOWii already.
enum There {
    /// The invoice of this intent.
    Ours(Applied),
    /// One of the same partner and variable symbol: made by this intent or by another.
    Same(Applied),
    /// One of the same number, made by another.
    Taken(Applied),
    /// One of the same partner and day.
    Alike(Applied),
}

/// Plans the making of an invoice.
pub(crate) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    let invoice: Invoice = intent.document()?;
    check(&invoice)?;
    let items = item::of_invoice(&invoice.lines, &client.config)?;
    let mark = mark(client, intent);
    let draft = draft(&invoice, &items, "<partner>", mark);
    let key = partners::Key::of(&invoice.partner);
    let preview = partners::first_search(client, &invoice.partner)?;
    let preview = preview.note(format!("finds the partner by `{}`; without it nothing is written", key.text()));
    let preview = match is_checked(client) {
        true => preview.note("then looks whether the invoice is there already"),
        false => preview,
    };
    let preview = match mark {
        Some(_) => preview,
        None => preview.note("no attribute takes the correlation: after a lost answer a person may have to look"),
    };
    Ok(preview.note(format!("then POST /documents with {}", draft.body())))
}

/// Makes an invoice, unless it is there.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let invoice: Invoice = intent.document()?;
    check(&invoice)?;
    let items = item::of_invoice(&invoice.lines, &client.config)?;
    let partner = partners::find(client, &invoice.partner)?.ok_or_else(|| orders::no_partner(&invoice.partner))?;
    if is_checked(client) {
        match find(client, &invoice, &partner.id, intent)? {
            Walk::Found(There::Ours(applied)) => return Ok(Outcome::AlreadyApplied(applied)),
            Walk::Found(There::Same(there) | There::Taken(there)) => return Err(taken(there)),
            // A partner may well have two invoices of one day.
            Walk::Found(There::Alike(_)) | Walk::Over | Walk::TooLong => {}
        }
    }
    let draft = draft(&invoice, &items, &partner.id, mark(client, intent));
    let response = client.written("invoice", client.post(&["documents"], &draft)?)?;
    let row = envelope(&response)?.resource().map_err(|_| response.unreadable("there is no `data`"))?;
    match row.id.filled() {
        Some(_) => Ok(Outcome::Applied(numbered(client, applied(&row)))),
        None => Err(response.unreadable("the new invoice has no `id`")),
    }
}

/// Adds the number that FLOWii gave the invoice: the answer to a create may have the id alone, and others wait for the
/// number.
fn numbered(client: &Client, made: Applied) -> Applied {
    if made.number.is_some() {
        return made;
    }
    let read = || -> Result<Applied> {
        let response = client.get_one("invoice", &["documents", &made.id], &made.id)?;
        Ok(applied(&envelope(&response)?.resource()?))
    };
    match read() {
        Ok(found) => Applied { number: found.number, ..made },
        Err(failure) => {
            log::warn("number of an invoice could not be read", &[("invoice", &made.id), ("reason", &failure)]);
            made
        }
    }
}

/// Asks whether an invoice was made.
pub(crate) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    let invoice: Invoice = intent.document()?;
    // Without its partner it cannot have been made.
    let Some(partner) = partners::find(client, &invoice.partner)? else { return Ok(Verdict::Absent) };
    Ok(match find(client, &invoice, &partner.id, intent)? {
        Walk::Found(There::Ours(applied) | There::Same(applied)) => Verdict::Found(applied),
        Walk::Found(There::Taken(there)) => Verdict::Inconclusive(taken(there).message().to_owned()),
        Walk::Found(There::Alike(there)) => Verdict::Inconclusive(format!(
            "invoice {} is of the same partner and day, and may be this one; compare them, and set `invoice_correlation_attribute`",
            there.id
        )),
        Walk::Over => Verdict::Absent,
        Walk::TooLong => {
            Verdict::Inconclusive("more invoices than are read to find one; raise `search_pages`".to_owned())
        }
    })
}

fn is_checked(client: &Client) -> bool {
    client.config.check_before_create != Some(false)
}

/// Returns what the invoice is found again by, where somebody has said where FLOWii keeps such a text.
fn mark<'a>(client: &'a Client, intent: &'a Intent) -> Option<Mark<'a>> {
    let attribute = client.config.invoice_correlation_attribute.as_deref()?;
    Some(Mark { attribute, correlation: &intent.correlation })
}

fn since(invoice: &Invoice, client: &Client) -> Vec<(&'static str, String)> {
    let mut query = vec![("filter[type]", assumed::INVOICE.to_string())];
    let issued = invoice.issued_on.as_deref().and_then(|day| day.parse::<civil::LocalTime>().ok());
    if let Some(issued) = issued.and_then(|day| client.config.zone().instant(day)) {
        let from = (issued / 1000).saturating_sub(DAYS_BEFORE_ISSUE * 86_400);
        query.push(("filter[created-from]", from.to_string()));
    }
    query
}

/// Finds the invoice of an intent, or one that stands in its way. One that is merely alike is returned at the end of the
/// list: a better one may come after it.
fn find(client: &Client, invoice: &Invoice, partner: &str, intent: &Intent) -> Result<Walk<There>> {
    let query = since(invoice, client);
    let mut alike = None;
    let walked = walk(client, &["documents"], &query, client.config.search_pages, |_, row| {
        match compare(client, row, invoice, partner, intent)? {
            None => {}
            Some(There::Alike(there)) => alike = Some(there),
            Some(there) => return Ok(ControlFlow::Break(there)),
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(match (walked, alike) {
        (Walk::Over, Some(there)) => Walk::Found(There::Alike(there)),
        (walked, _) => walked,
    })
}

fn compare(
    client: &Client,
    row: &Resource<'_>,
    invoice: &Invoice,
    partner: &str,
    intent: &Intent,
) -> Result<Option<There>> {
    let attributes: api::Document<'_> = row.attributes()?;
    if attributes.kind.get().is_some_and(|kind| kind != assumed::INVOICE) {
        return Ok(None);
    }
    let is_numbered = invoice.number.as_deref().is_some_and(|number| number == attributes.number.as_str());
    if let Some(mark) = mark(client, intent) {
        let text = row.text_of(mark.attribute)?.unwrap_or_default();
        if correlation::is_in(text.as_str(), mark.correlation) {
            return Ok(Some(There::Ours(applied(row))));
        }
        return Ok(is_numbered.then(|| There::Taken(applied(row))));
    }
    Ok(match (likeness(row, invoice, partner)?, is_numbered) {
        (Likeness::Same, _) | (Likeness::Alike, true) => Some(There::Same(applied(row))),
        (Likeness::Alike, false) => Some(There::Alike(applied(row))),
        (Likeness::Other, true) => Some(There::Taken(applied(row))),
        (Likeness::Other, false) => None,
    })
}

fn taken(there: Applied) -> Failure {
    let number = there.number.as_deref().unwrap_or(&there.id);
    let message = format!("invoice {} (`{number}`) is there already; compare them, or give another number", there.id);
    Failure::conflict(Some(there.id.clone()), None, message)
}

fn applied(row: &Resource<'_>) -> Applied {
    let applied = Applied::new(row.id.as_str());
    match row.attributes::<api::Document<'_>>().ok().and_then(|attributes| attributes.number.filled()) {
        Some(number) => applied.number(number),
        None => applied,
    }
}
