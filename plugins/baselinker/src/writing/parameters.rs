//! Parameters of a call: built field by field, checked against the vendor's limits, written in the order given.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use wharf_sdk::document::{Address, Decimal, Extra, Order, PickupPoint};
use wharf_sdk::{Failure, Result, Violation, violation};

/// What is sent under a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sent {
    Text(String),
    Number(Decimal),
    Whole(u64),
    Flag(bool),
    Json(Value),
    Rows(Vec<Parameters>),
    /// A map whose keys are the account's own: warehouses, price groups, products.
    Map(Vec<(String, Sent)>),
    Ids(Vec<u64>),
    List(Vec<Sent>),
}

/// Parameters in the making.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Parameters {
    fields: Vec<(&'static str, Sent)>,
    violations: Vec<Violation>,
    unmapped: Vec<(&'static str, String)>,
}

impl Parameters {
    /// Goes through names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Sent)> {
        self.fields.iter().map(|(name, sent)| (*name, sent))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.violations.is_empty() && self.unmapped.is_empty()
    }

    /// Returns a value as text.
    pub(super) fn text_of(&self, name: &str) -> Option<String> {
        self.iter().find(|(key, _)| *key == name).map(|(_, sent)| match sent {
            Sent::Text(text) => text.clone(),
            Sent::Whole(whole) => whole.to_string(),
            other => format!("{other:?}"),
        })
    }

    /// Ends the making: everything that is wrong with the document, or the parameters.
    pub(super) fn checked(self) -> Result<Self> {
        if !self.violations.is_empty() {
            return Err(Failure::invalid_record(self.violations));
        }
        if !self.unmapped.is_empty() {
            return Err(Failure::mapping_missing(self.unmapped.iter().map(|(list, value)| (*list, value.as_str()))));
        }
        Ok(self)
    }

    pub(super) fn put(&mut self, name: &'static str, sent: Sent) {
        self.fields.push((name, sent));
    }

    /// Sets a field that may be there already.
    pub(super) fn replace(&mut self, name: &'static str, sent: Sent) {
        self.fields.retain(|(known, _)| *known != name);
        self.put(name, sent);
    }

    /// Leaves fields out.
    pub(super) fn without(mut self, names: &[&str]) -> Self {
        self.fields.retain(|(name, _)| !names.contains(name));
        self
    }

    /// Puts a field before all others.
    pub(super) fn first(mut self, name: &'static str, sent: Sent) -> Self {
        self.fields.insert(0, (name, sent));
        self
    }

    pub(super) fn wrong(&mut self, path: impl Into<String>, code: &str, message: impl Into<String>) {
        self.violations.push(violation(path, code, message));
    }

    /// Notes something that is wrong.
    pub(super) fn violate(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// Takes over everything that other parameters have.
    pub(super) fn take_over(&mut self, mut other: Self) {
        self.fields.append(&mut other.fields);
        self.violations.append(&mut other.violations);
        self.unmapped.append(&mut other.unmapped);
    }

    /// Notes a value without a counterpart here.
    pub(super) fn unmapped(&mut self, list: &'static str, value: &str) {
        self.unmapped.push((list, value.to_owned()));
    }

    /// Sends text of at most so many characters; longer text would be cut by the vendor without a word.
    pub(super) fn text(&mut self, name: &'static str, path: &str, most: usize, text: Option<&str>) {
        let Some(text) = text else { return };
        let chars = text.chars().count();
        if chars > most {
            let message = format!("`{path}` has {chars} characters and the vendor keeps {most}; shorten it");
            return self.wrong(path, "too-long", message);
        }
        self.put(name, Sent::Text(text.to_owned()));
    }

    pub(super) fn number(&mut self, name: &'static str, number: Option<Decimal>) {
        if let Some(number) = number {
            self.put(name, Sent::Number(number));
        }
    }

    pub(super) fn flag(&mut self, name: &'static str, flag: Option<bool>) {
        if let Some(flag) = flag {
            self.put(name, Sent::Flag(flag));
        }
    }

    /// Sends the id of an entry of a reference list; text that is no id has no counterpart here.
    pub(super) fn listed(&mut self, name: &'static str, list: &'static str, id: &str) {
        match id.trim().parse() {
            Ok(id) => self.put(name, Sent::Whole(id)),
            Err(_) => self.unmapped(list, id),
        }
    }

    /// Takes over rows with what is wrong about them.
    pub(super) fn rows(&mut self, name: &'static str, mut rows: Vec<Self>) {
        for row in &mut rows {
            self.violations.append(&mut row.violations);
            self.unmapped.append(&mut row.unmapped);
        }
        self.put(name, Sent::Rows(rows));
    }
}

/// What orders have in common, whether they are created or changed.
impl Parameters {
    pub(super) fn buyer(&mut self, order: &Order) {
        let buyer = &order.customer;
        self.text("email", "/customer/email", 150, buyer.email.as_deref());
        self.text("phone", "/customer/phone", 100, buyer.phone.as_deref());
        self.text("user_login", "/customer/login", 30, buyer.login.as_deref());
        self.text("invoice_nip", "/customer/tax_number", 100, buyer.tax_number.as_deref());
        self.flag("want_invoice", order.wants_invoice);
    }

    pub(super) fn payment(&mut self, order: &Order) {
        let Some(payment) = &order.payment else { return };
        self.text("payment_method", "/payment/method", 30, payment.method.as_deref());
        self.flag("payment_method_cod", payment.cash_on_delivery);
    }

    pub(super) fn delivery(&mut self, order: &Order) {
        let Some(delivery) = &order.delivery else { return };
        self.text("delivery_method", "/delivery/method", 30, delivery.method.as_deref());
        self.number("delivery_price", delivery.price_gross);
        if let Some(point) = &delivery.pickup_point {
            self.pickup_point(point);
        }
    }

    fn pickup_point(&mut self, point: &PickupPoint) {
        self.text("delivery_point_id", "/delivery/pickup_point/id", 40, point.id.as_deref());
        let Some(address) = &point.address else { return };
        let path = |field: &str| format!("/delivery/pickup_point/address/{field}");
        self.text("delivery_point_name", &path("name"), 100, address.name.as_deref().or(address.company.as_deref()));
        self.text("delivery_point_address", &path("street"), 100, address.street.as_deref());
        self.text("delivery_point_postcode", &path("postcode"), 100, address.postcode.as_deref());
        self.text("delivery_point_city", &path("city"), 100, address.city.as_deref());
    }

    pub(super) fn delivery_address(&mut self, at: &str, address: &Address) {
        let path = |field: &str| format!("{at}/{field}");
        self.text("delivery_fullname", &path("name"), 100, address.name.as_deref());
        self.text("delivery_company", &path("company"), 100, address.company.as_deref());
        self.text("delivery_address", &path("street"), 156, address.street.as_deref());
        self.text("delivery_postcode", &path("postcode"), 100, address.postcode.as_deref());
        self.text("delivery_city", &path("city"), 100, address.city.as_deref());
        self.text("delivery_state", &path("state"), 35, address.state.as_deref());
        self.text("delivery_country_code", &path("country"), 2, address.country.as_deref());
    }

    pub(super) fn invoice_address(&mut self, at: &str, address: &Address) {
        let path = |field: &str| format!("{at}/{field}");
        self.text("invoice_fullname", &path("name"), 200, address.name.as_deref());
        self.text("invoice_company", &path("company"), 200, address.company.as_deref());
        self.text("invoice_address", &path("street"), 250, address.street.as_deref());
        self.text("invoice_postcode", &path("postcode"), 20, address.postcode.as_deref());
        self.text("invoice_city", &path("city"), 100, address.city.as_deref());
        self.text("invoice_state", &path("state"), 35, address.state.as_deref());
        self.text("invoice_country_code", &path("country"), 2, address.country.as_deref());
    }

    /// Sends the additional fields; the rest of `extra` is the source's own.
    pub(super) fn extra_fields(&mut self, extra: &Extra) {
        for name in ["extra_field_1", "extra_field_2"] {
            if let Some(value) = extra.get(name) {
                self.scalar(name, &format!("/extra/{name}"), 50, value);
            }
        }
        match extra.get("custom_extra_fields") {
            None => {}
            Some(Value::Object(fields)) if fields.is_empty() => {}
            Some(fields @ Value::Object(_)) => self.put("custom_extra_fields", Sent::Json(fields.clone())),
            Some(_) => {
                let message = "custom_extra_fields are an object of field ids and values; map it so";
                self.wrong("/extra/custom_extra_fields", "not-an-object", message);
            }
        }
    }

    /// Sends a plain value of `extra` as text; `null` says nothing.
    pub(super) fn scalar(&mut self, name: &'static str, path: &str, most: usize, value: &Value) {
        match value {
            Value::Null => {}
            Value::String(text) => self.text(name, path, most, Some(text)),
            Value::Number(number) => self.text(name, path, most, Some(&number.to_string())),
            _ => self.wrong(path, "not-text", format!("`{path}` is no plain value; map a text or a number to it")),
        }
    }

    /// Sends a whole number of `extra`.
    pub(super) fn whole_extra(&mut self, name: &'static str, extra: &Extra) {
        let number = |value: &Value| match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64(),
        };
        match extra.get(name) {
            None | Some(Value::Null) => {}
            Some(value) => match number(value) {
                Some(number) => self.put(name, Sent::Whole(number)),
                None => {
                    let message = format!("`{name}` is no whole number; map one to it, or leave it out");
                    self.wrong(format!("/extra/{name}"), "not-a-number", message);
                }
            },
        }
    }
}

