//! The common business documents.
//!
//! Convert what the remote sends into these, and the connector works with any other without a hand-made mapping. What
//! does not fit goes under `extra`, see [`Unknown`](crate::quirks::Unknown).

pub use wharf_documents::{
    Address, Contact, Decimal, DecimalError, Delivery, Extra, Invoice, InvoiceKind, InvoiceLine, Order, OrderLine,
    Partner, PartnerKind, Payment, PaymentDirection, PaymentTerms, PickupPoint, Price, Product, ProductKind, Stock,
    TaxRate,
};
