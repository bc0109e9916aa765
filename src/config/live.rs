//! A value that may be replaced while the server runs.

use std::sync::Arc;

use tokio::sync::watch;

/// What applies at the moment. All clones are one.
#[derive(Debug)]
pub struct Live<T>(Arc<watch::Sender<Arc<T>>>);

impl<T> Live<T> {
    pub fn new(value: T) -> Self {
        Self(Arc::new(watch::Sender::new(Arc::new(value))))
    }

    /// The value at the moment, which stays as it is for whoever holds it. Costs no more than a shared count.
    pub fn get(&self) -> Arc<T> {
        self.0.borrow().clone()
    }

    pub fn set(&self, value: T) {
        self.0.send_replace(Arc::new(value));
    }

    /// As [`Live::set`], unless the value is the same.
    pub fn update(&self, value: T)
    where
        T: PartialEq,
    {
        self.0.send_if_modified(|current| {
            let is_other = **current != value;
            if is_other {
                *current = Arc::new(value);
            }
            is_other
        });
    }

    /// Tells of changes for as long as a clone of this is kept.
    pub fn changes(&self) -> watch::Receiver<Arc<T>> {
        self.0.subscribe()
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
