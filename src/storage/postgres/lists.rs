//! What certificates are found by: their rows in `cert_keys` and `user_ids`.

use sqlx::PgConnection;

use crate::storage::StorageError;
use crate::storage::write::NewRow;

const INSERT_KEYS: &str = "INSERT INTO cert_keys (cert_id, key_id, is_primary, fingerprint) \
     SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::smallint[], $4::bytea[])";

const INSERT_USER_IDS: &str = "INSERT INTO user_ids (cert_id, email, words) \
     SELECT n.cert_id, n.email, n.words::tsvector FROM UNNEST($1::bigint[], $2::text[], $3::text[]) AS n (cert_id, email, words)";

/// Writes the lists of certificates that have none.
pub async fn insert(conn: &mut PgConnection, rows: &[(i64, &NewRow<'_>)]) -> Result<(), StorageError> {
    let (mut cert_ids, mut key_ids, mut are_primary, mut fingerprints) = (vec![], vec![], vec![], vec![]);
    for (cert_id, key) in rows.iter().flat_map(|(id, row)| row.keys().map(|key| (*id, key))) {
        cert_ids.push(cert_id);
        key_ids.push(key.key_id);
        are_primary.push(key.is_primary);
        fingerprints.push(key.fingerprint);
    }
    if !cert_ids.is_empty() {
        let query = sqlx::query(INSERT_KEYS).bind(cert_ids).bind(key_ids).bind(are_primary).bind(fingerprints);
        query.execute(&mut *conn).await?;
    }
    insert_user_ids(conn, rows).await
}

/// Deletes the lists of certificates.
pub async fn delete(conn: &mut PgConnection, cert_ids: &[i64]) -> Result<(), StorageError> {
    if cert_ids.is_empty() {
        return Ok(());
    }
    for statement in ["DELETE FROM cert_keys WHERE cert_id = ANY($1)", "DELETE FROM user_ids WHERE cert_id = ANY($1)"] {
        sqlx::query(statement).bind(cert_ids).execute(&mut *conn).await?;
    }
    Ok(())
}

/// A word in the text forms of `tsvector` and `tsquery`, where quotes take everything literally
/// but quotes and backslashes, which are doubled.
pub fn lexeme(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''"))
}

async fn insert_user_ids(conn: &mut PgConnection, rows: &[(i64, &NewRow<'_>)]) -> Result<(), StorageError> {
    let (mut cert_ids, mut emails, mut words) = (vec![], vec![], vec![]);
    for (cert_id, user_id) in rows.iter().flat_map(|(id, row)| row.user_ids().map(|user_id| (*id, user_id))) {
        cert_ids.push(cert_id);
        emails.push(user_id.email);
        words.push(user_id.words.iter().map(|word| lexeme(word)).collect::<Vec<_>>().join(" "));
    }
    if !cert_ids.is_empty() {
        sqlx::query(INSERT_USER_IDS).bind(cert_ids).bind(emails).bind(words).execute(conn).await?;
    }
    Ok(())
}
