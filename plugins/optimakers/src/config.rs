//! The connection's configuration.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use wharf_sdk::civil::Zone;
use wharf_sdk::document::{Decimal, TaxRate};
use wharf_sdk::quirks::Scalar;
use wharf_sdk::{Result, Violation, connection, rules, violation};

use crate::assumed;

/// Most rows that a page may ask for: a page has to fit into one answer.
const MOST_ROWS: u32 = 500;

/// An id of Optimakers: a whole number, written as a number or as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RemoteId(String);

impl RemoteId {
    /// Reads an id; none for anything but a positive whole number of 64 bits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = text.trim().parse::<i64>().ok().filter(|number| *number > 0)?;
        Some(Self(number.to_string()))
    }

    /// Returns its digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RemoteId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = Scalar::deserialize(deserializer)?.into_text();
        Self::parse(&text).ok_or_else(|| de::Error::custom(format_args!("`{text}` is no id; write its number")))
    }
}

impl JsonSchema for RemoteId {
    fn schema_name() -> Cow<'static, str> {
        "RemoteId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 1,
            "pattern": "^[0-9]{1,19}$",
            "description": "Id of an entry in Optimakers, e.g. 7."
        })
    }
}

/// What the operator sets for a connection. Ids are those of the instance: `discover` and the reference lists show them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Address of the instance, the one that people log in at, such as `https://test.syneo.pl`.
    pub(crate) base_url: String,
    /// Name of the header that takes the API key; `X-Api-Key` where it is missing.
    #[serde(default)]
    pub(crate) api_key_header: Option<String>,
    /// Time zone of the instance; its dates have none.
    #[serde(default = "assumed::time_zone")]
    pub(crate) time_zone: String,
    /// Calls allowed in a minute; no limit is published.
    #[serde(default)]
    pub(crate) calls_per_minute: Option<u32>,
    /// Paths of the API below `base_url`, where they are not the usual ones.
    #[serde(default)]
    pub(crate) paths: Paths,
    /// Rows of a page.
    #[serde(default = "assumed::page_size")]
    #[schemars(range(min = 1, max = 500))]
    pub(crate) page_size: u32,
    /// Most pages that are read to find a record or a whole reference list.
    #[serde(default = "assumed::search_pages")]
    #[schemars(range(min = 1))]
    pub(crate) search_pages: u32,
    /// Minutes before the begin of the last round that a feed reads again.
    #[serde(default = "assumed::overlap_minutes")]
    pub(crate) overlap_minutes: u32,
    /// Whether orders are read with their customers, each by a call of its own; otherwise with the customer's id only.
    #[serde(default)]
    pub(crate) read_customers: bool,
    /// Id of the status of new orders (reference list `order-status`); Optimakers' own choice where it is missing.
    #[serde(default)]
    pub(crate) order_status: Option<RemoteId>,
    /// Id of the order attribute for the delivery method.
    #[serde(default)]
    pub(crate) order_attribute_delivery_method: Option<RemoteId>,
    /// Id of the order attribute for the gross delivery price.
    #[serde(default)]
    pub(crate) order_attribute_delivery_price: Option<RemoteId>,
    /// Id of the order attribute for the payment method.
    #[serde(default)]
    pub(crate) order_attribute_payment_method: Option<RemoteId>,
    /// Id of the order attribute for the first additional field.
    #[serde(default)]
    pub(crate) order_attribute_additional_field_1: Option<RemoteId>,
    /// Id of the order attribute for the second additional field.
    #[serde(default)]
    pub(crate) order_attribute_additional_field_2: Option<RemoteId>,
    /// Id of the order attribute for the customer's note.
    #[serde(default)]
    pub(crate) order_attribute_note: Option<RemoteId>,
    /// Id of the customer attribute for the customer's login in the shop.
    #[serde(default)]
    pub(crate) customer_attribute_login: Option<RemoteId>,
    /// VAT rate of a document (`23`, `8`, `exempt`) to id of the VAT rate.
    #[serde(default = "assumed::no_mapping")]
    pub(crate) vat_rates: BTreeMap<String, RemoteId>,
    /// Currency code (`PLN`) to id of the currency.
    #[serde(default = "assumed::no_mapping")]
    pub(crate) currencies: BTreeMap<String, RemoteId>,
    /// Put before the source's order number to make the external number, such as `BL-`.
    #[serde(default)]
    pub(crate) external_number_prefix: String,
    /// What the lines of an order say of their products.
    #[serde(default)]
    pub(crate) item_products: ItemProducts,
    /// Decimal places of a net price that is worked out from a gross one.
    #[serde(default = "assumed::net_price_places")]
    #[schemars(range(max = 6))]
    pub(crate) net_price_places: u32,
    /// Most that the gross total may change by the way over net prices; what rounding explains where it is missing.
    #[serde(default)]
    pub(crate) gross_tolerance: Option<Decimal>,
    /// What becomes of a product that is deleted.
    #[serde(default)]
    pub(crate) deleted_products: DeletedProducts,
}

/// Paths of the API. `order_status` has `{id}` where the order's id goes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Paths {
    /// Statuses of entities.
    pub(crate) entity_statuses: String,
    /// Attributes of entities.
    pub(crate) attributes: String,
    /// VAT rates.
    pub(crate) vat_rates: String,
    /// Currencies.
    pub(crate) currencies: String,
    /// Products.
    pub(crate) products: String,
    /// Customers.
    pub(crate) customers: String,
    /// Orders.
    pub(crate) orders: String,
    /// Status of an order, with `{id}` for its id.
    pub(crate) order_status: String,
}

