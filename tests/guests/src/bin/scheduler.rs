//! Uses the schedule when a record is looked up: `do` is `at` (with `at`, milliseconds since 1970), `every` (with
//! `seconds`) or `cancel`, with `name` and `payload`. The document says `"ok"`, what was cancelled, or the error. When
//! it is woken it logs the event `woken` with name and payload; a wake-up named `fail` fails. The host keeps wake-ups
//! durably, calls back when they are due, and holds the limits of the contract.

use serde_json::json;
use wharf_guests::field;
use wharf_sdk::{Describe, Failure, Item, Manifest, Records, Result, Wakeups, log, schedule};

struct Scheduler;

impl Describe for Scheduler {
    fn manifest() -> Manifest {
        wharf_guests::probe("scheduler", ["do", "name", "at", "seconds", "payload"])
    }
}

impl Records for Scheduler {
    fn get(entity: &str, id: &str) -> Result<Item> {
        Err(Failure::subject_not_found(entity, id))
    }

    fn lookup(_: &str, query: &[(String, String)], _: u32) -> Result<Vec<Item>> {
        let text = |name| field(query, name).unwrap_or_default();
        let (name, payload) = (text("name"), text("payload"));
        let done = match text("do") {
            "at" => schedule::wake_at(name, text("at").parse().unwrap_or_default(), payload).map(|()| json!("ok")),
            "every" => {
                schedule::wake_every(name, text("seconds").parse().unwrap_or_default(), payload).map(|()| json!("ok"))
            }
            _ => schedule::cancel(name).map(|cancelled| json!(cancelled)),
        };
        let document = done.unwrap_or_else(|error| json!({"error": format!("{error:?}")}));
        Ok(vec![wharf_guests::found(name, &document)?])
    }
}

impl Wakeups for Scheduler {
    fn wake(name: &str, payload: &str) -> Result<()> {
        log::info("woken", &[("name", &name), ("payload", &payload)]);
        match name {
            "fail" => Err(Failure::unavailable(None, "the wake-up was asked to fail")),
            _ => Ok(()),
        }
    }
}

wharf_sdk::export!(Scheduler: describe, records, wakeups);

fn main() {}
