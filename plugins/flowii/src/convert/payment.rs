//! Payments. Every attribute is [assumed].

use wharf_sdk::Result;
use wharf_sdk::document::{Extra, Payment, PaymentDirection};

use super::{instant, keep_relations};
use crate::api::{self, Resource};
use crate::assumed::OUTGOING;
use crate::config::Config;

/// Makes the common document of a payment.
pub(crate) fn read(row: &Resource<'_>, config: &Config) -> Result<Payment> {
    let attributes: api::Payment<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &[], &mut extra);
    let outgoing = attributes.direction.get() == Some(OUTGOING);
    Ok(Payment {
        id: row.id.filled(),
        direction: if outgoing { PaymentDirection::Out } else { PaymentDirection::In },
        amount: attributes.amount.or_zero(),
        currency: attributes.currency.filled(),
        paid_at: instant(config.zone(), attributes.date.get()),
        reference: attributes.reference.filled(),
        note: attributes.note.filled(),
        extra,
        ..Payment::default()
    })
}
