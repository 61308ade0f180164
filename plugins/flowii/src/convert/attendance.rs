//! Attendance. Every attribute is [assumed].

use wharf_sdk::Result;
use wharf_sdk::document::Extra;

use super::{date, keep_relations};
use crate::api::{self, Resource};
use crate::document::Attendance;

/// Makes the document of an attendance.
pub(crate) fn read(row: &Resource<'_>) -> Result<Attendance> {
    let attributes: api::Attendance<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &["user"], &mut extra);
    // Nobody tells whether it is a number [assumed]; a word of its own is kept.
    let kind = attributes.kind.as_str().trim().parse().ok();
    if let (None, Some(word)) = (kind, attributes.kind.filled()) {
        extra.insert("type".to_owned(), word.into());
    }
    Ok(Attendance {
        id: row.id.filled(),
        date: date(attributes.date.get()),
        from: attributes.from.filled(),
        to: attributes.to.filled(),
        kind,
        note: attributes.note.filled(),
        user_id: row.related_id("user")?,
        extra,
    })
}