impl Default for Paths {
    fn default() -> Self {
        use assumed::path;
        Self {
            entity_statuses: path::entity_statuses(),
            attributes: path::attributes(),
            vat_rates: path::vat_rates(),
            currencies: path::currencies(),
            products: path::products(),
            customers: path::customers(),
            orders: path::orders(),
            order_status: path::order_status(),
        }
    }
}

impl Paths {
    fn named(&self) -> [(&'static str, &str); 8] {
        [
            ("entity_statuses", &self.entity_statuses),
            ("attributes", &self.attributes),
            ("vat_rates", &self.vat_rates),
            ("currencies", &self.currencies),
            ("products", &self.products),
            ("customers", &self.customers),
            ("orders", &self.orders),
            ("order_status", &self.order_status),
        ]
    }
}

/// What the lines of an order say of their products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ItemProducts {
    /// Nothing: lines have a name only.
    #[default]
    None,
    /// The product of the line's `sku`, which is looked up as the product's code.
    ByCode,
    /// The line's `product_id`, which the mapping has made one of Optimakers.
    AsGiven,
}

/// What becomes of a product that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DeletedProducts {
    /// It stays, and is not active any more.
    #[default]
    Deactivate,
    /// It is removed.
    Remove,
}

impl Config {
    /// Reads the connection's configuration; `config-invalid` when it cannot work.
    pub(crate) fn load() -> Result<Self> {
        connection::checked(Self::violations)
    }

    /// Returns what is wrong that the JSON Schema cannot say.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        found.extend(rules::known_zone("/time_zone", &self.time_zone));
        found.extend(rules::not_zero("calls_per_minute", self.calls_per_minute));
        if !(1..=MOST_ROWS).contains(&self.page_size) {
            let message = format!("`page_size` is {}; write 1 to {MOST_ROWS}", self.page_size);
            found.push(violation("/page_size", "out-of-range", message));
        }
        if self.gross_tolerance.is_some_and(|most| most < Decimal::ZERO) {
            let message = "`gross_tolerance` is negative; write 0 or more, or leave it out";
            found.push(violation("/gross_tolerance", "negative", message));
        }
        if let Some(name) = self.api_key_header.as_deref().filter(|name| !is_header_name(name)) {
            let message = format!("`{name}` is no name of a header; write it like `X-Api-Key`");
            found.push(violation("/api_key_header", "not-a-header", message));
        }
        found.extend(self.path_violations());
        found.extend(self.shared_attributes());
        found
    }

    fn path_violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (name, path) in self.paths.named() {
            let plain = path.starts_with('/') && !path.contains(['?', '#', '\\']) && !path.split('/').any(is_step);
            if !plain {
                let message = format!("`{path}` is no path; write it like `/api/orders`, without query");
                found.push(violation(format!("/paths/{name}"), "not-a-path", message));
            } else if name == "order_status" && !path.split('/').any(|part| part == "{id}") {
                let message = format!("`{path}` has no `{{id}}`; write it where the order's id goes");
                found.push(violation("/paths/order_status", "no-id", message));
            }
        }
        found
    }

    /// Two fields in one attribute would overwrite each other.
    fn shared_attributes(&self) -> Vec<Violation> {
        let attributes = self.order_attributes();
        let mut found = Vec::new();
        for (index, (key, id)) in attributes.iter().enumerate() {
            let first = attributes.iter().take(index).find(|(_, other)| id.is_some() && other == id);
            if let Some((other, _)) = first {
                let message = format!("`{key}` and `{other}` are the same attribute; give each its own");
                found.push(violation(format!("/{key}"), "shared-attribute", message));
            }
        }
        found
    }

    /// Returns the attributes of orders by the keys of the configuration.
    pub(crate) fn order_attributes(&self) -> [(&'static str, Option<&RemoteId>); 6] {
        [
            ("order_attribute_delivery_method", self.order_attribute_delivery_method.as_ref()),
            ("order_attribute_delivery_price", self.order_attribute_delivery_price.as_ref()),
            ("order_attribute_payment_method", self.order_attribute_payment_method.as_ref()),
            ("order_attribute_additional_field_1", self.order_attribute_additional_field_1.as_ref()),
            ("order_attribute_additional_field_2", self.order_attribute_additional_field_2.as_ref()),
            ("order_attribute_note", self.order_attribute_note.as_ref()),
        ]
    }

    /// Returns the time zone of the instance.
    pub(crate) fn zone(&self) -> Zone {
        // `violations` has refused every name that is not known.
        Zone::named(&self.time_zone).unwrap_or(Zone::UTC)
    }

    /// Returns the id of the VAT rate that a rate is mapped to: by percentage, `23` and `23.00` being the same, else by
    /// code.
    pub(crate) fn vat_rate(&self, rate: &TaxRate) -> Option<&RemoteId> {
        let same =
            |key: &str| rate.percent.is_some_and(|percent| key.parse::<Decimal>().is_ok_and(|key| key == percent));
        let by_percent = self.vat_rates.iter().find(|(key, _)| same(key)).map(|(_, id)| id);
        by_percent.or_else(|| self.vat_rates.get(rate.code.as_deref()?))
    }

    /// Returns the id of the currency that a code is mapped to.
    pub(crate) fn currency(&self, code: &str) -> Option<&RemoteId> {
        self.currencies.iter().find(|(key, _)| key.eq_ignore_ascii_case(code)).map(|(_, id)| id)
    }
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_step(part: &str) -> bool {
    matches!(part, "." | "..")
}
