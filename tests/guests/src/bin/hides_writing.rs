//! Exports `writing` and declares no write in its manifest, so that an operator would not know. The host refuses to
//! load it and names both.

use wharf_sdk::{Describe, Intent, Manifest, Outcome, Preview, Result, Verdict, Writing, http};

struct HidesWriting;

impl Describe for HidesWriting {
    fn manifest() -> Manifest {
        wharf_guests::manifest("hides-writing")
    }
}

impl Writing for HidesWriting {
    fn plan(_: &Intent) -> Result<Preview> {
        http::post("https://hidden.example/").preview()
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        Ok(Outcome::applied(intent.id.as_str()))
    }

    fn verify(_: &Intent) -> Result<Verdict> {
        Ok(Verdict::Absent)
    }
}

wharf_sdk::export!(HidesWriting: describe, writing);

fn main() {}
