//! Statements that mean the same in both engines.
//!
//! A search is a subquery that names each certificate once and says whether its primary key
//! matches. Ordering by that column first keeps planners from walking all certificates in the
//! order of their fingerprints to find the first few that match.

/// One search for both kinds of answer. Parameter 1 is the limit.
pub struct SearchStatements {
    pub certificates: &'static str,
    pub summaries: &'static str,
}

macro_rules! search_statements {
    ($matches:literal) => {
        $crate::storage::sql::SearchStatements {
            certificates: concat!(
                "SELECT c.fingerprint, c.digest_v23, c.digest_v24, c.packets, c.legacy_form, c.legacy FROM (",
                $matches,
                ") AS m JOIN certs AS c ON c.id = m.cert_id ORDER BY m.is_primary DESC, c.fingerprint LIMIT $1"
            ),
            summaries: concat!(
                "SELECT c.digest_v23, c.digest_v24, c.summary FROM (",
                $matches,
                ") AS m JOIN certs AS c ON c.id = m.cert_id ORDER BY m.is_primary DESC, c.fingerprint LIMIT $1"
            ),
        }
    };
}
pub(crate) use search_statements;

/// $2: key ID, $3: fingerprint. The index on key IDs serves fingerprints too. Of one certificate
/// each fingerprint is stored once.
pub const BY_FINGERPRINT: SearchStatements =
    search_statements!("SELECT cert_id, is_primary FROM cert_keys WHERE key_id = $2 AND fingerprint = $3");

/// $2: key ID. Two keys of one certificate may share it.
pub const BY_KEY_ID: SearchStatements = search_statements!(
    "SELECT cert_id, max(is_primary) AS is_primary FROM cert_keys WHERE key_id = $2 GROUP BY cert_id"
);

/// $2: lower-cased address.
pub const BY_EMAIL: SearchStatements =
    search_statements!("SELECT cert_id, 1 AS is_primary FROM user_ids WHERE email = $2 GROUP BY cert_id");

/// $2: digest.
pub const BY_DIGEST: SearchStatements = search_statements!(
    "SELECT id AS cert_id, 1 AS is_primary FROM certs WHERE digest_v23 = $2 \
     UNION SELECT id, 1 FROM certs WHERE digest_v24 = $2"
);

pub const COUNT: &str = "SELECT count(*) FROM certs";

/// $1: the fingerprint before the first, $2: limit.
pub const DIGESTS: &str =
    "SELECT fingerprint, digest_v23, digest_v24 FROM certs WHERE fingerprint > $1 ORDER BY fingerprint LIMIT $2";

/// $1: the position before the first, $2: limit.
pub const CHANGES: &str =
    "SELECT seq, profile, sign, digest, fingerprint FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2";

/// $1: hour, $2 to $4: counts.
pub const ADD_HOURLY: &str = "INSERT INTO stats_hourly (hour, inserted, updated, removed) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (hour) DO UPDATE SET inserted = stats_hourly.inserted + excluded.inserted, \
     updated = stats_hourly.updated + excluded.updated, removed = stats_hourly.removed + excluded.removed";

/// $1: the first hour.
pub const HOURLY: &str = "SELECT hour, inserted, updated, removed FROM stats_hourly WHERE hour >= $1 ORDER BY hour";