/// What only some records have.
impl Parameters {
    /// Sends a number of `extra`.
    pub(super) fn decimal_extra(&mut self, name: &'static str, extra: &Extra) {
        let number = |value: &Value| match value {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.to_string().parse().ok(),
            _ => None,
        };
        match extra.get(name) {
            None | Some(Value::Null) => {}
            Some(value) => match number(value) {
                Some(number) => self.put(name, Sent::Number(number)),
                None => {
                    let message = format!("`{name}` is no number; map one to it, or leave it out");
                    self.wrong(format!("/extra/{name}"), "not-a-number", message);
                }
            },
        }
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, sent) in &self.fields {
            map.serialize_entry(name, sent)?;
        }
        map.end()
    }
}

impl Serialize for Sent {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            // Decimal text is a JSON number as it is; through a float it would not be the same one.
            Self::Number(number) => match RawValue::from_string(number.to_string()) {
                Ok(number) => number.serialize(serializer),
                Err(error) => Err(serde::ser::Error::custom(error)),
            },
            Self::Whole(whole) => whole.serialize(serializer),
            Self::Flag(flag) => flag.serialize(serializer),
            Self::Json(value) => value.serialize(serializer),
            Self::Rows(rows) => rows.serialize(serializer),
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(key, sent)| (key, sent))),
            Self::Ids(ids) => ids.serialize(serializer),
            Self::List(values) => values.serialize(serializer),
        }
    }
}

impl fmt::Debug for Parameters {
    /// Writes the parameters as they are sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
