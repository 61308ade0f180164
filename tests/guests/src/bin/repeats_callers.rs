//! Repeats whatever it is sent. Callers sign in by the slots `bearer` and `login`; a webhook shows the slot `token` in its
//! header `x-token`. A request is answered with all of it as text, and again backwards, in which no host finds anything: so
//! tests see what entered the guest. A webhook is an event whose key is all of it.

use std::fmt::Write as _;

use wharf_sdk::manifest::{Slot, Webhooks as Hooks};
use wharf_sdk::{Delivery, Describe, Event, Manifest, Parsed, Reply, Result, Serving, Webhooks, log, secrets};

struct RepeatsCallers;

impl Describe for RepeatsCallers {
    fn manifest() -> Manifest {
        wharf_guests::manifest("repeats-callers")
            .credential(Slot::inbound_bearer("bearer").optional())
            .credential(Slot::inbound_basic("login").optional())
            .credential(Slot::presented("token").optional())
            .webhooks(Hooks::new(["token"]))
            .serve("POST", "/repeat")
    }
}

impl Webhooks for RepeatsCallers {
    fn parse(delivery: Delivery) -> Parsed {
        let matches = secrets::matches("token", delivery.header("x-token").unwrap_or_default());
        let (key, id) = (all_of(&delivery), format!("{matches:?}"));
        Parsed::Events(vec![Event { key, entity: "probe".to_owned(), id, deleted: false }])
    }
}

impl Serving for RepeatsCallers {
    fn serve(request: Delivery) -> Result<Reply> {
        let all = all_of(&request);
        log::info("repeated", &[("all", &all)]);
        let backwards: String = all.chars().rev().collect();
        Ok(Reply::text(200, "text/plain", format!("{all}{backwards}")))
    }
}

fn all_of(delivery: &Delivery) -> String {
    let mut all = format!("{} {}\n", delivery.method, delivery.path);
    for (name, value) in &delivery.headers {
        // Writing to a text does not fail.
        let _ = writeln!(all, "{name}: {value}");
    }
    all + &String::from_utf8_lossy(&delivery.body)
}

wharf_sdk::export!(RepeatsCallers: describe, webhooks, serving);

fn main() {}
