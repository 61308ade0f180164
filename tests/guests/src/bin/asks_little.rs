//! Version 1.0.0 of a connector called `asks`: it asks for one host, to read from. Installing it approves that, and no more than that:
//! what a later version asks for beyond it has to be approved again.

use wharf_sdk::manifest::Host;
use wharf_sdk::{Describe, Manifest};

struct AsksLittle;

impl Describe for AsksLittle {
    fn manifest() -> Manifest {
        Manifest::new("asks", "1.0.0", "A guest for tests.").host(Host::new("https://one.example").methods(["GET"]))
    }
}

wharf_sdk::export!(AsksLittle: describe);

fn main() {}
