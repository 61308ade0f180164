//! Calls itself without end when a record is read, or as often as the id says. The host stops it when its stack is used
//! up, and survives.

use std::hint::black_box;

use serde_json::json;
use wharf_sdk::{Describe, Item, Manifest, Records, Result};

struct DeepRecursion;

impl Describe for DeepRecursion {
    fn manifest() -> Manifest {
        wharf_guests::probe("deep-recursion", [])
    }
}

impl Records for DeepRecursion {
    fn get(_: &str, id: &str) -> Result<Item> {
        let depth = descend(black_box(id.parse().unwrap_or(u64::MAX)));
        wharf_guests::found(id, &json!({"depth": depth}))
    }
}

/// Adds after the call, so that it cannot become a loop.
fn descend(left: u64) -> u64 {
    let frame = black_box([left; 8]);
    if left == 0 {
        0
    } else {
        descend(left - 1) + black_box(frame.iter().filter(|value| **value == left).count() as u64) / 8
    }
}

wharf_sdk::export!(DeepRecursion: describe, records);

fn main() {}
