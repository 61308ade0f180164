//! Whether an order has what was to be written to it.

use serde_json::Value;
use wharf_sdk::document::Decimal;
use wharf_sdk::{Result, Verdict};

use super::parameters::{Parameters, Sent};
use super::{Call, applied};
use crate::api::order::RawOrders;
use crate::api::{Fields, Raw, Rows};
use crate::client::Client;
use crate::orders::question::Question;
use crate::records::all;

/// Fields that are sent and cannot be read back with the order.
const NOT_READ_BACK: [&str; 4] = ["order_id", "payment_date", "payment_comment", "external_payment_id"];

/// Compares the order with what the calls send.
pub(super) fn of_change(client: &Client, target: &str, calls: &[Call]) -> Result<Verdict> {
    let Ok(id) = target.parse() else { return Ok(Verdict::Absent) };
    let question = Question { order_id: Some(id), ..all(client) };
    let answer = client.read("getOrders", &question)?;
    let RawOrders(Rows(orders)) = answer.payload()?;
    for order in orders {
        let fields: Fields<'_> = answer.read(order)?;
        if fields.get("order_id").whole() == Some(id) {
            let done = calls.iter().all(|call| has_all(&fields, &call.parameters));
            return Ok(if done { Verdict::Found(applied(target)) } else { Verdict::Absent });
        }
    }
    Ok(Verdict::Absent)
}

/// Tells whether a record has everything of what was sent that can be read back.
pub(super) fn has_all(fields: &Fields<'_>, sent: &Parameters) -> bool {
    sent.iter().filter(|(name, _)| !NOT_READ_BACK.contains(name)).all(|(name, sent)| has(fields, name, sent))
}

fn has(fields: &Fields<'_>, name: &str, sent: &Sent) -> bool {
    is(fields.get(if name == "status_id" { "order_status_id" } else { name }), sent)
}

/// Tells whether a field has the value that was sent, whatever type the vendor gives it.
pub(super) fn is(found: Raw<'_>, sent: &Sent) -> bool {
    match sent {
        Sent::Text(text) => found.text().trim() == text.trim(),
        Sent::Whole(whole) => found.whole() == Some(*whole),
        Sent::Flag(flag) => found.flag() == Some(*flag),
        Sent::Number(number) => found.text().parse::<Decimal>().is_ok_and(|found| found == *number),
        Sent::Json(Value::Object(wanted)) => {
            let found: Fields<'_> = serde_json::from_str(found.json()).unwrap_or_default();
            wanted.iter().all(|(id, value)| has_custom(found.get(id), value))
        }
        Sent::Map(wanted) => {
            let found: Fields<'_> = serde_json::from_str(found.json()).unwrap_or_default();
            wanted.iter().all(|(key, sent)| is(found.get(key), sent))
        }
        Sent::Json(wanted) => serde_json::from_str::<Value>(found.json()).is_ok_and(|found| found == *wanted),
        Sent::Rows(_) | Sent::Ids(_) | Sent::List(_) => false,
    }
}

/// A custom field comes back as text; a file comes back under another address, so only that there is one is compared.
fn has_custom(found: Raw<'_>, wanted: &Value) -> bool {
    match wanted {
        Value::String(text) => found.text().trim() == text.trim(),
        Value::Null => found.is_blank(),
        Value::Object(_) => found.is_nested(),
        other => found.text() == other.to_string(),
    }
}
