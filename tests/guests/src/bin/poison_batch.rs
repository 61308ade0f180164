//! Applies batches of up to 50 intents and traps on one whose document has `"poison": true`; it counts what it applied
//! upstream with `POST /applied/<id>`. The host finds the poisonous intent by halving, parks it, and none of the others
//! is sent twice without being verified. `verify` asks `GET /applied/<id>`: 200 is found, 404 is absent.

use serde::Deserialize;
use wharf_sdk::manifest::Write;
use wharf_sdk::{Action, Applied, Describe, Intent, Manifest, Outcome, Preview, Result, Verdict, Writing, http};

struct PoisonBatch;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    poison: bool,
}

impl Describe for PoisonBatch {
    fn manifest() -> Manifest {
        let write = Write::new("probe", [Action::Create], true).raw(serde_json::json!({"type": "object"})).batch(50);
        wharf_guests::with_upstream(wharf_guests::manifest("poison-batch")).write(write)
    }
}

fn create(intent: &Intent) -> Result<http::RequestBuilder> {
    let url = http::join(&wharf_guests::upstream("/applied")?, &[&intent.id]);
    Ok(http::post(&url).text("application/json", intent.document.as_str()))
}

impl Writing for PoisonBatch {
    fn plan(intent: &Intent) -> Result<Preview> {
        create(intent)?.preview()
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        let document: Document = intent.document()?;
        if document.poison {
            std::process::abort();
        }
        create(intent)?.send()?.expect_success()?;
        Ok(Outcome::applied(intent.id.as_str()))
    }

    fn verify(intent: &Intent) -> Result<Verdict> {
        let url = http::join(&wharf_guests::upstream("/applied")?, &[&intent.id]);
        let response = http::get(&url).send()?;
        match response.status() {
            200 => Ok(Verdict::Found(Applied::new(intent.id.as_str()))),
            404 => Ok(Verdict::Absent),
            status => Ok(Verdict::Inconclusive(format!("status {status}"))),
        }
    }
}

wharf_sdk::export!(PoisonBatch: describe, writing);

fn main() {}
