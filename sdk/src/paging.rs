//! Pages of a feed, within the bounds that the host sets.

use serde::Serialize;

pub use crate::bindings::feeds::exports::wharf::connector::feeds::Bounds;
pub use crate::bindings::imports::wharf::connector::types::{Completeness, Content, Item, Page, Slice};
use crate::{Cursor, Failure, Result};

/// Collects the items of a page until its bounds are reached.
///
/// A page has to end where its cursor says. So [`push`](Self::push) hands an item back once the page is full: make the
/// cursor point before that item, and [`finish`](Self::finish) with [`Completeness::More`].
///
/// ```
/// use wharf_sdk::{Bounds, Completeness, Cursor, Item, PageBuilder};
///
/// let bounds = Bounds { max_items: 2, ..Bounds::default() };
/// let mut page = PageBuilder::new(&bounds);
/// let mut last = 0;
/// for id in 1..=5 {
///     let item = Item::new("order", id.to_string(), &serde_json::json!({"id": id}))?;
///     if page.push(item).is_some() {
///         break;
///     }
///     last = id;
/// }
/// let page = page.finish(Cursor::encode(1, &last)?, Completeness::More);
/// assert_eq!((page.items.len(), last), (2, 2));
/// # Ok::<(), wharf_sdk::Failure>(())
/// ```
#[derive(Debug)]
pub struct PageBuilder {
    items: Vec<Item>,
    max_items: usize,
    bytes_left: u64,
}

impl PageBuilder {
    /// Starts a page within the host's bounds.
    pub fn new(bounds: &Bounds) -> Self {
        let max_items = usize::try_from(bounds.max_items).unwrap_or(usize::MAX).max(1);
        Self { items: Vec::with_capacity(max_items.min(256)), max_items, bytes_left: u64::from(bounds.max_bytes) }
    }

    /// Adds an item; hands it back when the page is full. A single item over the byte limit comes alone.
    #[must_use = "an item that is handed back belongs to the next page"]
    pub fn push(&mut self, item: Item) -> Option<Item> {
        let bytes = item.content_bytes();
        let fits = self.items.is_empty() || (self.items.len() < self.max_items && bytes <= self.bytes_left);
        if !fits {
            return Some(item);
        }
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.items.push(item);
        None
    }

    /// Tells how many items the page has.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Tells whether the page has no item yet.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns the item added last.
    pub fn last(&self) -> Option<&Item> {
        self.items.last()
    }

    /// Ends the page. `next` has to differ from the cursor of the call whenever `state` is [`Completeness::More`].
    pub fn finish(self, next: Cursor, state: Completeness) -> Page {
        Page { items: self.items, next, state }
    }
}

impl Default for Bounds {
    /// No window, no filter, 100 items, 1 MiB.
    fn default() -> Self {
        Self { since: None, until: None, filter: Vec::new(), max_items: 100, max_bytes: 1024 * 1024 }
    }
}

impl Bounds {
    /// Returns the values of a filter; several mean any of them, none means no filter.
    pub fn filter_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.filter.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Tells whether a record of that time is inside the window; `since` is inclusive, `until` is not.
    pub fn contain(&self, instant: u64) -> bool {
        self.since.is_none_or(|since| instant >= since) && self.until.is_none_or(|until| instant < until)
    }
}

impl Item {
    /// Makes an item of a document that is written as JSON; `internal` when it cannot be.
    pub fn new<T: Serialize + ?Sized>(entity: &str, id: impl Into<String>, document: &T) -> Result<Self> {
        let text = serde_json::to_string(document)
            .map_err(|error| Failure::internal(format!("a document cannot be written as JSON: {error}")))?;
        Ok(Self::from_text(entity, id, text))
    }

    /// Makes an item of JSON text.
    pub fn from_text(entity: &str, id: impl Into<String>, json: impl Into<String>) -> Self {
        Self::of(entity, id.into(), Content::Document(json.into()))
    }

