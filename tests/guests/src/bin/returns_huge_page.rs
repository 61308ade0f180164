//! Returns pages over the bounds it was given: the feed `items` one item too many, `bytes` two items that together are
//! too large, `huge` a single document of 64 MiB, `cursor` a cursor of 1 MiB. The host takes none of them, names the
//! bound, and does not copy more than it allows.

use wharf_sdk::manifest::Feed;
use wharf_sdk::{Bounds, Completeness, Cursor, Describe, Feeds, Item, Manifest, Page, Result};

struct ReturnsHugePage;

const FEEDS: [&str; 4] = ["items", "bytes", "huge", "cursor"];

impl Describe for ReturnsHugePage {
    fn manifest() -> Manifest {
        let feed = |name: &&str| Feed::new(name, "probe", "Too much.", 1).raw();
        FEEDS.iter().map(feed).fold(wharf_guests::manifest("returns-huge-page"), Manifest::feed)
    }
}

impl Feeds for ReturnsHugePage {
    fn pull(feed: &str, _: Option<Cursor>, bounds: Bounds) -> Result<Page> {
        let size = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        let items = match feed {
            "items" => items(size(bounds.max_items) + 1, 1),
            "bytes" => items(2, size(bounds.max_bytes)),
            "huge" => items(1, 64 * 1024 * 1024),
            _ => Vec::new(),
        };
        let bytes = if feed == "cursor" { vec![b'1'; 1024 * 1024] } else { b"1".to_vec() };
        Ok(Page { items, next: Cursor { version: 1, bytes }, state: Completeness::CaughtUp })
    }
}

/// Makes items whose documents are JSON strings of so many letters.
fn items(count: usize, letters: usize) -> Vec<Item> {
    let document = format!("\"{}\"", "x".repeat(letters));
    (0..count).map(|id| Item::from_text("probe", id.to_string(), document.as_str())).collect()
}

wharf_sdk::export!(ReturnsHugePage: describe, feeds);

fn main() {}
