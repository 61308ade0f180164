//! Code lists and the journal.

use serde::Deserialize;
use wharf_sdk::quirks::Entries;

use super::{Raw, Rows, payload};

/// Declares a row of a list: a struct of values that may all be missing.
macro_rules! row {
    ($(#[$meta:meta])* $name:ident { $($field:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        pub(crate) struct $name<'a> {
            $(#[serde(borrow)] pub(crate) $field: Raw<'a>,)*
        }
    };
}

row!(
    /// A status. Its colour, group and other fields are optional.
    Status { id, name, name_for_customer }
);
row!(
    /// An order field of the account's own.
    ExtraField { extra_field_id, name, editor_type }
);
row!(
    /// A numbering series; its id is a string in the documentation's sample.
    Series { id, r#type, name }
);
row!(
    /// A warehouse; its key is `<type>_<id>`.
    Warehouse { warehouse_type, warehouse_id, name }
);
row!(
    /// A price group.
    PriceGroup { price_group_id, name, currency }
);

/// An entry of the journal. The documentation's sample calls its id `log_id`, its table of fields `id`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Log<'a> {
    #[serde(borrow)]
    pub(crate) log_id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) date: Raw<'a>,
}

payload!(
    /// `getOrderStatusList`.
    Statuses<'a>, "statuses", Rows<Status<'a>>
);
payload!(
    /// `getOrderExtraFields`.
    ExtraFields<'a>, "extra_fields", Rows<ExtraField<'a>>
);
payload!(
    /// `getSeries`.
    AllSeries<'a>, "series", Rows<Series<'a>>
);
payload!(
    /// `getInventoryWarehouses`.
    Warehouses<'a>, "warehouses", Rows<Warehouse<'a>>
);
payload!(
    /// `getInventoryPriceGroups`.
    PriceGroups<'a>, "price_groups", Rows<PriceGroup<'a>>
);
payload!(
    /// `getJournalList`, entries as they are written.
    Logs<'a>, "logs", Rows<Raw<'a>>
);

/// `getOrderSources`: type to id to name. Either map is a list when its keys are 0, 1, 2, and `[]` when empty.
#[derive(Debug)]
pub(crate) struct Sources<'a>(pub(crate) Entries<'a, Entries<'a, Raw<'a>>>);

impl<'de> Deserialize<'de> for Sources<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Entries::deserialize(deserializer).map(Self)
    }
}

impl<'a> super::Payload<'a> for Sources<'a> {
    const KEY: &'static str = "sources";
}
