//! Which accounting system stands behind the bridge, and what it offers of each entity.

/// The accounting system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Erp {
    /// Acomba, which offers the most.
    #[default]
    Acomba,
    /// QuickBooks Online.
    QuickBooksOnline,
    /// Avantage.
    Avantage,
    /// Sage 50.
    Sage50,
    /// Servicentre, of which nothing is known; only customers can be read \[assumed\].
    Servicentre,
}

impl Erp {
    /// Finds a profile by its name: `acomba`, `qbo`, `avantage`, `sage50` or `servicentre`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "acomba" => Some(Self::Acomba),
            "qbo" => Some(Self::QuickBooksOnline),
            "avantage" => Some(Self::Avantage),
            "sage50" => Some(Self::Sage50),
            "servicentre" => Some(Self::Servicentre),
            _ => None,
        }
    }
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// Reads a list or one record.
    Get,
    /// Creates.
    Post,
    /// Updates.
    Put,
    /// Deletes; no system is known to offer it.
    Delete,
}

impl Verb {
    pub(crate) fn of(method: &http::Method) -> Option<Self> {
        match method.as_str() {
            "GET" => Some(Self::Get),
            "POST" => Some(Self::Post),
            "PUT" => Some(Self::Put),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entity {
    /// A product, by `NoProduit`.
    Product,
    /// A customer, by `NoClient`.
    Customer,
    /// An invoice to a customer, by `NoFacture`.
    CustomerInvoice,
    /// An invoice of a supplier, by `NoFacture`; two suppliers may use the same number.
    SupplierInvoice,
    /// An order to a supplier, by `NoCommande` \[assumed\].
    SupplierOrder,
    /// An entry of the general ledger, by `NoEcriture` \[assumed\].
    GLJournalEntry,
    /// A supplier, by `NoFournisseur` \[assumed\].
    Supplier,
    /// An account of the general ledger, by `NoCompteGL` \[assumed\].
    GLAccount,
    /// A group of products, by `CodeGroupe` \[assumed\].
    ProductGroup,
    /// A tax, by `CodeTaxe` \[assumed\].
    Tax,
}

impl Entity {
    /// All entities that the simulator knows.
    pub const ALL: [Self; 10] = [
        Self::Product,
        Self::Customer,
        Self::CustomerInvoice,
        Self::SupplierInvoice,
        Self::SupplierOrder,
        Self::GLJournalEntry,
        Self::Supplier,
        Self::GLAccount,
        Self::ProductGroup,
        Self::Tax,
    ];

    /// Returns the name in the path.
    pub fn name(self) -> &'static str {
        match self {
            Self::Product => "Product",
            Self::Customer => "Customer",
            Self::CustomerInvoice => "CustomerInvoice",
            Self::SupplierInvoice => "SupplierInvoice",
            Self::SupplierOrder => "SupplierOrder",
            Self::GLJournalEntry => "GLJournalEntry",
            Self::Supplier => "Supplier",
            Self::GLAccount => "GLAccount",
            Self::ProductGroup => "ProductGroup",
            Self::Tax => "Tax",
        }
    }

    /// Returns the field that holds the key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Product => "NoProduit",
            Self::Customer => "NoClient",
            Self::CustomerInvoice | Self::SupplierInvoice => "NoFacture",
            Self::SupplierOrder => "NoCommande",
            Self::GLJournalEntry => "NoEcriture",
            Self::Supplier => "NoFournisseur",
            Self::GLAccount => "NoCompteGL",
            Self::ProductGroup => "CodeGroupe",
            Self::Tax => "CodeTaxe",
        }
    }

