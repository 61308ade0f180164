//! Customers.

use wharf_sdk::document::{Address, Partner};
use wharf_sdk::{Failure, Result, violation};

use super::key;
use crate::assumed::customer::{ADDRESS, CITY, COUNTRY, EMAIL, NAME, NUMBER, PHONE, POSTCODE, STATE, STREET};
use crate::body::Body;
use crate::config::Config;
use crate::row::Row;

/// Makes the common document of a customer. The number is its id; what has no place goes to `extra`.
pub(crate) fn read(row: &Row<'_>, config: &Config) -> Result<Partner> {
    let text = |field| row.text(config.name(field));
    let known = [NUMBER, NAME, EMAIL, PHONE, ADDRESS].map(|field| config.name(field));
    let part = row.part(config.name(ADDRESS))?;
    let in_address = |field| part.text(config.name(field));
    let address = Address {
        street: in_address(STREET)?,
        city: in_address(CITY)?,
        state: in_address(STATE)?,
        postcode: in_address(POSTCODE)?,
        country: in_address(COUNTRY)?,
        ..Address::default()
    };
    let mut extra = row.extra(&known);
    let known_in_address = [STREET, CITY, STATE, POSTCODE, COUNTRY].map(|field| config.name(field));
    let more = part.extra(&known_in_address);
    if !more.is_empty() {
        extra.insert(config.name(ADDRESS).to_owned(), more.into());
    }
    Ok(Partner {
        id: Some(key(row, NUMBER, config)?),
        name: text(NAME)?.unwrap_or_default(),
        email: text(EMAIL)?,
        phone: text(PHONE)?,
        address: Some(address).filter(|address| *address != Address::default()),
        extra,
        ..Partner::default()
    })
}

/// Says what keeps a partner from being sent.
pub(crate) fn check(partner: &Partner, at: &str) -> Result<()> {
    if partner.name.trim().is_empty() {
        let message = "the partner has no name; the ERP needs one";
        return Err(Failure::invalid_record(vec![violation(format!("{at}/name"), "required", message)]));
    }
    Ok(())
}

/// Makes the record of a new customer.
pub(crate) fn body(partner: &Partner, number: &str, config: &Config) -> Body {
    changes(partner, config).text(config.name(NUMBER), Some(number))
}

/// Makes the fields that a document sets.
pub(crate) fn changes(partner: &Partner, config: &Config) -> Body {
    let name = |field| config.name(field);
    let address = partner.address.as_ref().map_or_else(Body::new, |address| {
        let street = address.street.as_deref().map(|street| street.replace('\n', ", "));
        Body::new()
            .text(name(STREET), street)
            .text(name(CITY), address.city.as_deref())
            .text(name(STATE), address.state.as_deref())
            .text(name(POSTCODE), address.postcode.as_deref())
            .text(name(COUNTRY), address.country.as_deref())
    });
    Body::new()
        .text(name(NAME), Some(partner.name.trim()))
        .text(name(EMAIL), email(partner))
        .text(name(PHONE), partner.phone.as_deref())
        .part(name(ADDRESS), address)
}

/// Returns a partner's e-mail address as it is sent and looked for: in lower case, as an ERP's `eq` may mind the case.
pub(crate) fn email(partner: &Partner) -> Option<String> {
    let contact = partner.contacts.first().and_then(|contact| contact.email.as_deref());
    let email = partner.email.as_deref().or(contact)?.trim().to_lowercase();
    Some(email).filter(|email| !email.is_empty())
}
