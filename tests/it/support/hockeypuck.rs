//! Databases as Hockeypuck leaves them: its tables, its documents, its words. Written from their description, and
//! by none of the code that reads them.

pub mod document;
pub mod words;

use sha1::Digest as _;
use sqlx::{Connection as _, PgConnection};

use super::certificates::split;
use super::forge::{Forged, KEY, SUBKEY, Signer, USER_ID};

/// Whose database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    V22,
    V23,
    V24,
}

pub const RELEASES: [Release; 3] = [Release::V22, Release::V23, Release::V24];

const TABLES_2_2: &str = "
    CREATE TABLE keys (rfingerprint TEXT NOT NULL PRIMARY KEY, doc jsonb NOT NULL,
        ctime TIMESTAMP WITH TIME ZONE NOT NULL, mtime TIMESTAMP WITH TIME ZONE NOT NULL,
        md5 TEXT NOT NULL UNIQUE, keywords tsvector);
    CREATE TABLE subkeys (rfingerprint TEXT NOT NULL, rsubfp TEXT NOT NULL PRIMARY KEY,
        FOREIGN KEY (rfingerprint) REFERENCES keys(rfingerprint));
    CREATE TABLE pks_status (addr TEXT NOT NULL PRIMARY KEY, last_sync TIMESTAMP WITH TIME ZONE, last_error TEXT);
    CREATE INDEX keys_rfp ON keys(rfingerprint text_pattern_ops);
    CREATE INDEX keys_ctime ON keys(ctime);
    CREATE INDEX keys_mtime ON keys(mtime);
    CREATE INDEX keys_keywords ON keys USING gin(keywords);
    CREATE INDEX subkeys_rfp ON subkeys(rsubfp text_pattern_ops);
    INSERT INTO pks_status VALUES ('hkp://keys.example.org', now(), '')";

/// What 2.3 and 2.4 add at their start.
const MORE_SINCE_2_3: &str = "
    ALTER TABLE keys ADD idxtime TIMESTAMPTZ NOT NULL DEFAULT '1970-01-01T00:00:00Z';
    ALTER TABLE keys ALTER idxtime DROP DEFAULT;
    ALTER TABLE keys ADD vfingerprint TEXT NOT NULL DEFAULT '';
    ALTER TABLE keys ALTER vfingerprint DROP DEFAULT;
    ALTER TABLE subkeys ADD vsubfp TEXT NOT NULL DEFAULT '';
    ALTER TABLE subkeys ALTER vsubfp DROP DEFAULT;
    CREATE TABLE userids (rfingerprint TEXT NOT NULL, uidstring TEXT NOT NULL, identity TEXT,
        confidence INTEGER NOT NULL, FOREIGN KEY (rfingerprint) REFERENCES keys(rfingerprint),
        PRIMARY KEY (rfingerprint, uidstring));
    CREATE INDEX keys_vfp ON keys(vfingerprint);
    CREATE INDEX keys_idxtime ON keys(idxtime);
    CREATE INDEX subkeys_vfp ON subkeys(vsubfp);
    CREATE INDEX userids_identity ON userids(identity text_pattern_ops)";

/// A database of Hockeypuck.
pub struct Source {
    pub url: String,
    release: Release,
}

/// A certificate with what Hockeypuck keeps of it in columns.
pub struct SourceRow {
    pub fingerprint: String,
    pub md5: String,
    pub document: String,
    pub user_ids: Vec<String>,
    pub subkeys: Vec<String>,
}

impl SourceRow {
    /// Of a certificate's packets, in the order in which they are served.
    pub fn new(release: Release, packets: &[u8]) -> Self {
        let packets = split(packets);
        let names = |wanted: u8| packets.iter().filter(move |(tag, _)| *tag == wanted);
        let document = document::of(release, &packets).to_string();
        Self {
            fingerprint: names(KEY).map(|(_, body)| fingerprint(body)).next().unwrap(),
            md5: digest(&packets),
            document,
            user_ids: names(USER_ID).map(|(_, body)| String::from_utf8_lossy(body).into_owned()).collect(),
            subkeys: names(SUBKEY).map(|(_, body)| fingerprint(body)).collect(),
        }
    }
}

impl Source {
    /// The tables of `release` in an empty database.
    pub async fn create(url: &str, release: Release) -> Self {
        let source = Self { url: url.to_owned(), release };
        source.run(TABLES_2_2).await;
        if release != Release::V22 {
            source.run(MORE_SINCE_2_3).await;
        }
        source
    }

    /// Inserts certificates, or replaces them, as of now.
    pub async fn put(&self, certificates: &[Vec<u8>]) -> Vec<SourceRow> {
        let rows: Vec<SourceRow> = certificates.iter().map(|packets| SourceRow::new(self.release, packets)).collect();
        for chunk in rows.chunks(2000) {
            self.put_rows(chunk).await;
        }
        rows
    }

