//! Business cases. Every attribute is [assumed].

use wharf_sdk::Result;
use wharf_sdk::document::Extra;

use super::{instant, keep_relations, local, times};
use crate::api::{self, Draft, Resource};
use crate::config::Config;
use crate::document::BusinessCase;

/// Makes the document of a business case.
pub(crate) fn read(row: &Resource<'_>, config: &Config) -> Result<BusinessCase> {
    let attributes: api::BusinessCase<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &["partner", "state", "responsible-user"], &mut extra);
    Ok(BusinessCase {
        id: row.id.filled(),
        name: attributes.name.into_string(),
        number: attributes.number.filled(),
        created_at: instant(config.zone(), attributes.created.get()),
        expected_close: instant(config.zone(), attributes.expected_close.get()),
        amount: attributes.amount.get(),
        currency: attributes.currency.filled(),
        probability: attributes.probability.get(),
        description: attributes.description.filled(),
        partner_id: row.related_id("partner")?,
        partner: None,
        state: row.related_id("state")?,
        responsible_user_id: row.related_id("responsible-user")?,
        extra,
    })
}

/// Says what keeps a business case from being sent.
pub(crate) fn check(case: &BusinessCase, is_new: bool) -> Result<()> {
    super::named("/name", &case.name, is_new)?;
    times(&[("/created_at", &case.created_at), ("/expected_close", &case.expected_close)])
}

/// Makes the fields that a document sets, without the description.
pub(crate) fn draft(case: &BusinessCase, partner: Option<&str>, config: &Config) -> Draft {
    let zone = config.zone();
    let responsible = case.responsible_user_id.as_deref();
    Draft::new("business-case")
        .text_if("name", Some(case.name.trim()))
        .text_if("created", local(zone, case.created_at.as_deref()))
        .text_if("expected-close", local(zone, case.expected_close.as_deref()))
        .number_if("amount", case.amount)
        .text_if("currency", case.currency.as_deref())
        .number_if("probability", case.probability)
        .one_if("partner", partner.map(|id| Draft::existing("partner", id)))
        .one_if("state", case.state.as_deref().map(|id| Draft::existing("business-case-state", id)))
        .one_if("responsible-user", responsible.map(|id| Draft::existing("user", id)))
}
