//! Declares a write in its manifest and does not export `writing`. The host refuses to load it and names both.

use wharf_sdk::manifest::Write;
use wharf_sdk::{Action, Describe, Manifest};

struct LiesInManifest;

impl Describe for LiesInManifest {
    fn manifest() -> Manifest {
        wharf_guests::manifest("lies-in-manifest").write(Write::new("order", [Action::Create], true))
    }
}

wharf_sdk::export!(LiesInManifest: describe);

fn main() {}
