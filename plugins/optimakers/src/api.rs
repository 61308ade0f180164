//! What Optimakers sends. Names and shapes are assumed, so they are read with patience: fields that are not named here
//! are kept, numbers may be in quotes, lists may come with or without an envelope.

use serde::Deserialize;
use serde_json::value::RawValue;
use wharf_sdk::http::Response;
use wharf_sdk::quirks::{Exact, Flag, Id, Text, Whole};
use wharf_sdk::{Failure, Result};

wharf_sdk::record! {
    /// An order.
    #[derive(Debug)]
    pub(crate) struct Order<'de> {
        pub(crate) id: Id<'de> = required,
        pub(crate) number: Text<'de>,
        pub(crate) external_number: Text<'de> as "externalNumber",
        pub(crate) status_id: Id<'de> as "statusId",
        pub(crate) is_completed: Flag as "isCompleted",
        pub(crate) customer_id: Id<'de> as "customerId",
        pub(crate) currency_id: Id<'de> as "currencyId",
        pub(crate) order_date: Text<'de> as "orderDate",
        pub(crate) deadline: Text<'de>,
        pub(crate) note: Text<'de>,
        pub(crate) items: Option<Vec<Line<'de>>>,
        pub(crate) attributes: Option<Vec<Attribute<'de>>>,
        pub(crate) modified_at: Text<'de> as "modifiedAt",
        ..unknown
    }
}

wharf_sdk::record! {
    /// A line of an order.
    #[derive(Debug)]
    pub(crate) struct Line<'de> {
        pub(crate) id: Id<'de>,
        pub(crate) product_id: Id<'de> as "productId",
        pub(crate) name: Text<'de>,
        pub(crate) quantity: Exact,
        pub(crate) net_price: Exact as "netPrice",
        pub(crate) vat_rate_id: Id<'de> as "vatRateId",
        ..unknown
    }
}

wharf_sdk::record! {
    /// The value of an attribute of an order or a customer.
    #[derive(Debug)]
    pub(crate) struct Attribute<'de> {
        pub(crate) attribute_id: Id<'de> as "attributeId" = required,
        pub(crate) value: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// A customer.
    #[derive(Debug)]
    pub(crate) struct Customer<'de> {
        pub(crate) id: Id<'de> = required,
        pub(crate) name: Text<'de>,
        pub(crate) tax_number: Text<'de> as "taxNumber",
        pub(crate) email: Text<'de>,
        pub(crate) phone: Text<'de>,
        pub(crate) address: Option<Address<'de>>,
        pub(crate) attributes: Option<Vec<Attribute<'de>>>,
        pub(crate) modified_at: Text<'de> as "modifiedAt",
        ..unknown
    }
}

wharf_sdk::record! {
    /// The address of a customer.
    #[derive(Debug)]
    pub(crate) struct Address<'de> {
        pub(crate) street: Text<'de>,
        pub(crate) post_code: Text<'de> as "postCode",
        pub(crate) city: Text<'de>,
        pub(crate) country_code: Text<'de> as "countryCode",
        ..unknown
    }
}

wharf_sdk::record! {
    /// A product.
    #[derive(Debug)]
    pub(crate) struct Product<'de> {
        pub(crate) id: Id<'de> = required,
        pub(crate) name: Text<'de>,
        pub(crate) code: Text<'de>,
        pub(crate) ean: Text<'de>,
        pub(crate) unit: Text<'de>,
        pub(crate) net_price: Exact as "netPrice",
        pub(crate) gross_price: Exact as "grossPrice",
        pub(crate) vat_rate_id: Id<'de> as "vatRateId",
        pub(crate) currency_id: Id<'de> as "currencyId",
        pub(crate) is_active: Flag as "isActive",
        pub(crate) modified_at: Text<'de> as "modifiedAt",
        ..unknown
    }
}

wharf_sdk::record! {
    /// An entry of a reference list: a status, an attribute, a VAT rate or a currency.
    #[derive(Debug)]
    pub(crate) struct Entry<'de> {
        pub(crate) id: Id<'de> = required,
        pub(crate) name: Text<'de>,
        pub(crate) entity: Text<'de>,
        pub(crate) code: Text<'de>,
        pub(crate) value: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// What is common to all records.
    #[derive(Debug)]
    pub(crate) struct Identified<'de> {
        pub(crate) id: Id<'de> = required,
        ..unknown
    }
}

/// A page of a list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Sheet<'a> {
    /// The rows as they were written.
    #[serde(borrow)]
    pub(crate) items: Vec<&'a RawValue>,
    /// How many rows the whole list has.
    #[serde(rename = "totalCount", default)]
    total_count: Whole,
    /// Rows of a page as the server sees it: it may allow fewer than it was asked for.
    #[serde(rename = "pageSize", default)]
    page_size: Whole,
    /// Whether the list came bare, without saying anything of pages.
    #[serde(skip)]
    pub(crate) is_bare: bool,
}

impl<'a> Sheet<'a> {
    /// Reads a page; a bare array is a whole list.
    pub(crate) fn of(response: &'a Response) -> Result<Self> {
        if response.text()?.trim_start().starts_with('[') {
            return Ok(Self { items: response.json()?, is_bare: true, ..Self::default() });
        }
        response.json()
    }

    /// Returns how many rows the whole list has, where it says so.
    pub(crate) fn total(&self) -> Option<u64> {
        self.total_count.get().and_then(|total| u64::try_from(total).ok())
    }

    /// Tells whether the list is over after `page`, counted from 1, of the `asked` number of rows.
    pub(crate) fn is_last(&self, page: u64, asked: u32) -> bool {
        let rows = u64::try_from(self.items.len()).unwrap_or(u64::MAX);
        let told = self.page_size.get().and_then(|told| u64::try_from(told).ok());
        let size = told.filter(|told| *told > 0 && *told >= rows).unwrap_or(u64::from(asked));
        let before = page.saturating_sub(1).saturating_mul(size);
        match self.total() {
            _ if rows == 0 || self.is_bare => true,
            Some(total) => before.saturating_add(rows) >= total,
            None => rows < size,
        }
    }

    /// Returns the id of the first row, by which a page is known that comes twice.
    pub(crate) fn first_id(&self) -> Result<Option<String>> {
        self.items.first().map(|raw| row::<Identified<'_>>(raw).map(|row| row.id.into_string())).transpose()
    }
}

/// Reads a row of a list; `contract-changed` with the row when it does not fit.
pub(crate) fn row<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T> {
    serde_json::from_str(raw.get()).map_err(|error| Failure::contract_changed(error.to_string(), raw.get()))
}
