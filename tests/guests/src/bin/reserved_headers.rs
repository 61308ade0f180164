//! Sets a header that belongs to the host: the record's id is the header's name, such as `Authorization`, `Host`,
//! `Cookie`, `Transfer-Encoding`, or what the credential sets. The host denies the request and names the header. A
//! look-up takes `name` and `value`, for values with line breaks.

use serde_json::json;
use wharf_guests::field;
use wharf_sdk::{Describe, Item, Manifest, Records, Result, http};

struct ReservedHeaders;

impl Describe for ReservedHeaders {
    fn manifest() -> Manifest {
        wharf_guests::with_upstream(wharf_guests::probe("reserved-headers", ["name", "value"]))
    }
}

impl Records for ReservedHeaders {
    fn get(_: &str, id: &str) -> Result<Item> {
        send(id, "chosen by the guest")
    }

    fn lookup(_: &str, query: &[(String, String)], _: u32) -> Result<Vec<Item>> {
        let text = |name| field(query, name).unwrap_or_default();
        Ok(vec![send(text("name"), text("value"))?])
    }
}

fn send(name: &str, value: &str) -> Result<Item> {
    let request = http::get(&wharf_guests::upstream("/headers")?).header(name, value).credential("token");
    let response = request.send()?;
    wharf_guests::found(name, &json!({"status": response.status()}))
}

wharf_sdk::export!(ReservedHeaders: describe, records);

fn main() {}
