//! The books of one company: its records by entity and key.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::profile::Entity;
use super::query::Query;

/// A record as it stands in the books.
#[derive(Clone, Debug)]
pub(crate) struct Posting {
    pub(crate) value: Value,
    /// Whether it was there before the first call.
    pub(crate) seeded: bool,
    /// Whether a call has changed it since.
    pub(crate) changed: bool,
}

#[derive(Clone, Debug, Default)]
struct Table {
    postings: Vec<Posting>,
    /// Places by key; documents may share one.
    by_key: BTreeMap<String, Vec<usize>>,
    /// Dotted paths that some record has.
    paths: BTreeSet<String>,
    numbers_given: u64,
}

/// The books of one company.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    tables: BTreeMap<Entity, Table>,
}

impl Books {
    fn table(&self, entity: Entity) -> Option<&Table> {
        self.tables.get(&entity)
    }

    pub(crate) fn postings(&self, entity: Entity) -> impl Iterator<Item = &Posting> {
        self.table(entity).into_iter().flat_map(|table| &table.postings)
    }

    /// Returns the records that have a key: none, one, or several documents of the same number.
    pub(crate) fn by_key(&self, entity: Entity, key: &str) -> impl Iterator<Item = &Posting> {
        let table = self.table(entity);
        let places = table.and_then(|table| table.by_key.get(key)).into_iter().flatten();
        places.filter_map(move |place| table?.postings.get(*place))
    }

    pub(crate) fn has(&self, entity: Entity, key: &str) -> bool {
        self.by_key(entity, key).next().is_some()
    }

    /// Tells whether a document like this is booked: for a supplier's invoice both number and supplier count.
    pub(crate) fn has_same(&self, entity: Entity, record: &Value) -> bool {
        let supplier = |value: &Value| value["NoFournisseur"].as_str().map(str::to_owned);
        let mut same = self.by_key(entity, key_of(entity, record));
        match entity {
            Entity::SupplierInvoice => same.any(|posting| supplier(&posting.value) == supplier(record)),
            _ => same.next().is_some(),
        }
    }

    /// Gives the next number of a document that came without one.
    pub(crate) fn next_number(&mut self, entity: Entity) -> String {
        let prefix = match entity {
            Entity::GLJournalEntry => "E",
            Entity::SupplierOrder => "BC",
            _ => "F",
        };
        loop {
            let table = self.tables.entry(entity).or_default();
            table.numbers_given += 1;
            let number = format!("{prefix}-{:06}", table.numbers_given);
            if !self.has(entity, &number) {
                return number;
            }
        }
    }

    pub(crate) fn add(&mut self, entity: Entity, value: Value, seeded: bool) {
        let table = self.tables.entry(entity).or_default();
        collect_paths(&value, "", &mut table.paths);
        let key = key_of(entity, &value).to_owned();
        table.by_key.entry(key).or_default().push(table.postings.len());
        table.postings.push(Posting { value, seeded, changed: false });
    }

    /// Writes the members of `change` over the record with this key; none when there is no such record.
    pub(crate) fn update(&mut self, entity: Entity, key: &str, change: &Value) -> Option<Value> {
        let table = self.tables.get_mut(&entity)?;
        let place = *table.by_key.get(key)?.first()?;
        collect_paths(change, "", &mut table.paths);
        let posting = table.postings.get_mut(place)?;
        merge(&mut posting.value, change);
        posting.changed = true;
        Some(posting.value.clone())
    }

    /// Takes the record with this key out and returns it; none when there is no such record.
    pub(crate) fn remove(&mut self, entity: Entity, key: &str) -> Option<Value> {
        let table = self.tables.get_mut(&entity)?;
        let place = *table.by_key.get(key)?.first()?;
        let removed = table.postings.remove(place);
        // Those behind it move up.
        for places in table.by_key.values_mut() {
            places.retain(|one| *one != place);
            places.iter_mut().filter(|one| **one > place).for_each(|one| *one -= 1);
        }
        table.by_key.retain(|_, places| !places.is_empty());
        Some(removed.value)
    }

    pub(crate) fn knows_path(&self, entity: Entity, path: &str) -> bool {
        entity.paths().contains(&path) || self.table(entity).is_some_and(|table| table.paths.contains(path))
    }

    /// Returns the rows of a list as they are shown.
    pub(crate) fn list(&self, entity: Entity, query: &Query) -> Vec<Value> {
        let skipped = self.found(entity, query).into_iter().skip(query.skip);
        skipped.take(query.top.unwrap_or(usize::MAX)).map(|record| query.shown(record)).collect()
    }

    fn found(&self, entity: Entity, query: &Query) -> Vec<&Value> {
        let accepted = |posting: &&Posting| query.filter.accepts(&posting.value);
        let (by_key_up, key) = (query.order_by.len() == 1, entity.key());
        // Most look-ups are for one key, and most lists go up by key: the index has both ready.
        let mut found: Vec<&Value> = match (query.filter.text_of(key), self.table(entity)) {
            (_, None) => Vec::new(),
            (Some(text), _) => self.by_key(entity, text).filter(accepted).map(|one| &one.value).collect(),
            (None, Some(table)) if by_key_up && query.order_by.first().is_some_and(|(path, _)| path == key) => {
                let places = table.by_key.values().flatten();
                let postings = places.filter_map(|place| table.postings.get(*place));
                let mut found: Vec<&Value> = postings.filter(accepted).map(|one| &one.value).collect();
                if query.order_by.first().is_some_and(|(_, down)| *down) {
                    found.reverse();
                }
                return found;
            }
            (None, Some(table)) => table.postings.iter().filter(accepted).map(|one| &one.value).collect(),
        };
        if !query.order_by.is_empty() {
            found.sort_by(|one, other| query.compare(one, other));
        }
        found
    }
}

/// Returns the key of a record; empty when it has none.
pub(crate) fn key_of(entity: Entity, record: &Value) -> &str {
    record[entity.key()].as_str().unwrap_or_default()
}

fn merge(value: &mut Value, change: &Value) {
    match (value, change) {
        (Value::Object(members), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(members.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
        (value, change) => *value = change.clone(),
    }
}

fn collect_paths(value: &Value, base: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect_paths(element, base, paths)),
        Value::Object(members) => {
            for (name, member) in members {
                let path = if base.is_empty() { name.clone() } else { format!("{base}.{name}") };
                collect_paths(member, &path, paths);
                paths.insert(path);
            }
        }
        _ => {}
    }
}
