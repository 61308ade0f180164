//! The records of the instance, by table and id.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// First id that is given to a record: beyond 32 bits, as ids are long.
const FIRST_ID: i64 = 3_000_000_001;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Statuses of entities.
    EntityStatuses,
    /// Attributes of entities.
    Attributes,
    /// VAT rates.
    VatRates,
    /// Currencies.
    Currencies,
    /// Products.
    Products,
    /// Customers.
    Customers,
    /// Orders.
    Orders,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 7] = [
        Self::EntityStatuses,
        Self::Attributes,
        Self::VatRates,
        Self::Currencies,
        Self::Products,
        Self::Customers,
        Self::Orders,
    ];

    /// Returns the name in operations: `orders` of `GET /orders`.
    pub fn name(self) -> &'static str {
        match self {
            Self::EntityStatuses => "entity-statuses",
            Self::Attributes => "attributes",
            Self::VatRates => "vat-rates",
            Self::Currencies => "currencies",
            Self::Products => "products",
            Self::Customers => "customers",
            Self::Orders => "orders",
        }
    }

    /// Returns the entity of event sources, where its changes are told: `order` of `order.updated`.
    pub(crate) fn entity(self) -> Option<&'static str> {
        match self {
            Self::Products => Some("product"),
            Self::Customers => Some("customer"),
            Self::Orders => Some("order"),
            _ => None,
        }
    }
}

/// A record as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) value: Value,
    /// When it was made or changed last, in Unix milliseconds.
    pub(crate) modified: i64,
    /// Whether it was there before the first call.
    pub(crate) is_seeded: bool,
    /// Whether a call has changed it since.
    pub(crate) is_changed: bool,
}

/// All records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    tables: BTreeMap<Table, BTreeMap<i64, Record>>,
    given: BTreeMap<Table, i64>,
    orders_of_year: BTreeMap<String, u64>,
}

impl Store {
    pub(crate) fn get(&self, table: Table, id: i64) -> Option<&Record> {
        self.tables.get(&table)?.get(&id)
    }

    pub(crate) fn has(&self, table: Table, id: i64) -> bool {
        self.get(table, id).is_some()
    }

    /// Goes through the records of a table by id.
    pub(crate) fn records(&self, table: Table) -> impl Iterator<Item = (i64, &Record)> {
        self.tables.get(&table).into_iter().flatten().map(|(id, record)| (*id, record))
    }

    /// Stores a new record under the id it has, or under the next one; returns it.
    pub(crate) fn add(&mut self, table: Table, mut value: Value, now: i64, is_seeded: bool) -> i64 {
        let id = value["id"].as_i64().unwrap_or_else(|| self.next_id(table));
        value["id"] = json!(id);
        let record = Record { value, modified: now, is_seeded, is_changed: false };
        self.tables.entry(table).or_default().insert(id, record);
        id
    }

    /// Replaces a record; none when it is not there.
    pub(crate) fn replace(&mut self, table: Table, id: i64, value: Value, now: i64) -> Option<()> {
        let record = self.tables.get_mut(&table)?.get_mut(&id)?;
        record.value = value;
        record.value["id"] = json!(id);
        record.modified = now;
        record.is_changed = true;
        Some(())
    }

    /// Removes a record; none when it is not there.
    pub(crate) fn remove(&mut self, table: Table, id: i64) -> Option<Record> {
        self.tables.get_mut(&table)?.remove(&id)
    }

    /// Returns the order other than `except` that has an external number.
    pub(crate) fn order_numbered(&self, external_number: &str, except: Option<i64>) -> Option<i64> {
        let mut orders = self.records(Table::Orders);
        let found = orders
            .find(|(id, order)| Some(*id) != except && order.value["externalNumber"].as_str() == Some(external_number));
        found.map(|(id, _)| id)
    }

    /// Returns the status that orders have which come without one.
    pub(crate) fn default_order_status(&self) -> Option<i64> {
        let statuses = || self.records(Table::EntityStatuses).filter(|(_, status)| status.value["entity"] == "Order");
        let marked = statuses().find(|(_, status)| status.value["isDefault"] == true);
        marked.or_else(|| statuses().next()).map(|(id, _)| id)
    }

    /// Gives the next number of an order: `ZAM/12/2026`.
    pub(crate) fn next_order_number(&mut self, year: &str) -> String {
        let count = self.orders_of_year.entry(year.to_owned()).or_default();
        *count += 1;
        format!("ZAM/{count}/{year}")
    }

    fn next_id(&mut self, table: Table) -> i64 {
        let given = self.given.entry(table).or_insert(FIRST_ID - 1);
        loop {
            *given += 1;
            if !self.tables.get(&table).is_some_and(|records| records.contains_key(given)) {
                return *given;
            }
        }
    }
}
