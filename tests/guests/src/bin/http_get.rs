//! Sends the request that a look-up describes, and returns the answer as a document: `url` (any), `method`, `effect`
//! (`read`, `idempotent-write`, `write`), `header` (`name: value`, repeatable), `body`, `credential`, `budget`,
//! `repeat` (how often it is sent, 1 if missing; one item for each). The host sends what its policy, the budget and the
//! call allow, and refuses the rest with the code of the reason.

use serde_json::json;
use wharf_guests::field;
use wharf_sdk::http::{self, Effect, RequestBuilder};
use wharf_sdk::{Describe, Failure, Item, Manifest, Records, Result};

struct HttpGet;

const KEYS: [&str; 8] = ["url", "method", "effect", "header", "body", "credential", "budget", "repeat"];

impl Describe for HttpGet {
    fn manifest() -> Manifest {
        wharf_guests::with_upstream(wharf_guests::probe("http-get", KEYS))
    }
}

impl Records for HttpGet {
    fn get(_: &str, id: &str) -> Result<Item> {
        fetch(id, http::get(&wharf_guests::upstream(id)?))
    }

    fn lookup(_: &str, query: &[(String, String)], _: u32) -> Result<Vec<Item>> {
        let times = field(query, "repeat").and_then(|text| text.parse().ok()).unwrap_or(1_u32);
        (1..=times).map(|time| fetch(&time.to_string(), described(query)?)).collect()
    }
}

fn described(query: &[(String, String)]) -> Result<RequestBuilder> {
    let url = field(query, "url").ok_or_else(|| Failure::unsupported("lookup", "`url` is missing; give one"))?;
    let mut request = http::request(field(query, "method").unwrap_or("GET"), url);
    for (name, value) in query {
        request = match (name.as_str(), value.as_str()) {
            ("effect", "read") => request.effect(Effect::Read),
            ("effect", "idempotent-write") => request.effect(Effect::IdempotentWrite),
            ("effect", "write") => request.effect(Effect::Write),
            ("header", header) => {
                let (name, value) = header.split_once(':').unwrap_or((header, ""));
                request.header(name, value.trim_start())
            }
            ("body", body) => request.text("text/plain", body),
            ("credential", slot) => request.credential(slot),
            ("budget", budget) => request.budget(budget),
            _ => request,
        };
    }
    Ok(request)
}

fn fetch(id: &str, request: RequestBuilder) -> Result<Item> {
    let response = request.send()?;
    let body = String::from_utf8_lossy(response.bytes());
    wharf_guests::found(id, &json!({"status": response.status(), "headers": response.headers(), "body": body}))
}

wharf_sdk::export!(HttpGet: describe, records);

fn main() {}
