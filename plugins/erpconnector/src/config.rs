//! The connection's configuration.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::{Failure, Result, Violation, connection, violation};

use crate::assumed::{self, FIELDS, Field};
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
    /// Calls allowed in a minute; the vendor publishes no limit.
    #[serde(default)]
    pub(crate) calls_per_minute: Option<u32>,
    /// Further verbs that the ERP offers, by entity: `{ "Customer" = ["PUT"] }`.
    #[serde(default)]
    pub(crate) verbs: BTreeMap<String, Vec<Verb>>,
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

fn vendor_api() -> String {
    format!("{VENDOR}/api")
}

fn first_company() -> String {
    "0".to_owned()
}

impl Config {
    /// Reads the connection's configuration; `config-invalid` when it cannot work.
    pub(crate) fn load() -> Result<Self> {
        let config: Self = connection::config()?;
        match config.violations() {
            found if found.is_empty() => Ok(config),
            found => Err(Failure::config_invalid(found)),
        }
    }

    /// Returns the name of a field.
    pub(crate) fn name(&self, field: Field) -> &str {
        self.fields.get(&key(field)).map_or(field.name, String::as_str)
    }

    /// Returns what is wrong that the JSON Schema cannot say.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut wrong = |path: String, code: &str, message: String| found.push(violation(path, code, message));
        if self.calls_per_minute == Some(0) {
            let message = "`calls_per_minute` is 0; write 1 or more, or leave it out".to_owned();
            wrong("/calls_per_minute".to_owned(), "zero", message);
        }
        if self.company_id.is_empty() || !self.company_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "`company_id` has to be one word; write `0` for the first company".to_owned();
            wrong("/company_id".to_owned(), "not-a-word", message);
        }
        if !matches!(self.price_places, 2 | 4) {
            let message = format!("`price_places` is {}; write 2 or 4", self.price_places);
            wrong("/price_places".to_owned(), "out-of-range", message);
        }
        for name in self.verbs.keys().filter(|name| Entity::named(name).is_none()) {
            let known = Entity::ALL.map(Entity::name).join(", ");
            wrong(format!("/verbs/{name}"), "unknown-entity", format!("`{name}` is unknown here; use one of {known}"));
        }
        for name in self.fields.keys().filter(|name| !FIELDS.iter().any(|field| key(*field) == **name)) {
            let message = format!("`{name}` is no field that is used here; the README lists them");
            wrong(format!("/fields/{name}"), "unknown-field", message);
        }
        found
    }
}

fn key(field: Field) -> String {
    format!("{}.{}", field.entity, field.name)
}
