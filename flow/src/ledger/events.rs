//! What happened to an item, where its row does not tell.

use rusqlite::{Connection, params};
use wharf_host::model::Instant;

use super::{Result, stored};

/// How much of a sentence is kept, in bytes.
const DETAIL_BYTES: usize = 2_000;

pub(super) fn add(tx: &Connection, item: i64, at: Instant, what: &str, detail: &str) -> Result<()> {
    let mut statement = tx.prepare_cached("INSERT INTO events (item, at, what, detail) VALUES (?1, ?2, ?3, ?4)")?;
    statement.execute(params![item, stored(at), what, shortened(detail)])?;
    Ok(())
}

fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(DETAIL_BYTES)).unwrap_or(text)
}
