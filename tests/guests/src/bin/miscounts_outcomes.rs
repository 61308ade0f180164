//! Answers a batch of intents with one outcome too few. The host cannot tell which is whose, takes every intent of the
//! batch for unknown, and reports a bug in the connector.

use wharf_sdk::manifest::Write;
use wharf_sdk::{Action, Describe, Intent, Manifest, Outcome, Preview, Result, Verdict, Writing, http};

struct MiscountsOutcomes;

impl Describe for MiscountsOutcomes {
    fn manifest() -> Manifest {
        let write = Write::new("probe", [Action::Create], true).raw(serde_json::json!({})).batch(10);
        wharf_guests::manifest("miscounts-outcomes").write(write)
    }
}

impl Writing for MiscountsOutcomes {
    fn plan(_: &Intent) -> Result<Preview> {
        http::post("https://miscounts.example/").preview()
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        Ok(Outcome::applied(intent.id.as_str()))
    }

    fn verify(_: &Intent) -> Result<Verdict> {
        Ok(Verdict::Absent)
    }

    fn apply_batch(intents: &[Intent]) -> Vec<Result<Outcome>> {
        intents.iter().skip(1).map(Self::apply).collect()
    }
}

wharf_sdk::export!(MiscountsOutcomes: describe, writing);

fn main() {}
