//! The connection's configuration.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::civil::Zone;
use wharf_sdk::{Result, Violation, connection, rules, violation};

use crate::assumed;

/// What the operator sets for a connection.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Address of the API; the vendor's is `https://api.flowii.com`. Tokens come from `/token` below it.
    pub(crate) base_url: String,
    /// Id or exact name of the company. May be left out where the user sees exactly one.
    #[serde(default)]
    pub(crate) company_id: Option<String>,
    /// Time zone of the company; FLOWii's dates have none.
    #[serde(default = "assumed::time_zone")]
    pub(crate) time_zone: String,
    /// Calls allowed in a minute; the vendor's limit is not published.
    #[serde(default)]
    pub(crate) calls_per_minute: Option<u32>,
    /// Id of the order type of new orders; the first top-level type where it is missing.
    #[serde(default)]
    pub(crate) order_type_id: Option<String>,
    /// Id of the state of new orders; FLOWii's own choice where it is missing.
    #[serde(default)]
    pub(crate) order_state_id: Option<String>,
    /// Ids of the users responsible for new orders; the first is responsible for new partners.
    #[serde(default)]
    pub(crate) responsible_user_ids: Vec<String>,
    /// Id of the company's own billing identity on new orders. Left out again where FLOWii refuses it.
    #[serde(default)]
    pub(crate) company_data_id: Option<String>,
    /// Id of a text field of orders that takes the correlation too. Left out again where FLOWii refuses it.
    #[serde(default)]
    pub(crate) correlation_field_id: Option<String>,
    /// Attribute of an invoice, a free text, that takes the correlation, such as `description`. Without it an invoice is
    /// found again by partner, date and variable symbol.
    #[serde(default)]
    pub(crate) invoice_correlation_attribute: Option<String>,
    /// Look for what is to be made before it is made. Where it is missing: yes for partners, orders, products and invoices,
    /// no for tasks, events and business cases, whose lists no filter narrows. `false` needs `items_in = "inline"`.
    #[serde(default)]
    pub(crate) check_before_create: Option<bool>,
    /// Id of the activity type of new tasks' activities; the first one where it is missing.
    #[serde(default)]
    pub(crate) activity_type_id: Option<String>,
    /// Read only what has changed since the round before, by `filter[updated-from]`. No public source confirms that filter;
    /// try it before.
    #[serde(default)]
    pub(crate) updated_filter: bool,
    /// How the items of an order are sent.
    #[serde(default)]
    pub(crate) items_in: ItemsIn,
    /// Whether the unit price of an item is without tax (`net`) or with it (`gross`).
    #[serde(default)]
    pub(crate) unit_prices: UnitPrices,
    /// Decimal places of a unit price that is worked out from the other kind.
    #[serde(default = "assumed::unit_price_places")]
    #[schemars(range(max = 10))]
    pub(crate) unit_price_places: u32,
    /// FLOWii's ids of countries that its list does not tell by code or name: ISO 3166-1 alpha-2 code to id.
    #[serde(default)]
    pub(crate) countries: BTreeMap<String, String>,
    /// Most pages of 100 that are read to find an order, a document or a partner.
    #[serde(default = "assumed::search_pages")]
    #[schemars(range(min = 1))]
    pub(crate) search_pages: u32,
    /// Days of orders before the newest that are read again, so that orders entered with an older date are seen.
    #[serde(default = "assumed::orders_overlap_days")]
    pub(crate) orders_overlap_days: u32,
}

/// How the items of an order are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ItemsIn {
    /// Inside the order; what is not there afterwards is added one by one.
    #[default]
    Auto,
    /// Inside the order.
    Inline,
    /// One by one, after the order.
    Endpoint,
}

/// What a unit price is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum UnitPrices {
    /// Without tax.
    #[default]
    Net,
    /// With tax.
    Gross,
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
        if self.check_before_create == Some(false) && self.items_in != ItemsIn::Inline {
            let message =
                "without looking before, an order left half-done would be made twice; set `items_in = \"inline\"`";
            found.push(violation("/check_before_create", "needs-inline-items", message));
        }
        for code in self.countries.keys().filter(|code| !is_country_code(code)) {
            let message = format!("`{code}` is no country code; write two upper-case letters, such as `SK`");
            found.push(violation(format!("/countries/{code}"), "country-code", message));
        }
        found
    }

    /// Returns the company's time zone.
    pub(crate) fn zone(&self) -> Zone {
        // `violations` has refused every name that is not known.
        Zone::named(&self.time_zone).unwrap_or(Zone::UTC)
    }
}

fn is_country_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
