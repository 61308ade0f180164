//! The connection's configuration.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::{Result, Violation, connection, rules, violation};

use crate::assumed::{self, FIELDS, Field};
use crate::query::is_name;
use crate::verbs::{Entity, Erp, Verb};

/// Address of version 4 of the API, from the vendor's pages.
pub(crate) const VENDOR: &str = "https://v4.api.onlineerp.solution.quebec";

/// What the operator sets for a connection.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Address of the API, up to and with `/api`.
    #[serde(default = "vendor_api")]
    pub(crate) base_url: String,
    /// The accounting system behind the connector; it decides what can be read and written.
    pub(crate) erp: Erp,
    /// Company within the licence, sent as `COMPANY_ID`.
    #[serde(default = "first_company")]
    pub(crate) company_id: String,
    /// Further companies of the licence: documents may name one in `extra.COMPANY_ID`, feeds in their filter `company`.
    #[serde(default)]
    pub(crate) company_ids: Vec<String>,
    /// Calls allowed in a minute; the vendor publishes no limit.
    #[serde(default)]
    pub(crate) calls_per_minute: Option<u32>,
    /// Further verbs that the ERP offers, by entity: `{ "Customer" = ["PUT"] }`.
    #[serde(default)]
    pub(crate) verbs: BTreeMap<String, Vec<Verb>>,
    /// Other entities of the API, by their names in addresses: `{ Payroll = { key = "NoPaie", verbs = ["GET"] } }`.
    #[serde(default)]
    pub(crate) entities: BTreeMap<String, Other>,
    /// Names of fields where they differ from the ones known here: `{ "Customer.Courriel" = "Email" }`.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, String>,
    /// Parts of products that come only when asked for, such as `ExtendedProperties`.
    #[serde(default)]
    pub(crate) expand_products: Vec<String>,
    /// Decimal places of a unit price that is worked out from a price with tax: 2 or 4.
    #[serde(default = "assumed::price_places")]
    #[schemars(range(min = 2, max = 4))]
    pub(crate) price_places: u32,
    /// Longest customer number that is made up.
    #[serde(default = "assumed::customer_number_length")]
    #[schemars(range(min = 8, max = 32))]
    pub(crate) customer_number_length: u32,
    /// Currency of the books; documents in another one are refused. Any currency is taken where it is missing.
    #[serde(default)]
    pub(crate) currency: Option<String>,
}

/// An entity that is not known here.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Other {
    /// Field that has the key of its records.
    pub(crate) key: String,
    /// What the ERP offers for it; reading where it is missing.
    #[serde(default = "reading")]
    pub(crate) verbs: Vec<Verb>,
    /// Text field that takes the correlation of new records, so that they are found again; their key alone finds them
    /// where it is missing.
    #[serde(default)]
    pub(crate) correlation: Option<String>,
}

fn reading() -> Vec<Verb> {
    vec![Verb::Get]
}

fn vendor_api() -> String {
    format!("{VENDOR}/api")
}

fn first_company() -> String {
    "0".to_owned()
}

impl Config {
    /// Reads the connection's configuration; `config-invalid` when it cannot work.
    pub(crate) fn load() -> Result<Self> {
        connection::checked(Self::violations)
    }

    /// Returns the name of a field.
    pub(crate) fn name(&self, field: Field) -> &str {
        self.fields.get(&key(field)).map_or(field.name, String::as_str)
    }

    /// Returns what is wrong that the JSON Schema cannot say.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = self.number_violations();
        found.extend(self.company_violations());
        found.extend(self.entity_violations());
        found.extend(self.name_violations());
        found
    }

    fn number_violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        found.extend(rules::not_zero("calls_per_minute", self.calls_per_minute));
        if !matches!(self.price_places, 2 | 4) {
            let message = format!("`price_places` is {}; write 2 or 4", self.price_places);
            found.push(violation("/price_places", "out-of-range", message));
        }
        found
    }

    fn company_violations(&self) -> Vec<Violation> {
        let paths = (0..).map(|index: usize| format!("/company_ids/{index}"));
        let all = std::iter::once(("/company_id".to_owned(), &self.company_id)).chain(paths.zip(&self.company_ids));
        all.filter(|(_, id)| id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'))
            .map(|(path, _)| {
                let message = "a company is one word without a colon; write `0` for the first company";
                violation(path, "not-a-word", message)
            })
            .collect()
    }

    fn entity_violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for name in self.verbs.keys().filter(|name| Entity::known(name).is_none()) {
            let known = Entity::KNOWN.map(Entity::name).join(", ");
            let message = format!("`{name}` is not one of {known}; write it under `entities`");
            found.push(violation(format!("/verbs/{name}"), "unknown-entity", message));
        }
        for (name, other) in &self.entities {
            let path = format!("/entities/{name}");
            if Entity::known(name).is_some() {
                let message = format!("`{name}` is known here; write its verbs under `verbs`");
                found.push(violation(path.as_str(), "known-entity", message));
            } else if !is_name(name) || name.contains('.') {
                let message = format!("`{name}` is no name of an entity; use letters, digits and `_`");
                found.push(violation(path.as_str(), "not-a-name", message));
            }
            let fields = [("key", Some(&other.key)), ("correlation", other.correlation.as_ref())];
            for (key, field) in fields.into_iter().filter_map(|(key, field)| Some((key, field?))) {
                found.extend(not_a_field(&format!("{path}/{key}"), field));
            }
        }
        found
    }

    fn name_violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (name, field) in &self.fields {
            let path = format!("/fields/{name}");
            if !FIELDS.iter().flat_map(|fields| fields.iter()).any(|field| key(*field) == *name) {
                let message = format!("`{name}` is no field that is used here; the README lists them");
                found.push(violation(path.as_str(), "unknown-field", message));
            }
            found.extend(not_a_field(&path, field));
        }
        let parts = (0..).map(|index: usize| format!("/expand_products/{index}")).zip(&self.expand_products);
        found.extend(parts.filter_map(|(path, part)| not_a_field(&path, part)));
        found
    }
}

/// Names of fields go into queries as they are.
fn not_a_field(path: &str, name: &str) -> Option<Violation> {
    let message = || format!("`{name}` is no name of a field; use letters, digits, `_`, and `.` between parts");
    (!is_name(name)).then(|| violation(path, "not-a-name", message()))
}

fn key(field: Field) -> String {
    format!("{}.{}", field.entity, field.name)
}
