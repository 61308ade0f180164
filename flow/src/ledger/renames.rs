//! Flows that got another name.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Ledger, Result, Taken};
use crate::problem::LedgerError;
use crate::spec::FlowSpec;

/// Items of a flow that are looked at to see where it wrote.
const LOOKED_AT: u32 = 500;

/// Longest that a renaming takes.
const MOMENT: Duration = Duration::from_secs(10);

impl Ledger {
    /// Returns the flow that one which never ran goes on with by all appearances: it read the same feed, wrote the same
    /// documents to the same connection, and is none of `named`. Without its ledger rows all of them would be written again.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn predecessor(&self, flow: &FlowSpec, named: &[&str]) -> Result<Option<String>> {
        let reader = self.reader();
        let is_known =
            reader.prepare_cached("SELECT 1 FROM flows WHERE name = ?1 AND definition <> x''")?.exists([&flow.name])?;
        if is_known {
            return Ok(None);
        }
        let mut statement = reader.prepare_cached(
            "SELECT f.name FROM flows f WHERE f.connection = ?1 AND f.feed = ?2 AND EXISTS (
                SELECT 1 FROM (SELECT n FROM items WHERE flow = f.n LIMIT ?5) i JOIN intents t ON t.item = i.n
                WHERE t.kind = 'target' AND t.connection = ?3 AND t.entity = ?4)
             ORDER BY f.n DESC",
        )?;
        let (source, target) = (&flow.source, &flow.target);
        let rows = statement
            .query_map(params![source.connection, source.feed, target.connection, target.entity, LOOKED_AT], |row| {
                row.get(0)
            })?;
        let names: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
        Ok(names.into_iter().find(|name| !named.contains(&name.as_str())))
    }

    /// Returns the connection that a flow read so far, if that is another one than it reads now and documents of it are known. What
    /// two systems call by one id would be taken for one document.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn read_before(&self, flow: &FlowSpec) -> Result<Option<String>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT connection FROM flows f WHERE name = ?1 AND connection <> ?2
             AND EXISTS (SELECT 1 FROM items WHERE flow = f.n)",
        )?;
        Ok(statement.query_row([&flow.name, &flow.source.connection], |row| row.get(0)).optional()?)
    }

    /// Gives a flow another name, with all that the ledger knows of it.
    ///
    /// # Errors
    /// When there is no such flow, somebody runs it, the other name is taken, or the ledger cannot be written.
    pub async fn rename_flow(&self, from: &str, to: &str) -> Result<()> {
        let lease = match self.take(from, MOMENT).await? {
            Taken::Ours { lease, .. } => lease,
            Taken::Held { holder, .. } => {
                return Err(LedgerError::Refused(format!("flow `{from}` is run by {holder}; stop it, then rename")));
            }
        };
        let names = (from.to_owned(), to.to_owned());
        self.write_under(&lease, move |tx| {
            let (from, to) = (&names.0, &names.1);
            forget_unless_it_ran(tx, to)?;
            let taken: Option<i64> =
                tx.query_row("SELECT n FROM flows WHERE name = ?1", [to], |row| row.get(0)).optional()?;
            if taken.is_some() {
                return Err(LedgerError::Refused(format!("flow `{to}` has run already; choose a name that is new")));
            }
            if tx.execute("UPDATE flows SET name = ?2 WHERE name = ?1", params![from, to])? == 0 {
                return Err(LedgerError::NotFound(format!("no flow `{from}` ever ran; `wharf status` lists them")));
            }
            tx.execute("UPDATE OR REPLACE holds SET name = ?2 WHERE scope = 'feed' AND name = ?1", params![from, to])?;
            tx.execute("UPDATE OR REPLACE pauses SET name = ?2 WHERE scope = 'flow' AND name = ?1", params![from, to])?;
            Ok(())
        })
        .await
    }
}

/// Forgets a flow that is known only because a webhook told it of something: whoever takes its name reads its feed on.
fn forget_unless_it_ran(tx: &Connection, flow: &str) -> Result<()> {
    let told: Option<i64> = tx
        .query_row("SELECT n FROM flows WHERE name = ?1 AND definition = x'' AND feed <> ''", [flow], |row| row.get(0))
        .optional()?;
    let Some(told) = told else { return Ok(()) };
    tx.execute("DELETE FROM polls WHERE flow = ?1", [told])?;
    tx.execute("DELETE FROM flows WHERE n = ?1", [told])?;
    Ok(())
}
