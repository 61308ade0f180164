//! What each ERP offers: the vendor's table of entities, systems and verbs. It is looked at before a request is sent.

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::{Failure, Result};

use crate::assumed::GUESSES;
use crate::config::Config;

/// An entity of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entity<'a> {
    Product,
    Customer,
    CustomerInvoice,
    SupplierInvoice,
    SupplierOrder,
    GLJournalEntry,
    /// Any other, by its name in addresses.
    Other(&'a str),
}

/// The accounting system behind the connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Erp {
    /// Acomba.
    Acomba,
    /// QuickBooks Online.
    QuickbooksOnline,
    /// QuickBooks Online, for short.
    Qbo,
    /// Avantage.
    Avantage,
    /// Sage 50.
    Sage50,
    /// Servicentre; the vendor's pages list nothing for it, so everything it offers goes into `verbs`.
    Servicentre,
}

/// What can be done with an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Verb {
    /// Read.
    Get,
    /// Make.
    Post,
    /// Change.
    Put,
    /// Remove.
    Delete,
}

impl Entity<'static> {
    /// Those whose records have a shape known here.
    pub(crate) const KNOWN: [Self; 6] = [
        Self::Product,
        Self::Customer,
        Self::CustomerInvoice,
        Self::SupplierInvoice,
        Self::SupplierOrder,
        Self::GLJournalEntry,
    ];

    /// Finds one whose shape is known by its name in addresses.
    pub(crate) fn known(name: &str) -> Option<Self> {
        Self::KNOWN.into_iter().find(|entity| entity.name() == name)
    }
}

impl<'a> Entity<'a> {
    /// Returns the entity of that name in addresses.
    pub(crate) fn named(name: &'a str) -> Self {
        Entity::known(name).unwrap_or(Self::Other(name))
    }

    /// Returns its name in addresses.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Product => "Product",
            Self::Customer => "Customer",
            Self::CustomerInvoice => "CustomerInvoice",
            Self::SupplierInvoice => "SupplierInvoice",
            Self::SupplierOrder => "SupplierOrder",
            Self::GLJournalEntry => "GLJournalEntry",
            Self::Other(name) => name,
        }
    }

    /// Returns the entity of documents that it stands for.
    pub(crate) fn document(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Customer => "partner",
            Self::CustomerInvoice => "invoice",
            Self::SupplierInvoice => "supplier-invoice",
            Self::SupplierOrder => "supplier-order",
            Self::GLJournalEntry => "journal-entry",
            Self::Other(_) => "record",
        }
    }
}

impl Erp {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Acomba => "Acomba",
            Self::QuickbooksOnline | Self::Qbo => "QuickBooks Online",
            Self::Avantage => "Avantage",
            Self::Sage50 => "Sage 50",
            Self::Servicentre => "Servicentre",
        }
    }
}

