//! The data of one company: code lists, tables, and what is looked up in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::model::{CODE_LISTS, TABLES, code_kind};

/// A child of a record, serialized as it is included with it.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) id: u64,
    pub(crate) kind: &'static str,
    /// The relationship that it was sent in.
    pub(crate) link: &'static str,
    pub(crate) json: Box<str>,
}

/// A record, serialized as it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) json: Box<str>,
    pub(crate) children: Vec<Child>,
    /// Unix seconds of the attribute `created`, or of the storing where a type has none.
    pub(crate) created: i64,
    pub(crate) stored: i64,
    pub(crate) updated: i64,
    /// Whether it was there before the first call.
    pub(crate) seeded: bool,
    pub(crate) facets: Facets,
}

/// What lists filter by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facets {
    /// The attribute `type` of a document.
    pub(crate) kind_number: Option<i64>,
    /// The order that a document belongs to.
    pub(crate) order: Option<u64>,
    /// Lower-case words of the full-text search.
    pub(crate) words: Vec<String>,
}

/// An entry of a code list.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) has_parent: bool,
    json: Box<str>,
}

impl Code {
    fn new(path: &str, id: u64, name: &str, parent: Option<u64>) -> Self {
        let kind = code_kind(path);
        let mut resource = json!({ "type": kind, "id": id.to_string(), "attributes": { "name": name } });
        if path == "orders/customfields" {
            resource["attributes"]["value-type"] = json!(3);
        }
        if path == "ordertypes" {
            let data = parent.map(|parent| json!({ "type": kind, "id": parent.to_string() }));
            resource["relationships"] = json!({ "parent": { "data": data } });
        }
        let json = resource.to_string().into_boxed_str();
        Self { id, name: name.to_owned(), has_parent: parent.is_some(), json }
    }

    pub(crate) fn json(&self) -> &str {
        &self.json
    }
}

/// One company and all that is in it.
#[derive(Debug)]
pub(crate) struct Company {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// Whether the API user may use it.
    pub(crate) allowed: bool,
    codes: BTreeMap<&'static str, Vec<Code>>,
    /// Records by table, sorted by id: a deep page of a long list is found without walking there.
    tables: BTreeMap<&'static str, Vec<Record>>,
    words: BTreeMap<String, BTreeSet<u64>>,
    documents_of_order: HashMap<u64, BTreeSet<u64>>,
    serials: BTreeMap<&'static str, u64>,
}

impl Company {
    pub(crate) fn new(id: u64, name: &str, allowed: bool) -> Self {
        Self {
            id,
            name: name.to_owned(),
            allowed,
            codes: CODE_LISTS.iter().map(|(path, _)| (*path, Vec::new())).collect(),
            tables: TABLES.iter().map(|(path, _)| (*path, Vec::new())).collect(),
            words: BTreeMap::new(),
            documents_of_order: HashMap::new(),
            serials: BTreeMap::new(),
        }
    }

    /// Adds an entry to a code list; false when there is no such list.
    pub(crate) fn add_code(&mut self, path: &str, id: u64, name: &str, parent: Option<u64>) -> bool {
        let Some(codes) = self.codes.get_mut(path) else { return false };
        codes.push(Code::new(path, id, name, parent));
        true
    }

    pub(crate) fn codes(&self, path: &str) -> &[Code] {
        self.codes.get(path).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn code(&self, path: &str, id: u64) -> Option<&Code> {
        self.codes(path).iter().find(|code| code.id == id)
    }

    /// Counts up the number of a kind of documents.
    pub(crate) fn next_serial(&mut self, table: &'static str) -> u64 {
        let serial = self.serials.entry(table).or_default();
        *serial += 1;
        *serial
    }

    pub(crate) fn records(&self, table: &str) -> &[Record] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn record(&self, table: &str, id: u64) -> Option<&Record> {
        let records = self.records(table);
        records.get(place_of(records, id).ok()?)
    }

    /// Stores a record, in place of an older version of it.
    pub(crate) fn put(&mut self, table: &str, record: Record) {
        for word in &record.facets.words {
            self.words.entry(word.clone()).or_default().insert(record.id);
        }
        if let Some(order) = record.facets.order {
            self.documents_of_order.entry(order).or_default().insert(record.id);
        }
        let Some(records) = self.tables.get_mut(table) else { return };
        match place_of(records, record.id) {
            Ok(place) => {
                records.splice(place..=place, [record]);
            }
            Err(place) => records.insert(place, record),
        }
    }

    pub(crate) fn remove(&mut self, table: &str, id: u64) -> Option<Record> {
        let records = self.tables.get_mut(table)?;
        place_of(records, id).ok().map(|place| records.remove(place))
    }

    pub(crate) fn documents_of_order(&self, order: u64) -> impl Iterator<Item = &Record> + '_ {
        let ids = self.documents_of_order.get(&order).into_iter().flatten();
        ids.filter_map(|id| self.record("documents", *id)).filter(move |record| record.facets.order == Some(order))
    }

    /// Finds the partners of whom each word of the text begins a word: fuzzier than any exact look-up.
    pub(crate) fn search_partners(&self, text: &str) -> Vec<&Record> {
        let wanted: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let Some(rarest) = wanted.iter().map(|word| self.beginning_with(word)).min_by_key(BTreeSet::len) else {
            return self.records("partners").iter().collect();
        };
        let records = rarest.into_iter().filter_map(|id| self.record("partners", id));
        records.filter(|record| wanted.iter().all(|word| record.has_word_beginning(word))).collect()
    }

    fn beginning_with(&self, start: &str) -> BTreeSet<u64> {
        let words = self.words.range(start.to_owned()..).take_while(|(word, _)| word.starts_with(start));
        words.flat_map(|(_, ids)| ids.iter().copied()).collect()
    }
}

fn place_of(records: &[Record], id: u64) -> Result<usize, usize> {
    records.binary_search_by_key(&id, |record| record.id)
}

impl Record {
    fn has_word_beginning(&self, start: &str) -> bool {
        self.facets.words.iter().any(|word| word.starts_with(start))
    }

    pub(crate) fn children_of(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.children.iter().filter(move |child| child.kind == kind).map(|child| &*child.json)
    }
}

/// Splits the texts that a partner is found by: each as it is, and its parts between blanks and punctuation.
pub(crate) fn search_words<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words = BTreeSet::new();
    for text in texts {
        let text = text.to_lowercase();
        words.extend(text.split_whitespace().map(str::to_owned));
        words.extend(
            text.split(|sign: char| !sign.is_alphanumeric()).filter(|part| !part.is_empty()).map(str::to_owned),
        );
    }
    words.into_iter().collect()
}

/// Reads the texts that a partner is found by: name, company number, addresses of its contacts.
pub(crate) fn partner_texts<'a>(attributes: &'a Value, children: &'a [Value]) -> impl Iterator<Item = &'a str> {
    let own = ["name", "ico"].into_iter().filter_map(|name| attributes.get(name)?.as_str());
    own.chain(children.iter().filter_map(|child| child.pointer("/attributes/email")?.as_str()))
}
