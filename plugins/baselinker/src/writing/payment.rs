//! One more payment of an order.
//!
//! The vendor keeps a total and a history of its changes: `setOrderPayment` replaces the total. So the payment is added to
//! what is paid, and the correlation text goes along as the gateway's id of it, which the history keeps.

use wharf_sdk::civil::parse_rfc3339;
use wharf_sdk::document::{Decimal, Payment, PaymentDirection};
use wharf_sdk::http::Effect;
use wharf_sdk::{Action, Applied, Failure, Intent, MissingKind, Outcome, Preview, Result, Verdict, violation};

use super::parameters::{Parameters, Sent};
use super::{Call, no_action, number};
use crate::api::{Done, Fields};
use crate::client::Client;
use crate::orders::ENTITY as ORDER;
use crate::orders::question::Question;
use crate::records::{all, read};
use serde_json::json;

/// Longest comment, and longest id of a gateway.
const SHORT: usize = 30;

/// A payment as the document has it.
struct Wish {
    order: u64,
    /// What the total changes by.
    amount: Decimal,
    currency: Option<String>,
    /// Everything that is sent but the order and the total.
    parameters: Parameters,
}

/// Returns the first request: what is paid so far is known only then.
pub(super) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    let wish = Wish::of(intent)?;
    let question = Question { order_id: Some(wish.order), ..all(client) };
    let preview = client.request("getOrders", &question, Effect::Read)?.preview()?;
    let call = Call { method: "setOrderPayment", parameters: wish.parameters };
    Ok(preview
        .note("then `getOrderPaymentsHistory`, whether the payment is there already")
        .note(call.note(&format!("unless it is, with {} added to what is paid:", wish.amount))))
}

/// Adds the payment, unless it is there.
pub(super) fn apply(client: &Client, intent: &Intent) -> Result<Outcome> {
    let wish = Wish::of(intent)?;
    let paid = wish.paid_so_far(client)?;
    if wish.is_in_history(client, &intent.correlation)? {
        return Ok(Outcome::AlreadyApplied(wish.applied(intent)));
    }
    let too_large =
        || Failure::invalid_record(vec![violation("/amount", "too-large", "the total is too large; correct it")]);
    let total = Decimal::new(paid.get().checked_add(wish.amount.get()).ok_or_else(too_large)?);
    let parameters =
        wish.parameters.clone().first("payment_done", Sent::Number(total)).first("order_id", Sent::Whole(wish.order));
    let Done {} = client.write("setOrderPayment", &parameters, Effect::Write)?.payload()?;
    Ok(Outcome::Applied(wish.applied(intent)))
}

/// Looks for the payment in the order's history.
pub(super) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    let wish = Wish::of(intent)?;
    let found = wish.is_in_history(client, &intent.correlation)?;
    Ok(if found { Verdict::Found(wish.applied(intent)) } else { Verdict::Absent })
}

impl Wish {
    fn of(intent: &Intent) -> Result<Self> {
        if intent.action != Action::Create {
            return no_action(intent);
        }
        let payment: Payment = intent.document()?;
        let order = payment.order_id.as_deref().unwrap_or_default();
        let order = number("/order_id", order)?;
        let mut parameters = Parameters::default();
        match payment.paid_at.as_deref().map(parse_rfc3339) {
            Some(Some(instant)) => parameters.put("payment_date", Sent::Whole(instant / 1000)),
            Some(None) => {
                parameters.wrong("/paid_at", "not-a-time", "`paid_at` is no time; write it like `2026-02-01T10:00:00Z`")
            }
            None => {}
        }
        let (path, comment) = match &payment.note {
            Some(note) => ("/note", Some(note)),
            None => ("/reference", payment.reference.as_ref()),
        };
        parameters.text("payment_comment", path, SHORT, comment.map(String::as_str));
        parameters.text("external_payment_id", "", SHORT, Some(&intent.correlation));
        let amount = match payment.direction {
            PaymentDirection::In => payment.amount,
            PaymentDirection::Out => Decimal::new(-payment.amount.get()),
        };
        Ok(Self { order, amount, currency: payment.currency, parameters: parameters.checked()? })
    }

    fn applied(&self, intent: &Intent) -> Applied {
        Applied::new(format!("{}:{}", self.order, intent.correlation))
    }

    /// Reads what is paid; refuses money of another currency than the order's.
    fn paid_so_far(&self, client: &Client) -> Result<Decimal> {
        let id = self.order.to_string();
        let read = read(client, &id, |order| {
            let currency = order.currency.text().into_owned();
            Ok((order.payment_done.text().parse::<Decimal>().unwrap_or_default(), currency))
        });
        let missing = |failure: Failure| match failure.cause() {
            wharf_sdk::failure::Cause::NotFound(_) => {
                Failure::not_found(MissingKind::Referenced, ORDER, &id, format!("there is no order `{id}` to pay"))
            }
            _ => failure,
        };
        let (paid, currency) = read.map_err(missing)?;
        match &self.currency {
            Some(own) if !currency.is_empty() && !own.eq_ignore_ascii_case(&currency) => {
                let message = format!("the payment is in {own} and the order in {currency}; convert it");
                Err(Failure::invalid_record(vec![violation("/currency", "other-currency", message)]))
            }
            _ => Ok(paid),
        }
    }

    fn is_in_history(&self, client: &Client, correlation: &str) -> Result<bool> {
        let asked = json!({"order_id": self.order, "show_full_history": true});
        let answer = client.read("getOrderPaymentsHistory", &asked)?;
        let rows: Vec<Fields<'_>> = answer.rows("payments")?;
        Ok(rows.iter().any(|row| row.get("external_payment_id").text() == correlation))
    }
}
