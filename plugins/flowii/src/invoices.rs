//! Invoices: making them, and finding what was made. Writing them is [assumed] throughout.

use std::ops::ControlFlow;

use wharf_sdk::document::Invoice;
use wharf_sdk::quirks::Text;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, civil};

use crate::api::{self, Resource};
use crate::client::{Client, envelope};
use crate::convert::invoice::{Mark, check, draft};
use crate::convert::item;
use crate::listing::{Walk, page_of, walk};
use crate::{assumed, correlation, orders, partners};

/// Days before the date of issue from which invoices are read: an invoice may be entered before the date it bears.
const DAYS_BEFORE_ISSUE: u64 = 31;

/// Plans the making of an invoice.
pub(crate) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    let invoice: Invoice = intent.document()?;
    check(&invoice)?;
    let items = item::of_invoice(&invoice.lines, &client.config)?;
    let draft = draft(&invoice, &items, "<partner>", mark(client, intent)?);
    let preview = client.first_read(&["documents"], &page_of(&since(&invoice, client), 0, assumed::PAGE_SIZE))?;
    let key = partners::Key::of(&invoice.partner);
    Ok(preview
        .note("looks whether the invoice is there already")
        .note(format!("then finds the partner by `{}`; without it nothing is written", key.text()))
        .note(format!("then POST /documents with {}", draft.body())))
}

/// Makes an invoice, unless it is there.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let invoice: Invoice = intent.document()?;
    check(&invoice)?;
    let items = item::of_invoice(&invoice.lines, &client.config)?;
    let mark = mark(client, intent)?;
    if let Walk::Found(found) = find(client, &invoice, intent)? {
        return found.map(Outcome::AlreadyApplied);
    }
    let partner = partners::find(client, &invoice.partner)?.ok_or_else(|| orders::no_partner(&invoice.partner))?;
    let draft = draft(&invoice, &items, &partner.id, mark);
    let response = client.accepted(client.post(&["documents"], &draft)?)?;
    let row = envelope(&response)?.resource().map_err(|_| response.unreadable("there is no `data`"))?;
    match row.id.filled() {
        Some(_) => Ok(Outcome::Applied(applied(&row))),
        None => Err(response.unreadable("the new invoice has no `id`")),
    }
}

/// Asks whether an invoice was made.
pub(crate) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    let invoice: Invoice = intent.document()?;
    match find(client, &invoice, intent)? {
        Walk::Found(Ok(applied)) => Ok(Verdict::Found(applied)),
        Walk::Found(Err(taken)) => Ok(Verdict::Inconclusive(taken.message().to_owned())),
        Walk::Over => Ok(Verdict::Absent),
        Walk::TooLong => {
            Ok(Verdict::Inconclusive("more invoices than are read to find one; raise `search_pages`".to_owned()))
        }
    }
}

/// Returns what the invoice is found again by; `unsupported` while nobody has said where FLOWii keeps such a text.
fn mark<'a>(client: &'a Client, intent: &'a Intent) -> Result<Mark<'a>> {
    let attribute = client.config.invoice_correlation_attribute.as_deref().ok_or_else(|| {
        let message = "an invoice could not be found again after a lost answer; name a free-text attribute of invoices in \
                       `invoice_correlation_attribute`";
        Failure::unsupported("invoice", message)
    })?;
    Ok(Mark { attribute, correlation: &intent.correlation })
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

/// Finds the invoice of an intent, or the one that has its number.
fn find(client: &Client, invoice: &Invoice, intent: &Intent) -> Result<Walk<Result<Applied>>> {
    let query = since(invoice, client);
    let mark = mark(client, intent)?;
    walk(client, &["documents"], &query, client.config.search_pages, |_, row| {
        let attributes: api::Document<'_> = row.attributes()?;
        let described = attributes.unknown.get(mark.attribute).unwrap_or("\"\"");
        let text = serde_json::from_str::<Text<'_>>(described).unwrap_or_default();
        if correlation::is_in(text.as_str(), mark.correlation) {
            return Ok(ControlFlow::Break(Ok(applied(row))));
        }
        match invoice.number.as_deref().filter(|number| *number == attributes.number.as_str()) {
            Some(number) => Ok(ControlFlow::Break(Err(taken(row, number)))),
            None => Ok(ControlFlow::Continue(())),
        }
    })
}

fn taken(row: &Resource<'_>, number: &str) -> Failure {
    let message = format!("invoice {} has the number `{number}` already; give another", row.id);
    Failure::conflict(row.id.filled(), None, message)
}

fn applied(row: &Resource<'_>) -> Applied {
    let applied = Applied::new(row.id.as_str());
    match row.attributes::<api::Document<'_>>().ok().and_then(|attributes| attributes.number.filled()) {
        Some(number) => applied.number(number),
        None => applied,
    }
}
