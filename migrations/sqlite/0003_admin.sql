-- What operators do to certificates: who did what, and which signed requests were carried out.

-- NULL until what the block left behind is undone after its end.
ALTER TABLE blocked ADD COLUMN released_at INTEGER;

CREATE TABLE admin_requests (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL DEFAULT (unixepoch()),
    action TEXT NOT NULL,
    -- The fingerprint of the certificate that signed, or the name of who used a command.
    actor TEXT NOT NULL,
    -- Fingerprints parted by spaces.
    targets TEXT NOT NULL,
    comment TEXT,
    outcome TEXT NOT NULL,
    -- What was signed, and by whom: no request is carried out twice. NULL for commands.
    signed BLOB UNIQUE
) STRICT;
