//! Reading feeds as a host does.

use wharf_sdk::{Bounds, Completeness, Content, Cursor, Feeds, Item};

/// Most pages that a feed may have before it is said to go round in circles.
const MOST_PAGES: usize = 1000;

/// Reads a feed from its start until it has caught up, and every page twice: the same cursor has to give the same page.
///
/// Panics when a page fails, when it is another one the second time, and after 1000 pages.
#[expect(clippy::panic, reason = "a test fails where it stands")]
pub fn read_feed<C: Feeds>(feed: &str, bounds: &Bounds) -> Vec<Item> {
    let mut items = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..MOST_PAGES {
        let [page, again] = [(); 2].map(|()| match C::pull(feed, cursor.clone(), bounds.clone()) {
            Ok(page) => page,
            Err(failure) => panic!("`{feed}` after {cursor:?}: {failure}"),
        });
        assert_eq!((&page.items, &page.next), (&again.items, &again.next), "`{feed}` after {cursor:?}");
        items.extend(page.items);
        if page.state == Completeness::CaughtUp {
            return items;
        }
        cursor = Some(page.next);
    }
    panic!("the feed `{feed}` does not end within {MOST_PAGES} pages")
}

/// Returns the document of an item as JSON; panics for an item of a raw feed.
#[expect(clippy::panic, reason = "a test fails where it stands")]
pub fn document(item: &Item) -> serde_json::Value {
    match &item.content {
        Content::Document(text) => match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => panic!("the document of {} `{}` is not JSON: {error}: {text}", item.entity, item.id),
        },
        Content::Slice(_) => panic!("{} `{}` is a part of a response and no document", item.entity, item.id),
    }
}
