//! The connection's configuration.

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::civil::Zone;
use wharf_sdk::{Violation, rules, violation};

use crate::assumed;

/// Version of the configuration's shape.
pub(crate) const VERSION: u32 = 1;

/// Where the vendor's API is.
pub(crate) const VENDOR: &str = "https://api.baselinker.com";

/// What the operator sets. Every key has a default.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where the API is; `/connector.php` is appended.
    pub(crate) base_url: String,
    /// Calls in a minute. The vendor allows 100 for all programs that use the token.
    #[schemars(range(min = 1))]
    pub(crate) calls_per_minute: u32,
    /// Time zone of the time in `token blocked until ...`; UTC is tried as well.
    pub(crate) block_time_zone: String,
    /// Seconds that a block is waited for at the least, whatever its message says.
    #[schemars(range(min = 1, max = 900))]
    pub(crate) shortest_block_seconds: u32,
    /// Read the account's own order fields into `extra.custom_extra_fields`.
    pub(crate) include_custom_extra_fields: bool,
    /// Read marketplace commissions into `extra.commissions`.
    pub(crate) include_commissions: bool,
    /// Read Base Connect data into `extra.connect_data`.
    pub(crate) include_connect_data: bool,
    /// Read the log of discounts.
    pub(crate) include_discounts_data: bool,
    /// Field of a new order that keeps the text by which Wharf finds it again. Nothing else may use it.
    pub(crate) correlation_field: CorrelationField,
    /// Order source of new orders: the number of a personal source. The account's default one where it is missing.
    pub(crate) custom_source_id: Option<u64>,
    /// Look for the order before it is created, at the price of one more call for each.
    pub(crate) check_before_create: bool,
    /// Most answers of 100 orders that one search without an e-mail address reads.
    #[schemars(range(min = 1, max = 1000))]
    pub(crate) search_pages: u32,
    /// Days back that a look-up by `extra_field_1` or `extra_field_2` alone searches.
    #[schemars(range(min = 1, max = 365))]
    pub(crate) search_days: u32,
    /// Most answers that one count reads.
    #[schemars(range(min = 1, max = 10000))]
    pub(crate) count_pages: u32,
    /// Time zone of the dates on invoices: the vendor tells instants.
    pub(crate) time_zone: String,
    /// Inventory (catalog) that products are written to, and read from unless a filter says otherwise. Without it all
    /// inventories are read, and documents name the one they are written to.
    pub(crate) inventory_id: Option<u64>,
    /// Price group of prices that name no price list.
    pub(crate) price_group_id: Option<u64>,
    /// Warehouse of quantities that name none, such as `bl_206`.
    pub(crate) warehouse: Option<String>,
}

/// How the time in a block message is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockReading {
    /// Zone of the time; UTC is tried as well.
    pub(crate) zone: Zone,
    /// Least that a block is waited for.
    pub(crate) shortest_ms: u64,
    /// Most calls in a minute that are ours.
    pub(crate) calls_per_minute: u32,
}

/// Field of an order that can keep the correlation text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CorrelationField {
    /// Additional field 1.
    #[serde(rename = "extra_field_1")]
    ExtraField1,
    /// Additional field 2.
    #[serde(rename = "extra_field_2")]
    ExtraField2,
    /// The seller's comments, after the comment itself.
    AdminComments,
}

impl CorrelationField {
    /// Returns the API's name of the field.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ExtraField1 => "extra_field_1",
            Self::ExtraField2 => "extra_field_2",
            Self::AdminComments => "admin_comments",
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base_url: VENDOR.to_owned(),
            calls_per_minute: assumed::CALLS_PER_MINUTE,
            block_time_zone: assumed::BLOCK_TIME_ZONE.to_owned(),
            shortest_block_seconds: assumed::SHORTEST_BLOCK_SECONDS,
            include_custom_extra_fields: true,
            include_commissions: false,
            include_connect_data: false,
            include_discounts_data: false,
            correlation_field: CorrelationField::ExtraField1,
            custom_source_id: None,
            check_before_create: true,
            search_pages: 20,
            search_days: 7,
            count_pages: 200,
            time_zone: assumed::BLOCK_TIME_ZONE.to_owned(),
            inventory_id: None,
            price_group_id: None,
            warehouse: None,
        }
    }
}

impl Config {
    /// Returns the only address that the API has.
    pub(crate) fn endpoint(&self) -> String {
        let base = self.base_url.trim_end_matches('/');
        if base.ends_with("/connector.php") { base.to_owned() } else { format!("{base}/connector.php") }
    }

    /// Returns how block messages are read; in UTC where the name of the zone is not known.
    pub(crate) fn block_reading(&self) -> BlockReading {
        let zone = Zone::named(&self.block_time_zone).unwrap_or(Zone::UTC);
        let shortest_ms = u64::from(self.shortest_block_seconds) * 1000;
        BlockReading { zone, shortest_ms, calls_per_minute: self.calls_per_minute }
    }

    /// Returns the zone of dates; UTC where its name is not known.
    pub(crate) fn zone(&self) -> Zone {
        Zone::named(&self.time_zone).unwrap_or(Zone::UTC)
    }

    /// Returns what the schema cannot say.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if !(self.base_url.starts_with("https://") || self.base_url.starts_with("http://")) {
            let message = format!("`{}` is no address; write it like `{VENDOR}`", self.base_url);
            found.push(violation("/base_url", "not-a-url", message));
        }
        for (path, zone) in [("/block_time_zone", &self.block_time_zone), ("/time_zone", &self.time_zone)] {
            found.extend(rules::known_zone(path, zone));
        }
        if let Some(warehouse) = self.warehouse.as_deref().filter(|key| !key.contains('_')) {
            let message = format!("`{warehouse}` is no warehouse; take one of the list `warehouse`, such as `bl_206`");
            found.push(violation("/warehouse", "not-a-warehouse", message));
        }
        found
    }
}
