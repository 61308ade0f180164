//! From the vendor's history of payments to common documents.

use wharf_sdk::document::{Decimal, Payment, PaymentDirection};

use super::source::{Source, number};
use crate::api::Fields;

/// Makes the common document of an entry: the vendor tells what was paid before and after. None where it does not.
pub(crate) fn payment(id: &str, order: &str, fields: &Fields<'_>) -> Option<Payment> {
    let source = Source::new(fields);
    let (before, after) = (number(fields.get("paid_before"))?, number(fields.get("paid_after"))?);
    let difference = after.get().checked_sub(before.get())?;
    let direction = if difference.is_sign_negative() { PaymentDirection::Out } else { PaymentDirection::In };
    Some(Payment {
        id: Some(id.to_owned()),
        direction,
        amount: Decimal::new(difference.abs()),
        currency: source.upper("currency"),
        paid_at: source.instant("date"),
        method: None,
        order_id: Some(order.to_owned()),
        invoice_number: None,
        reference: source.text("external_payment_id"),
        note: source.text("comment"),
        extra: source.rest(),
    })
}
