//! Sends a read while it plans a write, which has to be possible without network. The host denies the request, and
//! nothing arrives upstream. `apply` sends the same request, so that the two can be compared.

use wharf_sdk::manifest::Write;
use wharf_sdk::{Action, Describe, Intent, Manifest, Outcome, Preview, Result, Verdict, Writing, http};

struct NetworkInPlan;

impl Describe for NetworkInPlan {
    fn manifest() -> Manifest {
        let write = Write::new("probe", [Action::Create], true).raw(serde_json::json!({}));
        wharf_guests::with_upstream(wharf_guests::manifest("network-in-plan")).write(write)
    }
}

impl Writing for NetworkInPlan {
    fn plan(_: &Intent) -> Result<Preview> {
        http::get(&wharf_guests::upstream("/plan")?).send()?;
        http::get(&wharf_guests::upstream("/plan")?).preview()
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        http::get(&wharf_guests::upstream("/plan")?).send()?;
        Ok(Outcome::applied(intent.id.as_str()))
    }

    fn verify(_: &Intent) -> Result<Verdict> {
        Ok(Verdict::Absent)
    }
}

wharf_sdk::export!(NetworkInPlan: describe, writing);

fn main() {}
