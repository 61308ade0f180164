-- Times are milliseconds since 1970. Words (states, kinds, causes) are those of listings.

CREATE TABLE installation (
    id TEXT NOT NULL
) STRICT;

-- One row per flow that ever ran, with its place in the feed.
CREATE TABLE flows (
    n INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    connection TEXT NOT NULL,
    feed TEXT NOT NULL,
    definition BLOB NOT NULL,           -- digest of what decides about items
    cursor_version INTEGER,             -- null before the first page
    cursor BLOB,
    pull_attempts INTEGER NOT NULL DEFAULT 0,
    pull_not_before INTEGER NOT NULL DEFAULT 0,
    page_items INTEGER,                 -- while pages have to be smaller than usual
    caught_up INTEGER,
    started INTEGER
) STRICT;

CREATE TABLE leases (
    flow TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    label TEXT NOT NULL,
    fence INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE items (
    n INTEGER PRIMARY KEY,
    flow INTEGER NOT NULL,
    entity TEXT NOT NULL,
    remote TEXT NOT NULL,
    version BLOB NOT NULL,              -- revision, or digest of the content
    deleted INTEGER NOT NULL,
    state TEXT NOT NULL,
    under TEXT,                         -- rule, or code of the cause
    message TEXT,
    round INTEGER NOT NULL DEFAULT 0,   -- counts up when an item that was done gets new effects
    not_before INTEGER NOT NULL DEFAULT 0,
    read INTEGER NOT NULL,
    settled INTEGER
) STRICT;
CREATE UNIQUE INDEX items_by_remote ON items (flow, entity, remote);
CREATE INDEX items_due ON items (flow, not_before, n) WHERE state = 'new';
CREATE INDEX items_working ON items (flow) WHERE state = 'working';

-- What the source said; kept until the item is done or filtered.
CREATE TABLE item_documents (
    item INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

-- What the source said later, while the item's effects are under way.
CREATE TABLE next_documents (
    item INTEGER PRIMARY KEY,
    version BLOB NOT NULL,
    deleted INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE intents (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    flow INTEGER NOT NULL,              -- whose run takes care of it
    kind TEXT NOT NULL,
    item INTEGER,                       -- none for dependencies: they belong to everyone who waits for them
    round INTEGER NOT NULL DEFAULT 0,
    step INTEGER NOT NULL DEFAULT 0,    -- 0 for the target, then the write-backs in their order
    connection TEXT NOT NULL,
    entity TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT,
    expected_revision TEXT,
    correlation TEXT NOT NULL,
    dependency_key TEXT,
    state TEXT NOT NULL,
    alone INTEGER NOT NULL DEFAULT 0,   -- not to be sent in a batch with others
    attempts INTEGER NOT NULL DEFAULT 0,
    asked INTEGER NOT NULL DEFAULT 0,   -- questions since the outcome is unknown
    absences INTEGER NOT NULL DEFAULT 0,-- times the remote said that it is not there
    not_before INTEGER NOT NULL DEFAULT 0,
    cause TEXT,
    message TEXT,
    result_id TEXT,
    result_revision TEXT,
    result_number TEXT,
    requests TEXT,                      -- of the last call, one a line
    sent INTEGER,
    settled INTEGER
) STRICT;
CREATE INDEX intents_by_item ON intents (item, round, step) WHERE item IS NOT NULL;
CREATE INDEX intents_due ON intents (flow, not_before, n) WHERE state IN ('planned', 'unknown');
CREATE INDEX intents_sent ON intents (flow) WHERE state = 'sent';
CREATE UNIQUE INDEX intents_by_dependency ON intents (connection, entity, dependency_key) WHERE dependency_key IS NOT NULL;
CREATE INDEX intents_by_result ON intents (connection, result_id) WHERE result_id IS NOT NULL;

-- What is written; none when that is the item's document as it is. Kept until the intent took effect.
CREATE TABLE intent_documents (
    intent INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

-- Which intent waits for which dependency.
CREATE TABLE waits (
    intent INTEGER NOT NULL,
    dependency INTEGER NOT NULL,
    PRIMARY KEY (intent, dependency)
) STRICT, WITHOUT ROWID;
CREATE INDEX waits_by_dependency ON waits (dependency);

-- Under which causes and keys a parked item is filed.
CREATE TABLE parkings (
    item INTEGER NOT NULL,
    cause TEXT NOT NULL,
    place TEXT NOT NULL,
    key TEXT NOT NULL,
    by_flow INTEGER NOT NULL,           -- decided here, not told by a remote
    since INTEGER NOT NULL,
    PRIMARY KEY (item, cause, place, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX parkings_by_key ON parkings (cause, place, key, since);

CREATE TABLE holds (
    scope TEXT NOT NULL,                -- connection, feed, writes
    name TEXT NOT NULL,                 -- of the connection, or of the flow
    entity TEXT NOT NULL DEFAULT '',
    action TEXT NOT NULL DEFAULT '',
    cause TEXT NOT NULL,
    message TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    streak INTEGER NOT NULL DEFAULT 0,  -- times in a row that the remote was not there
    mark TEXT,                          -- of the credential, when it was refused
    PRIMARY KEY (scope, name, entity, action)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    n INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_item ON events (item);

CREATE TABLE wake_ups (
    connection TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER NOT NULL,
    every_seconds INTEGER,
    payload TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL,
    PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX wake_ups_due ON wake_ups (not_before);
