//! What each ERP offers: the vendor's table of entities, systems and verbs. It is looked at before a request is sent.

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::{Failure, Result};

use crate::config::Config;

/// An entity of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entity {
    Product,
    Customer,
    CustomerInvoice,
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
}

impl Entity {
    pub(crate) const ALL: [Self; 3] = [Self::Product, Self::Customer, Self::CustomerInvoice];

    /// Returns its name in addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Product => "Product",
            Self::Customer => "Customer",
            Self::CustomerInvoice => "CustomerInvoice",
        }
    }

    /// Finds an entity by its name in addresses.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.name() == name)
    }

    /// Returns the entity of common documents that it stands for.
    pub(crate) fn document(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Customer => "partner",
            Self::CustomerInvoice => "invoice",
        }
    }
}

impl Erp {
    fn name(self) -> &'static str {
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
    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// Returns what an ERP offers for an entity. The row of `Customer` is [assumed]: the vendor's examples read it, its verbs
/// per system are not published.
fn offered(entity: Entity, erp: Erp) -> &'static [Verb] {
    use Verb::{Get, Post, Put};
    match (entity, erp) {
        (Entity::Product, Erp::Acomba) => &[Get, Post, Put],
        (Entity::Product, Erp::QuickbooksOnline | Erp::Qbo) => &[Get],
        (Entity::CustomerInvoice, Erp::Acomba | Erp::QuickbooksOnline | Erp::Qbo) => &[Get, Post],
        (Entity::CustomerInvoice, Erp::Avantage) => &[Get],
        (Entity::Customer, Erp::Acomba) => &[Get, Post, Put],
        (Entity::Customer, Erp::QuickbooksOnline | Erp::Qbo) => &[Get, Post],
        (Entity::Customer, Erp::Avantage | Erp::Sage50) => &[Get],
        _ => &[],
    }
}

/// Tells whether a verb is offered, by the table or by the configuration.
pub(crate) fn is_offered(config: &Config, entity: Entity, verb: Verb) -> bool {
    // An invoice is corrected by a credit note and never changed, whatever the configuration says.
    let never = entity == Entity::CustomerInvoice && verb == Verb::Put;
    let added = config.verbs.get(entity.name()).is_some_and(|verbs| verbs.contains(&verb));
    !never && (added || offered(entity, config.erp).contains(&verb))
}

/// Fails with `unsupported` when a verb is not offered.
pub(crate) fn require(config: &Config, entity: Entity, verb: Verb) -> Result<()> {
    if is_offered(config, entity, verb) {
        return Ok(());
    }
    let (erp, entity_name, wanted) = (config.erp.name(), entity.name(), verb.name());
    let offers: Vec<&str> = [Verb::Get, Verb::Post, Verb::Put]
        .into_iter()
        .filter(|one| is_offered(config, entity, *one))
        .map(Verb::name)
        .collect();
    let offers = if offers.is_empty() { "nothing".to_owned() } else { offers.join(", ") };
    let message = format!(
        "{erp} does not offer {wanted} for `{entity_name}`, but {offers}; if it does by now, add it to `verbs` of the configuration"
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
        use Verb::{Get, Post, Put};
        for (erp, entity, verbs) in [
            ("acomba", Entity::Product, &[Get, Post, Put][..]),
            ("qbo", Entity::Product, &[Get][..]),
            ("quickbooks-online", Entity::Product, &[Get][..]),
            ("avantage", Entity::Product, &[][..]),
            ("sage50", Entity::Product, &[][..]),
            ("acomba", Entity::CustomerInvoice, &[Get, Post][..]),
            ("qbo", Entity::CustomerInvoice, &[Get, Post][..]),
            ("avantage", Entity::CustomerInvoice, &[Get][..]),
            ("sage50", Entity::CustomerInvoice, &[][..]),
            ("servicentre", Entity::Customer, &[][..]),
        ] {
            let config = config(&format!(r#"{{"erp": "{erp}"}}"#));
            let allowed: Vec<Verb> =
                [Get, Post, Put].into_iter().filter(|verb| is_offered(&config, entity, *verb)).collect();
            assert_eq!(allowed, verbs, "{erp} {entity:?}");
        }
    }

    #[test]
    fn the_configuration_widens_the_table_but_invoices_are_never_changed() {
        let config =
            config(r#"{"erp": "avantage", "verbs": {"Product": ["GET"], "CustomerInvoice": ["PUT", "POST"]}}"#);
        assert!(require(&config, Entity::Product, Verb::Get).is_ok());
        assert!(require(&config, Entity::CustomerInvoice, Verb::Post).is_ok());
        let refused = require(&config, Entity::CustomerInvoice, Verb::Put).unwrap_err();
        assert_eq!(
            refused.message().split(';').next(),
            Some("Avantage does not offer PUT for `CustomerInvoice`, but GET, POST")
        );
    }
}
