//! The first release of the connector `upgraded`: its configuration has version 1, `{ "url": .. }`, and so have its
//! cursors, a number in text.

use wharf_sdk::manifest::Feed;
use wharf_sdk::{Bounds, Completeness, Cursor, Describe, Feeds, Item, Manifest, Page, Result};

struct BeforeUpgrade;

impl Describe for BeforeUpgrade {
    fn manifest() -> Manifest {
        let schema = serde_json::json!({
            "type": "object", "required": ["url"], "additionalProperties": false,
            "properties": { "url": { "type": "string" } },
        });
        let feed = Feed::new("numbers", "probe", "The numbers from 1 to 4, one a page.", 1).raw();
        wharf_guests::manifest("upgraded").config_schema(1, schema).feed(feed)
    }
}

impl Feeds for BeforeUpgrade {
    fn pull(_: &str, cursor: Option<Cursor>, _: Bounds) -> Result<Page> {
        let before: String = cursor.map_or_else(|| Ok("0".to_owned()), |cursor| cursor.decode(1))?;
        let number = before.parse::<u32>().unwrap_or_default() + 1;
        let item = Item::new("probe", number.to_string(), &serde_json::json!({ "number": number }))?;
        let state = if number >= 4 { Completeness::CaughtUp } else { Completeness::More };
        Ok(Page { items: vec![item], next: Cursor::encode(1, &number.to_string())?, state })
    }
}

wharf_sdk::export!(BeforeUpgrade: describe, feeds);

fn main() {}
