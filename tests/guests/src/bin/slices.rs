//! Reads a JSON list from `/list` of its upstream and returns each element as a range of the answer that the host
//! holds. The feed `good` names the ranges rightly; the others do not: `outside` names bytes behind the end, `cut` half
//! a value, `unknown` an answer that never was, `not-kept` one that it did not ask to keep. The host takes the
//! documents of the first from its own copy, and refuses the page of the others with what is wrong.

use serde_json::value::RawValue;
use wharf_sdk::http;
use wharf_sdk::manifest::Feed;
use wharf_sdk::{Bounds, Completeness, Content, Cursor, Describe, Feeds, Item, Manifest, Page, Result, Slice};

struct Slices;

const FEEDS: [&str; 5] = ["good", "outside", "cut", "unknown", "not-kept"];

impl Describe for Slices {
    fn manifest() -> Manifest {
        let feed = |name: &&str| Feed::new(name, "probe", "The list.", 1).raw();
        FEEDS.iter().map(feed).fold(wharf_guests::with_upstream(wharf_guests::manifest("slices")), Manifest::feed)
    }
}

impl Feeds for Slices {
    fn pull(feed: &str, _: Option<Cursor>, _: Bounds) -> Result<Page> {
        let request = http::get(&wharf_guests::upstream("/list")?);
        let request = if feed == "not-kept" { request } else { request.keep() };
        let response = request.send()?.expect_success()?;
        let elements: Vec<&RawValue> = response.json()?;
        let mut items = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            let mut item = Item::slice_of("probe", index.to_string(), &response, element.get())?;
            if let Content::Slice(slice) = &mut item.content {
                spoil(feed, slice);
            }
            items.push(item);
        }
        Ok(Page { items, next: Cursor::encode(1, &elements.len())?, state: Completeness::CaughtUp })
    }
}

fn spoil(feed: &str, slice: &mut Slice) {
    match feed {
        "outside" => slice.start = u32::MAX - 1,
        "cut" => slice.length = slice.length.saturating_sub(1),
        "unknown" => slice.response = 99,
        _ => {}
    }
}

wharf_sdk::export!(Slices: describe, feeds);

fn main() {}