    /// Returns the field with the date on which it is booked; none of what is not booked.
    pub(crate) fn date(self) -> Option<&'static str> {
        match self {
            Self::Product | Self::Customer => None,
            Self::Supplier | Self::GLAccount | Self::ProductGroup | Self::Tax => None,
            Self::CustomerInvoice | Self::SupplierInvoice => Some("DateFacture"),
            Self::SupplierOrder => Some("DateCommande"),
            Self::GLJournalEntry => Some("DateEcriture"),
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.name() == name)
    }

    /// Returns the paths that may be selected and filtered by, even before a record has them.
    pub(crate) fn paths(self) -> &'static [&'static str] {
        match self {
            Self::Product => &[
                "NoProduit",
                "Description",
                "PrixVente",
                "CoutMoyen",
                "QteEnMain",
                "EstActif",
                "GroupeProduit",
                "GroupeProduit.CodeGroupe",
                "GroupeProduit.Description",
                "ExtendedProperties",
            ],
            Self::Customer => &[
                "NoClient",
                "NomClient",
                "Courriel",
                "Telephone",
                "Adresse",
                "Adresse.Ligne1",
                "Adresse.Ville",
                "Adresse.Province",
                "Adresse.CodePostal",
                "Adresse.Pays",
                "EstActif",
                "InfoAgeDesComptes",
                "InfoAgeDesComptes.MontantDu_Cycle1_Courant",
                "ExtendedProperties",
            ],
            Self::CustomerInvoice => &[
                "NoFacture",
                "DateFacture",
                "Client",
                "Client.NoClient",
                "Description",
                "Lignes",
                "Lignes.NoProduit",
                "Lignes.Description",
                "Lignes.Qte",
                "Lignes.PrixUnitaire",
                "MontantTPS",
                "MontantTVQ",
                "Total",
                "ExtendedProperties",
            ],
            Self::SupplierInvoice => &[
                "NoFacture",
                "NoFournisseur",
                "DateFacture",
                "DateEcheance",
                "Description",
                "Lignes",
                "Lignes.NoCompteGL",
                "Lignes.Montant",
                "Lignes.Description",
                "ExtendedProperties",
            ],
            Self::SupplierOrder => &[
                "NoCommande",
                "NoFournisseur",
                "DateCommande",
                "Description",
                "Lignes",
                "Lignes.NoProduit",
                "Lignes.Description",
                "Lignes.Qte",
                "Lignes.PrixUnitaire",
                "ExtendedProperties",
            ],
            Self::GLJournalEntry => &[
                "NoEcriture",
                "DateEcriture",
                "Description",
                "Lignes",
                "Lignes.NoCompteGL",
                "Lignes.Montant",
                "Lignes.Sens",
                "Lignes.Description",
                "ExtendedProperties",
            ],
            Self::Supplier => &["NoFournisseur", "NomFournisseur", "Courriel", "Telephone", "EstActif"],
            Self::GLAccount => &["NoCompteGL", "Description", "EstActif"],
            Self::ProductGroup => &["CodeGroupe", "Description"],
            Self::Tax => &["CodeTaxe", "Description", "Taux"],
        }
    }
}

/// Returns what a system offers of an entity, as the vendor's entity pages list it; customers and what
/// the pages do not have are \[assumed\].
pub(crate) fn verbs(erp: Erp, entity: Entity) -> &'static [Verb] {
    use Verb::{Get, Post, Put};
    match (entity, erp) {
        (Entity::Product | Entity::Customer, Erp::Acomba) => &[Get, Post, Put],
        (Entity::Product, Erp::QuickBooksOnline) => &[Get],
        (Entity::Customer, Erp::QuickBooksOnline) => &[Get, Post],
        (Entity::Customer, _) => &[Get],
        // No PUT anywhere: an invoice is corrected by a credit note, for the auditor's sake.
        (Entity::CustomerInvoice, Erp::Acomba | Erp::QuickBooksOnline) => &[Get, Post],
        (Entity::CustomerInvoice, Erp::Avantage) => &[Get],
        (Entity::SupplierInvoice, Erp::Acomba | Erp::QuickBooksOnline | Erp::Avantage | Erp::Sage50) => &[Get, Post],
        (Entity::SupplierOrder, Erp::Acomba) => &[Get, Post],
        (Entity::SupplierOrder, Erp::Avantage) => &[Get],
        (Entity::GLJournalEntry, Erp::Acomba) => &[Post],
        (Entity::GLJournalEntry, Erp::Avantage) => &[Get],
        (Entity::GLJournalEntry, Erp::Sage50) => &[Get, Post],
        (Entity::Supplier | Entity::GLAccount | Entity::ProductGroup | Entity::Tax, _) => &[Get],
        _ => &[],
    }
}
