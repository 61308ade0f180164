//! Reference lists: statuses, attributes, VAT rates and currencies.

use std::ops::ControlFlow;

use wharf_sdk::document::{Decimal, TaxRate};
use wharf_sdk::{Failure, Reference, ReferencePage, Result};

use crate::api::{self, row};
use crate::assumed::VAT_NAMES;
use crate::client::{Client, Resource};
use crate::listing::walk;

/// A reference list of the manifest.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    resource: Resource,
    /// Entity whose entries are asked for, as Optimakers names it.
    entity: Option<&'static str>,
}

/// The reference lists.
pub(crate) const LISTS: [List; 5] = [
    List {
        name: "order-status",
        label: "Order statuses (Settings, Entity statuses)",
        resource: Resource::EntityStatuses,
        entity: Some("Order"),
    },
    List {
        name: "order-attribute",
        label: "Order attributes (Settings, Attributes)",
        resource: Resource::Attributes,
        entity: Some("Order"),
    },
    List {
        name: "customer-attribute",
        label: "Customer attributes (Settings, Attributes)",
        resource: Resource::Attributes,
        entity: Some("Customer"),
    },
    List {
        name: "vat-rate",
        label: "VAT rates (Settings, Trade, VAT rates)",
        resource: Resource::VatRates,
        entity: None,
    },
    List {
        name: "currency",
        label: "Currencies (Settings, Trade, Currencies)",
        resource: Resource::Currencies,
        entity: None,
    },
];

/// An entry of a reference list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) code: Option<String>,
    pub(crate) value: Option<Decimal>,
}

/// Reads a reference list of the manifest.
pub(crate) fn read(client: &Client, name: &str) -> Result<Vec<Entry>> {
    let list = LISTS.iter().find(|list| list.name == name).ok_or_else(|| Failure::no_reference_list(name))?;
    entries(client, list.resource, list.entity)
}

fn entries(client: &Client, resource: Resource, entity: Option<&str>) -> Result<Vec<Entry>> {
    let query: Vec<_> = entity.map(|entity| ("entity", entity.to_owned())).into_iter().collect();
    let mut found = Vec::new();
    let end = walk(client, resource, &query, |raw| {
        let entry: api::Entry<'_> = row(raw)?;
        // The filter may be ignored; an entry that does not say whose it is belongs to the entity asked for.
        let said = entry.entity.as_str();
        if entity.is_none_or(|entity| said.is_empty() || said.eq_ignore_ascii_case(entity)) {
            found.push(Entry {
                id: entry.id.into_string(),
                name: entry.name.into_string(),
                code: entry.code.filled(),
                value: entry.value.as_str().trim_end_matches('%').trim().parse().ok(),
            });
        }
        Ok(ControlFlow::<()>::Continue(()))
    })?;
    end.found(resource.name(), "search_pages")?;
    Ok(found)
}

/// Returns a reference list as the contract has it, in one page.
pub(crate) fn page(client: &Client, name: &str) -> Result<ReferencePage> {
    let reference = |entry: Entry| {
        let label = if entry.name.is_empty() { entry.code.clone().unwrap_or_default() } else { entry.name };
        Reference {
            code: entry.code,
            value: entry.value.map(|value| value.to_string()),
            ..Reference::new(entry.id, label)
        }
    };
    Ok(ReferencePage::last(read(client, name)?.into_iter().map(reference).collect()))
}

/// The VAT rates of an instance.
#[derive(Debug, Default)]
pub(crate) struct VatRates(Vec<Entry>);

/// Reads the VAT rates.
pub(crate) fn vat_rates(client: &Client) -> Result<VatRates> {
    entries(client, Resource::VatRates, None).map(VatRates)
}

impl VatRates {
    /// Makes rates of ids and percentages.
    pub(crate) fn new(rates: impl IntoIterator<Item = (String, Decimal)>) -> Self {
        let entry = |(id, value)| Entry { id, name: String::new(), code: None, value: Some(value) };
        Self(rates.into_iter().map(entry).collect())
    }

    /// Returns the percentage of a rate, 0 where the rate has none; none when there is no such rate.
    pub(crate) fn percent(&self, id: &str) -> Option<Decimal> {
        self.0.iter().find(|entry| entry.id == id).map(|entry| entry.value.unwrap_or_default())
    }

    /// Returns a rate as documents have it: its percentage, else what its name means.
    pub(crate) fn tax_rate(&self, id: &str) -> Option<TaxRate> {
        let entry = self.0.iter().find(|entry| entry.id == id)?;
        if entry.value.is_some() {
            return Some(TaxRate { percent: entry.value, code: None });
        }
        let name = entry.name.trim().to_lowercase();
        let code = VAT_NAMES.iter().find(|(known, _)| *known == name).map_or(name.as_str(), |(_, code)| code);
        Some(TaxRate { percent: None, code: Some(code.to_owned()) })
    }
}

/// The currencies of an instance.
#[derive(Debug, Default)]
pub(crate) struct Currencies(Vec<Entry>);

/// Reads the currencies.
pub(crate) fn currencies(client: &Client) -> Result<Currencies> {
    entries(client, Resource::Currencies, None).map(Currencies)
}

impl Currencies {
    /// Returns the code of a currency, upper case.
    pub(crate) fn code(&self, id: &str) -> Option<String> {
        let entry = self.0.iter().find(|entry| entry.id == id)?;
        entry.code.as_deref().map(str::to_uppercase)
    }
}
