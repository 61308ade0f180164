//! Changing an order: its fields, what is paid, its status - in this order, as a status starts the account's automatic
//! actions, which may look at the rest.

use wharf_sdk::document::Order;
use wharf_sdk::{Intent, Result};

use super::Call;
use super::parameters::{Parameters, Sent};
use crate::orders::ENTITY;

/// Changes the fields that the document has.
pub(super) fn update(intent: &Intent) -> Result<Vec<Call>> {
    let order: Order = intent.document()?;
    let mut fields = Parameters::default();
    refuse_unchangeable(&mut fields, &order);
    fields.buyer(&order);
    name_of_buyer(&mut fields, &order);
    fields.payment(&order);
    fields.delivery(&order);
    if let Some(address) = order.delivery.as_ref().and_then(|delivery| delivery.address.as_ref()) {
        fields.delivery_address("/delivery/address", address);
    }
    if let Some(address) = &order.invoice_address {
        fields.invoice_address("/invoice_address", address);
    }
    notes_and_extra(&mut fields, &order);
    let paid = paid(&order);
    let status = status(&order);
    assemble(intent, [("setOrderFields", fields), ("setOrderPayment", paid), ("setOrderStatus", status)])
}

/// Moves the order to the status that the document names, and sets the notes and additional fields that it has, such as
/// the number that the order has elsewhere.
pub(super) fn transition(intent: &Intent) -> Result<Vec<Call>> {
    let order: Order = intent.document()?;
    let mut fields = Parameters::default();
    notes_and_extra(&mut fields, &order);
    let mut status = status(&order);
    if status.is_empty() {
        status.wrong("/status", "required", "the document names no status; map `status`");
    }
    assemble(intent, [("setOrderFields", fields), ("setOrderStatus", status)])
}

/// Makes calls of the parameters that are not empty, each with the id of the order first.
fn assemble<const N: usize>(intent: &Intent, parts: [(&'static str, Parameters); N]) -> Result<Vec<Call>> {
    let id = intent.target()?;
    let number: u64 = id.parse().map_err(|_| wharf_sdk::Failure::subject_not_found(ENTITY, id))?;
    let mut calls = Vec::new();
    for (method, parameters) in parts {
        if !parameters.is_empty() {
            let checked = parameters.checked()?;
            calls.push(Call { method, parameters: checked.first("order_id", Sent::Whole(number)) });
        }
    }
    Ok(calls)
}

fn notes_and_extra(fields: &mut Parameters, order: &Order) {
    fields.text("user_comments", "/customer_note", 510, order.customer_note.as_deref());
    fields.text("admin_comments", "/internal_note", 200, order.internal_note.as_deref());
    fields.extra_fields(&order.extra);
    for name in ["pick_state", "pack_state", "star"] {
        fields.whole_extra(name, &order.extra);
    }
}

/// The buyer's name has no field of its own here; it is the invoice's, unless the invoice's address names someone.
fn name_of_buyer(fields: &mut Parameters, order: &Order) {
    let named =
        order.invoice_address.as_ref().is_some_and(|address| address.name.is_some() || address.company.is_some());
    if named || order.customer.name.is_empty() {
        return;
    }
    let name = Some(order.customer.name.as_str());
    match order.customer.kind {
        wharf_sdk::document::PartnerKind::Company => fields.text("invoice_company", "/customer/name", 200, name),
        wharf_sdk::document::PartnerKind::Person => fields.text("invoice_fullname", "/customer/name", 200, name),
    }
}

/// `setOrderPayment` replaces the total that is paid, which is what the document has.
fn paid(order: &Order) -> Parameters {
    let mut paid = Parameters::default();
    paid.number("payment_done", order.payment.as_ref().and_then(|payment| payment.paid));
    if !paid.is_empty() {
        paid.whole_extra("payment_date", &order.extra);
        for name in ["payment_comment", "external_payment_id"] {
            if let Some(value) = order.extra.get(name) {
                paid.scalar(name, &format!("/extra/{name}"), 30, value);
            }
        }
    }
    paid
}

fn status(order: &Order) -> Parameters {
    let mut parameters = Parameters::default();
    if let Some(status) = &order.status {
        parameters.listed("status_id", "order-status", status);
    }
    parameters
}

/// Refuses what the vendor lets nobody change: left out silently it would look as if it had been written.
fn refuse_unchangeable(fields: &mut Parameters, order: &Order) {
    let unchangeable = [
        ("source", order.source.is_some()),
        ("created_at", order.created_at.is_some()),
        ("confirmed_at", order.confirmed_at.is_some()),
        ("deadline", order.deadline.is_some()),
        ("currency", order.currency.is_some()),
        ("external_number", order.external_number.is_some()),
        ("lines", !order.lines.is_empty()),
    ];
    for (name, _) in unchangeable.into_iter().filter(|(_, present)| *present) {
        let message = format!("`{name}` of an order cannot be changed here; map the order without it");
        fields.wrong(format!("/{name}"), "not-changeable", message);
    }
}
