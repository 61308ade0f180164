//! Returns documents that are none: for `cut` JSON that ends early, for `deep` 10,000 levels of lists, for `empty`
//! nothing, and for any other id JSON. The host refuses the first three and names what is wrong, without using up its
//! own stack.

use wharf_sdk::{Describe, Item, Manifest, Records, Result};

struct BrokenDocument;

impl Describe for BrokenDocument {
    fn manifest() -> Manifest {
        wharf_guests::probe("broken-document", [])
    }
}

impl Records for BrokenDocument {
    fn get(entity: &str, id: &str) -> Result<Item> {
        let text = match id {
            "cut" => r#"{"a": [1, "#.to_owned(),
            "deep" => "[".repeat(10_000) + &"]".repeat(10_000),
            "empty" => String::new(),
            _ => "{}".to_owned(),
        };
        Ok(Item::from_text(entity, id, text))
    }
}

wharf_sdk::export!(BrokenDocument: describe, records);

fn main() {}
