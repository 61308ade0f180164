//! Takes memory without end when a record is read. The host stops it at the limit of the call, and reports that limit
//! and not a trap.

use std::hint::black_box;

use wharf_sdk::{Describe, Item, Manifest, Records, Result};

struct GrowsMemory;

const STEP_BYTES: usize = 1024 * 1024;

impl Describe for GrowsMemory {
    fn manifest() -> Manifest {
        wharf_guests::probe("grows-memory", [])
    }
}

impl Records for GrowsMemory {
    fn get(_: &str, _: &str) -> Result<Item> {
        let mut taken = Vec::new();
        loop {
            taken.push(black_box(vec![1_u8; STEP_BYTES]));
        }
    }
}

wharf_sdk::export!(GrowsMemory: describe, records);

fn main() {}
