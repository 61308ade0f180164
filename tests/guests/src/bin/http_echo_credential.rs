//! Sends the secret of the slot `token` to an upstream that echoes what it received, and lets the answer out on every
//! way there is: as a document (id `document`), as a log line (`log`), as a failure's message and excerpt (`failure`),
//! as a cursor (the feed `cursor`). The host replaces the secret's value by `[redacted]` before the guest sees it.

use serde_json::json;
use wharf_sdk::manifest::Feed;
use wharf_sdk::{
    Bounds, Completeness, Cursor, Describe, Failure, Feeds, Item, Manifest, Page, Records, Result, http, log,
};

struct HttpEchoCredential;

impl Describe for HttpEchoCredential {
    fn manifest() -> Manifest {
        let feed = Feed::new("cursor", "probe", "Nothing; the answer is in the cursor.", 1).raw();
        wharf_guests::with_upstream(wharf_guests::probe("http-echo-credential", [])).feed(feed)
    }
}

impl Records for HttpEchoCredential {
    fn get(_: &str, id: &str) -> Result<Item> {
        let response = http::get(&wharf_guests::upstream("/echo")?).credential("token").send()?;
        let body = String::from_utf8_lossy(response.bytes()).into_owned();
        match id {
            "log" => log::warn("echoed", &[("body", &body)]),
            "failure" => return Err(Failure::precondition("echoed", body).with_evidence(response.evidence())),
            _ => {}
        }
        wharf_guests::found(id, &json!({"headers": response.headers(), "body": body}))
    }
}

impl Feeds for HttpEchoCredential {
    fn pull(_: &str, _: Option<Cursor>, _: Bounds) -> Result<Page> {
        let response = http::get(&wharf_guests::upstream("/echo")?).credential("token").send()?;
        let next = Cursor { version: 1, bytes: response.bytes().to_vec() };
        Ok(Page { items: Vec::new(), next, state: Completeness::CaughtUp })
    }
}

wharf_sdk::export!(HttpEchoCredential: describe, records, feeds);

fn main() {}
