//! Tokens that the host keeps for credentials, sealed; the ledger cannot open them.

use rusqlite::{Connection, OptionalExtension, params};
use wharf_host::store::KeptToken;

use super::{Result, loaded, stored};

/// Returns what is kept for a slot.
pub(super) fn of_slot(connection: &Connection, name: &str, slot: &str) -> Result<Option<KeptToken>> {
    let mut statement = connection
        .prepare_cached("SELECT version, sealed, busy_until FROM kept_tokens WHERE connection = ?1 AND slot = ?2")?;
    let row = statement.query_row([name, slot], |row| {
        let (version, busy_until): (i64, Option<i64>) = (row.get(0)?, row.get(2)?);
        let version = u64::try_from(version).unwrap_or_default();
        Ok(KeptToken { version, sealed: row.get(1)?, busy_until: busy_until.map(loaded) })
    });
    Ok(row.optional()?)
}

/// Puts a version in the place of the one before; false when another than that is there.
pub(super) fn put(tx: &Connection, name: &str, slot: &str, kept: &KeptToken) -> Result<bool> {
    let version = i64::try_from(kept.version).unwrap_or(i64::MAX);
    let before = version - 1;
    let values = params![name, slot, version, kept.sealed, kept.busy_until.map(stored), before];
    let changed = if before == 0 {
        tx.execute(
            "INSERT INTO kept_tokens (connection, slot, version, sealed, busy_until) SELECT ?1, ?2, ?3, ?4, ?5
             WHERE ?6 = 0 ON CONFLICT DO NOTHING",
            values,
        )?
    } else {
        tx.execute(
            "UPDATE kept_tokens SET version = ?3, sealed = ?4, busy_until = ?5
             WHERE connection = ?1 AND slot = ?2 AND version = ?6",
            values,
        )?
    };
    Ok(changed > 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use std::sync::Arc;

    use wharf_host::model::Instant;
    use wharf_host::store::{KeptToken, Store as _};
    use wharf_host::surroundings::SystemClock;

    use crate::ledger::Ledger;

    fn kept(version: u64, sealed: &[u8], busy_until: Option<u64>) -> KeptToken {
        KeptToken { version, sealed: sealed.to_vec(), busy_until: busy_until.map(Instant) }
    }

    #[tokio::test]
    async fn token_is_replaced_by_the_next_version_only_and_seen_by_every_process() {
        let directory = tempfile::tempdir().unwrap();
        let open = || Ledger::open(directory.path().join("state.db"), Arc::new(SystemClock)).unwrap();
        let [one, two] = [open(), open()];
        assert_eq!(one.kept_token("crm", "account").await.unwrap(), None);
        for (ledger, version, expected) in
            [(&one, 2, false), (&one, 1, true), (&two, 1, false), (&two, 3, false), (&two, 2, true), (&one, 2, false)]
        {
            let put = ledger.keep_token("crm", "account", kept(version, b"sealed", Some(7))).await.unwrap();
            assert_eq!(put, expected, "{version}");
        }
        assert!(one.keep_token("crm", "account", kept(3, b"new", None)).await.unwrap());
        assert_eq!(two.kept_token("crm", "account").await.unwrap(), Some(kept(3, b"new", None)));
        assert_eq!(two.kept_token("crm", "other").await.unwrap(), None);
        assert_eq!(two.kept_token("shop", "account").await.unwrap(), None);
        drop((one, two));
        assert_eq!(open().kept_token("crm", "account").await.unwrap(), Some(kept(3, b"new", None)));
    }
}
