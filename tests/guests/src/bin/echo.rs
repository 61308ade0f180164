//! Gives back what it is given, without network: `records.get` a document made of the id, `records.lookup` one item for
//! each field of the query, with the field's value as its document, and the feed `echo` the same for each field of the
//! filter. The cost of the boundary is measured with it. A host passes everything through unchanged.

use serde_json::json;
use wharf_sdk::manifest::Feed;
use wharf_sdk::{Bounds, Completeness, Cursor, Describe, Feeds, Item, Manifest, Page, PageBuilder, Records, Result};

struct Echo;

impl Describe for Echo {
    fn manifest() -> Manifest {
        let feed = Feed::new("echo", "probe", "The values of the filter `document`.", 1).raw().filter("document");
        wharf_guests::probe("echo", ["document"]).feed(feed)
    }
}

impl Records for Echo {
    fn get(entity: &str, id: &str) -> Result<Item> {
        Item::new(entity, id, &json!({"entity": entity, "id": id}))
    }

    fn lookup(entity: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let item = |(name, value): &(String, String)| Item::from_text(entity, name.as_str(), value.as_str());
        Ok(query.iter().take(limit).map(item).collect())
    }
}

impl Feeds for Echo {
    fn pull(_: &str, _: Option<Cursor>, bounds: Bounds) -> Result<Page> {
        let mut page = PageBuilder::new(&bounds);
        let mut count = 0_u32;
        for (_, value) in &bounds.filter {
            if page.push(Item::from_text("probe", count.to_string(), value.as_str())).is_some() {
                break;
            }
            count += 1;
        }
        Ok(page.finish(Cursor::encode(1, &count)?, Completeness::CaughtUp))
    }
}

wharf_sdk::export!(Echo: describe, records, feeds);

fn main() {}
