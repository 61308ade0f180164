//! JSON Schemas of the documents.

use schemars::{Schema, schema_for};

use crate::{Invoice, Order, Partner, Payment, Product};

/// The entities that have a common document.
pub const ENTITIES: [&str; 5] = ["invoice", "order", "partner", "payment", "product"];

/// Returns the JSON Schema (2020-12) of an entity's common document; none for an entity without one.
pub fn schema_of(entity: &str) -> Option<Schema> {
    match entity {
        "invoice" => Some(schema_for!(Invoice)),
        "order" => Some(schema_for!(Order)),
        "partner" => Some(schema_for!(Partner)),
        "payment" => Some(schema_for!(Payment)),
        "product" => Some(schema_for!(Product)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    #[test]
    fn every_entity_has_a_schema_and_no_other() {
        for entity in ENTITIES {
            assert!(schema_of(entity).is_some(), "{entity}");
        }
        assert!(schema_of("attendance").is_none());
    }

    #[test]
    fn schema_files_are_current() {
        for entity in ENTITIES {
            let path = format!("{}/schemas/{entity}.json", env!("CARGO_MANIFEST_DIR"));
            let current = serde_json::to_string_pretty(&schema_of(entity)).expect("schema prints");
            if std::env::var_os("WHARF_WRITE_SCHEMAS").is_some() {
                std::fs::write(&path, current + "\n").expect("schema file is written");
                continue;
            }
            let file = std::fs::read_to_string(&path).expect("schema file");
            assert_eq!(file.trim_end(), current, "{path} is stale; run `cargo xtask schemas`");
        }
    }
}
