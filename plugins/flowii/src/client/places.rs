//! From places of what was sent to places of the document that it was made from.

/// Place of the sent resource, below `/data`, and place of the document.
type Places = &'static [(&'static str, &'static str)];

const PARTNER: Places = &[
    ("relationships/billing-address", "/address"),
    ("relationships/key-contact", "/contacts/0"),
    ("attributes/ico", "/registration_number"),
    ("attributes/dic", "/tax_number"),
    ("attributes/ic-dph", "/vat_number"),
    ("attributes/comment", "/note"),
    ("attributes/type", "/kind"),
];
const ORDER: Places = &[
    ("relationships/partner", "/customer"),
    ("relationships/items", "/lines"),
    ("relationships/state", "/status"),
    ("relationships/custom-field-string-values", "/extra/custom_fields"),
    ("attributes/created", "/created_at"),
    ("attributes/accepted", "/confirmed_at"),
    ("attributes/description", "/customer_note"),
    ("attributes/name", "/number"),
];
const INVOICE: Places = &[
    ("relationships/partner", "/partner"),
    ("relationships/items", "/lines"),
    ("attributes/issued-date", "/issued_on"),
    ("attributes/delivery-date", "/delivered_on"),
    ("attributes/due-date", "/due_on"),
    ("attributes/serial-nr", "/number"),
    ("attributes/variable-symbol", "/extra/variable-symbol"),
];
const PRODUCT: Places = &[
    ("relationships/category", "/category"),
    ("attributes/code", "/sku"),
    ("attributes/price", "/prices/0/net"),
    ("attributes/taxed-price", "/prices/0/gross"),
    ("attributes/vat-rate", "/tax_rate"),
    ("attributes/type", "/kind"),
];
/// Tasks, events and business cases.
const PLAIN: Places = &[
    ("relationships/partner", "/partner_id"),
    ("relationships/order", "/order_id"),
    ("relationships/users", "/user_ids"),
    ("relationships/activities", "/activities"),
    ("relationships/state", "/state"),
    ("relationships/responsible-user", "/responsible_user_id"),
    ("attributes/created", "/created_at"),
    ("attributes/expected-close", "/expected_close"),
];

/// Translates a place. An attribute of the same name on both sides needs no entry; a place that is not known stays as it
/// was sent.
pub(super) fn place(entity: &str, pointer: &str) -> String {
    let Some(sent) = pointer.strip_prefix("/data/") else { return pointer.to_owned() };
    let places = match entity {
        "partner" => PARTNER,
        "order" => ORDER,
        "invoice" => INVOICE,
        "product" => PRODUCT,
        _ => PLAIN,
    };
    let inside = |known: &str| sent.strip_prefix(known).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let known = places.iter().find_map(|(known, place)| Some((*place, inside(known)?)));
    match known {
        Some((place @ ("/lines" | "/activities"), rest)) => indexed(place, rest),
        Some((place, _)) => place.to_owned(),
        None => sent.strip_prefix("attributes/").map_or_else(|| pointer.to_owned(), |name| format!("/{name}")),
    }
}

/// Adds the index of an element where the rest names one: `/data/0/attributes/name`.
fn indexed(place: &str, rest: &str) -> String {
    let index = rest.strip_prefix("/data/").and_then(|rest| rest.split('/').next()?.parse::<u32>().ok());
    index.map_or_else(|| place.to_owned(), |index| format!("{place}/{index}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_the_sent_resource_is_a_place_of_its_document() {
        for (entity, pointer, expected) in [
            ("order", "/data/relationships/partner", "/customer"),
            ("invoice", "/data/relationships/partner", "/partner"),
            ("task", "/data/relationships/partner/data", "/partner_id"),
            ("order", "/data/relationships/items/data/2/attributes/name", "/lines/2"),
            ("task", "/data/relationships/activities/data/0", "/activities/0"),
            ("order", "/data/attributes/deadline", "/deadline"),
            ("product", "/data/attributes/price", "/prices/0/net"),
            ("partner", "/data/attributes/ico", "/registration_number"),
            ("order", "/data/relationships/company-data", "/data/relationships/company-data"),
            ("order", "/data/attributes/created-by", "/created-by"),
            ("order", "", ""),
        ] {
            assert_eq!(place(entity, pointer), expected, "{entity} {pointer}");
        }
    }
}
