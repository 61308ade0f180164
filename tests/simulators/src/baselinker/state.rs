//! What the account holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::catalog::{Catalog, NoWarnings};
use super::code_list::{ExtraField, Series, Status};
use super::external::Storage;
use super::field;
use super::journal::{Journal, Kind};
use super::order::Order;
use super::order_return::Returns;
use super::parameters::Parameters;
use super::receipt::Receipts;

/// Switches whose right position is not documented.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) journal: bool,
    pub(super) journal_id_key: &'static str,
    pub(super) maps_become_lists: bool,
    pub(super) legacy_types: bool,
    pub(super) no_warnings: NoWarnings,
}

/// A change that was asked for and done, e.g. one `setOrderStatus`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Write {
    /// Method of the call.
    pub method: String,
    /// Order it concerned; the new one for `addOrder`, 0 for a call on the catalog.
    pub order_id: i64,
    /// Parameters as sent.
    pub parameters: Value,
    /// Unix seconds.
    pub at: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Keys {
    pub(super) order_id: i64,
    pub(super) order_status_id: i64,
    pub(super) confirmed: bool,
    pub(super) date_confirmed: i64,
    pub(super) date_add: i64,
    pub(super) date_in_status: i64,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) delivery_fullname: String,
    pub(super) delivery_company: String,
    pub(super) order_source: String,
    pub(super) order_source_id: i64,
    pub(super) shop_order_id: i64,
    pub(super) external_order_id: String,
}

/// An order as the JSON text that is sent, with the few fields that calls search by.
///
/// Kept as text so that a page is put together by copying: a benchmark must not measure the simulator.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) keys: Keys,
    pub(super) text: Box<str>,
    pub(super) custom_extra_fields: Map<String, Value>,
    pub(super) commissions: Vec<Value>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) options: Options,
    pub(super) records: BTreeMap<i64, Record>,
    pub(super) by_confirmation: BTreeSet<(i64, i64)>,
    pub(super) statuses: Vec<Status>,
    pub(super) sources: BTreeMap<String, BTreeMap<i64, String>>,
    pub(super) extra_fields: Vec<ExtraField>,
    pub(super) series: Vec<Series>,
    pub(super) journal: Journal,
    pub(super) payments: BTreeMap<i64, Vec<Map<String, Value>>>,
    pub(super) invoices: BTreeMap<i64, Map<String, Value>>,
    pub(super) invoice_files: BTreeMap<i64, String>,
    pub(super) receipts: Receipts,
    pub(super) packages: BTreeMap<i64, Map<String, Value>>,
    pub(super) catalog: Catalog,
    pub(super) returns: Returns,
    pub(super) storages: Vec<Storage>,
    pub(super) writes: Vec<Write>,
    next_row_id: i64,
}

impl State {
    pub(super) fn new(options: Options) -> Self {
        Self {
            journal: Journal::new(options.journal),
            catalog: Catalog::new(options.no_warnings),
            options,
            records: BTreeMap::new(),
            by_confirmation: BTreeSet::new(),
            statuses: Vec::new(),
            sources: BTreeMap::new(),
            extra_fields: Vec::new(),
            series: Vec::new(),
            payments: BTreeMap::new(),
            invoices: BTreeMap::new(),
            invoice_files: BTreeMap::new(),
            receipts: Receipts::new(),
            packages: BTreeMap::new(),
            returns: Returns::default(),
            storages: Vec::new(),
            writes: Vec::new(),
            next_row_id: 90_001,
        }
    }

    /// Adds an order that a shop or marketplace brought; gives ids where it has none.
    pub(super) fn bring(&mut self, mut order: Order, now: i64) -> serde_json::Result<i64> {
        if order.order_id == 0 {
            order.order_id = self.next_order_id();
        }
        if order.date_in_status == 0 {
            order.date_in_status = order.date_confirmed.max(order.date_add);
        }
        for row in order.products.iter_mut().filter(|row| row.order_product_id == 0) {
            row.order_product_id = self.next_row_id();
        }
        let Value::Object(mut map) = serde_json::to_value(&order)? else { return Ok(order.order_id) };
        field::name_countries(&mut map);
        self.put(order.order_id, &Value::Object(map).to_string())?;
        self.journal.add(order.order_id, Kind::Created, 0, now);
        if order.confirmed {
            self.journal.add(order.order_id, Kind::Confirmed, 0, now);
        }
        Ok(order.order_id)
    }

