//! What a certificate is found by: its rows in `cert_keys`, `user_ids` and `user_words`.

use std::fmt::Write as _;

use sqlx::SqliteConnection;

use crate::storage::StorageError;
use crate::storage::write::{NewRow, UserIdRow};

/// Writes the lists of a certificate that has none.
pub async fn insert(conn: &mut SqliteConnection, cert_id: i64, row: &NewRow<'_>) -> Result<(), StorageError> {
    for key in row.keys() {
        sqlx::query("INSERT INTO cert_keys (cert_id, key_id, is_primary, fingerprint) VALUES ($1, $2, $3, $4)")
            .bind(cert_id)
            .bind(key.key_id)
            .bind(key.is_primary)
            .bind(key.fingerprint)
            .execute(&mut *conn)
            .await?;
    }
    for user_id in row.user_ids() {
        insert_user_id(conn, cert_id, &user_id).await?;
    }
    Ok(())
}

/// Deletes the lists of a certificate.
pub async fn delete(conn: &mut SqliteConnection, cert_id: i64) -> Result<(), StorageError> {
    for statement in [
        "DELETE FROM user_words WHERE rowid IN (SELECT id FROM user_ids WHERE cert_id = $1)",
        "DELETE FROM user_ids WHERE cert_id = $1",
        "DELETE FROM cert_keys WHERE cert_id = $1",
    ] {
        sqlx::query(statement).bind(cert_id).execute(&mut *conn).await?;
    }
    Ok(())
}

/// A word as the tokenizer `ascii tokenchars '_'` sees exactly one token: lower-case letters, digits and
/// everything beyond ASCII as they are, other characters as `_` and two hexadecimal digits.
pub fn token(word: &str) -> String {
    let mut token = String::with_capacity(word.len() + 8);
    for c in word.chars() {
        if c.is_ascii() && !c.is_ascii_lowercase() && !c.is_ascii_digit() {
            let _ = write!(token, "_{:02x}", u32::from(c));
        } else {
            token.push(c);
        }
    }
    token
}

async fn insert_user_id(
    conn: &mut SqliteConnection,
    cert_id: i64,
    user_id: &UserIdRow<'_>,
) -> Result<(), StorageError> {
    let inserted = sqlx::query("INSERT INTO user_ids (cert_id, email) VALUES ($1, $2)")
        .bind(cert_id)
        .bind(user_id.email)
        .execute(&mut *conn)
        .await?;
    let tokens: Vec<String> = user_id.words.iter().map(|word| token(word)).collect();
    sqlx::query("INSERT INTO user_words (rowid, words) VALUES ($1, $2)")
        .bind(inserted.last_insert_rowid())
        .bind(tokens.join(" "))
        .execute(conn)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::token;

    /// Different words are different tokens, and no token has a character that ends it or the expression.
    #[test]
    fn words_become_single_tokens() {
        assert_eq!(token("anne-marie"), "anne_2dmarie");
        assert_eq!(token("anne_2dmarie"), "anne_5f2dmarie");
        assert_eq!(token("a@example.org"), "a_40example_2eorg");
        assert_eq!(token("o'neil \"x\" \\"), "o_27neil_20_22x_22_20_5c");
        assert_eq!(token("žofie"), "žofie");
    }
}
