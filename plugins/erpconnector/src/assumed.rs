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

/// Fields of an invoice of a supplier.
pub(crate) mod supplier_invoice {
    use super::{Field, field};
    pub(crate) const NUMBER: Field = field("SupplierInvoice", "NoFacture");
    pub(crate) const SUPPLIER: Field = field("SupplierInvoice", "NoFournisseur");
    pub(crate) const DATE: Field = field("SupplierInvoice", "DateFacture");
    pub(crate) const DUE: Field = field("SupplierInvoice", "DateEcheance");
    pub(crate) const DESCRIPTION: Field = field("SupplierInvoice", "Description");
    pub(crate) const LINES: Field = field("SupplierInvoice", "Lignes");
    pub(crate) const LINE_ACCOUNT: Field = field("SupplierInvoice.Lignes", "NoCompteGL");
    pub(crate) const LINE_AMOUNT: Field = field("SupplierInvoice.Lignes", "Montant");
    pub(crate) const LINE_TEXT: Field = field("SupplierInvoice.Lignes", "Description");
}

/// Fields of an order to a supplier.
pub(crate) mod supplier_order {
    use super::{Field, field};
    pub(crate) const NUMBER: Field = field("SupplierOrder", "NoCommande");
    pub(crate) const SUPPLIER: Field = field("SupplierOrder", "NoFournisseur");
    pub(crate) const DATE: Field = field("SupplierOrder", "DateCommande");
    pub(crate) const DESCRIPTION: Field = field("SupplierOrder", "Description");
    pub(crate) const LINES: Field = field("SupplierOrder", "Lignes");
    pub(crate) const LINE_PRODUCT: Field = field("SupplierOrder.Lignes", "NoProduit");
    pub(crate) const LINE_TEXT: Field = field("SupplierOrder.Lignes", "Description");
    pub(crate) const LINE_QUANTITY: Field = field("SupplierOrder.Lignes", "Qte");
    pub(crate) const LINE_PRICE: Field = field("SupplierOrder.Lignes", "PrixUnitaire");
}

/// Fields of an entry of the general ledger.
pub(crate) mod entry {
    use super::{Field, field};
    pub(crate) const NUMBER: Field = field("GLJournalEntry", "NoEcriture");
    pub(crate) const DATE: Field = field("GLJournalEntry", "DateEcriture");
    pub(crate) const DESCRIPTION: Field = field("GLJournalEntry", "Description");
    pub(crate) const LINES: Field = field("GLJournalEntry", "Lignes");
    pub(crate) const LINE_ACCOUNT: Field = field("GLJournalEntry.Lignes", "NoCompteGL");
    pub(crate) const LINE_AMOUNT: Field = field("GLJournalEntry.Lignes", "Montant");
    pub(crate) const LINE_SIDE: Field = field("GLJournalEntry.Lignes", "Sens");
    pub(crate) const LINE_TEXT: Field = field("GLJournalEntry.Lignes", "Description");
}

/// What `Sens` of an entry's line says for its two sides.
pub(crate) const DEBIT: &str = "Debit";
pub(crate) const CREDIT: &str = "Credit";

/// Every field, for checking the keys of `fields`.
pub(crate) const FIELDS: [&[Field]; 6] = [
    &[
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
    ],
    &[
        product::NUMBER,
        product::DESCRIPTION,
        product::PRICE,
        product::STOCK,
        product::ACTIVE,
        product::GROUP,
        product::GROUP_CODE,
    ],
    &[
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
    ],
    &[
        supplier_invoice::NUMBER,
        supplier_invoice::SUPPLIER,
        supplier_invoice::DATE,
        supplier_invoice::DUE,
        supplier_invoice::DESCRIPTION,
        supplier_invoice::LINES,
        supplier_invoice::LINE_ACCOUNT,
        supplier_invoice::LINE_AMOUNT,
        supplier_invoice::LINE_TEXT,
    ],
    &[
        supplier_order::NUMBER,
        supplier_order::SUPPLIER,
        supplier_order::DATE,
        supplier_order::DESCRIPTION,
        supplier_order::LINES,
        supplier_order::LINE_PRODUCT,
        supplier_order::LINE_TEXT,
        supplier_order::LINE_QUANTITY,
        supplier_order::LINE_PRICE,
    ],
    &[
        entry::NUMBER,
        entry::DATE,
        entry::DESCRIPTION,
        entry::LINES,
        entry::LINE_ACCOUNT,
        entry::LINE_AMOUNT,
        entry::LINE_SIDE,
        entry::LINE_TEXT,
    ],
];

/// An entity that the vendor's menu may have, of which nothing else is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    pub(crate) entity: &'static str,
    pub(crate) key: &'static str,
    /// Field that tells people what it is.
    pub(crate) label: &'static str,
    /// Reference list that it makes, and what people call it.
    pub(crate) list: Option<(&'static str, &'static str)>,
}

/// Entities that are read without being configured. Whether an ERP has them it says itself: a read harms nothing.
pub(crate) const GUESSES: [Guess; 6] = [
    Guess {
        entity: "GLAccount",
        key: "NoCompteGL",
        label: "Description",
        list: Some(("account", "Accounts of the general ledger")),
    },
    Guess { entity: "Supplier", key: "NoFournisseur", label: "NomFournisseur", list: Some(("supplier", "Suppliers")) },
    Guess {
        entity: "ProductGroup",
        key: "CodeGroupe",
        label: "Description",
        list: Some(("product-group", "Product groups")),
    },
    Guess { entity: "Tax", key: "CodeTaxe", label: "Description", list: Some(("vat-rate", "Taxes")) },
    Guess { entity: "CustomerOrder", key: "NoCommande", label: "Description", list: None },
    Guess { entity: "Employee", key: "NoEmploye", label: "Nom", list: None },
];

/// Field of a tax that has its percentage.
pub(crate) const TAX_PERCENT: &str = "Taux";

/// Rows of a page, as the vendor's examples ask for 50 and less; the limit is not published.
pub(crate) const PAGE_SIZE: u32 = 100;
/// Most pages that one search reads: the documents of a day, where an ERP may give few at a time.
pub(crate) const SEARCH_PAGES: u32 = 50;
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