    /// Inserts or replaces rows as they are.
    pub async fn put_rows(&self, rows: &[SourceRow]) {
        let (more, values) = match self.release {
            Release::V22 => ("", "to_tsvector(w)"),
            Release::V23 | Release::V24 => (", idxtime, vfingerprint", "w::tsvector, now(), v"),
        };
        let statement = format!(
            "INSERT INTO keys (rfingerprint, doc, ctime, mtime, md5, keywords{more})
             SELECT r, d::jsonb, now(), now(), m, {values}
             FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS n (r, d, m, w, v)
             ON CONFLICT (rfingerprint) DO UPDATE
             SET doc = excluded.doc, mtime = excluded.mtime, md5 = excluded.md5, keywords = excluded.keywords"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(rows.iter().map(|row| reversed(&row.fingerprint)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.document.as_str()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.md5.as_str()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| words::column(self.release, &row.user_ids)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| versioned(&row.fingerprint)).collect::<Vec<_>>());
        let mut connection = self.connect().await;
        query.execute(&mut connection).await.expect("keys are inserted");
        self.put_lists(&mut connection, rows).await;
    }

    async fn put_lists(&self, connection: &mut PgConnection, rows: &[SourceRow]) {
        let subkeys = rows.iter().flat_map(|row| row.subkeys.iter().map(|subkey| (&row.fingerprint, subkey)));
        let (keys, subkeys): (Vec<_>, Vec<_>) = subkeys.map(|(key, subkey)| (reversed(key), subkey)).unzip();
        let (more, values) = if self.release == Release::V22 { ("", "") } else { (", vsubfp", ", v") };
        let statement = format!(
            "INSERT INTO subkeys (rfingerprint, rsubfp{more}) SELECT r, s{values}
             FROM UNNEST($1::text[], $2::text[], $3::text[]) AS n (r, s, v) ON CONFLICT DO NOTHING"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(keys);
        let query = query.bind(subkeys.iter().map(|subkey| reversed(subkey)).collect::<Vec<_>>());
        let query = query.bind(subkeys.iter().map(|subkey| versioned(subkey)).collect::<Vec<_>>());
        query.execute(&mut *connection).await.expect("subkeys are inserted");
        if self.release == Release::V22 {
            return;
        }
        let found = rows.iter().filter(|row| words::are_kept(&row.user_ids));
        let texts = found.flat_map(|row| row.user_ids.iter().map(|text| (reversed(&row.fingerprint), text)));
        let (keys, texts): (Vec<_>, Vec<_>) = texts.unzip();
        sqlx::query(
            "INSERT INTO userids SELECT r, u, i, 0 FROM UNNEST($1::text[], $2::text[], $3::text[]) AS n (r, u, i)
             ON CONFLICT DO NOTHING",
        )
        .bind(keys)
        .bind(&texts)
        .bind(texts.iter().map(|text| words::identity(text)).collect::<Vec<_>>())
        .execute(connection)
        .await
        .expect("user IDs are inserted");
    }

    /// Runs statements on the database.
    pub async fn run(&self, statements: &str) {
        let statements = sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()));
        statements.execute(&mut self.connect().await).await.expect("the statements run");
    }

    /// The text that a query answers.
    pub async fn text(&self, query: &str) -> String {
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()));
        query.fetch_one(&mut self.connect().await).await.expect("the query answers a text")
    }

    /// A checksum of all that Hockeypuck has, the definitions of its tables included.
    pub async fn checksum(&self) -> String {
        let mut tables = vec!["keys", "subkeys", "pks_status"];
        if self.release != Release::V22 {
            tables.push("userids");
        }
        let mut sums = Vec::new();
        for table in tables {
            let rows = format!(
                "SELECT coalesce(md5(string_agg(t::text || t.xmin, '|' ORDER BY t::text)), '') FROM {table} AS t"
            );
            let columns = format!(
                "SELECT md5(string_agg(a::text, '|' ORDER BY a.attnum)) FROM pg_attribute AS a WHERE attrelid = '{table}'::regclass"
            );
            let indexes = format!(
                "SELECT coalesce(string_agg(indexdef, '|' ORDER BY 1), '') FROM (SELECT indexdef FROM pg_indexes WHERE tablename = '{table}') AS i"
            );
            sums.push([self.text(&rows).await, self.text(&columns).await, self.text(&indexes).await].join("/"));
        }
        sums.join("\n")
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("PostgreSQL connects")
    }
}

/// Different certificates of one key material, each with one user ID `Anne N Example <anneN@example.org>`; every
/// tenth has a subkey.
pub fn certificates(count: u32) -> Vec<Vec<u8>> {
    let (primary, subkey) = (Signer::ed25519_legacy(), Signer::ed25519_legacy());
    (0..count).map(|n| certificate(&primary, (n % 10 == 0).then_some(&subkey), n)).collect()
}

/// The certificate that key material makes at the time `n`.
pub fn certificate(primary: &Signer, subkey: Option<&Signer>, n: u32) -> Vec<u8> {
    let mut forged = Forged::bare(primary.made_at(1_500_000_000 + n));
    forged.user_id(format!("Anne {n} Example <anne{n}@example.org>").as_bytes());
    if let Some(subkey) = subkey {
        let subkey = subkey.made_at(1_500_000_000 + n);
        forged.subkey(&subkey, &subkey.body);
    }
    forged.octets()
}

/// The fingerprint of a key by the body of its packet, in hexadecimal digits.
pub fn fingerprint(body: &[u8]) -> String {
    let hashed = super::forge::key::hashed_key(body);
    match body[0] {
        6 => hex::encode(sha2::Sha256::digest(hashed)),
        _ => hex::encode(sha1::Sha1::digest(hashed)),
    }
}

/// The digest that keyservers reconcile by, in hexadecimal digits.
pub fn digest(packets: &[(u8, bytes::Bytes)]) -> String {
    let mut sorted: Vec<_> = packets.iter().collect();
    sorted.sort();
    let mut md5 = md5::Md5::new();
    for (tag, body) in sorted {
        md5.update(u32::from(*tag).to_be_bytes());
        md5.update(u32::try_from(body.len()).unwrap().to_be_bytes());
        md5.update(body);
    }
    hex::encode(md5.finalize())
}

pub fn reversed(digits: &str) -> String {
    digits.chars().rev().collect()
}

fn versioned(fingerprint: &str) -> String {
    let version = if fingerprint.len() == 64 { "06" } else { "04" };
    format!("{version}{fingerprint}")
}
