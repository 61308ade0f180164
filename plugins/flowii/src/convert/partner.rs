//! Partners.

use wharf_sdk::document::{Address, Contact, Extra, Partner, PartnerKind};
use wharf_sdk::{Failure, Result, violation};

use super::{CountryOf, keep_relations};
use crate::api::{self, Draft, Envelope, Resource};
use crate::assumed::{COMPANY, PERSON};

/// Makes the common document of a partner.
pub(crate) fn read(envelope: &Envelope<'_>, row: &Resource<'_>, country_of: CountryOf<'_>) -> Result<Partner> {
    let attributes: api::Partner<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &["billing-address", "key-contact", "contacts"], &mut extra);
    let contacts = contacts(envelope, row)?;
    let main = contacts.first();
    Ok(Partner {
        id: row.id.filled(),
        kind: if attributes.kind.get() == Some(COMPANY) { PartnerKind::Company } else { PartnerKind::Person },
        registration_number: attributes.registration_number.filled(),
        tax_number: attributes.tax_number.filled(),
        vat_number: attributes.vat_number.filled(),
        email: main.and_then(|contact| contact.email.clone()),
        phone: main.and_then(|contact| contact.phone.clone()),
        address: address(envelope, row, country_of, &mut extra)?,
        note: attributes.comment.filled(),
        name: attributes.name.into_string(),
        contacts,
        extra,
        ..Partner::default()
    })
}

/// Returns the contacts that an answer holds: the key contact first, inside the relationship or included.
pub(crate) fn contacts(envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Vec<Contact>> {
    let mut found: Vec<Contact> = Vec::new();
    for held in row.many("key-contact")?.into_iter().chain(row.many("contacts")?) {
        let whole =
            if held.attributes.is_some() { Some(&held) } else { envelope.included("contact", held.id.as_str()) };
        if let Some(resource) = whole {
            push(&mut found, contact(resource)?);
        }
    }
    // A single partner comes with all its contacts included, and not always with links to them.
    if row.relationships.get("contacts").is_none() {
        for resource in envelope.included.iter().flatten().filter(|one| one.kind.as_str() == "contact") {
            let of_this = resource.related_id("partner")?.is_none_or(|partner| partner == row.id.as_str());
            if of_this && envelope.data.is_some_and(|data| data.get().starts_with('{')) {
                push(&mut found, contact(resource)?);
            }
        }
    }
    Ok(found)
}

fn push(found: &mut Vec<Contact>, contact: Contact) {
    if contact != Contact::default() && !found.contains(&contact) {
        found.push(contact);
    }
}

/// Makes a contact.
pub(crate) fn contact(resource: &Resource<'_>) -> Result<Contact> {
    let attributes: api::Contact<'_> = resource.attributes()?;
    Ok(Contact {
        first_name: attributes.first_name.filled(),
        last_name: attributes.last_name.filled(),
        email: attributes.email.filled(),
        phone: attributes.phone.filled(),
    })
}

fn address(
    envelope: &Envelope<'_>,
    row: &Resource<'_>,
    country_of: CountryOf<'_>,
    extra: &mut Extra,
) -> Result<Option<Address>> {
    let Some(held) = row.one("billing-address")? else { return Ok(None) };
    let whole = if held.attributes.is_some() { Some(&held) } else { envelope.included("address", held.id.as_str()) };
    let Some(resource) = whole else { return Ok(None) };
    let attributes: api::Address<'_> = resource.attributes()?;
    let country_id = resource.related_id("country")?;
    let country = country_id.as_deref().map(country_of).transpose()?.flatten();
    if let (Some(id), None) = (&country_id, &country) {
        extra.insert("country".to_owned(), id.as_str().into());
    }
    let address = Address {
        street: attributes.street.filled(),
        city: attributes.city.filled(),
        postcode: attributes.zip.filled(),
        country,
        ..Address::default()
    };
    Ok(Some(address).filter(|address| *address != Address::default()))
}

/// Says what keeps a partner from being sent.
pub(crate) fn check(partner: &Partner, at: &str) -> Result<()> {
    if partner.name.trim().is_empty() {
        let message = "the partner has no name; FLOWii needs one";
        return Err(Failure::invalid_record(vec![violation(format!("{at}/name"), "required", message)]));
    }
    Ok(())
}

/// Makes what is sent for a partner. `comment` and `country_id` are worked out before.
pub(crate) fn draft(
    partner: &Partner,
    comment: Option<String>,
    country_id: Option<&str>,
    responsible: Option<&str>,
) -> Draft {
    let kind = if partner.kind == PartnerKind::Company { COMPANY } else { PERSON };
    Draft::new("partner")
        .text("name", partner.name.trim())
        .whole("type", kind)
        .text_if("comment", comment)
        .text_if("ico", partner.registration_number.as_deref())
        .text_if("dic", partner.tax_number.as_deref())
        .text_if("ic-dph", partner.vat_number.as_deref())
        .one_if("billing-address", billing_address(partner, country_id))
        .one_if("responsible-user", responsible.map(|id| Draft::existing("user", id)))
        .one_if("key-contact", key_contact(partner))
}

fn billing_address(partner: &Partner, country_id: Option<&str>) -> Option<Draft> {
    let address = partner.address.as_ref()?;
    let street = address.street.as_deref().map(|street| street.replace('\n', ", "));
    let draft = Draft::new("address")
        .text_if("street", street)
        .text_if("city", address.city.as_deref())
        .text_if("zip", address.postcode.as_deref());
    let empty = draft.texts().next().is_none() && country_id.is_none();
    let draft = draft.one_if("country", country_id.map(|id| Draft::existing("country", id)));
    Some(draft).filter(|_| !empty)
}

/// Makes the person to talk to: the first contact, else the person itself, with the partner's e-mail and telephone.
fn key_contact(partner: &Partner) -> Option<Draft> {
    let given = partner.contacts.first();
    let email = partner.email.as_deref().or_else(|| given?.email.as_deref());
    let phone = partner.phone.as_deref().or_else(|| given?.phone.as_deref());
    let named = given.and_then(|contact| Some((contact.first_name.as_deref(), contact.last_name.as_deref()?)));
    let receiver = partner.address.as_ref().and_then(|address| address.name.as_deref());
    let (first, last) = named.unwrap_or_else(|| split_name(receiver.unwrap_or(&partner.name)));
    if given.is_none() && email.is_none() && phone.is_none() {
        return None;
    }
    let draft = Draft::new("contact").text_if("first-name", first).text_if("last-name", Some(last));
    Some(draft.text_if("email", email).text_if("phone", phone))
}

/// Splits `Eva Malá` into first and family name.
fn split_name(name: &str) -> (Option<&str>, &str) {
    match name.trim().rsplit_once(' ') {
        Some((first, last)) => (Some(first.trim()), last),
        None => (None, name.trim()),
    }
}