    /// Makes an item of a part of an answer that the host keeps
    /// ([`RequestBuilder::keep`](crate::http::RequestBuilder::keep)): `part` is a piece of `response.text()`, one whole
    /// JSON value, e.g. a `&RawValue` that was read from it.
    ///
    /// `internal` when `part` is no piece of that answer.
    pub fn slice_of(entity: &str, id: impl Into<String>, response: &crate::http::Response, part: &str) -> Result<Self> {
        let outside = || Failure::internal("an item's slice is no part of the answer; take it from the answer's text");
        let start = (part.as_ptr() as usize).checked_sub(response.bytes().as_ptr() as usize).ok_or_else(outside)?;
        let inside = start.checked_add(part.len()).is_some_and(|end| end <= response.bytes().len());
        let start = u32::try_from(start).ok().filter(|_| inside).ok_or_else(outside)?;
        let length = u32::try_from(part.len()).map_err(|_| outside())?;
        let slice = Slice { response: response.number(), start, length };
        Ok(Self::of(entity, id.into(), Content::Slice(slice)))
    }

    /// Makes the item that says that a record is gone.
    pub fn gone(entity: &str, id: impl Into<String>) -> Self {
        Self { deleted: true, ..Self::from_text(entity, id, "{}") }
    }

    /// Says what changes whenever the record changes.
    #[must_use]
    pub fn revision(mut self, revision: impl ToString) -> Self {
        self.revision = Some(revision.to_string());
        self
    }

    /// Says when the record changed last, in milliseconds since 1970.
    #[must_use]
    pub fn updated(mut self, instant: u64) -> Self {
        self.updated = Some(instant);
        self
    }

    /// Returns the size of the content in bytes.
    pub fn content_bytes(&self) -> u64 {
        match &self.content {
            Content::Document(text) => u64::try_from(text.len()).unwrap_or(u64::MAX),
            Content::Slice(slice) => u64::from(slice.length),
        }
    }

    fn of(entity: &str, id: String, content: Content) -> Self {
        Self { entity: entity.to_owned(), id, revision: None, updated: None, deleted: false, content }
    }
}

/// How a walk through a list within one call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walk<T> {
    /// The visitor had what it wanted.
    Found(T),
    /// The list is over.
    Over,
    /// There are more pages than the walk may read.
    TooLong,
}

impl<T> Walk<T> {
    /// Returns what was found, none where the list is over. `precondition` where it was too long to tell: `what` the list
    /// has, and the `setting` that lets more of it be read.
    pub fn found(self, what: &str, setting: &str) -> Result<Option<T>> {
        match self {
            Self::Found(found) => Ok(Some(found)),
            Self::Over => Ok(None),
            Self::TooLong => {
                let message = format!("there are more {what} than are read to find one; raise `{setting}`");
                Err(Failure::precondition("search-too-long", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(bytes: usize) -> Item {
        Item::from_text("order", "1", "x".repeat(bytes))
    }

    #[test]
    fn a_page_takes_items_until_either_bound() {
        for (max_items, max_bytes, sizes, taken) in [
            (2, 100, &[10, 10, 10][..], 2),
            (9, 25, &[10, 10, 10], 2),
            (9, 20, &[10, 10, 1], 2),
            (9, 5, &[10, 1], 1),
            (0, 0, &[10, 10], 1),
        ] {
            let bounds = Bounds { max_items, max_bytes, ..Bounds::default() };
            let mut page = PageBuilder::new(&bounds);
            let count = sizes.iter().take_while(|size| page.push(item(**size)).is_none()).count();
            assert_eq!(count, taken, "{max_items} items, {max_bytes} bytes, {sizes:?}");
            assert_eq!(page.len(), taken);
        }
    }

    #[test]
    fn a_window_has_its_start_and_not_its_end() {
        let bounds = Bounds { since: Some(10), until: Some(20), ..Bounds::default() };
        assert_eq!([9, 10, 19, 20].map(|instant| bounds.contain(instant)), [false, true, true, false]);
    }

    #[test]
    fn the_values_of_a_filter_are_found_by_its_name() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let filter = vec![field("status", "1"), field("source", "shop"), field("status", "2")];
        let bounds = Bounds { filter, ..Bounds::default() };
        assert_eq!(bounds.filter_values("status").collect::<Vec<_>>(), ["1", "2"]);
    }
}
