//! Whether the tables are there, and in which shape.

use sqlx::PgConnection;

use crate::storage::StorageError;

/// The columns that are read. They are in the tables of every version since 2.0; 2.3 added some with the version of
/// keys, by which version 6 certificates are found.
const SHAPE: &str = "SELECT \
     count(*) FILTER (WHERE t = 'keys' AND (a.attname, a.atttypid::regtype::text) IN (('rfingerprint', 'text'), \
         ('doc', 'jsonb'), ('mtime', 'timestamp with time zone'), ('md5', 'text'), ('keywords', 'tsvector'))) = 5 \
     AND count(*) FILTER (WHERE t = 'subkeys' AND (a.attname, a.atttypid::regtype::text) IN \
         (('rfingerprint', 'text'), ('rsubfp', 'text'))) = 2 AS is_there, \
     count(*) FILTER (WHERE (t, a.attname) IN (('keys', 'vfingerprint'), ('subkeys', 'vsubfp'))) = 2 AS has_versions, \
     coalesce(bool_and(has_table_privilege(a.attrelid, 'SELECT')), true) AS is_readable \
     FROM unnest(ARRAY['keys', 'subkeys']) AS t JOIN pg_attribute AS a ON a.attrelid = to_regclass(t) \
     WHERE a.attnum > 0 AND NOT a.attisdropped";

/// What is known of the tables of Hockeypuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Shape {
    is_there: bool,
    /// Whether fingerprints are also kept with their version, in the right order.
    pub has_versions: bool,
    is_readable: bool,
}

/// `None` when there are no such tables, or others with their names.
pub async fn shape(conn: &mut PgConnection) -> Result<Option<Shape>, StorageError> {
    let shape: Shape = sqlx::query_as(SHAPE).fetch_one(&mut *conn).await?;
    if !shape.is_there {
        return Ok(None);
    }
    if !shape.is_readable {
        let role: String = sqlx::query_scalar("SELECT quote_ident(current_user)").fetch_one(conn).await?;
        return Err(StorageError::Schema(format!(
            "Hockeypuck's tables are there, but may not be read; as their owner, run: GRANT SELECT ON keys, subkeys TO {role}"
        )));
    }
    Ok(Some(shape))
}
