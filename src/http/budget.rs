//! Limits on how much is in use at once, which can be changed meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So much may be in use at once. All clones are one.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Account>);

#[derive(Debug)]
struct Account {
    used: AtomicUsize,
    limit: AtomicUsize,
}

/// What somebody uses, until it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    amount: usize,
}

impl Budget {
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Account { used: AtomicUsize::new(0), limit: AtomicUsize::new(limit) }))
    }

    /// What is in use stays so: after the limit was lowered, nothing more is given until enough is back.
    pub fn set_limit(&self, limit: usize) {
        self.0.limit.store(limit, Ordering::Relaxed);
    }

    /// `None` when there is not so much left.
    pub fn take(&self, amount: usize) -> Option<Share> {
        let limit = self.0.limit.load(Ordering::Relaxed);
        let add = |used: usize| used.checked_add(amount).filter(|used| *used <= limit);
        self.0.used.fetch_update(Ordering::AcqRel, Ordering::Relaxed, add).ok()?;
        Some(Share { budget: self.clone(), amount })
    }
}

impl Share {
    /// Takes more of the same budget.
    pub fn grow(&mut self, amount: usize) -> Option<()> {
        let mut more = self.budget.take(amount)?;
        self.amount += std::mem::take(&mut more.amount);
        Some(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.amount, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No more than the limit is given, and what comes back can be given again.
    #[test]
    fn no_more_than_the_limit_is_given() {
        let budget = Budget::new(3);
        let mut share = budget.take(1).unwrap();
        assert_eq!(share.grow(1), Some(()));
        assert_eq!(share.grow(2), None);
        assert!(budget.take(2).is_none() && budget.take(usize::MAX).is_none());
        drop(share);
        assert!(budget.take(3).is_some());
    }

    /// A limit counts from the moment at which it is changed, also with what is in use already.
    #[test]
    fn the_limit_can_be_changed() {
        let budget = Budget::new(2);
        let [first, second] = [budget.take(1).unwrap(), budget.take(1).unwrap()];
        budget.set_limit(1);
        drop(first);
        assert!(budget.take(1).is_none());
        drop(second);
        let third = budget.take(1).unwrap();
        assert!(budget.take(1).is_none());
        budget.set_limit(2);
        assert!(budget.take(1).is_some());
        drop(third);
    }
}
