//! Events. Every attribute is [assumed].

use wharf_sdk::document::Extra;
use wharf_sdk::{Failure, Result, violation};

use super::{instant, keep_relations, local, times};
use crate::api::{self, Draft, Resource};
use crate::config::Config;
use crate::document::Event;

/// Makes the document of an event.
pub(crate) fn read(row: &Resource<'_>, config: &Config) -> Result<Event> {
    let attributes: api::Event<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &["partner", "users"], &mut extra);
    Ok(Event {
        id: row.id.filled(),
        caption: attributes.caption.into_string(),
        description: attributes.description.filled(),
        start: instant(config.zone(), attributes.start.get()),
        end: instant(config.zone(), attributes.end.get()),
        place: attributes.place.filled(),
        partner_id: row.related_id("partner")?,
        partner: None,
        user_ids: row.many("users")?.iter().filter_map(|user| user.id.filled()).collect(),
        extra,
    })
}

/// Says what keeps an event from being sent.
pub(crate) fn check(event: &Event, is_new: bool) -> Result<()> {
    super::named("/caption", &event.caption, is_new)?;
    if is_new && event.start.is_none() {
        let message = "the event has no start; give one like `2026-02-01T10:00:00Z`";
        return Err(Failure::invalid_record(vec![violation("/start", "required", message)]));
    }
    times(&[("/start", &event.start), ("/end", &event.end)])
}

/// Makes the fields that a document sets, without the description.
pub(crate) fn draft(event: &Event, partner: Option<&str>, config: &Config) -> Draft {
    let zone = config.zone();
    Draft::new("event")
        .text_if("caption", Some(event.caption.trim()))
        .text_if("start", local(zone, event.start.as_deref()))
        .text_if("end", local(zone, event.end.as_deref()))
        .text_if("place", event.place.as_deref())
        .one_if("partner", partner.map(|id| Draft::existing("partner", id)))
        .many("users", event.user_ids.iter().map(|id| Draft::existing("user", id)).collect())
}
