//! What no public page confirms, in one place. The README lists it, and says which key of the configuration changes it.

/// A field: the entity or the part of it that it belongs to, and the name that it has unless the configuration says
/// otherwise.
///
/// The vendor's pages show a handful of names only; the others are guesses in the same style. `fields` of the
/// configuration renames any of them: `{ "Customer.Courriel" = "Email" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) entity: &'static str,
    pub(crate) name: &'static str,
}

const fn field(entity: &'static str, name: &'static str) -> Field {
    Field { entity, name }
}

/// Fields of a customer. `NoClient` and `NomClient` are documented.
pub(crate) mod customer {
    use super::{Field, field};
    pub(crate) const NUMBER: Field = field("Customer", "NoClient");
    pub(crate) const NAME: Field = field("Customer", "NomClient");
    pub(crate) const EMAIL: Field = field("Customer", "Courriel");
    pub(crate) const PHONE: Field = field("Customer", "Telephone");
    pub(crate) const ADDRESS: Field = field("Customer", "Adresse");
    pub(crate) const STREET: Field = field("Customer.Adresse", "Ligne1");
    pub(crate) const CITY: Field = field("Customer.Adresse", "Ville");
    pub(crate) const STATE: Field = field("Customer.Adresse", "Province");
    pub(crate) const POSTCODE: Field = field("Customer.Adresse", "CodePostal");
    pub(crate) const COUNTRY: Field = field("Customer.Adresse", "Pays");
}

/// Fields of a product. `GroupeProduit.CodeGroupe` and `EstActif` are documented.
pub(crate) mod product {
    use super::{Field, field};
    pub(crate) const NUMBER: Field = field("Product", "NoProduit");
    pub(crate) const DESCRIPTION: Field = field("Product", "Description");
    pub(crate) const PRICE: Field = field("Product", "PrixVente");
    pub(crate) const STOCK: Field = field("Product", "QteEnMain");
    pub(crate) const ACTIVE: Field = field("Product", "EstActif");
    pub(crate) const GROUP: Field = field("Product", "GroupeProduit");
    pub(crate) const GROUP_CODE: Field = field("Product.GroupeProduit", "CodeGroupe");
}

/// Fields of a customer invoice.
pub(crate) mod invoice {
    use super::{Field, field};
    pub(crate) const NUMBER: Field = field("CustomerInvoice", "NoFacture");
    pub(crate) const DATE: Field = field("CustomerInvoice", "DateFacture");
    pub(crate) const CUSTOMER: Field = field("CustomerInvoice", "Client");
    pub(crate) const CUSTOMER_NUMBER: Field = field("CustomerInvoice.Client", "NoClient");
    pub(crate) const DESCRIPTION: Field = field("CustomerInvoice", "Description");
    pub(crate) const LINES: Field = field("CustomerInvoice", "Lignes");
    pub(crate) const TOTAL: Field = field("CustomerInvoice", "Total");
    pub(crate) const LINE_PRODUCT: Field = field("CustomerInvoice.Lignes", "NoProduit");
    pub(crate) const LINE_TEXT: Field = field("CustomerInvoice.Lignes", "Description");
    pub(crate) const LINE_QUANTITY: Field = field("CustomerInvoice.Lignes", "Qte");
    pub(crate) const LINE_PRICE: Field = field("CustomerInvoice.Lignes", "PrixUnitaire");
}

/// Every field, for checking the keys of `fields`.
pub(crate) const FIELDS: [Field; 28] = [
    customer::NUMBER,
    customer::NAME,
    customer::EMAIL,
    customer::PHONE,
    customer::ADDRESS,
    customer::STREET,
    customer::CITY,
    customer::STATE,
    customer::POSTCODE,
    customer::COUNTRY,
    product::NUMBER,
    product::DESCRIPTION,
    product::PRICE,
    product::STOCK,
    product::ACTIVE,
    product::GROUP,
    product::GROUP_CODE,
    invoice::NUMBER,
    invoice::DATE,
    invoice::CUSTOMER,
    invoice::CUSTOMER_NUMBER,
    invoice::DESCRIPTION,
    invoice::LINES,
    invoice::TOTAL,
    invoice::LINE_PRODUCT,
    invoice::LINE_TEXT,
    invoice::LINE_QUANTITY,
    invoice::LINE_PRICE,
];

/// Rows of a page, as the vendor's examples ask for 50 and less; the limit is not published.
pub(crate) const PAGE_SIZE: u32 = 100;
/// Calls in a minute. No limit is published; a robot on a desktop answers in seconds.
pub(crate) const CALLS_PER_MINUTE: u32 = 60;
/// Requests under way at once: a robot does one thing after the other.
pub(crate) const CONCURRENT: u32 = 4;

/// Decimal places of a unit price that is worked out from a price with tax.
pub(crate) fn price_places() -> u32 {
    4
}

/// Longest customer number that is made up.
pub(crate) fn customer_number_length() -> u32 {
    15
}

/// Words by which an ERP's message tells that the accounting period is closed.
pub(crate) const PERIOD_WORDS: [&str; 4] = ["période", "periode", "period", "exercice"];
/// Words that go with them.
pub(crate) const CLOSED_WORDS: [&str; 6] = ["fermé", "ferme", "clos", "closed", "clôtur", "clotur"];
/// Words by which it tells that somebody else holds the record or the ledger.
pub(crate) const LOCKED_WORDS: [&str; 5] = ["verrouill", "locked", "barré", "en cours d'utilisation", "in use"];
