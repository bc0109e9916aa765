-- What reconciliation with other keyservers keeps: the queue of digests to fetch, and what units tell each other.
-- Times are milliseconds since 1970-01-01T00:00:00Z.

-- Digests that partners have and we lack.
CREATE TABLE recovery (
    digest BLOB PRIMARY KEY,
    first_seen INTEGER NOT NULL,
    -- How often it was claimed.
    attempts INTEGER NOT NULL DEFAULT 0,
    claimed_until INTEGER NOT NULL DEFAULT 0,
    claimed_by TEXT,
    claimed_from TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_offers (
    digest BLOB NOT NULL,
    partner TEXT NOT NULL CHECK (octet_length(partner) <= 255),
    -- That of the partner's tree.
    profile INTEGER NOT NULL,
    -- How often the partner was asked in vain.
    attempts INTEGER NOT NULL DEFAULT 0,
    offered_at INTEGER NOT NULL,
    next_try INTEGER NOT NULL,
    verdict TEXT,
    PRIMARY KEY (digest, partner)
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_offers_due ON recovery_offers (partner, next_try, digest);

-- Digests that partners have and that are not to be fetched.
CREATE TABLE settled (
    digest BLOB PRIMARY KEY,
    profile INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    fingerprint BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX settled_fingerprint ON settled (fingerprint) WHERE fingerprint IS NOT NULL;

CREATE TABLE partners (
    name TEXT PRIMARY KEY CHECK (octet_length(name) <= 255),
    next_due INTEGER NOT NULL,
    owner TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE partner_events (
    partner TEXT NOT NULL REFERENCES partners ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (octet_length(kind) <= 255),
    at INTEGER NOT NULL,
    unit TEXT NOT NULL,
    detail TEXT NOT NULL CHECK (octet_length(detail) <= 65536),
    PRIMARY KEY (partner, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE units (
    id TEXT PRIMARY KEY CHECK (octet_length(id) <= 255),
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    -- Followed the log up to here; NULL: not yet.
    position INTEGER,
    state BLOB NOT NULL CHECK (octet_length(state) <= 65536)
) STRICT, WITHOUT ROWID;

CREATE TABLE unit_requests (
    -- AUTOINCREMENT: the numbers of pruned requests are never used again.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    requested_at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (octet_length(kind) <= 255)
) STRICT;

CREATE TABLE unit_answers (
    request INTEGER NOT NULL REFERENCES unit_requests ON DELETE CASCADE,
    unit TEXT NOT NULL CHECK (octet_length(unit) <= 255),
    at INTEGER NOT NULL,
    answer TEXT NOT NULL CHECK (octet_length(answer) <= 65536),
    PRIMARY KEY (request, unit)
) STRICT, WITHOUT ROWID;

-- One row: the highest position that was pruned from changes.
CREATE TABLE log_floor (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    position INTEGER NOT NULL
) STRICT;
INSERT INTO log_floor (id, position) VALUES (0, 0);

-- How far keyservers that do not reconcile were told of changes.
CREATE TABLE push_targets (
    target TEXT PRIMARY KEY CHECK (octet_length(target) <= 255),
    -- All of changes up to here was pushed.
    position INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    last_sync INTEGER,
    failures INTEGER NOT NULL,
    last_error TEXT CHECK (octet_length(last_error) <= 65536)
) STRICT, WITHOUT ROWID;
