//! The feed of a company API's customers: search after search, in rounds. The contract has no list of everybody and no time of
//! change, so each round asks everything again and the host drops what it knows.

use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Page, PageBuilder, Result};

use crate::client::Client;

/// Version of the cursor.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Returns the page after `cursor`: what one search finds, or as much of it as the page takes.
pub(crate) fn pull(feed: &str, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    if feed != "customers" {
        return Err(Failure::no_feed(feed));
    }
    let client = Client::open()?;
    // Number of the search, and id of its last customer that is done.
    let (number, last): (usize, Option<String>) = match cursor {
        Some(cursor) => cursor.decode(CURSOR_VERSION)?,
        None => (0, None),
    };
    let mut page = PageBuilder::new(bounds);
    let Some(search) = client.searches().get(number) else {
        // There are fewer searches than when the cursor was made.
        return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &(0, None::<String>))?, Completeness::CaughtUp));
    };
    let items = client.search(search.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
    let done = items.iter().position(|item| Some(&item.id) == last.as_ref()).map_or(0, |index| index + 1);
    let mut last = last;
    for item in items.into_iter().skip(done) {
        let id = item.id.clone();
        if page.push(item).is_some() {
            return Ok(page.finish(Cursor::encode(CURSOR_VERSION, &(number, last))?, Completeness::More));
        }
        last = Some(id);
    }
    let is_last = number + 1 >= client.searches().len();
    let (next, state) = if is_last { (0, Completeness::CaughtUp) } else { (number + 1, Completeness::More) };
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &(next, None::<String>))?, state))
}
