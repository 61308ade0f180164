//! The journal of order events.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{Answer, success};
use super::parameters::Parameters;
use super::state::State;

/// How long the vendor keeps a row.
const KEPT_SECONDS: i64 = 3 * 24 * 60 * 60;

/// Event types that the simulator writes, by the vendor's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Created = 1,
    Confirmed = 2,
    Payment = 3,
    Removed = 4,
    Merged = 5,
    Split = 6,
    InvoiceIssued = 7,
    ReceiptIssued = 8,
    ParcelCreated = 9,
    ParcelDeleted = 10,
    DeliveryEdited = 11,
    ProductAdded = 12,
    ProductEdited = 13,
    ProductRemoved = 14,
    Edited = 16,
    Copied = 17,
    StatusChanged = 18,
    ParcelStatus = 22,
}

#[derive(Debug)]
struct Row {
    log_id: i64,
    order_id: i64,
    log_type: i64,
    object_id: i64,
    date: i64,
}

/// The rows, when the account has the journal switched on; else it stays empty.
#[derive(Debug)]
pub(super) struct Journal {
    is_on: bool,
    rows: Vec<Row>,
    next_log_id: i64,
}

impl Journal {
    pub(super) fn new(is_on: bool) -> Self {
        Self { is_on, rows: Vec::new(), next_log_id: 456_001 }
    }

    pub(super) fn add(&mut self, order_id: i64, kind: Kind, object_id: i64, now: i64) {
        if self.is_on {
            self.rows.push(Row { log_id: self.next_log_id, order_id, log_type: kind as i64, object_id, date: now });
            self.next_log_id += 1;
        }
    }
}

pub(super) fn list(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let after = sent.integer("last_log_id")?.unwrap_or_default();
    let order_id = sent.integer("order_id")?.filter(|id| *id != 0);
    let types: BTreeSet<i64> = sent.integers("logs_types")?.unwrap_or_default().into_iter().collect();
    let rows = state.journal.rows.iter().filter(|row| {
        row.log_id > after
            && row.date >= now - KEPT_SECONDS
            && order_id.is_none_or(|id| row.order_id == id)
            && (types.is_empty() || types.contains(&row.log_type))
    });
    let key = state.options.journal_id_key;
    let logs: Vec<Value> = rows
        .map(|row| {
            json!({key: row.log_id, "order_id": row.order_id, "log_type": row.log_type, "object_id": row.object_id,
                   "date": row.date})
        })
        .collect();
    success(json!({"logs": logs}))
}
