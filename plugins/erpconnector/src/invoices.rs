//! Customer invoices: making them, and finding what was made. An invoice is never changed: the books forbid it.

use wharf_sdk::document::Invoice;
use wharf_sdk::{Failure, Intent, Outcome, Preview, Result, Verdict};

use crate::assumed::invoice::{DESCRIPTION, NUMBER};
use crate::client::{Client, made_key};
use crate::convert;
use crate::convert::carries;
use crate::convert::invoice::{Line, body, description, has_lines, lines, number};
use crate::customers::{self, Key};
use crate::query::Query;
use crate::verbs::{Entity, Verb, require};

/// An invoice that is to be made.
struct Wanted<'a> {
    invoice: Invoice,
    lines: Vec<Line>,
    correlation: &'a str,
}

impl<'a> Wanted<'a> {
    fn of(client: &Client, intent: &'a Intent) -> Result<Self> {
        require(&client.config, Entity::CustomerInvoice, Verb::Get)?;
        require(&client.config, Entity::CustomerInvoice, Verb::Post)?;
        require(&client.config, Entity::Customer, Verb::Get)?;
        let invoice: Invoice = intent.document()?;
        let lines = lines(&invoice, &client.config)?;
        Ok(Self { invoice, lines, correlation: &intent.correlation })
    }

    fn number(&self) -> &str {
        number(&self.invoice, self.correlation)
    }
}

/// Plans the making of an invoice.
pub(crate) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    let wanted = Wanted::of(client, intent)?;
    let body = body(&wanted.invoice, &wanted.lines, "<customer>", wanted.correlation, &client.config);
    let text = serde_json::to_string(&body).unwrap_or_default();
    let key = Key::of(&wanted.invoice.partner, &client.config);
    Ok(client
        .list_preview(Entity::CustomerInvoice, &by_number(client, wanted.number()))?
        .note("looks for the invoice's number first")
        .note(format!("then finds the customer by `{}`; without it nothing is written", key.text()))
        .note(format!("then POST /Entity/CustomerInvoice/ with If-None-Match: * and {text}")))
}

/// Makes an invoice, unless its number is taken.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let wanted = Wanted::of(client, intent)?;
    if let Some(there) = find(client, by_number(client, wanted.number()), wanted.number())? {
        return there_already(client, &wanted, there);
    }
    let customer = customers::find(client, &wanted.invoice.partner)?.and_then(|customer| customer.id);
    let customer = customer.ok_or_else(|| no_customer(client, &wanted))?;
    let body = body(&wanted.invoice, &wanted.lines, &customer, wanted.correlation, &client.config);
    let response = client.post(Entity::CustomerInvoice, &body)?;
    if response.status() == 412 {
        return match find(client, by_number(client, wanted.number()), wanted.number())? {
            Some(there) => there_already(client, &wanted, there),
            None => {
                let message = format!("the ERP says that invoice `{}` is there, and does not show it", wanted.number());
                Err(Failure::conflict(None, None, message).with_evidence(response.evidence()))
            }
        };
    }
    let key = made_key(&response, client.config.name(NUMBER), wanted.number())?;
    Ok(Outcome::Applied(client.applied(&key)))
}

/// Asks whether an invoice was made: by its number, and, as an ERP may number by itself, by its description.
pub(crate) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    let wanted = Wanted::of(client, intent)?;
    if let Some(there) = find(client, by_number(client, wanted.number()), wanted.number())? {
        let number = there.number.clone().unwrap_or_default();
        return Ok(match is_ours(&wanted, &there) {
            true => Verdict::Found(client.applied(&number)),
            false => Verdict::Inconclusive(format!("invoice `{number}` is there, and another's; compare them")),
        });
    }
    let text = description(&wanted.invoice, wanted.correlation);
    let query = Query::new().text_is(client.config.name(DESCRIPTION), &text).top(2);
    let found = client.find(Entity::CustomerInvoice, &query, |row| {
        let there = convert::invoice::read(row, &client.config)?;
        Ok(Some(there).filter(|there| carries(there.note.as_deref(), wanted.correlation)))
    })?;
    let number = found.into_iter().next().and_then(|there| there.number);
    Ok(number.map_or(Verdict::Absent, |number| Verdict::Found(client.applied(&number))))
}

fn by_number(client: &Client, number: &str) -> Query {
    Query::new().text_is(client.config.name(NUMBER), number).top(2)
}

fn find(client: &Client, query: Query, number: &str) -> Result<Option<Invoice>> {
    let found = client.find(Entity::CustomerInvoice, &query, |row| {
        let there = convert::invoice::read(row, &client.config)?;
        let is_it = there.number.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(number));
        Ok(Some(there).filter(|_| is_it))
    })?;
    Ok(found.into_iter().next())
}

/// A number that is made of the correlation is as good as the correlation itself.
fn is_ours(wanted: &Wanted<'_>, there: &Invoice) -> bool {
    carries(there.note.as_deref(), wanted.correlation) || wanted.number() == wanted.correlation
}

fn there_already(client: &Client, wanted: &Wanted<'_>, there: Invoice) -> Result<Outcome> {
    let number = there.number.clone().unwrap_or_else(|| wanted.number().to_owned());
    if is_ours(wanted, &there) {
        return Ok(Outcome::AlreadyApplied(client.applied(&number)));
    }
    let customer = customers::find(client, &wanted.invoice.partner)?.and_then(|customer| customer.id);
    let same = customer.is_some() && there.partner.id == customer && has_lines(&there, &wanted.lines);
    let message = format!("invoice `{number}` is there already, made by another; compare them, or give another number");
    Err(Failure::conflict(Some(client.id(&number)), Some(same), message))
}

fn no_customer(client: &Client, wanted: &Wanted<'_>) -> Failure {
    let key = Key::of(&wanted.invoice.partner, &client.config);
    let message = format!("the ERP has no customer with `{}`; make it first", key.text());
    Failure::dependency_missing("partner", key.text(), message)
}
