//! What the account holds, and how it is shown.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::options::{Options, Order};
use super::route::Table;

/// What is shown for no date.
pub(crate) const NO_DATE: &str = "0000-00-00 00:00:00";
/// Fields that are dates.
const DATES: [&str; 7] = ["createdAt", "updatedAt", "initialDate", "deadline", "issueDate", "dueDate", "paymentDate"];
/// Fields that are ids; text where the switch says so.
const IDS: [&str; 10] = [
    "id",
    "idClient",
    "clientId",
    "supplierId",
    "projectId",
    "jobId",
    "statusId",
    "categoryId",
    "accountId",
    "sequenceId",
];
/// Fields that are amounts.
const AMOUNTS: [&str; 4] = ["value", "paidValue", "discount", "interest"];

/// A record.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) value: Map<String, Value>,
    /// Whether a call has changed it.
    pub(crate) changed: bool,
}

impl Stored {
    /// Returns the text of a field; empty where it is missing.
    fn text(&self, field: &str) -> String {
        self.value.get(field).map(text_of).unwrap_or_default()
    }
}

/// All that changes.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) options: Options,
    /// The one live token; none after it was deactivated.
    pub(crate) panel_token: Option<String>,
    pub(crate) tokens_made: u32,
    /// When each session ends.
    pub(crate) sessions: BTreeMap<String, i64>,
    pub(crate) sessions_made: u32,
    /// Minute, and calls within it.
    pub(crate) minute: (i64, u32),
    pub(crate) tables: BTreeMap<Table, Vec<Stored>>,
    pub(crate) last_id: u64,
}

impl State {
    /// Replaces the panel token; the sessions of the old one end.
    pub(crate) fn generate_token(&mut self) -> String {
        self.tokens_made += 1;
        let token = format!("panel-token-1{:03}", self.tokens_made);
        self.panel_token = Some(token.clone());
        self.sessions.clear();
        token
    }

    /// Takes the panel token away.
    pub(crate) fn deactivate_token(&mut self) {
        self.panel_token = None;
        self.sessions.clear();
    }

    /// Stores a record; an id and times are given where they are missing. Returns its id.
    pub(crate) fn add(&mut self, table: Table, record: Value, now: i64) -> Result<String, String> {
        let Value::Object(mut value) = record else { return Err("a record is a JSON object".to_owned()) };
        if !value.contains_key(table.key()) {
            self.last_id += 1;
            value.insert(table.key().to_owned(), json!(self.last_id));
        }
        let id = text_of(&value[table.key()]);
        if id.is_empty() || self.find(table, &id).is_some() {
            return Err(format!("`{id}` cannot be the id of another record of {}; give a new one", table.name()));
        }
        self.last_id = self.last_id.max(id.parse().unwrap_or_default());
        if !matches!(table, Table::Clients | Table::Categories | Table::Accounts) {
            value.entry("updatedAt").or_insert_with(|| json!(local(now)));
        }
        self.tables.entry(table).or_default().push(Stored { value, changed: false });
        Ok(id)
    }

    /// Changes fields of a record; false when it is not there.
    pub(crate) fn change(&mut self, table: Table, id: &str, fields: Map<String, Value>, now: i64) -> bool {
        let of_id = |stored: &&mut Stored| stored.text(table.key()) == id;
        let Some(stored) = self.tables.entry(table).or_default().iter_mut().find(of_id) else { return false };
        let times_itself = fields.contains_key("updatedAt");
        stored.value.extend(fields);
        if table != Table::Clients && !times_itself {
            stored.value.insert("updatedAt".to_owned(), json!(local(now)));
        }
        stored.changed = true;
        true
    }

    /// Removes a record; false when it is not there.
    pub(crate) fn remove(&mut self, table: Table, id: &str) -> bool {
        let records = self.tables.entry(table).or_default();
        let before = records.len();
        records.retain(|stored| stored.text(table.key()) != id);
        records.len() < before
    }

    pub(crate) fn find(&self, table: Table, id: &str) -> Option<&Stored> {
        self.records(table).iter().find(|stored| stored.text(table.key()) == id)
    }

    pub(crate) fn records(&self, table: Table) -> &[Stored] {
        self.tables.get(&table).map_or(&[], Vec::as_slice)
    }

    /// Returns the records in the order of lists.
    pub(crate) fn ordered(&self, table: Table) -> Vec<&Stored> {
        let mut records: Vec<&Stored> = self.records(table).iter().collect();
        if self.options.order == Order::NewestChangeFirst {
            records.sort_by_key(|stored| std::cmp::Reverse(stored.text("updatedAt")));
        }
        records
    }

    /// Shows a record as the switches say.
    pub(crate) fn shown(&self, stored: &Stored) -> Value {
        let mut value = stored.value.clone();
        for (name, field) in &mut value {
            let name = name.as_str();
            if DATES.contains(&name) && field.is_null() {
                *field = json!(NO_DATE);
            } else if self.options.ids_as_text && IDS.contains(&name) && field.is_number() {
                *field = json!(field.to_string());
            } else if self.options.money_as_text && AMOUNTS.contains(&name) {
                let amount = field.as_f64();
                *field = amount.map_or_else(|| field.clone(), |amount| json!(brazilian(amount)));
            }
        }
        Value::Object(value)
    }
}

/// Returns the text of an id or another plain value; empty for none.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Writes an instant as local time of the account: `2026-02-01 10:00:00`.
pub(crate) fn local(unix_seconds: i64) -> String {
    let zone = TimeZone::get("America/Sao_Paulo").unwrap_or(TimeZone::UTC);
    let instant = Timestamp::from_second(unix_seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    zone.to_datetime(instant).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Writes an amount as Brazilians do: `1.234,56`.
fn brazilian(amount: f64) -> String {
    let plain = format!("{:.2}", amount.abs());
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    format!("{}{grouped},{cents}", if amount < 0.0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_thousands() {
        for (amount, text) in
            [(0.0, "0,00"), (1.5, "1,50"), (999.99, "999,99"), (1234.56, "1.234,56"), (-1_234_567.0, "-1.234.567,00")]
        {
            assert_eq!(brazilian(amount), text);
        }
    }

    #[test]
    fn times_are_those_of_sao_paulo() {
        assert_eq!(local(1_769_950_800), "2026-02-01 10:00:00");
        assert_eq!(local(1_782_900_000), "2026-07-01 07:00:00");
    }
}
