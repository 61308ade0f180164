//! Customers.

use wharf_sdk::document::{Address, Extra, Partner, PartnerKind};
use wharf_sdk::{Failure, Result, violation};

use super::{attribute_value, filled};
use crate::api;
use crate::body::{Body, attribute};
use crate::config::Config;

/// Makes the common document of a customer.
pub(crate) fn read(row: &api::Customer<'_>, config: &Config) -> Partner {
    let attributes = row.attributes.as_deref();
    let mut extra = Extra::new();
    row.unknown.add_to(&mut extra);
    super::order::keep_attributes(attributes, &[config.customer_attribute_login.as_ref()], &mut extra);
    let tax_number = row.tax_number.filled();
    Partner {
        id: row.id.filled(),
        kind: if tax_number.is_some() { PartnerKind::Company } else { PartnerKind::Person },
        name: row.name.as_str().to_owned(),
        tax_number,
        login: attribute_value(attributes, config.customer_attribute_login.as_ref()),
        email: row.email.filled(),
        phone: row.phone.filled(),
        address: row.address.as_ref().map(address),
        extra,
        ..Partner::default()
    }
}

fn address(row: &api::Address<'_>) -> Address {
    Address {
        street: row.street.filled(),
        postcode: row.post_code.filled(),
        city: row.city.filled(),
        country: row.country_code.filled().map(|code| code.to_uppercase()),
        ..Address::default()
    }
}

/// Says what keeps a customer from being made.
pub(crate) fn check(partner: &Partner) -> Result<()> {
    if partner.name.trim().is_empty() {
        let message = "the customer has no name; map `name`";
        return Err(Failure::invalid_record(vec![violation("/name", "required", message)]));
    }
    Ok(())
}

/// Makes what is sent for a customer: the fields that the document has.
pub(crate) fn body(partner: &Partner, config: &Config) -> Body {
    let contact = partner.contacts.first();
    let email = filled(partner.email.as_deref()).or_else(|| filled(contact?.email.as_deref()));
    let phone = filled(partner.phone.as_deref()).or_else(|| filled(contact?.phone.as_deref()));
    let login = config.customer_attribute_login.as_ref().zip(filled(partner.login.as_deref()));
    Body::new()
        .text("name", filled(Some(&partner.name)))
        .text("taxNumber", tax_number(partner))
        .text("email", email)
        .text("phone", phone)
        .part("address", partner.address.as_ref().map(address_body).unwrap_or_default())
        .parts("attributes", login.map(|(id, login)| attribute(id, login)).into_iter().collect())
}

/// Returns the number for tax that a document has.
pub(crate) fn tax_number(partner: &Partner) -> Option<&str> {
    filled(partner.tax_number.as_deref()).or_else(|| filled(partner.vat_number.as_deref()))
}

fn address_body(address: &Address) -> Body {
    let street = address.street.as_deref().map(|street| street.replace('\n', ", "));
    Body::new()
        .text("street", street)
        .text("postCode", address.postcode.as_deref())
        .text("city", address.city.as_deref())
        .text("countryCode", address.country.as_deref())
}
