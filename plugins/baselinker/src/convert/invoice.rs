//! From the vendor's invoices to the common document.

use wharf_sdk::civil::Zone;
use wharf_sdk::document::{Address, Decimal, Invoice, InvoiceKind, InvoiceLine, Partner, PartnerKind};

use super::source::Source;
use crate::api::{Fields, Rows};

/// Makes the common document of an invoice. Dates are days in `zone`.
pub(crate) fn invoice(fields: &Fields<'_>, zone: Zone) -> Invoice {
    let source = Source::new(fields);
    let mut invoice = Invoice {
        id: source.id("invoice_id"),
        kind: kind(&source),
        number: source.text("number"),
        order_number: source.id("order_id"),
        issued_on: source.day("date_add", zone),
        delivered_on: source.day("date_sell", zone),
        due_on: source.day("date_pay_to", zone),
        paid_on: None,
        currency: source.upper("currency"),
        partner: partner(&source),
        lines: lines(&source),
        total_net: source.number("total_price_netto"),
        total_gross: source.number("total_price_brutto"),
        unpaid: None,
        note: source.text("additional_info"),
        extra: source.rest(),
    };
    keep_country_name(fields, &mut invoice);
    invoice
}

/// The vendor has invoices to customers only, and notes that correct them.
fn kind(source: &Source<'_>) -> InvoiceKind {
    match source.peek("type").text().as_ref() {
        "correcting" => InvoiceKind::Credit,
        _ => InvoiceKind::Sale,
    }
}

/// The customer is a company when there is a company's name or a tax number.
fn partner(source: &Source<'_>) -> Partner {
    let (company, person) = (source.text("invoice_company"), source.text("invoice_fullname"));
    let tax_number = source.text("invoice_nip");
    let is_company = company.is_some() || tax_number.is_some();
    let address = Address {
        name: person.clone(),
        company: company.clone(),
        street: source.text("invoice_address"),
        postcode: source.text("invoice_postcode"),
        city: source.text("invoice_city"),
        state: source.text("invoice_state"),
        country: source.upper("invoice_country_code"),
    };
    Partner {
        kind: if is_company { PartnerKind::Company } else { PartnerKind::Person },
        name: company.or(person).unwrap_or_default(),
        tax_number,
        address: (address != Address::default()).then_some(address),
        ..Partner::default()
    }
}

/// Lines that cannot be read stay in `extra`.
fn lines(source: &Source<'_>) -> Vec<InvoiceLine> {
    let read: Result<Rows<Fields<'_>>, _> = serde_json::from_str(source.peek("items").json());
    let Ok(Rows(rows)) = read else { return Vec::new() };
    source.done_with("items");
    rows.iter().map(line).collect()
}

fn line(fields: &Fields<'_>) -> InvoiceLine {
    let source = Source::new(fields);
    InvoiceLine {
        product_id: source.id("product_id"),
        sku: source.text("sku"),
        name: source.text("name").unwrap_or_default(),
        quantity: source.number("quantity").unwrap_or(Decimal::ZERO),
        unit: None,
        unit_price_net: source.number("price_netto"),
        unit_price_gross: source.number("price_brutto"),
        tax_rate: source.tax_rate("tax_rate"),
        account: None,
        extra: source.rest(),
    }
}

/// The name of a country is no news where its code is there.
fn keep_country_name(fields: &Fields<'_>, invoice: &mut Invoice) {
    if !fields.get("invoice_country_code").is_blank() {
        invoice.extra.remove("invoice_country");
    }
}
