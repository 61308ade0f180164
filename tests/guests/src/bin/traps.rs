//! Traps when the record `trap` is read, panics for `panic`, and answers any other. The host reports a bug in the
//! connector and makes the next call in a fresh instance.

use serde_json::json;
use wharf_sdk::{Describe, Item, Manifest, Records, Result};

struct Traps;

impl Describe for Traps {
    fn manifest() -> Manifest {
        wharf_guests::probe("traps", [])
    }
}

impl Records for Traps {
    #[expect(clippy::panic, reason = "this is what the guest is for")]
    fn get(_: &str, id: &str) -> Result<Item> {
        match id {
            "trap" => std::process::abort(),
            "panic" => panic!("the guest panics"),
            _ => wharf_guests::found(id, &json!({"alive": true})),
        }
    }
}

wharf_sdk::export!(Traps: describe, records);

fn main() {}
