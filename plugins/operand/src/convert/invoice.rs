//! Receivables and payables.

use wharf_sdk::document::{Decimal, Invoice, InvoiceKind, InvoiceLine, Partner, TaxRate};

use super::{date, drop_zero_times, keep};
use crate::api::Entry;
use crate::assumed::{CANCELED, PAID};
use crate::config::Config;
use crate::source::Source;

/// Makes the invoice of a receivable or a payable.
pub(crate) fn read(source: Source, entry: &Entry<'_>, config: &Config) -> Invoice {
    let mut invoice = Invoice {
        id: Some(source.invoice_id(entry.id.as_str())),
        kind: if source == Source::Payables { InvoiceKind::Purchase } else { InvoiceKind::Sale },
        number: entry.number.filled(),
        issued_on: date(entry.issued.get()),
        due_on: date(entry.due.get()),
        paid_on: date(entry.paid.get()).filter(|_| unpaid(entry).is_none_or(|unpaid| unpaid <= Decimal::ZERO)),
        currency: Some(config.currency.clone()),
        partner: partner(source, entry),
        lines: vec![line(source, entry, config)],
        total_gross: entry.value.get(),
        unpaid: unpaid(entry),
        ..Invoice::default()
    };
    for (name, text) in [
        ("situation", &entry.situation),
        ("invoiceNumber", &entry.invoice_number),
        ("invoiceUrl", &entry.invoice_url),
        ("bankSlipUrl", &entry.slip_url),
        ("bankSlipCode", &entry.slip_code),
    ] {
        keep(&mut invoice.extra, name, text);
    }
    for (name, amount) in [("paidValue", entry.paid_value), ("discount", entry.discount), ("interest", entry.interest)]
    {
        if let Some(amount) = amount.get() {
            invoice.extra.insert(name.to_owned(), amount.to_string().into());
        }
    }
    if let Some(paid) = date(entry.paid.get()) {
        invoice.extra.insert("paymentDate".to_owned(), paid.into());
    }
    entry.unknown.add_to(&mut invoice.extra);
    drop_zero_times(&mut invoice.extra);
    invoice
}

fn partner(source: Source, entry: &Entry<'_>) -> Partner {
    let (id, name) = match source {
        Source::Payables => (&entry.supplier_id, &entry.supplier_name),
        _ => (&entry.client_id, &entry.client_name),
    };
    Partner { id: id.filled(), name: name.to_string(), ..Partner::default() }
}

/// Operand has an amount and a description, which is one line.
fn line(source: Source, entry: &Entry<'_>, config: &Config) -> InvoiceLine {
    let percent = config.tax_percent.filter(|_| source == Source::Receivables);
    InvoiceLine {
        name: entry.description.filled().or_else(|| entry.number.filled()).unwrap_or_else(|| entry.id.to_string()),
        quantity: "1".parse().unwrap_or_default(),
        unit_price_gross: entry.value.get(),
        tax_rate: percent.map(|percent| TaxRate { percent: Some(percent), code: None }),
        account: entry.account.filled().filter(|_| source == Source::Payables),
        ..InvoiceLine::default()
    }
}

/// Returns what is still owed; discounts and interest are not counted, as nothing says when they apply.
fn unpaid(entry: &Entry<'_>) -> Option<Decimal> {
    match entry.situation.as_str() {
        PAID => Some(Decimal::ZERO),
        CANCELED => None,
        _ => {
            let paid = entry.paid_value.get().unwrap_or_default().get();
            entry.value.get()?.get().checked_sub(paid).map(Decimal::new)
        }
    }
}
