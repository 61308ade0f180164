//! What `getOrders` is asked.

use serde::Serialize;
use wharf_sdk::{Failure, Result, violation};

use crate::api::Raw;
use crate::config::Config;

/// Parameters of `getOrders`; what is not set is not sent.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Question<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date_confirmed_from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date_from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_from: Option<u64>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) get_unconfirmed_orders: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter_email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter_order_source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter_order_source_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter_shop_order_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter_external_order_id: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) include_custom_extra_fields: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) include_commissions: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) include_connect_data: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) include_discounts_data: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Question<'_> {
    /// Asks for the parts of an order that the configuration wants.
    pub(crate) fn with_includes(config: &Config) -> Self {
        Self {
            include_custom_extra_fields: config.include_custom_extra_fields,
            include_commissions: config.include_commissions,
            include_connect_data: config.include_connect_data,
            include_discounts_data: config.include_discounts_data,
            ..Self::default()
        }
    }
}

/// A source of orders, by the key of the reference list `order-source`: `type:id`, or a type alone for all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source<'a> {
    pub(crate) kind: &'a str,
    pub(crate) id: Option<u64>,
}

impl<'a> Source<'a> {
    pub(crate) fn of(key: &'a str) -> Result<Self> {
        match key.split_once(':') {
            None => Ok(Self { kind: key, id: None }),
            Some((kind, id)) => Ok(Self { kind, id: Some(whole("/filter/source", id)?) }),
        }
    }

    /// Tells whether an order of that type and id is from here.
    pub(crate) fn is_of(&self, (kind, id): (Raw<'_>, Raw<'_>)) -> bool {
        kind.text() == self.kind && self.id.is_none_or(|own| id.whole().unwrap_or(0) == own)
    }
}

/// Reads a number that a person wrote.
pub(crate) fn whole(path: &str, text: &str) -> Result<u64> {
    text.trim().parse().map_err(|_| {
        let message = format!("`{text}` is no number of the vendor's; take one from the reference list");
        Failure::invalid_record(vec![violation(path, "not-a-number", message)])
    })
}
