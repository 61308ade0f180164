//! Computes without end when a record is read. The host interrupts it when the call's time is over, and other
//! connections are not held up by it.

use std::hint::black_box;

use wharf_sdk::{Describe, Item, Manifest, Records, Result};

struct LoopsForever;

impl Describe for LoopsForever {
    fn manifest() -> Manifest {
        wharf_guests::probe("loops-forever", [])
    }
}

impl Records for LoopsForever {
    fn get(_: &str, _: &str) -> Result<Item> {
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }
}

wharf_sdk::export!(LoopsForever: describe, records);

fn main() {}
