//! Sends a write while it is asked to read. The feed `honest` reports what came of it, the feed `silent` hides it
//! behind an empty page, the feed `liar` calls the write a read. The host refuses the first two with `would-write`, and
//! nothing arrives upstream; against the third only the methods that the manifest asks for help.

use wharf_sdk::http::{self, Effect};
use wharf_sdk::manifest::Feed;
use wharf_sdk::{Bounds, Completeness, Cursor, Describe, Feeds, Manifest, Page, Result};

struct WritesInPull;

impl Describe for WritesInPull {
    fn manifest() -> Manifest {
        let feed = |name: &str| Feed::new(name, "probe", "Writes.", 1).raw();
        let manifest = wharf_guests::with_upstream(wharf_guests::manifest("writes-in-pull"));
        manifest.feed(feed("honest")).feed(feed("silent")).feed(feed("liar"))
    }
}

impl Feeds for WritesInPull {
    fn pull(feed: &str, _: Option<Cursor>, _: Bounds) -> Result<Page> {
        let request = http::post(&wharf_guests::upstream("/orders")?).text("text/plain", "written in a pull");
        let request = if feed == "liar" { request.effect(Effect::Read) } else { request };
        let sent = request.send();
        if feed != "silent" {
            sent?;
        }
        Ok(Page { items: Vec::new(), next: Cursor::encode(1, &0)?, state: Completeness::CaughtUp })
    }
}

wharf_sdk::export!(WritesInPull: describe, feeds);

fn main() {}
