//! Documents that no common one stands for: orders to suppliers, entries of the general ledger, records of any entity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wharf_sdk::document::{Decimal, Extra};

/// An order to a supplier.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupplierOrder {
    /// The ERP's key; its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Document number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
    /// Number of the supplier.
    pub(crate) supplier: String,
    /// Date of the order, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ordered_on: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// What is ordered.
    pub(crate) lines: Vec<SupplierOrderLine>,
    /// Everything else, by the ERP's names; `COMPANY_ID` is the company.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub(crate) extra: Extra,
}

/// One line of an order to a supplier.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupplierOrderLine {
    /// Number of the product.
    pub(crate) sku: String,
    /// What the line says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// How many units.
    pub(crate) quantity: Decimal,
    /// Price of one unit without tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit_price_net: Option<Decimal>,
    /// Everything else, by the ERP's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub(crate) extra: Extra,
}

/// An entry of the general ledger. Its debits and credits have to be equal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JournalEntry {
    /// The ERP's key; its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Number of the entry; the ERP's choice where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
    /// Date of the entry, `YYYY-MM-DD`.
    pub(crate) date: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// What is moved: two lines at least.
    pub(crate) lines: Vec<EntryLine>,
    /// Everything else, by the ERP's names; `COMPANY_ID` is the company.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub(crate) extra: Extra,
}

/// One line of an entry: a debit or a credit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryLine {
    /// Number of the account.
    pub(crate) account: String,
    /// Amount on the debit side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) debit: Option<Decimal>,
    /// Amount on the credit side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) credit: Option<Decimal>,
    /// What the line says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Everything else, by the ERP's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub(crate) extra: Extra,
}

/// A record of any entity, with the ERP's own fields.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnyRecord {
    /// Name of the entity in addresses, such as `GLAccount`.
    pub(crate) entity: String,
    /// The fields that are set, by the ERP's names. Numbers keep their digits.
    #[serde(default = "no_fields")]
    #[schemars(with = "Extra")]
    pub(crate) fields: Box<RawValue>,
    /// `COMPANY_ID` is the company.
    #[serde(default)]
    #[expect(dead_code, reason = "the company is read before the document")]
    pub(crate) extra: Extra,
}

fn no_fields() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}
