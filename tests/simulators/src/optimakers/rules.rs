//! What a body has to say, and what becomes of it.

use serde_json::{Map, Value, json};

use super::answer::{Problems, Refusal};
use super::clock::Clock;
use super::store::{Store, Table};

/// Names of the fields that a body may have; others are dropped in silence, as ASP.NET does.
const FIELDS: [(Table, &[&str]); 3] = [
    (
        Table::Products,
        &["name", "code", "ean", "unit", "netPrice", "grossPrice", "vatRateId", "currencyId", "isActive"],
    ),
    (Table::Customers, &["name", "taxNumber", "email", "phone", "address", "attributes"]),
    (
        Table::Orders,
        &[
            "externalNumber",
            "statusId",
            "isCompleted",
            "customerId",
            "currencyId",
            "orderDate",
            "deadline",
            "note",
            "items",
            "attributes",
        ],
    ),
];
const LINE: [&str; 6] = ["id", "productId", "name", "quantity", "netPrice", "vatRateId"];
const ATTRIBUTE: [&str; 2] = ["attributeId", "value"];
const ADDRESS: [&str; 4] = ["street", "postCode", "city", "countryCode"];

/// Reads a body: an object whose names count in any casing.
pub(crate) fn read(table: Table, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let value: Value = serde_json::from_slice(body).map_err(|error| Refusal::of_field("$", error.to_string()))?;
    let known = FIELDS.iter().find(|(known, _)| *known == table).map_or(&[][..], |(_, fields)| fields);
    let Value::Object(members) = value else { return Err(Refusal::of_field("$", "A JSON object is required.")) };
    let mut members = spelled(members, known);
    for (name, inner) in [("items", &LINE[..]), ("attributes", &ATTRIBUTE[..]), ("address", &ADDRESS[..])] {
        if let Some(value) = members.get_mut(name) {
            spell_inside(value, inner);
        }
    }
    Ok(members)
}

fn spelled(members: Map<String, Value>, known: &[&str]) -> Map<String, Value> {
    let spelling =
        |name: &str| known.iter().find(|known| known.eq_ignore_ascii_case(name)).map(|known| (*known).to_owned());
    members.into_iter().filter_map(|(name, value)| Some((spelling(&name)?, value))).collect()
}

fn spell_inside(value: &mut Value, known: &[&str]) {
    match value {
        Value::Object(members) => *members = spelled(std::mem::take(members), known),
        Value::Array(elements) => elements.iter_mut().for_each(|element| spell_inside(element, known)),
        _ => {}
    }
}

/// Collects what is wrong with a body.
struct Judge<'a> {
    store: &'a Store,
    clock: &'a Clock,
    problems: Problems,
}

impl Judge<'_> {
    fn wrong(&mut self, field: &str, problem: &str) {
        self.problems.entry(field.to_owned()).or_default().push(problem.to_owned());
    }

    /// Tells whether something is said; `null` says nothing.
    fn required(&mut self, value: &Value, field: &str) -> bool {
        let is_there = !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty());
        if !is_there {
            self.wrong(field, "The field is required.");
        }
        is_there
    }

    fn text(&mut self, value: &Value, field: &str) {
        if !value.is_null() && !value.is_string() {
            self.wrong(field, "The JSON value could not be converted to System.String.");
        }
    }

    fn flag(&mut self, value: &Value, field: &str) {
        if !value.is_null() && !value.is_boolean() {
            self.wrong(field, "The JSON value could not be converted to System.Boolean.");
        }
    }

    fn amount(&mut self, value: &Value, field: &str) {
        match value.as_f64() {
            Some(amount) if amount >= 0.0 => {}
            Some(_) => self.wrong(field, "The value must not be negative."),
            None if value.is_null() => {}
            None => self.wrong(field, "The JSON value could not be converted to System.Decimal."),
        }
    }

    /// Checks a reference; `null` is none.
    fn reference(&mut self, table: Table, value: &Value, field: &str) {
        match value.as_i64() {
            Some(id) if self.store.has(table, id) => {}
            Some(id) => self.wrong(field, &format!("There is no record {id} of {}.", table.name())),
            None if value.is_null() => {}
            None => self.wrong(field, "The JSON value could not be converted to System.Int64."),
        }
    }

    fn local_time(&mut self, value: &Value, field: &str) {
        let is_time = value.as_str().is_some_and(|text| self.clock.unix_ms(text).is_some());
        if !value.is_null() && !is_time {
            self.wrong(field, "A local date and time without a zone is required.");
        }
    }

    fn status(&mut self, value: &Value, field: &str) {
        self.reference(Table::EntityStatuses, value, field);
        let status = value.as_i64().and_then(|id| self.store.get(Table::EntityStatuses, id));
        if status.is_some_and(|status| status.value["entity"] != "Order") {
            self.wrong(field, "The status is one of another entity.");
        }
    }

    fn attributes(&mut self, value: &Value, entity: &str) {
        let Some(attributes) = self.list(value, "attributes") else { return };
        for (index, one) in attributes.iter().enumerate() {
            let field = format!("attributes[{index}]");
            let id = format!("{field}.attributeId");
            if self.required(&one["attributeId"], &id) {
                self.reference(Table::Attributes, &one["attributeId"], &id);
            }
            let attribute = one["attributeId"].as_i64().and_then(|id| self.store.get(Table::Attributes, id));
            if attribute.is_some_and(|attribute| attribute.value["entity"] != entity) {
                self.wrong(&id, "The attribute is one of another entity.");
            }
            self.text(&one["value"], &format!("{field}.value"));
        }
    }

    fn items(&mut self, value: &Value) {
        let Some(items) = self.list(value, "items").filter(|items| !items.is_empty()) else {
            return self.wrong("items", "An order needs an item.");
        };
        for (index, item) in items.iter().enumerate() {
            let field = |name: &str| format!("items[{index}].{name}");
            if item["productId"].is_null() {
                self.required(&item["name"], &field("name"));
            }
            self.text(&item["name"], &field("name"));
            self.reference(Table::Products, &item["productId"], &field("productId"));
            for name in ["quantity", "netPrice"] {
                if self.required(&item[name], &field(name)) {
                    self.amount(&item[name], &field(name));
                }
            }
            if item["quantity"].as_f64() == Some(0.0) {
                self.wrong(&field("quantity"), "The quantity must be more than zero.");
            }
            if self.required(&item["vatRateId"], &field("vatRateId")) {
                self.reference(Table::VatRates, &item["vatRateId"], &field("vatRateId"));
            }
        }
    }

    fn list<'v>(&mut self, value: &'v Value, field: &str) -> Option<&'v Vec<Value>> {
        if !value.is_null() && !value.is_array() {
            self.wrong(field, "A list is required.");
        }
        value.as_array()
    }

    fn verdict(self) -> Result<(), Refusal> {
        if self.problems.is_empty() { Ok(()) } else { Err(Refusal::of_fields(self.problems)) }
    }
}

