//! Invoices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Decimal, Extra, Partner, TaxRate};

/// An invoice, or a note that corrects one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    /// The source system's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What kind of invoice.
    #[serde(default)]
    pub kind: InvoiceKind,
    /// Document number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Number of the order it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_number: Option<String>,
    /// Date of issue, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<String>,
    /// Date of delivery, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_on: Option<String>,
    /// Date it has to be paid, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<String>,
    /// Date it was paid in full, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_on: Option<String>,
    /// ISO 4217, upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The other side: customer of a sale, supplier of a purchase.
    #[serde(default)]
    pub partner: Partner,
    /// What is invoiced.
    #[serde(default)]
    pub lines: Vec<InvoiceLine>,
    /// Total without tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_net: Option<Decimal>,
    /// Total with tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_gross: Option<Decimal>,
    /// What is still to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpaid: Option<Decimal>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Everything else, by the source's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub extra: Extra,
}

/// What kind of invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InvoiceKind {
    /// To a customer.
    #[default]
    Sale,
    /// From a supplier.
    Purchase,
    /// Corrects an earlier one.
    Credit,
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceLine {
    /// The source's id of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// Stock keeping unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// What the line says.
    pub name: String,
    /// How many units.
    pub quantity: Decimal,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Price of one unit without tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price_net: Option<Decimal>,
    /// Price of one unit with tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price_gross: Option<Decimal>,
    /// Tax rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<TaxRate>,
    /// Ledger account, for purchase lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Everything else, by the source's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub extra: Extra,
}
