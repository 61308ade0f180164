//! A later release of a connector: its configuration has version 2, `{ "address": { "url": .. } }`, and its cursors are
//! numbers. It brings both up from version 1. The host has to call that with what it kept of the first release.

use serde_json::json;
use wharf_sdk::manifest::Feed;
use wharf_sdk::{Bounds, Completeness, Cursor, Describe, Failure, Feeds, Item, Manifest, Page, Result, connection};

struct Upgraded;

impl Describe for Upgraded {
    fn manifest() -> Manifest {
        let schema = json!({
            "type": "object", "required": ["address"], "additionalProperties": false,
            "properties": { "address": {
                "type": "object", "required": ["url"], "properties": { "url": { "type": "string" } },
            } },
        });
        let feed = Feed::new("numbers", "probe", "The numbers from 1 to 4, one a page.", 2).raw();
        wharf_guests::manifest("upgraded").config_schema(2, schema).feed(feed)
    }

    fn migrate_config(from_version: u32, config: &str) -> Result<String> {
        let unreadable = |error: serde_json::Error| Failure::internal(format!("version 1 cannot be read: {error}"));
        let old: serde_json::Value = serde_json::from_str(config).map_err(unreadable)?;
        match from_version {
            1 => Ok(json!({ "address": { "url": old["url"] } }).to_string()),
            _ => Err(Failure::unsupported("migrate-config", "only version 1 can be migrated")),
        }
    }

    fn migrate_cursor(_: &str, cursor: Cursor) -> Result<Cursor> {
        let number: String = cursor.decode(1)?;
        Cursor::encode(2, &number.parse::<u32>().unwrap_or_default())
    }
}

impl Feeds for Upgraded {
    fn pull(_: &str, cursor: Option<Cursor>, _: Bounds) -> Result<Page> {
        let before: u32 = cursor.map_or(Ok(0), |cursor| cursor.decode(2))?;
        let number = before + 1;
        let document = json!({ "number": number, "config": connection::config_text() });
        let item = Item::new("probe", number.to_string(), &document)?;
        let state = if number >= 4 { Completeness::CaughtUp } else { Completeness::More };
        Ok(Page { items: vec![item], next: Cursor::encode(2, &number)?, state })
    }
}

wharf_sdk::export!(Upgraded: describe, feeds);

fn main() {}
