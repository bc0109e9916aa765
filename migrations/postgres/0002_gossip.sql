-- What reconciliation with other keyservers keeps: the queue of digests to fetch, and what units tell each other.
-- Times are milliseconds since 1970-01-01T00:00:00Z.

-- Digests that partners have and we lack. Whoever writes a digest's offers holds its row here.
CREATE TABLE recovery (
    digest bytea PRIMARY KEY,
    first_seen bigint NOT NULL,
    -- How often it was claimed.
    attempts integer NOT NULL DEFAULT 0,
    claimed_until bigint NOT NULL DEFAULT 0,
    claimed_by text,
    claimed_from text
);

CREATE TABLE recovery_offers (
    digest bytea NOT NULL,
    partner text COLLATE "C" NOT NULL CHECK (octet_length(partner) <= 255),
    -- That of the partner's tree.
    profile smallint NOT NULL,
    -- How often the partner was asked in vain.
    attempts integer NOT NULL DEFAULT 0,
    offered_at bigint NOT NULL,
    next_try bigint NOT NULL,
    verdict text COLLATE "C",
    PRIMARY KEY (digest, partner)
);
CREATE INDEX recovery_offers_due ON recovery_offers (partner, next_try, digest);

-- Digests that partners have and that are not to be fetched.
CREATE TABLE settled (
    digest bytea PRIMARY KEY,
    profile smallint NOT NULL,
    at bigint NOT NULL,
    reason text COLLATE "C" NOT NULL,
    fingerprint bytea
);
CREATE INDEX settled_fingerprint ON settled (fingerprint) WHERE fingerprint IS NOT NULL;

CREATE TABLE partners (
    name text COLLATE "C" PRIMARY KEY CHECK (octet_length(name) <= 255),
    next_due bigint NOT NULL,
    owner text
);

CREATE TABLE partner_events (
    partner text COLLATE "C" NOT NULL REFERENCES partners ON DELETE CASCADE,
    kind text COLLATE "C" NOT NULL CHECK (octet_length(kind) <= 255),
    at bigint NOT NULL,
    unit text NOT NULL,
    detail text NOT NULL CHECK (octet_length(detail) <= 65536),
    PRIMARY KEY (partner, kind)
);

CREATE TABLE units (
    id text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) <= 255),
    started_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    -- Followed the log up to here; NULL: not yet.
    position bigint,
    state bytea NOT NULL CHECK (octet_length(state) <= 65536)
);

CREATE TABLE unit_requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    requested_at bigint NOT NULL,
    kind text NOT NULL CHECK (octet_length(kind) <= 255)
);

CREATE TABLE unit_answers (
    request bigint NOT NULL REFERENCES unit_requests ON DELETE CASCADE,
    unit text COLLATE "C" NOT NULL CHECK (octet_length(unit) <= 255),
    at bigint NOT NULL,
    answer text NOT NULL CHECK (octet_length(answer) <= 65536),
    PRIMARY KEY (request, unit)
);

-- One row: the highest position that was pruned from changes.
CREATE TABLE log_floor (
    id smallint PRIMARY KEY CHECK (id = 0),
    position bigint NOT NULL
);
INSERT INTO log_floor (id, position) VALUES (0, 0);

-- How far keyservers that do not reconcile were told of changes.
CREATE TABLE push_targets (
    target text COLLATE "C" PRIMARY KEY CHECK (octet_length(target) <= 255),
    -- All of changes up to here was pushed.
    position bigint NOT NULL,
    seen_at bigint NOT NULL,
    last_sync bigint,
    failures integer NOT NULL,
    last_error text CHECK (octet_length(last_error) <= 65536)
);
