-- What operators do to certificates: who did what, and which signed requests were carried out.

-- NULL until what the block left behind is undone after its end.
ALTER TABLE blocked ADD COLUMN released_at timestamptz;

CREATE TABLE admin_requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL,
    -- The fingerprint of the certificate that signed, or the name of who used a command.
    actor text NOT NULL,
    -- Fingerprints parted by spaces.
    targets text NOT NULL,
    comment text,
    outcome text NOT NULL,
    -- What was signed, and by whom: no request is carried out twice. NULL for commands.
    signed bytea CONSTRAINT admin_requests_signed UNIQUE
);

-- The table of Hockeypuck's charm, which its older image reads at every start.
CREATE TABLE IF NOT EXISTS deleted_keys (
    fingerprint TEXT PRIMARY KEY NOT NULL,
    comment TEXT NOT NULL
);
