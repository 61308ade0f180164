-- Tokens that replace a secret of the operator's, sealed by the host, who refreshes them, and until when.
CREATE TABLE kept_tokens (
    connection TEXT NOT NULL,
    slot TEXT NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    busy_until INTEGER,                 -- null when nobody refreshes
    PRIMARY KEY (connection, slot)
) STRICT, WITHOUT ROWID;
