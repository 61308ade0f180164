//! Says that there is more and gives back the cursor that it was given, so that a pull would never end. The host takes
//! that for a bug in the connector.

use wharf_sdk::manifest::Feed;
use wharf_sdk::{Bounds, Completeness, Cursor, Describe, Feeds, Manifest, Page, Result};

struct SameCursor;

impl Describe for SameCursor {
    fn manifest() -> Manifest {
        wharf_guests::manifest("same-cursor").feed(Feed::new("same", "probe", "Never ends.", 1).raw())
    }
}

impl Feeds for SameCursor {
    fn pull(_: &str, cursor: Option<Cursor>, _: Bounds) -> Result<Page> {
        let start = || Cursor::encode(1, &0);
        Ok(Page { items: Vec::new(), next: cursor.map_or_else(start, Ok)?, state: Completeness::More })
    }
}

wharf_sdk::export!(SameCursor: describe, feeds);

fn main() {}
