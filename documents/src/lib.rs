//! The common business documents that connectors and flows exchange: order, product, partner, invoice, payment.
//!
//! A connector that speaks these works with any other without a hand-made mapping. What a system has beyond them stays
//! under `extra`, under the remote's own names, so that no field is lost.
//!
//! - Money and quantities are [`Decimal`]: decimal strings in JSON, never floats.
//! - Currencies are ISO 4217, countries ISO 3166-1 alpha-2, instants RFC 3339 in UTC.
//! - Every document has a JSON Schema in `documents/schemas`, made from the types by `cargo xtask schemas`.

mod amount;
mod invoice;
mod order;
mod partner;
mod payment;
mod product;
mod schema;

pub use amount::{Decimal, DecimalError, TaxRate};
pub use invoice::{Invoice, InvoiceKind, InvoiceLine};
pub use order::{Delivery, Order, OrderLine, PaymentTerms, PickupPoint};
pub use partner::{Address, Contact, Partner, PartnerKind};
pub use payment::{Payment, PaymentDirection};
pub use product::{Price, Product, ProductKind, Stock};
pub use schema::{ENTITIES, schema_of};

/// Fields beyond the common ones, by the remote's own names. Values stay as the remote wrote them.
pub type Extra = serde_json::Map<String, serde_json::Value>;
