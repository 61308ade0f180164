//! Passes 80 MiB to the log in one line when a record is read. The host copies arguments out of the guest's memory, and
//! stops the call at the bytes that it holds for one.

use serde_json::json;
use wharf_sdk::{Describe, Item, Manifest, Records, Result, log};

struct HugeArgument;

const BYTES: usize = 80 << 20;

impl Describe for HugeArgument {
    fn manifest() -> Manifest {
        wharf_guests::probe("huge-argument", [])
    }
}

impl Records for HugeArgument {
    fn get(_: &str, _: &str) -> Result<Item> {
        let text = "x".repeat(BYTES);
        log::info(&text, &[]);
        wharf_guests::found("1", &json!({}))
    }
}

wharf_sdk::export!(HugeArgument: describe, records);

fn main() {}
