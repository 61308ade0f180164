//! Invoices, which are documents of type 4.

use wharf_sdk::document::{Extra, Invoice, InvoiceKind};
use wharf_sdk::{Failure, Result, violation};

use super::item::{self, Item};
use super::{date, keep_relations};
use crate::api::{self, Draft, Envelope, Resource};
use crate::assumed::INVOICE;
use crate::config::Config;
use crate::correlation;

/// Makes the common document of an invoice.
pub(crate) fn read(envelope: &Envelope<'_>, row: &Resource<'_>, config: &Config) -> Result<Invoice> {
    let attributes: api::Document<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &["partner", "items"], &mut extra);
    let lines = row.many("items")?;
    Ok(Invoice {
        id: row.id.filled(),
        kind: InvoiceKind::Sale,
        number: attributes.number.filled(),
        issued_on: date(attributes.issued.get()),
        delivered_on: date(attributes.delivered.get()),
        due_on: date(attributes.due.get()),
        paid_on: date(attributes.paid.get()),
        currency: attributes.currency.filled(),
        partner: super::order::customer(envelope, row)?,
        lines: lines.iter().map(|line| item::read_invoiced(line, config)).collect::<Result<_>>()?,
        total_net: attributes.net.get(),
        total_gross: attributes.gross.get(),
        unpaid: attributes.unpaid.get(),
        extra,
        ..Invoice::default()
    })
}

/// Says what keeps an invoice from being sent, without asking FLOWii.
pub(crate) fn check(invoice: &Invoice) -> Result<()> {
    super::partner::check(&invoice.partner, "/partner")?;
    if invoice.kind != InvoiceKind::Sale {
        let message = "only invoices to customers can be made in FLOWii; leave out purchases and credit notes";
        return Err(Failure::invalid_record(vec![violation("/kind", "not-a-sale", message)]));
    }
    for (path, day) in
        [("/issued_on", &invoice.issued_on), ("/delivered_on", &invoice.delivered_on), ("/due_on", &invoice.due_on)]
    {
        if day.as_deref().is_some_and(|day| day.parse::<wharf_sdk::civil::LocalTime>().is_err()) {
            let message = "the date cannot be read; write it like `2026-02-01`";
            return Err(Failure::invalid_record(vec![violation(path, "not-a-date", message)]));
        }
    }
    Ok(())
}

/// What an invoice is found again by besides its content, and the attribute that takes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark<'a> {
    pub(crate) attribute: &'a str,
    pub(crate) correlation: &'a str,
}

/// Returns the variable symbol, by which payments name an invoice: `extra.variable-symbol`, else the digits of the number,
/// as is the custom in Slovakia; none where they are not 1 to 10.
pub(crate) fn symbol(invoice: &Invoice) -> Option<String> {
    let given = invoice.extra.get(SYMBOL).and_then(serde_json::Value::as_str).map(str::trim);
    let text = given.filter(|given| !given.is_empty()).or(invoice.number.as_deref())?;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    Some(digits).filter(|digits| (1..=10).contains(&digits.len()))
}

/// Makes what is sent for an invoice.
pub(crate) fn draft(invoice: &Invoice, items: &[Item], partner: &str, mark: Option<Mark<'_>>) -> Draft {
    let note: Vec<String> = [&invoice.order_number, &invoice.note].into_iter().flatten().cloned().collect();
    let draft = Draft::new("document")
        .whole("type", INVOICE)
        .text_if("serial-nr", invoice.number.as_deref())
        .text_if("issued-date", midnight(invoice.issued_on.as_deref()))
        .text_if("delivery-date", midnight(invoice.delivered_on.as_deref()))
        .text_if("due-date", midnight(invoice.due_on.as_deref()))
        .text_if("currency", invoice.currency.as_deref())
        .text_if(SYMBOL, symbol(invoice))
        .one("partner", Draft::existing("partner", partner))
        .many("items", items.iter().map(|item| item.draft("document-item")).collect());
    match mark {
        Some(mark) => draft.text(mark.attribute.to_owned(), correlation::headed(mark.correlation, &note)),
        None => draft,
    }
}

/// Writes a day as FLOWii writes it.
fn midnight(day: Option<&str>) -> Option<String> {
    day.and_then(|day| day.parse::<wharf_sdk::civil::LocalTime>().ok()).map(|local| local.to_string())
}

/// How alike an invoice of FLOWii and one that is to be made are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Likeness {
    /// Another one.
    Other,
    /// Of the same partner and day, and nothing says that it is another one.
    Alike,
    /// Of the same partner and variable symbol.
    Same,
}

/// Compares by what both say: partner, day of issue, variable symbol.
pub(crate) fn likeness(row: &Resource<'_>, invoice: &Invoice, partner: &str) -> Result<Likeness> {
    let attributes: api::Document<'_> = row.attributes()?;
    let same_partner = row.related_id("partner")?.is_none_or(|there| there == partner);
    let day = |text: &str| text.chars().take(10).collect::<String>();
    let wanted = midnight(invoice.issued_on.as_deref()).map(|wanted| day(&wanted));
    let same_day = wanted.is_none_or(|wanted| date(attributes.issued.get()).is_none_or(|there| there == wanted));
    let there = row.text_of(SYMBOL)?.and_then(|text| text.filled());
    Ok(match (same_partner, symbol(invoice), there) {
        (false, ..) => Likeness::Other,
        (true, Some(wanted), Some(there)) if wanted == there => Likeness::Same,
        (true, Some(_), Some(_)) => Likeness::Other,
        _ if same_day => Likeness::Alike,
        _ => Likeness::Other,
    })
}

/// Attribute of the variable symbol [assumed].
const SYMBOL: &str = "variable-symbol";
