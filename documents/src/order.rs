//! Orders.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Address, Decimal, Extra, Partner, TaxRate};

/// A customer's order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The source system's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The number that people know the order by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Number of the same order in the system it came from (shop, marketplace).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_number: Option<String>,
    /// Id of the status, from the source's reference list `order-status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Id of the channel the order came through, from the reference list `order-source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was placed; RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it was confirmed; RFC 3339, UTC. Missing while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<String>,
    /// When it has to be delivered; RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// ISO 4217, upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Who ordered.
    #[serde(default)]
    pub customer: Partner,
    /// Where the invoice goes; the customer's address where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_address: Option<Address>,
    /// Whether the customer asked for an invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants_invoice: Option<bool>,
    /// How and where it is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// How it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentTerms>,
    /// What was ordered.
    #[serde(default)]
    pub lines: Vec<OrderLine>,
    /// The customer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_note: Option<String>,
    /// The seller's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_note: Option<String>,
    /// Everything else, by the source's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub extra: Extra,
}

/// How an order reaches the customer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Method, by the source's name or id; from the reference list `shipping-method` where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Gross price of the delivery, in the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_gross: Option<Decimal>,
    /// Where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Parcel locker or shop to pick it up from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup_point: Option<PickupPoint>,
    /// Carrier of the latest parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// Number of the latest parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
}

/// A place where parcels wait for their customers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PickupPoint {
    /// The carrier's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name and address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// How an order is paid.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentTerms {
    /// Method, by the source's name; from the reference list `payment-method` where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Paid to the carrier on delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash_on_delivery: Option<bool>,
    /// Gross amount paid so far, in the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Decimal>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// The source's id of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The source's id of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// The source's id of the product variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<String>,
    /// Stock keeping unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// European article number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ean: Option<String>,
    /// What the line says.
    pub name: String,
    /// How many units.
    pub quantity: Decimal,
    /// Unit of measure, from the reference list `unit` where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Price of one unit with tax, in the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price_gross: Option<Decimal>,
    /// Price of one unit without tax, in the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price_net: Option<Decimal>,
    /// Tax rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<TaxRate>,
    /// Everything else, by the source's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub extra: Extra,
}
