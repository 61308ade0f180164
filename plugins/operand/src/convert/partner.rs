//! Clients.

use wharf_sdk::document::{Partner, PartnerKind};
use wharf_sdk::quirks::Text;

use crate::api::Client;
use crate::assumed::{EMAIL_FIELDS, NAME_FIELDS, PHONE_FIELDS};

/// Digits of a company's number (CNPJ).
const CNPJ_DIGITS: usize = 14;

/// Makes the partner of a client.
pub(crate) fn read(client: &Client<'_>) -> Partner {
    let mut partner = Partner {
        id: Some(client.id().to_owned()),
        name: client.name.filled().or_else(|| first(client, &NAME_FIELDS)).unwrap_or_default(),
        email: first(client, &EMAIL_FIELDS),
        phone: first(client, &PHONE_FIELDS),
        ..Partner::default()
    };
    let document = client.document.filled();
    if document.as_deref().is_some_and(is_cnpj) {
        (partner.kind, partner.registration_number) = (PartnerKind::Company, document);
    } else {
        partner.tax_number = document;
    }
    client.unknown.add_to(&mut partner.extra);
    super::drop_zero_times(&mut partner.extra);
    partner.extra.retain(|name, _| !EMAIL_FIELDS.contains(&name.as_str()) && !PHONE_FIELDS.contains(&name.as_str()));
    partner
}

/// Tells whether a document is that of a company. Since 2026 the numbers of new companies have letters too.
fn is_cnpj(document: &str) -> bool {
    significant(document).len() == CNPJ_DIGITS
}

/// Returns the letters and digits of a document, upper case.
pub(crate) fn significant(document: &str) -> String {
    document.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_uppercase()).collect()
}

fn first(client: &Client<'_>, names: &[&str]) -> Option<String> {
    let text = |name: &&str| serde_json::from_str::<Text<'_>>(client.unknown.get(name)?).ok()?.filled();
    names.iter().find_map(text)
}
