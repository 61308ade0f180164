//! Returns the connection's configuration as the document of any record. The host gives it the configuration of the
//! very connection that the call is made for, and no secret in it.

use wharf_sdk::{Describe, Item, Manifest, Records, Result, connection};

struct ConfigReader;

impl Describe for ConfigReader {
    fn manifest() -> Manifest {
        let schema = serde_json::json!({"type": "object"});
        wharf_guests::probe("config-reader", []).config_schema(1, schema)
    }
}

impl Records for ConfigReader {
    fn get(entity: &str, id: &str) -> Result<Item> {
        Ok(Item::from_text(entity, id, connection::config_text()))
    }
}

wharf_sdk::export!(ConfigReader: describe, records);

fn main() {}
