//! One lookup at a time takes over a certificate; the others wait for it.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::storage::adopt::Row;

/// The rows that lookups are taking over, by name.
#[derive(Debug, Default)]
pub(super) struct Claims {
    names: Mutex<HashSet<String>>,
    ended: Notify,
}

/// Rows that are this lookup's, and the names of those that are others'.
pub(super) struct Claimed<'a> {
    claims: &'a Claims,
    rows: Vec<Row>,
    others: Vec<String>,
}

impl Claims {
    pub(super) fn take(&self, rows: Vec<Row>) -> Claimed<'_> {
        let mut names = self.lock();
        let (rows, others): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| names.insert(row.name.clone()));
        Claimed { claims: self, rows, others: others.into_iter().map(|row| row.name).collect() }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claimed<'_> {
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Ends the claims, and waits until the other lookups have ended theirs.
    pub(super) async fn wait_for_others(mut self) {
        let others = std::mem::take(&mut self.others);
        let claims = self.claims;
        drop(self);
        loop {
            // Before looking, so that no end is missed.
            let ended = claims.ended.notified();
            if !others.iter().any(|name| claims.lock().contains(name)) {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Claimed<'_> {
    /// Also when the lookup was given up.
    fn drop(&mut self) {
        let mut names = self.claims.lock();
        for row in &self.rows {
            names.remove(&row.name);
        }
        drop(names);
        self.claims.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(names: &[&str]) -> Vec<Row> {
        let row = |name: &&str| Row { name: (*name).into(), md5: String::new(), octets: 0, is_stored: false };
        names.iter().map(row).collect()
    }

    /// A row is one lookup's until that ends, however it does; the others go on then.
    #[tokio::test]
    async fn others_wait() {
        let claims = Claims::default();
        let first = claims.take(rows(&["a", "b"]));
        let second = claims.take(rows(&["b", "c"]));
        assert_eq!((first.rows().len(), second.rows().len()), (2, 1));
        let mut waiting = std::pin::pin!(second.wait_for_others());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(first);
        waiting.await;
        assert_eq!(claims.take(rows(&["a", "b", "c"])).rows().len(), 3);
    }
}
