//! Returns the host's time and as many of its random bytes as the id says. In a test both are what the test set; the
//! host gives at most 4096 bytes at once.

use serde_json::json;
use wharf_sdk::{Describe, Item, Manifest, Records, Result, clock, random};

struct RandomClock;

impl Describe for RandomClock {
    fn manifest() -> Manifest {
        wharf_guests::probe("random-clock", [])
    }
}

impl Records for RandomClock {
    fn get(_: &str, id: &str) -> Result<Item> {
        let bytes = random::bytes(id.parse().unwrap_or(16));
        wharf_guests::found(id, &json!({"now": clock::now(), "random": bytes}))
    }
}

wharf_sdk::export!(RandomClock: describe, records);

fn main() {}