impl Verb {
    const ALL: [Self; 4] = [Self::Get, Self::Post, Self::Put, Self::Delete];

    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Returns what an ERP offers for an entity. The row of `Customer` is [assumed]: the vendor's examples read it, its verbs
/// per system are not published. Of other entities nothing is published, so those that are guessed can be read.
fn offered(entity: Entity<'_>, erp: Erp) -> &'static [Verb] {
    use Erp::{Acomba, Avantage, Qbo, QuickbooksOnline, Sage50};
    use Verb::{Get, Post, Put};
    match (entity, erp) {
        (Entity::Product, Acomba) => &[Get, Post, Put],
        (Entity::Product, QuickbooksOnline | Qbo) => &[Get],
        (Entity::CustomerInvoice, Acomba | QuickbooksOnline | Qbo) => &[Get, Post],
        (Entity::CustomerInvoice, Avantage) => &[Get],
        (Entity::SupplierInvoice, Acomba | QuickbooksOnline | Qbo | Avantage | Sage50) => &[Get, Post],
        (Entity::SupplierOrder, Acomba) => &[Get, Post],
        (Entity::SupplierOrder, Avantage) => &[Get],
        (Entity::GLJournalEntry, Acomba) => &[Post],
        (Entity::GLJournalEntry, Avantage) => &[Get],
        (Entity::GLJournalEntry, Sage50) => &[Get, Post],
        (Entity::Customer, Acomba) => &[Get, Post, Put],
        (Entity::Customer, QuickbooksOnline | Qbo) => &[Get, Post],
        (Entity::Customer, Avantage | Sage50) => &[Get],
        (Entity::Other(name), _) if GUESSES.iter().any(|guess| guess.entity == name) => &[Get],
        _ => &[],
    }
}

/// Tells whether a verb is offered, by the table or by the configuration.
pub(crate) fn is_offered(config: &Config, entity: Entity<'_>, verb: Verb) -> bool {
    // An invoice is corrected by a credit note and never changed or removed, whatever the configuration says.
    let is_invoice = matches!(entity, Entity::CustomerInvoice | Entity::SupplierInvoice);
    let never = is_invoice && matches!(verb, Verb::Put | Verb::Delete);
    let of_other = config.entities.get(entity.name()).is_some_and(|other| other.verbs.contains(&verb));
    let added = config.verbs.get(entity.name()).is_some_and(|verbs| verbs.contains(&verb));
    !never && (added || of_other || offered(entity, config.erp).contains(&verb))
}

/// Fails with `unsupported` when a verb is not offered.
pub(crate) fn require(config: &Config, entity: Entity<'_>, verb: Verb) -> Result<()> {
    if is_offered(config, entity, verb) {
        return Ok(());
    }
    let (erp, entity_name, wanted) = (config.erp.name(), entity.name(), verb.name());
    let offers: Vec<&str> =
        Verb::ALL.into_iter().filter(|one| is_offered(config, entity, *one)).map(Verb::name).collect();
    let offers = if offers.is_empty() { "nothing".to_owned() } else { offers.join(", ") };
    let place = if matches!(entity, Entity::Other(_)) { "entities" } else { "verbs" };
    let message = format!(
        "{erp} does not offer {wanted} for `{entity_name}`, but {offers}; if it does by now, add it to `{place}` of the configuration"
    );
    Err(Failure::unsupported(&format!("{wanted} {entity_name}"), message))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it stands")]
    use super::*;

    fn config(json: &str) -> Config {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_table_is_the_vendors() {
        const ERPS: [&str; 5] = ["acomba", "qbo", "avantage", "sage50", "servicentre"];
        // One letter for each verb: read, make (`p`ost), change (`u`pdate).
        for (entity, offers) in [
            (Entity::Product, ["gpu", "g", "", "", ""]),
            (Entity::CustomerInvoice, ["gp", "gp", "g", "", ""]),
            (Entity::SupplierInvoice, ["gp", "gp", "gp", "gp", ""]),
            (Entity::SupplierOrder, ["gp", "", "g", "", ""]),
            (Entity::GLJournalEntry, ["p", "", "g", "gp", ""]),
            (Entity::Customer, ["gpu", "gp", "g", "g", ""]),
            (Entity::Other("GLAccount"), ["g", "g", "g", "g", "g"]),
            (Entity::Other("Payroll"), ["", "", "", "", ""]),
        ] {
            for (erp, offers) in ERPS.iter().zip(offers) {
                let config = config(&format!(r#"{{"erp": "{erp}"}}"#));
                let letters = [(Verb::Get, 'g'), (Verb::Post, 'p'), (Verb::Put, 'u'), (Verb::Delete, 'd')];
                let allowed: String =
                    letters.iter().filter(|(verb, _)| is_offered(&config, entity, *verb)).map(|one| one.1).collect();
                assert_eq!(allowed, offers, "{erp} {entity:?}");
            }
        }
        assert!(is_offered(&config(r#"{"erp": "quickbooks-online"}"#), Entity::Product, Verb::Get));
    }

    #[test]
    fn the_configuration_widens_the_table_but_invoices_are_never_changed() {
        let config = config(
            r#"{"erp": "avantage", "verbs": {"Product": ["GET"], "CustomerInvoice": ["PUT", "POST"], "SupplierInvoice": ["DELETE"]},
                "entities": {"Payroll": {"key": "NoPaie", "verbs": ["GET", "DELETE"]}}}"#,
        );
        assert!(require(&config, Entity::Product, Verb::Get).is_ok());
        assert!(require(&config, Entity::CustomerInvoice, Verb::Post).is_ok());
        assert!(require(&config, Entity::Other("Payroll"), Verb::Delete).is_ok());
        for (entity, verb) in [
            (Entity::CustomerInvoice, Verb::Put),
            (Entity::CustomerInvoice, Verb::Delete),
            (Entity::SupplierInvoice, Verb::Delete),
        ] {
            assert!(require(&config, entity, verb).is_err(), "{entity:?} {verb:?}");
        }
        let refused = require(&config, Entity::CustomerInvoice, Verb::Put).unwrap_err();
        assert_eq!(
            refused.message().split(';').next(),
            Some("Avantage does not offer PUT for `CustomerInvoice`, but GET, POST")
        );
    }
}
