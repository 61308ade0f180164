//! The least that a connector can be: it exports `describe` and nothing else, and imports nothing. The host must load
//! it, and refuse every call but those of `describe` with a sentence that names the missing interface.

use wharf_sdk::{Describe, Manifest};

struct Minimal;

impl Describe for Minimal {
    fn manifest() -> Manifest {
        wharf_guests::manifest("minimal")
    }
}

wharf_sdk::export!(Minimal: describe);

fn main() {}
