//! Pages and items: held against the limits, and their slices cut from the responses that the host holds.

use bytes::Bytes;

use super::bindings::exports::wharf::connector::references;
use super::bindings::wharf::connector::types;
use super::convert;
use super::told::searched;
use crate::abi::json;
use crate::call::{Call, Kept, Stop};
use crate::limits::Limits;
use crate::model::{Bounds, Cursor, Document, Instant, Item, Page, ReferencePage, Reply};

/// Takes a page over; `given` is the cursor that it was asked for with, `bounds` what was wanted.
pub(super) fn page(page: types::Page, given: Option<&Cursor>, bounds: &Bounds, call: &Call) -> Result<Page, Stop> {
    let mut next = cursor(page.next, call.limits())?;
    if let Some(clean) = call.rooms().searched(call.scope(), "cursor", &next.bytes) {
        next.bytes = clean.to_vec();
    }
    let caught_up = matches!(page.state, types::Completeness::CaughtUp);
    if !caught_up && given == Some(&next) {
        let message = "it returned the cursor that it was given, with more to read; a page has to move on";
        return Err(Stop::Misuse(message.into()));
    }
    let items = all(page.items, call)?;
    within(bounds, &items)?;
    Ok(Page { items, next, caught_up })
}

/// Holds a page against what was wanted. A single item may be as large as the limits allow.
fn within(bounds: &Bounds, items: &[Item]) -> Result<(), Stop> {
    let (count, wanted) = (items.len(), bounds.max_items);
    if u32::try_from(count).map_or(true, |count| count > wanted) {
        return Err(Stop::Misuse(format!("it returned {count} items where `max-items` is {wanted}; return no more")));
    }
    let (bytes, wanted) = (bytes_of(items), bounds.max_bytes);
    if count > 1 && u32::try_from(bytes).map_or(true, |bytes| bytes > wanted) {
        return Err(Stop::Misuse(format!("its items have {bytes} bytes where `max-bytes` is {wanted}; return fewer")));
    }
    Ok(())
}

fn bytes_of(items: &[Item]) -> usize {
    items.iter().map(|item| item.document.len()).fold(0, usize::saturating_add)
}

pub(super) fn cursor(cursor: types::Cursor, limits: &Limits) -> Result<Cursor, Stop> {
    let (bytes, limit) = (cursor.bytes.len(), limits.cursor_bytes);
    if bytes > limit {
        return Err(Stop::Misuse(format!("its cursor has {bytes} bytes and may have {limit}; keep a position only")));
    }
    Ok(Cursor { version: cursor.version, bytes: cursor.bytes })
}

/// Takes items over, as many and as large as a page may be.
pub(super) fn all(items: Vec<types::Item>, call: &Call) -> Result<Vec<Item>, Stop> {
    let (count, limit) = (items.len(), call.limits().page_items);
    if count > limit {
        return Err(Stop::Misuse(format!("it returned {count} items and may return {limit}; make the page smaller")));
    }
    let items: Vec<Item> = items.into_iter().map(|item| one(item, call)).collect::<Result<_, _>>()?;
    let (bytes, limit) = (bytes_of(&items), call.limits().page_bytes);
    if bytes > limit {
        return Err(Stop::Misuse(format!("its items have {bytes} bytes and may have {limit}; make the page smaller")));
    }
    Ok(items)
}

pub(super) fn one(item: types::Item, call: &Call) -> Result<Item, Stop> {
    let document = match item.content {
        types::Content::Document(mut text) => {
            call.rooms().redact(call.scope(), "document", &mut text);
            json::check(text.as_bytes()).map_err(|problem| {
                Stop::Misuse(format!("the document of item `{}` {problem}; return one JSON value", item.id))
            })?;
            Document::new(text)
        }
        types::Content::Slice(slice) => Document::new(cut(slice, &item.id, call.kept())?),
    };
    Ok(Item {
        entity: searched(item.entity, "document", call),
        id: searched(item.id, "document", call),
        revision: searched(item.revision, "document", call),
        updated: item.updated.map(Instant),
        deleted: item.deleted,
        document,
    })
}

/// Cuts a range out of a response without copying it.
fn cut(slice: types::Slice, item: &str, kept: &Kept) -> Result<Bytes, Stop> {
    let types::Slice { response, start, length } = slice;
    let misuse = |problem: &str| {
        Stop::Misuse(format!("item `{item}` is bytes {start}+{length} of response {response}, {problem}"))
    };
    let body = kept.body(response).ok_or_else(|| misuse("which was not kept; send the request with `keep`"))?;
    let range = usize::try_from(start).ok().zip(usize::try_from(length).ok());
    let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
    let range = range.filter(|range| range.end <= body.len());
    let cut = body.slice(range.ok_or_else(|| misuse(&format!("which has {} bytes; stay within", body.len())))?);
    json::check(&cut).map_err(|problem| misuse(&format!("which {problem}; cut at the ends of one JSON value")))?;
    Ok(cut)
}

/// Takes secrets out of an answer that a connector gives to who called us.
pub(super) fn reply(mut reply: Reply, call: &Call) -> Reply {
    let (rooms, scope) = (call.rooms(), call.scope());
    if let Some(clean) = rooms.searched(scope, "reply", &reply.body) {
        reply.body = clean.to_vec();
    }
    let texts = reply.headers.iter_mut().flat_map(|(name, value)| [name, value]);
    texts.for_each(|text| rooms.redact(scope, "reply", text));
    reply
}

/// Takes a page of a reference list over; `after` is what it was asked for with.
pub(super) fn reference_page(
    page: references::ReferencePage,
    after: Option<&str>,
    limits: &Limits,
) -> Result<ReferencePage, Stop> {
    let (count, limit) = (page.references.len(), limits.page_items);
    if count > limit {
        return Err(Stop::Misuse(format!("it returned {count} entries and may return {limit}; make the page smaller")));
    }
    if page.next.is_some() && page.next.as_deref() == after {
        let message = "it returned the place that it was given, with more to read; a page has to move on";
        return Err(Stop::Misuse(message.into()));
    }
    Ok(ReferencePage { references: page.references.into_iter().map(convert::reference).collect(), next: page.next })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;

    fn kept() -> Kept {
        let mut kept = Kept::default();
        kept.hold(3, Bytes::from_static(br#"[{"id":1},{"id":2}]"#), 64).unwrap();
        kept
    }

    fn slice(response: u32, start: u32, length: u32) -> types::Slice {
        types::Slice { response, start, length }
    }

    #[test]
    fn slice_shares_the_buffer_of_the_response() {
        let kept = kept();
        let cut = cut(slice(3, 10, 8), "2", &kept).unwrap();
        assert_eq!(&cut[..], br#"{"id":2}"#);
        assert_eq!(cut.as_ptr(), kept.body(3).unwrap()[10..].as_ptr());
    }

    #[test]
    fn slice_outside_a_response_or_not_json_is_refused_with_the_reason() {
        let cases = [
            (slice(1, 0, 1), "not kept"),
            (slice(3, 10, 10), "19 bytes"),
            (slice(3, u32::MAX, 1), "19 bytes"),
            (slice(3, 0, u32::MAX), "19 bytes"),
            (slice(3, 1, 4), "is not JSON"),
            (slice(3, 1, 0), "is not JSON"),
            (slice(3, 1, 17), "is not JSON"),
        ];
        for (slice, reason) in cases {
            let stop = cut(slice, "x", &kept()).unwrap_err().to_string();
            assert!(stop.contains(reason), "{stop}");
        }
    }
}
