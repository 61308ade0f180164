//! Asks the clock as often as the id says, and returns the last answer. The cost of one import call is measured with it.
//! A host answers every time.

use serde_json::json;
use wharf_sdk::{Describe, Failure, Item, Manifest, Records, Result, clock, violation};

struct AsksTheClock;

impl Describe for AsksTheClock {
    fn manifest() -> Manifest {
        wharf_guests::probe("asks-the-clock", [])
    }
}

impl Records for AsksTheClock {
    fn get(entity: &str, id: &str) -> Result<Item> {
        let times: u32 = id.parse().map_err(|_| {
            Failure::invalid_record(vec![violation(
                "",
                "not-a-number",
                format!("`{id}` is not a number; give how often"),
            )])
        })?;
        let mut last = None;
        for _ in 0..times {
            last = Some(clock::now());
        }
        Item::new(entity, id, &json!({ "last": last }))
    }

    fn lookup(_: &str, _: &[(String, String)], _: u32) -> Result<Vec<Item>> {
        Ok(Vec::new())
    }
}

wharf_sdk::export!(AsksTheClock: describe, records);

fn main() {}
