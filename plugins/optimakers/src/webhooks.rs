//! Webhooks: what changed, by ids alone.
//!
//! The security token is in the body and there is no signature (vendor's manual), so the message is believed only as far
//! as the host reads each record again. The manual does not show how names are spelled on the wire: the class has
//! `Ids`, ASP.NET may write `ids`, and both are read.

use serde_json::value::RawValue;
use wharf_sdk::quirks::{Entries, Id, Scalar};
use wharf_sdk::{Delivery, Event, Parsed, secrets};

use crate::assumed::DELETED;
use crate::manifest::WEBHOOK_SLOT;

/// A message whose names may be spelled either way.
struct Message<'a>(Entries<'a, &'a RawValue>);

impl<'a> Message<'a> {
    fn field(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, raw)| *raw)
    }

    /// Returns a text that says something.
    fn text(&self, name: &str) -> Option<String> {
        let text = Scalar::of(self.field(name)?)?.into_text();
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn ids(&self) -> Option<Vec<String>> {
        let ids: Vec<Id<'_>> = serde_json::from_str(self.field("Ids")?.get()).ok()?;
        ids.iter().map(Id::filled).collect()
    }
}

/// Says what a delivery means.
pub(crate) fn parse(delivery: &Delivery) -> Parsed {
    events(delivery).map_or_else(Parsed::Rejected, Parsed::Events)
}

fn events(delivery: &Delivery) -> Result<Vec<Event>, String> {
    let entries = serde_json::from_slice(&delivery.body).map_err(|_| "the body is no JSON object".to_owned())?;
    let message = Message(entries);
    // The token comes first: whoever does not know it learns nothing of the rest.
    authenticate(&message)?;
    let missing = |name: &str| format!("the message has no `{name}`");
    let id = message.text("Id").ok_or_else(|| missing("Id"))?.to_lowercase();
    let source = message.text("EventSource").ok_or_else(|| missing("EventSource"))?.to_lowercase();
    let ids = message.ids().ok_or_else(|| missing("Ids"))?;
    let Some((entity, deleted)) = meaning(&source) else { return Ok(Vec::new()) };
    let mut events: Vec<Event> = Vec::with_capacity(ids.len());
    for record in ids {
        if events.iter().all(|event| event.id != record) {
            let key = format!("{id}/{record}");
            events.push(Event { key, entity: entity.to_owned(), id: record, deleted });
        }
    }
    Ok(events)
}

fn authenticate(message: &Message<'_>) -> Result<(), String> {
    let token = match message.field("Token").and_then(Scalar::of) {
        Some(Scalar::Text(token)) => token,
        _ => return Err("the message has no `Token`".to_owned()),
    };
    match secrets::matches(WEBHOOK_SLOT, &token) {
        Ok(true) => Ok(()),
        Ok(false) => Err("the message's `Token` is not the one of slot `webhook`".to_owned()),
        Err(_) => Err(format!("the token cannot be checked; set the secret of slot `{WEBHOOK_SLOT}`")),
    }
}

/// Returns the entity of an event source and whether its records are gone; none for entities that are not read here.
fn meaning(source: &str) -> Option<(&'static str, bool)> {
    let (entity, action) = source.rsplit_once('.')?;
    let entity = match entity {
        "order" => "order",
        "product" => "product",
        "customer" => "partner",
        _ => return None,
    };
    Some((entity, action == DELETED))
}
