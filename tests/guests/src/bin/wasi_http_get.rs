//! `http-get` over `wasi:http`: sends the request that a look-up describes, and returns the answer as a document. Takes the
//! same keys, and puts credential, effect and budget into the headers that the host reads them from. Record `belongings`
//! tells how many variables, arguments and directories it was given: none of each.

use serde_json::json;
use wharf_guests::{field, wasi};
use wharf_sdk::{Describe, Failure, Item, Manifest, Records, Result};

struct WasiHttpGet;

const KEYS: [&str; 8] = ["url", "method", "effect", "header", "body", "credential", "budget", "repeat"];

impl Describe for WasiHttpGet {
    fn manifest() -> Manifest {
        wharf_guests::with_upstream(wharf_guests::probe("wasi-http-get", KEYS))
    }
}

impl Records for WasiHttpGet {
    fn get(_: &str, id: &str) -> Result<Item> {
        let [variables, arguments, directories] = wasi::belongings();
        wharf_guests::found(id, &json!({"variables": variables, "arguments": arguments, "directories": directories}))
    }

    fn lookup(_: &str, query: &[(String, String)], _: u32) -> Result<Vec<Item>> {
        let times = field(query, "repeat").and_then(|text| text.parse().ok()).unwrap_or(1_u32);
        (1..=times).map(|time| fetch(&time.to_string(), query)).collect()
    }
}

fn fetch(id: &str, query: &[(String, String)]) -> Result<Item> {
    let url = field(query, "url").ok_or_else(|| Failure::unsupported("lookup", "`url` is missing; give one"))?;
    let headers: Vec<(String, String)> = query.iter().filter_map(header).collect();
    let body = field(query, "body").map(str::as_bytes);
    let answer = wasi::send(field(query, "method").unwrap_or("GET"), url, &headers, body)?;
    let body = String::from_utf8_lossy(&answer.body);
    wharf_guests::found(id, &json!({"status": answer.status, "headers": answer.headers, "body": body}))
}

fn header((name, value): &(String, String)) -> Option<(String, String)> {
    match name.as_str() {
        "credential" | "effect" | "budget" => Some((format!("wharf-{name}"), value.clone())),
        "header" => {
            let (name, value) = value.split_once(':').unwrap_or((value, ""));
            Some((name.to_owned(), value.trim_start_matches(' ').to_owned()))
        }
        _ => None,
    }
}

wharf_sdk::export!(WasiHttpGet: describe, records);

fn main() {}
