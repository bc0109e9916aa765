-- Taking over the certificates of Hockeypuck's tables, which are read and never written.

-- A pass reads the rows of the table `keys` in the order of `rfingerprint`. At most one pass is open.
CREATE TABLE adoptions (
    pass bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    -- Only rows with a later mtime are read.
    since timestamptz NOT NULL,
    -- The last mtime when the pass began.
    watermark timestamptz NOT NULL,
    -- Rows to read, and a hash of the rows about the watermark; NULL: not measured yet.
    total bigint,
    recent text,
    -- Rows up to this rfingerprint have been read.
    reached text NOT NULL DEFAULT '',
    read bigint NOT NULL DEFAULT 0,
    inserted bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    -- The unit that works on it, and how far the pass was when it began to.
    owner text,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    claimed_at timestamptz,
    claimed_read bigint NOT NULL DEFAULT 0,
    advanced_at timestamptz
);
CREATE UNIQUE INDEX adoptions_open ON adoptions ((finished_at IS NULL)) WHERE finished_at IS NULL;

-- Rows that were not taken over, with the reason of the last pass that read them.
CREATE TABLE adoption_rejects (
    rfingerprint text PRIMARY KEY,
    pass bigint NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL
);
