//! Between the ERP's records and the common documents. Pure.

pub(crate) mod customer;
pub(crate) mod invoice;
pub(crate) mod product;

use wharf_sdk::{Failure, Result};

use crate::assumed::Field;
use crate::config::Config;
use crate::row::Row;

/// Returns the key of a record; `contract-changed` without one.
pub(crate) fn key(row: &Row<'_>, field: Field, config: &Config) -> Result<String> {
    let name = config.name(field);
    row.text(name)?.ok_or_else(|| {
        let fields: Vec<&str> = row.fields().map(|(name, _)| name).collect();
        let detail = format!("a `{}` has no `{name}`; rename it under `fields` of the configuration", field.entity);
        Failure::contract_changed(detail, &fields.join(", "))
    })
}
