//! Tries to get at what belongs to another connection, whose name is the query's `theirs`, and at its upstream `their_url`:
//! with credentials by every name that they could have, with its secrets, its wake-up `poll`, its records, its cursor. Tells
//! what came of each as a document, the wake-ups last. The host gives a connection its own things only.

use serde_json::{Value, json};
use wharf_guests::field;
use wharf_sdk::manifest::{Feed, Slot};
use wharf_sdk::secrets::{self, Hash};
use wharf_sdk::{
    Bounds, Completeness, Cursor, Describe, Failure, Feeds, Item, Manifest, Page, Records, Result, Wakeups, http,
    lookups, schedule,
};

struct ReachesOver;

impl Describe for ReachesOver {
    fn manifest() -> Manifest {
        let keys = ["theirs", "their_url"];
        wharf_guests::with_upstream(wharf_guests::probe("reaches-over", keys))
            .credential(Slot::mac("signing").optional())
            .credential(Slot::presented("hook").optional())
            .feed(Feed::new("probes", "probe", "Nothing; the cursor counts how often it was asked.", 1).raw())
    }
}

impl Records for ReachesOver {
    fn get(entity: &str, id: &str) -> Result<Item> {
        Err(Failure::subject_not_found(entity, id))
    }

    fn lookup(_: &str, query: &[(String, String)], _: u32) -> Result<Vec<Item>> {
        let theirs = field(query, "theirs").unwrap_or_default();
        let told = json!({
            "credentials": by_names(theirs, "token").map(|slot| asked(&wharf_guests::upstream("/").unwrap_or_default(), &slot)),
            "upstream": asked(field(query, "their_url").unwrap_or_default(), "token"),
            "signatures": by_names(theirs, "signing").map(|slot| told(secrets::sign_mac(&slot, Hash::Sha256, b"pay"))),
            "tokens": by_names(theirs, "hook").map(|slot| told(secrets::matches(&slot, "hook"))),
            "sources": lookups::sources().len(),
            "records": told(lookups::get(theirs, "1").map_err(|failure| failure.message().to_owned())),
            "found": told(lookups::find(theirs, &[("id", "1")], 1).map_err(|failure| failure.message().to_owned())),
            "cancelled": schedule::cancel("poll").ok(),
            "replaced": schedule::wake_at("poll", 7, "of the neighbour").is_ok(),
        });
        Ok(vec![wharf_guests::found("told", &told)?])
    }
}

/// Every way in which somebody might write a slot of another connection.
fn by_names(theirs: &str, slot: &str) -> [String; 6] {
    [
        format!("{theirs}.{slot}"),
        format!("{theirs}/{slot}"),
        format!("../{theirs}/{slot}"),
        format!("{theirs}:{slot}"),
        format!("{slot}@{theirs}"),
        format!("{theirs}\0{slot}"),
    ]
}

/// Sends a request; the status, or what the refusal says.
fn asked(url: &str, slot: &str) -> Value {
    match http::get(url).credential(slot).send() {
        Ok(response) => json!(response.status()),
        Err(failure) => json!(failure.message()),
    }
}

fn told<T, E: std::fmt::Debug>(result: std::result::Result<T, E>) -> Value {
    result.map_or_else(|error| json!(format!("refused: {error:?}")), |_| json!("GIVEN"))
}

impl Feeds for ReachesOver {
    fn pull(_: &str, cursor: Option<Cursor>, _: Bounds) -> Result<Page> {
        let asked_before = cursor.and_then(|cursor| cursor.bytes.first().copied()).unwrap_or_default();
        let next = Cursor { version: 1, bytes: vec![asked_before.saturating_add(1)] };
        Ok(Page { items: Vec::new(), next, state: Completeness::CaughtUp })
    }
}

impl Wakeups for ReachesOver {
    fn wake(_: &str, _: &str) -> Result<()> {
        Ok(())
    }
}

wharf_sdk::export!(ReachesOver: describe, records, feeds, wakeups);

fn main() {}
