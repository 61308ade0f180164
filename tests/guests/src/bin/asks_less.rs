//! Version 1.2.0 of a connector called `asks`: it asks for nothing. Installing it approves that, and no more than that:
//! what a later version asks for beyond it has to be approved again.

use wharf_sdk::{Describe, Manifest};

struct AsksLess;

impl Describe for AsksLess {
    fn manifest() -> Manifest {
        Manifest::new("asks", "1.2.0", "A guest for tests.")
    }
}

wharf_sdk::export!(AsksLess: describe);

fn main() {}
