//! Creates, changes and removes records: checks, then what the system adds by itself.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{Problem, Refusal};
use super::clock::Clock;
use super::company::{Child, Company, Facets, Record, partner_texts, search_words};
use super::draft::{self, Draft, Intake, Mode};
use super::model::{ORDER_ITEM, Shape, shape_of};
use super::options::Options;

/// Document type of an invoice.
pub(crate) const INVOICE: i64 = 4;
/// State of a document that is not yet paid \[assumed\].
const OPEN: i64 = 2;
/// State of a document that is paid.
const PAID: i64 = 6;

/// What the work on one company needs beside it.
pub(crate) struct Desk<'a> {
    pub(crate) company: &'a mut Company,
    pub(crate) users: &'a [(u64, String)],
    pub(crate) options: &'a Options,
    pub(crate) last_id: &'a mut u64,
    pub(crate) clock: &'a Clock,
    pub(crate) seeding: bool,
}

impl Desk<'_> {
    /// Stores a new record and returns its id.
    pub(crate) fn create(&mut self, table: &'static str, data: &Value) -> Result<u64, Refusal> {
        let shape = known(table)?;
        let mut draft = self.read(data, shape, Mode::Create)?;
        self.complete(table, &mut draft);
        *self.last_id += 1;
        let (id, now) = (*self.last_id, self.clock.now());
        let record = self.record(table, shape, id, draft, (now, now));
        self.company.put(table, record);
        if table == "payments" {
            self.settle(data);
        }
        Ok(id)
    }

    fn read(&mut self, data: &Value, shape: &Shape, mode: Mode<'_>) -> Result<Draft, Refusal> {
        let mut intake = Intake {
            company: self.company,
            users: self.users,
            options: self.options,
            last_id: self.last_id,
            problems: Vec::new(),
        };
        let draft = intake.read(data, shape, "/data", mode);
        if intake.problems.is_empty() { Ok(draft) } else { Err(Refusal::invalid(intake.problems)) }
    }

    /// Sets what the system gives by itself.
    fn complete(&mut self, table: &'static str, draft: &mut Draft) {
        let attributes = &mut draft.attributes;
        let mut preset = |name: &str, value: Value| {
            attributes.entry(name.to_owned()).or_insert(value);
        };
        let now = self.clock.local(self.clock.now());
        let year = now.get(..4).unwrap_or_default().to_owned();
        match table {
            "partners" => preset("type", json!(1)),
            "orders" => {
                preset("created", json!(now));
                preset("serial-nr", json!(format!("ZAK{year}{:05}", self.company.next_serial(table))));
                let first = self.company.codes("orderstates").first();
                let state = first.map(|code| json!({ "type": "order-state", "id": code.id.to_string() }));
                draft.relationships.entry("state").or_insert(json!({ "data": state }));
            }
            "businesscases" => {
                preset("created", json!(now));
                preset("serial-nr", json!(format!("OP{year}{:05}", self.company.next_serial(table))));
            }
            "products" => {
                preset("type", json!(1));
                preset("active", json!(true));
            }
            "documents" => {
                preset("type", json!(INVOICE));
                preset("issued-date", json!(now));
                preset("serial-nr", json!(format!("{year}{:04}", self.company.next_serial(table))));
                add_totals(draft);
            }
            _ => {}
        }
    }

    fn record(&self, table: &str, shape: &Shape, id: u64, draft: Draft, times: (i64, i64)) -> Record {
        let (stored, updated) = times;
        let created = draft.attributes.get("created").and_then(Value::as_str).and_then(|text| self.clock.unix(text));
        let facets = facets(table, &draft);
        let json = draft::resource(shape.kind, id, &draft.attributes, &draft.relationships);
        Record {
            id,
            json: json.into_boxed_str(),
            children: draft.children,
            created: created.unwrap_or(stored),
            stored,
            updated,
            seeded: self.seeding,
            facets,
        }
    }

    /// Changes what the call names and keeps the rest.
    pub(crate) fn change(&mut self, table: &'static str, id: u64, data: &Value) -> Result<(), Refusal> {
        let shape = known(table)?;
        let old = self.company.record(table, id).cloned().ok_or_else(|| missing(shape.kind, id))?;
        if data.get("id").is_some_and(|sent| sent.as_str() != Some(id.to_string().as_str())) {
            return Err(Refusal::invalid(vec![Problem::at("/data/id", format!("id must be `{id}`, as in the path"))]));
        }
        let change = self.read(data, shape, Mode::Change(&old.children))?;
        let merged = merge(&old, change);
        let mut record = self.record(table, shape, id, merged, (old.stored, self.clock.now()));
        record.seeded = old.seeded;
        self.company.put(table, record);
        Ok(())
    }

    /// Removes a record; false when it is not there.
    pub(crate) fn remove(&mut self, table: &'static str, id: u64) -> Result<(), Refusal> {
        let shape = known(table)?;
        self.company.remove(table, id).map(drop).ok_or_else(|| missing(shape.kind, id))
    }

    /// Adds an item to an order and returns its id.
    pub(crate) fn add_item(&mut self, order: u64, data: &Value) -> Result<Child, Refusal> {
        let old = self.company.record("orders", order).cloned().ok_or_else(|| missing("order", order))?;
        let inner = self.read(data, &ORDER_ITEM, Mode::Create)?;
        *self.last_id += 1;
        let item = draft::child(*self.last_id, "items", ORDER_ITEM.kind, inner);
        let mut merged = parsed(&old);
        merged.children.push(item.clone());
        let linkage = identifiers(&merged.children, "items");
        merged.relationships.insert("items".to_owned(), json!({ "data": linkage }));
        let shape = known("orders")?;
        let mut record = self.record("orders", shape, order, merged, (old.stored, self.clock.now()));
        record.seeded = old.seeded;
        self.company.put("orders", record);
        Ok(item)
    }

    /// Takes a payment off the document that it names; the last one closes the document.
    fn settle(&mut self, payment: &Value) {
        let document = payment.pointer("/relationships/document/data/id").and_then(Value::as_str);
        let Some(old) = document.and_then(|id| self.company.record("documents", id.parse().ok()?)).cloned() else {
            return;
        };
        let mut draft = parsed(&old);
        let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or_default();
        let paid = number(payment.pointer("/attributes/amount"));
        let rest = cents(number(draft.attributes.get("unpaid")) - paid);
        draft.attributes.insert("unpaid".to_owned(), json!(rest));
        if rest <= 0.0 {
            draft.attributes.insert("invoice-state".to_owned(), json!(PAID));
            let date = payment.pointer("/attributes/date").cloned().unwrap_or_default();
            draft.attributes.insert("paid-date".to_owned(), date);
        }
        let Some(shape) = shape_of("documents") else { return };
        let mut record = self.record("documents", shape, old.id, draft, (old.stored, self.clock.now()));
        record.seeded = old.seeded;
        self.company.put("documents", record);
    }
}

