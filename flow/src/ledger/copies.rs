//! Copies of a ledger, and what two ledgers have to have in common to be called the same.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::digest;
use rusqlite::{Connection, Row};

use super::{Ledger, Result};

/// What became of the documents of a ledger, without times, attempts and minted ids: two runs over the same calls end
/// with the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Digest {
    /// Of each document, by its name: `flow: connection/entity/id`, or `dependency: connection/entity/key`.
    pub documents: BTreeMap<String, String>,
}

impl Digest {
    /// Returns the documents that differ, each with what is different: `missing`, `unexpected` or `changed`.
    pub fn differences(&self, other: &Self) -> Vec<(String, &'static str)> {
        let ours = self.documents.iter().filter_map(|(name, digest)| match other.documents.get(name) {
            Some(theirs) if theirs == digest => None,
            Some(_) => Some((name.clone(), "changed")),
            None => Some((name.clone(), "missing")),
        });
        let new = other.documents.keys().filter(|name| !self.documents.contains_key(*name));
        ours.chain(new.map(|name| (name.clone(), "unexpected"))).collect()
    }
}

const ITEMS: &str = "
    SELECT f.name || ': ' || f.connection || '/' || i.entity || '/' || i.remote,
           json_array(hex(i.version), i.deleted, i.state, i.under)
    FROM items i JOIN flows f ON f.n = i.flow";

const PARKINGS: &str = "
    SELECT f.name || ': ' || f.connection || '/' || i.entity || '/' || i.remote,
           json_array('parked', p.cause, p.place, p.key)
    FROM parkings p JOIN items i ON i.n = p.item JOIN flows f ON f.n = i.flow
    ORDER BY p.cause, p.place, p.key";

/// Effects that were given up say nothing of how a document ended.
const EFFECTS: &str = "
    SELECT coalesce(f.name || ': ' || f.connection || '/' || i.entity || '/' || i.remote,
                    'dependency: ' || t.connection || '/' || t.entity || '/' || t.dependency_key),
           json_array(t.kind, t.step, t.connection, t.entity, t.action, t.target, t.correlation, t.state, t.result_id,
                      t.result_number, iif(t.state = 'parked', t.cause, NULL))
    FROM intents t LEFT JOIN items i ON i.n = t.item LEFT JOIN flows f ON f.n = i.flow
    WHERE t.state <> 'replaced'
    ORDER BY t.round, t.step, t.correlation";

impl Ledger {
    /// Copies the ledger as it is now into a new file.
    ///
    /// # Errors
    /// When the ledger cannot be read, or the copy not written.
    pub fn copy_to(&self, path: impl AsRef<Path>) -> Result<()> {
        let from = self.reader().path().unwrap_or_default().to_owned();
        // The reader of the ledger may only query, which is less than a copy takes.
        let connection = Connection::open(from)?;
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        connection.execute("VACUUM INTO ?1", [path.as_ref().to_string_lossy()])?;
        Ok(())
    }

    /// Returns what became of every document.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn digest(&self) -> Result<Digest> {
        let reader = self.reader();
        let mut told: BTreeMap<String, digest::Context> = BTreeMap::new();
        for sql in [ITEMS, PARKINGS, EFFECTS] {
            let mut statement = reader.prepare_cached(sql)?;
            let line = |row: &Row<'_>| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, String>(1)?));
            for row in statement.query_map([], line)? {
                let (name, line) = row?;
                let context =
                    told.entry(name.unwrap_or_default()).or_insert_with(|| digest::Context::new(&digest::SHA256));
                context.update(line.as_bytes());
                context.update(b"\n");
            }
        }
        let short = |context: digest::Context| {
            context.finish().as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        Ok(Digest { documents: told.into_iter().map(|(name, context)| (name, short(context))).collect() })
    }
}
