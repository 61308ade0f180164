//! Sources of look-ups that the fake host grants.

use std::cell::RefCell;

use wharf_sdk::failure::{Cause, Missing, MissingKind};
use wharf_sdk::host::{Action, Item, Receipt, Source};
use wharf_sdk::{Applied, Failure};

/// A source of look-ups, with its records.
pub struct FakeSource {
    source: Source,
    records: Vec<Item>,
    failure: Option<Failure>,
    receipt: Result<Receipt, Failure>,
}

/// An edit that the connector handed over.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Name of the source.
    pub source: String,
    /// What to do.
    pub action: Action,
    /// Record to change; none for a create.
    pub id: Option<String>,
    /// JSON text.
    pub document: String,
}

impl FakeSource {
    /// Starts a source without records, keys and actions.
    pub fn new(name: &str, role: &str, entity: &str) -> Self {
        let source = Source {
            name: name.to_owned(),
            role: role.to_owned(),
            entity: entity.to_owned(),
            readable: true,
            keys: Vec::new(),
            actions: Vec::new(),
        };
        let done = Applied { id: String::new(), revision: None, number: None };
        Self { source, records: Vec::new(), failure: None, receipt: Ok(Receipt::Done(done)) }
    }

    /// Sets the fields that it can be asked by. A record is found when its document has that text, or one that reads
    /// the same, under the field's name on the first level.
    #[must_use]
    pub fn keys<'k>(mut self, keys: impl IntoIterator<Item = &'k str>) -> Self {
        self.source.keys = keys.into_iter().map(str::to_owned).collect();
        self
    }

    /// Sets what may be done there.
    #[must_use]
    pub fn actions(mut self, actions: impl IntoIterator<Item = Action>) -> Self {
        self.source.actions = actions.into_iter().collect();
        self
    }

    /// Adds a record; `document` is JSON text.
    #[must_use]
    pub fn record(mut self, id: &str, document: &str) -> Self {
        self.records.push(Item::from_text(&self.source.entity, id, document));
        self
    }

    /// Makes every look-up fail.
    #[must_use]
    pub fn failing(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }

    /// Sets what becomes of edits. Default: done, under the id of the record, or `new` for a create.
    #[must_use]
    pub fn receipt(mut self, receipt: Result<Receipt, Failure>) -> Self {
        self.receipt = receipt;
        self
    }

    fn check(&self) -> Result<(), Failure> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    fn holds(&self, item: &Item, (name, value): &(String, String)) -> bool {
        let text = match &item.content {
            wharf_sdk::Content::Document(text) => text.as_str(),
            wharf_sdk::Content::Slice(_) => "{}",
        };
        let document: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        match document.get(name) {
            Some(serde_json::Value::String(text)) => text == value,
            Some(other) => value.parse().is_ok_and(|value: serde_json::Value| value == *other),
            None => false,
        }
    }

    fn receipt_for(&self, id: Option<&str>) -> Result<Receipt, Failure> {
        match self.receipt.clone() {
            Ok(Receipt::Done(done)) if done.id.is_empty() => {
                Ok(Receipt::Done(Applied { id: id.unwrap_or("new").to_owned(), ..done }))
            }
            other => Ok(other?),
        }
    }
}

/// All sources of a fake host.
#[derive(Default)]
pub(crate) struct Sources {
    all: Vec<FakeSource>,
    edits: RefCell<Vec<Edit>>,
}

impl Sources {
    pub(crate) fn add(&mut self, source: FakeSource) {
        self.all.push(source);
    }

    pub(crate) fn list(&self) -> Vec<Source> {
        self.all.iter().map(|source| source.source.clone()).collect()
    }

    pub(crate) fn edits(&self) -> Vec<Edit> {
        self.edits.borrow().clone()
    }

    pub(crate) fn find(&self, source: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>, Failure> {
        let source = self.named(source)?;
        source.check()?;
        if let Some((key, _)) = query.iter().find(|(key, _)| !source.source.has_key(key)) {
            return Err(unsupported(&format!("source `{}` cannot be asked by `{key}`", source.source.name)));
        }
        let all_hold = |item: &&Item| query.iter().all(|field| source.holds(item, field));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(source.records.iter().filter(all_hold).take(limit).cloned().collect())
    }

    pub(crate) fn get(&self, source: &str, id: &str) -> Result<Item, Failure> {
        let source = self.named(source)?;
        source.check()?;
        source.records.iter().find(|item| item.id == id).cloned().ok_or_else(|| {
            let entity = source.source.entity.clone();
            let missing = Missing { kind: MissingKind::Subject, entity, key: id.to_owned() };
            Failure::new(Cause::NotFound(missing), format!("there is no `{id}`"))
        })
    }

    pub(crate) fn submit(
        &self,
        name: &str,
        action: Action,
        id: Option<&str>,
        document: &str,
    ) -> Result<Receipt, Failure> {
        let source = self.named(name)?;
        let edit = Edit { source: name.to_owned(), action, id: id.map(str::to_owned), document: document.to_owned() };
        self.edits.borrow_mut().push(edit);
        if !source.source.allows(action) {
            return Err(unsupported(&format!("source `{name}` does not allow that action; grant it")));
        }
        source.receipt_for(id)
    }

    fn named(&self, name: &str) -> Result<&FakeSource, Failure> {
        let found = self.all.iter().find(|source| source.source.name == name);
        found.ok_or_else(|| unsupported(&format!("no source `{name}` was granted; add one to the fake host")))
    }
}

fn unsupported(message: &str) -> Failure {
    Failure::unsupported("lookups", message)
}