/// Checks a whole record before it is stored.
pub(crate) fn check(table: Table, record: &Value, store: &Store, clock: &Clock) -> Result<(), Refusal> {
    let mut judge = Judge { store, clock, problems: Problems::new() };
    match table {
        Table::Orders => order(&mut judge, record),
        Table::Customers => customer(&mut judge, record),
        Table::Products => product(&mut judge, record),
        _ => {}
    }
    judge.verdict()
}

/// Checks the body that moves an order to a status.
pub(crate) fn check_status(status: &Value, store: &Store, clock: &Clock) -> Result<(), Refusal> {
    let mut judge = Judge { store, clock, problems: Problems::new() };
    if judge.required(status, "statusId") {
        judge.status(status, "statusId");
    }
    judge.verdict()
}

fn order(judge: &mut Judge<'_>, order: &Value) {
    for (table, name) in [(Table::Customers, "customerId"), (Table::Currencies, "currencyId")] {
        if judge.required(&order[name], name) {
            judge.reference(table, &order[name], name);
        }
    }
    judge.status(&order["statusId"], "statusId");
    for name in ["externalNumber", "note"] {
        judge.text(&order[name], name);
    }
    for name in ["orderDate", "deadline"] {
        judge.local_time(&order[name], name);
    }
    judge.flag(&order["isCompleted"], "isCompleted");
    judge.items(&order["items"]);
    judge.attributes(&order["attributes"], "Order");
}

fn customer(judge: &mut Judge<'_>, customer: &Value) {
    judge.required(&customer["name"], "name");
    for name in ["name", "taxNumber", "email", "phone"] {
        judge.text(&customer[name], name);
    }
    if customer["email"].as_str().is_some_and(|email| !email.contains('@')) {
        judge.wrong("email", "The e-mail address is not valid.");
    }
    let address = &customer["address"];
    if !address.is_null() && !address.is_object() {
        judge.wrong("address", "An object is required.");
    }
    for name in ADDRESS {
        judge.text(&address[name], &format!("address.{name}"));
    }
    judge.attributes(&customer["attributes"], "Customer");
}

fn product(judge: &mut Judge<'_>, product: &Value) {
    judge.required(&product["name"], "name");
    for name in ["name", "code", "ean", "unit"] {
        judge.text(&product[name], name);
    }
    for name in ["netPrice", "grossPrice"] {
        judge.amount(&product[name], name);
    }
    judge.reference(Table::VatRates, &product["vatRateId"], "vatRateId");
    judge.reference(Table::Currencies, &product["currencyId"], "currencyId");
    judge.flag(&product["isActive"], "isActive");
}

/// Fills what a body leaves out, so that a record always has all fields.
pub(crate) fn complete(table: Table, members: Map<String, Value>, store: &Store, now: &str) -> Value {
    let mut record = match table {
        Table::Orders => json!({
            "number": null, "externalNumber": null, "statusId": store.default_order_status(), "isCompleted": false,
            "customerId": null, "currencyId": null, "orderDate": now, "deadline": null, "note": "", "items": [],
            "attributes": [],
        }),
        Table::Customers => json!({
            "name": "", "taxNumber": null, "email": null, "phone": null,
            "address": { "street": null, "postCode": null, "city": null, "countryCode": null }, "attributes": [],
        }),
        _ => json!({
            "name": "", "code": null, "ean": null, "unit": null, "netPrice": null, "grossPrice": null,
            "vatRateId": null, "currencyId": null, "isActive": true,
        }),
    };
    for (name, value) in members {
        if !value.is_null() {
            record[&name] = value;
        }
    }
    number_items(&mut record);
    record
}

fn number_items(record: &mut Value) {
    let items = record.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten();
    for (number, item) in (1..).zip(items) {
        if let Value::Object(members) = item {
            members.insert("id".to_owned(), json!(number));
            members.entry("productId").or_insert(Value::Null);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn names_count_in_any_casing_and_unknown_ones_are_dropped() {
        let body = br#"{"ExternalNumber": "A", "ITEMS": [{"netprice": 1, "x": 2}], "number": "Z", "Attributes": [{"AttributeId": 1}]}"#;
        let read = Value::Object(read(Table::Orders, body).unwrap());
        let expected = json!({"externalNumber": "A", "items": [{"netPrice": 1}], "attributes": [{"attributeId": 1}]});
        assert_eq!(read, expected);
    }
}