    /// Stores an order's text under its id and keeps the index; what is not part of the text stays.
    pub(super) fn put(&mut self, order_id: i64, text: &str) -> serde_json::Result<()> {
        let keys: Keys = serde_json::from_str(text)?;
        let former = self.records.remove(&order_id);
        if let Some(former) = &former {
            self.by_confirmation.remove(&(former.keys.date_confirmed, order_id));
        }
        self.by_confirmation.insert((keys.date_confirmed, order_id));
        let (custom_extra_fields, commissions) =
            former.map(|former| (former.custom_extra_fields, former.commissions)).unwrap_or_default();
        self.records.insert(order_id, Record { keys, text: text.into(), custom_extra_fields, commissions });
        Ok(())
    }

    pub(super) fn remove(&mut self, order_id: i64) -> bool {
        let Some(former) = self.records.remove(&order_id) else { return false };
        self.by_confirmation.remove(&(former.keys.date_confirmed, order_id))
    }

    pub(super) fn next_order_id(&self) -> i64 {
        self.records.last_key_value().map_or(5001, |(last, _)| last + 1)
    }

    pub(super) fn next_row_id(&mut self) -> i64 {
        self.next_row_id += 1;
        self.next_row_id - 1
    }

    pub(super) fn record(&self, order_id: i64) -> Result<&Record, Refusal> {
        // Code assumed.
        self.records
            .get(&order_id)
            .ok_or_else(|| Refusal::new("ERROR_ORDER_ID", format!("Order {order_id} does not exist")))
    }

    pub(super) fn known_status(&self, status_id: i64) -> Result<i64, Refusal> {
        if self.statuses.iter().any(|status| status.id == status_id) {
            return Ok(status_id);
        }
        // Code assumed.
        Err(Refusal::new("ERROR_STATUS_ID", format!("Order status {status_id} does not exist")))
    }

    /// Returns the order's fields as they are sent.
    pub(super) fn fields(&self, order_id: i64) -> Result<Map<String, Value>, Refusal> {
        serde_json::from_str(&self.record(order_id)?.text).map_err(broken)
    }

    /// Changes an order's fields and keeps the index.
    pub(super) fn edit<T>(
        &mut self,
        order_id: i64,
        change: impl FnOnce(&mut Map<String, Value>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut fields = self.fields(order_id)?;
        let result = change(&mut fields)?;
        self.put(order_id, &Value::Object(fields).to_string()).map_err(broken)?;
        Ok(result)
    }

    pub(super) fn order(&self, order_id: i64) -> Result<Order, Refusal> {
        serde_json::from_str(&self.record(order_id)?.text).map_err(broken)
    }

    pub(super) fn wrote(&mut self, method: &str, order_id: i64, sent: &Parameters, at: i64) {
        self.writes.push(Write { method: method.to_owned(), order_id, parameters: sent.whole(), at });
    }

    pub(super) fn counts(&self) -> Value {
        let mut by_status = BTreeMap::<i64, u64>::new();
        for record in self.records.values() {
            *by_status.entry(record.keys.order_status_id).or_default() += 1;
        }
        let mut writes = BTreeMap::<&str, u64>::new();
        let mut touched = BTreeMap::<&str, BTreeSet<i64>>::new();
        for write in &self.writes {
            *writes.entry(&write.method).or_default() += 1;
            touched.entry(&write.method).or_default().insert(write.order_id);
        }
        let touched: BTreeMap<_, _> = touched.into_iter().map(|(method, orders)| (method, orders.len())).collect();
        json!({
            "orders": self.records.len(),
            "unconfirmed": self.records.values().filter(|record| !record.keys.confirmed).count(),
            "orders_by_status": by_status,
            "writes": writes,
            "orders_written": touched,
            "invoices": self.invoices.len(),
            "receipts": self.receipts.len(),
            "packages": self.packages.len(),
            "products": self.catalog.products.len(),
            "returns": self.returns.len(),
        })
    }

    /// Orders that `addOrder` made more than once for one correlation text, by that text.
    pub(super) fn duplicates(&self) -> BTreeMap<String, Vec<i64>> {
        let mut made = BTreeMap::<String, Vec<i64>>::new();
        for write in self.writes.iter().filter(|write| write.method == "addOrder") {
            for field in ["extra_field_1", "extra_field_2", "admin_comments"] {
                match write.parameters.get(field).and_then(Value::as_str) {
                    Some(text) if !text.is_empty() => {
                        made.entry(format!("{field}={text}")).or_default().push(write.order_id);
                    }
                    _ => {}
                }
            }
        }
        made.retain(|_, orders| orders.len() > 1);
        made
    }
}

/// A stored text that does not parse: only a seeding mistake can cause it.
fn broken(error: serde_json::Error) -> Refusal {
    Refusal::new("ERROR_INTERNAL", format!("the seeded order is broken: {error}"))
}
