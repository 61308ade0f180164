//! Version 1.1.0 of a connector called `asks`: it asks for a second host. Installing it approves that, and no more than that:
//! what a later version asks for beyond it has to be approved again.

use wharf_sdk::manifest::Host;
use wharf_sdk::{Describe, Manifest};

struct AsksMore;

impl Describe for AsksMore {
    fn manifest() -> Manifest {
        Manifest::new("asks", "1.1.0", "A guest for tests.")
            .host(Host::new("https://one.example").methods(["GET"]))
            .host(Host::new("https://two.example"))
    }
}

wharf_sdk::export!(AsksMore: describe);

fn main() {}