fn known(table: &str) -> Result<&'static Shape, Refusal> {
    shape_of(table).ok_or_else(|| Refusal::not_found(format!("/{table} does not exist")))
}

pub(crate) fn missing(kind: &str, id: u64) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("{kind} `{id}` does not exist"))
}

/// Parses a stored record back into a draft.
pub(crate) fn parsed(record: &Record) -> Draft {
    let mut resource: Value = serde_json::from_str(&record.json).unwrap_or_default();
    let mut take = |part: &str| match resource.get_mut(part).map(Value::take) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let (attributes, relationships) = (take("attributes"), take("relationships"));
    Draft { attributes, relationships, children: record.children.clone() }
}

fn merge(old: &Record, change: Draft) -> Draft {
    let mut merged = parsed(old);
    merged.attributes.extend(change.attributes);
    for (name, value) in change.relationships {
        // Children whose relationship is replaced go, unless the new linkage still names them.
        merged.children.retain(|child| child.link != name || names(&value, child.id));
        merged.relationships.insert(name, value);
    }
    merged.children.extend(change.children);
    merged
}

fn names(relationship: &Value, id: u64) -> bool {
    let id = id.to_string();
    match &relationship["data"] {
        Value::Array(many) => many.iter().any(|one| one["id"] == id),
        one => one["id"] == id,
    }
}

fn identifiers(children: &[Child], link: &str) -> Vec<Value> {
    let of_link = children.iter().filter(|child| child.link == link);
    of_link.map(|child| json!({ "type": child.kind, "id": child.id.to_string() })).collect()
}

fn facets(table: &str, draft: &Draft) -> Facets {
    match table {
        "partners" => {
            let children: Vec<Value> =
                draft.children.iter().filter_map(|child| serde_json::from_str(&child.json).ok()).collect();
            let attributes = Value::Object(draft.attributes.clone());
            Facets { words: search_words(partner_texts(&attributes, &children)), ..Facets::default() }
        }
        "documents" => Facets {
            kind_number: draft.attributes.get("type").and_then(Value::as_i64),
            order: draft.relationships.get("order").and_then(|order| order["data"]["id"].as_str()?.parse().ok()),
            ..Facets::default()
        },
        _ => Facets::default(),
    }
}

/// Adds up the items of a document where the caller did not send amounts.
fn add_totals(draft: &mut Draft) {
    let (mut net, mut gross) = (0.0, 0.0);
    for item in draft.children.iter().filter(|child| child.link == "items") {
        let item: Value = serde_json::from_str(&item.json).unwrap_or_default();
        let number = |name: &str| item["attributes"][name].as_f64().unwrap_or_default();
        let line = number("quantity") * number("unit-price");
        net += line;
        gross += line * (1.0 + number("vat-rate") / 100.0);
    }
    let attributes = &mut draft.attributes;
    // The name says gross, yet the amount is without VAT.
    attributes.entry("gross-amount").or_insert(json!(cents(net)));
    let gross = attributes.entry("taxed-gross-amount").or_insert(json!(cents(gross))).clone();
    attributes.entry("unpaid").or_insert(gross);
    attributes.entry("paid-date").or_insert(Value::Null);
    attributes.entry("invoice-state").or_insert(json!(OPEN));
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}
