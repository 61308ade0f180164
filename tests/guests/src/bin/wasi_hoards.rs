//! Makes the host hold as much as it can through `wasi:http`: record `requests` begins bodies that do not end, `answers` does
//! not read what it asked for, `headers` fills lists of headers, each `times` times.
//! The host holds no more for a call than its limit, and ends the call by that name.

use wharf_guests::{field, wasi};
use wharf_sdk::{Describe, Failure, Item, Manifest, Records, Result};

struct WasiHoards;

impl Describe for WasiHoards {
    fn manifest() -> Manifest {
        wharf_guests::with_upstream(wharf_guests::probe("wasi-hoards", ["what", "times"]))
    }
}

impl Records for WasiHoards {
    fn get(entity: &str, id: &str) -> Result<Item> {
        Err(Failure::subject_not_found(entity, id))
    }

    fn lookup(_: &str, query: &[(String, String)], _: u32) -> Result<Vec<Item>> {
        let times = field(query, "times").and_then(|text| text.parse().ok()).unwrap_or(1_usize);
        let url = wharf_guests::upstream("/")?;
        let held = match field(query, "what").unwrap_or_default() {
            "requests" => vec![wasi::hold_requests(&url, times, 1 << 20)?],
            "answers" => vec![wasi::hold_answers(&url, times)?],
            _ => wasi::hold_headers(times),
        };
        Ok(vec![wharf_guests::found("held", &serde_json::json!(held))?])
    }
}

wharf_sdk::export!(WasiHoards: describe, records);

fn main() {}
