//! What no public source confirms, in one place: of the API only the webhook message is published. The README says which
//! key of the configuration changes what.

use std::collections::BTreeMap;

use crate::config::RemoteId;

/// Calls in a minute; no limit is published.
pub(crate) const CALLS_PER_MINUTE: u32 = 120;
/// Requests under way at once.
pub(crate) const CONCURRENT: u32 = 4;

/// Header of the API key.
pub(crate) const API_KEY_HEADER: &str = "X-Api-Key";

/// The vendor is Polish, and so are the instances that its public material shows.
pub(crate) fn time_zone() -> String {
    "Europe/Warsaw".to_owned()
}

/// Rows of a page.
pub(crate) fn page_size() -> u32 {
    100
}

/// 5000 records: the most that is read where a filter is ignored.
pub(crate) fn search_pages() -> u32 {
    50
}

/// Three hours: when summer time ends an hour comes twice, and a server that takes local times for UTC is two hours off.
pub(crate) fn overlap_minutes() -> u32 {
    180
}

/// Prices are shown with two places.
pub(crate) fn net_price_places() -> u32 {
    2
}

/// No mapping until the operator gives one: every instance has its own ids.
pub(crate) fn no_mapping() -> BTreeMap<String, RemoteId> {
    BTreeMap::new()
}

/// Paths below the instance's address.
pub(crate) mod path {
    pub(crate) fn entity_statuses() -> String {
        "/api/entity-statuses".to_owned()
    }

    pub(crate) fn attributes() -> String {
        "/api/attributes".to_owned()
    }

    pub(crate) fn vat_rates() -> String {
        "/api/vat-rates".to_owned()
    }

    pub(crate) fn currencies() -> String {
        "/api/currencies".to_owned()
    }

    pub(crate) fn products() -> String {
        "/api/products".to_owned()
    }

    pub(crate) fn customers() -> String {
        "/api/customers".to_owned()
    }

    pub(crate) fn orders() -> String {
        "/api/orders".to_owned()
    }

    pub(crate) fn order_status() -> String {
        "/api/orders/{id}/status".to_owned()
    }
}

/// Names of VAT rates without a percentage, as Polish invoices have them, and what they mean.
pub(crate) const VAT_NAMES: [(&str, &str); 4] =
    [("zw", "exempt"), ("np", "not-subject"), ("np.", "not-subject"), ("oo", "reverse-charge")];

/// Actions of webhooks after which the record is not there any more.
pub(crate) const DELETED: &str = "deleted";
