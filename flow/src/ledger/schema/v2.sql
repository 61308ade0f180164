-- The program that brought the file to its schema.
ALTER TABLE installation ADD COLUMN program TEXT;

-- How many items of a flow are in which state, so that nobody has to count them.
CREATE TABLE counts (
    flow INTEGER NOT NULL,
    state TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (flow, state)
) STRICT, WITHOUT ROWID;
INSERT INTO counts (flow, state, items) SELECT flow, state, count(*) FROM items GROUP BY flow, state;

CREATE TRIGGER item_comes AFTER INSERT ON items BEGIN
    INSERT INTO counts (flow, state, items) VALUES (new.flow, new.state, 1)
        ON CONFLICT (flow, state) DO UPDATE SET items = items + 1;
END;
CREATE TRIGGER item_moves AFTER UPDATE OF state ON items WHEN old.state <> new.state BEGIN
    UPDATE counts SET items = items - 1 WHERE flow = old.flow AND state = old.state;
    INSERT INTO counts (flow, state, items) VALUES (new.flow, new.state, 1)
        ON CONFLICT (flow, state) DO UPDATE SET items = items + 1;
END;

ALTER TABLE items ADD COLUMN version_read INTEGER;          -- when this version was read, if later than `read`
ALTER TABLE items ADD COLUMN compacted INTEGER NOT NULL DEFAULT 0;
-- Done items that still have the details of their way, by age.
CREATE INDEX items_to_compact ON items (flow, settled) WHERE state = 'done' AND compacted = 0;

-- The id that somebody says the document has: a person who looked, or a connector that is to be checked.
ALTER TABLE intents ADD COLUMN told_id TEXT;
ALTER TABLE intents ADD COLUMN told_by TEXT;
-- Dependencies that are to be made, so that nobody looks through those that were.
CREATE INDEX intents_open_dependencies ON intents (flow) WHERE kind = 'dependency' AND state IN ('planned', 'sent', 'unknown');

-- What a person stopped; only a person lets it go on.
CREATE TABLE pauses (
    scope TEXT NOT NULL,                -- flow, connection, credential
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    who TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;

-- Windows of feeds that are read again, each with a place of its own in the feed.
CREATE TABLE backfills (
    n INTEGER PRIMARY KEY,
    flow INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    cursor_version INTEGER,             -- null before the first page
    cursor BLOB,
    pages INTEGER NOT NULL DEFAULT 0,
    items INTEGER NOT NULL DEFAULT 0,
    news INTEGER NOT NULL DEFAULT 0,
    who TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER                       -- null while there is more to read
) STRICT;
CREATE UNIQUE INDEX backfills_open ON backfills (flow, since, until) WHERE ended IS NULL;

-- Which connector each connection had last, and for which version of its shape the configuration was written.
CREATE TABLE connectors (
    connection TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    config_version INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE flows ADD COLUMN may_duplicate INTEGER NOT NULL DEFAULT 0;  -- its target cannot be asked about creates

-- What stands in the way of an intent at its target, as it was when that was noticed.
CREATE TABLE conflicts (
    intent INTEGER PRIMARY KEY,
    existing_id TEXT NOT NULL,
    theirs BLOB                         -- null where the connector cannot read it
) STRICT;
