-- Certificates, what they are found by, and the log of digests that enter and leave each profile.
-- Times are seconds since 1970-01-01T00:00:00Z.

-- Large columns stand last: SQLite walks a row's overflow pages up to the last column that it needs.
CREATE TABLE certs (
    id INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    digest_v23 BLOB UNIQUE,
    digest_v24 BLOB UNIQUE,
    revision INTEGER NOT NULL DEFAULT 1,
    -- Octets of packets.
    length INTEGER NOT NULL,
    -- A hash of the certificate's rows in cert_keys, user_ids and user_words.
    lists INTEGER NOT NULL,
    -- 0 full, 1 stripped, 2 revocation, 3 hidden.
    legacy_form INTEGER NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (unixepoch()),
    updated_at INTEGER NOT NULL DEFAULT (unixepoch()),
    summary BLOB NOT NULL,
    packets BLOB NOT NULL,
    legacy BLOB
) STRICT;

-- Not unique by key: any number of certificates may claim one subkey.
CREATE TABLE cert_keys (
    cert_id INTEGER NOT NULL,
    key_id INTEGER NOT NULL,
    is_primary INTEGER NOT NULL,
    fingerprint BLOB NOT NULL
) STRICT;
CREATE INDEX cert_keys_key_id ON cert_keys (key_id);
CREATE INDEX cert_keys_cert_id ON cert_keys (cert_id);

CREATE TABLE user_ids (
    id INTEGER PRIMARY KEY,
    cert_id INTEGER NOT NULL,
    email TEXT
) STRICT;
CREATE INDEX user_ids_email ON user_ids (email) WHERE email IS NOT NULL;
CREATE INDEX user_ids_cert_id ON user_ids (cert_id);

-- One row for each of user_ids; the words are encoded by the program so that each is one token.
CREATE VIRTUAL TABLE user_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = "ascii tokenchars '_'"
);

CREATE TABLE changes (
    -- AUTOINCREMENT: the positions of pruned rows are never used again.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    profile INTEGER NOT NULL,
    sign INTEGER NOT NULL,
    at INTEGER NOT NULL DEFAULT (unixepoch()),
    digest BLOB NOT NULL,
    fingerprint BLOB NOT NULL
) STRICT;

CREATE TABLE blocked (
    fingerprint BLOB PRIMARY KEY,
    comment TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (unixepoch()),
    -- NULL: never.
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE stats_hourly (
    -- The hour's first second.
    hour INTEGER PRIMARY KEY,
    inserted INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    removed INTEGER NOT NULL
) STRICT;
