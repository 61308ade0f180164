//! Counts in its own memory how often it was called, and returns the count with every record. What is left in an
//! instance is nobody's: whether the host uses one for several calls or makes one for each, no other connection sees
//! the count go on.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use wharf_sdk::{Describe, Item, Manifest, Records, Result};

struct InstanceCounter;

static CALLS: AtomicU32 = AtomicU32::new(0);

impl Describe for InstanceCounter {
    fn manifest() -> Manifest {
        wharf_guests::probe("instance-counter", [])
    }
}

impl Records for InstanceCounter {
    fn get(_: &str, id: &str) -> Result<Item> {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        wharf_guests::found(id, &json!({"calls": calls}))
    }
}

wharf_sdk::export!(InstanceCounter: describe, records);

fn main() {}
