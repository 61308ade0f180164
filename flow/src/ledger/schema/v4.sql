-- What remotes told on their own account, as it arrived, without secrets. The newest of each connection are kept.
CREATE TABLE deliveries (
    n INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,              -- accepted, repeated, handshake, rejected, failed
    detail TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    headers TEXT NOT NULL,              -- JSON
    body BLOB NOT NULL
) STRICT;
CREATE INDEX deliveries_by_connection ON deliveries (connection, outcome, n);

-- How many deliveries came to what, those that are no longer kept too.
CREATE TABLE delivery_counts (
    connection TEXT NOT NULL,
    outcome TEXT NOT NULL,
    count INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (connection, outcome)
) STRICT, WITHOUT ROWID;

-- Events that were accepted, so that their repetitions are known.
CREATE TABLE seen_events (
    connection TEXT NOT NULL,
    key BLOB NOT NULL,                  -- digest of the event's key
    at INTEGER NOT NULL,
    PRIMARY KEY (connection, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_events_by_age ON seen_events (at);

-- Records that are to be read again because a remote said that they changed.
CREATE TABLE hints (
    n INTEGER PRIMARY KEY,
    flow INTEGER NOT NULL,
    entity TEXT NOT NULL,
    remote TEXT NOT NULL,
    deleted INTEGER NOT NULL,           -- the remote said that it is gone
    told INTEGER NOT NULL DEFAULT 1,    -- how often, while it waits
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    UNIQUE (flow, entity, remote)
) STRICT;
CREATE INDEX hints_due ON hints (flow, not_before, n);

-- Flows whose feed is to be read now because a remote said that something in it changed.
CREATE TABLE polls (
    flow INTEGER PRIMARY KEY,
    told INTEGER NOT NULL               -- how often, while it waits
) STRICT;
