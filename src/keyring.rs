//! The use cases: what can be done with the certificates of a store.

pub mod admin;
pub mod block;
pub mod fetch_by_digest;
pub mod load;
pub mod lookup;
pub mod peers;
pub mod recover;
pub mod stats;
pub mod submit;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use lookup::LookupError;
pub use recover::{Recovered, Recovery};
pub use submit::{CertificateResult, Outcome, Submission, SubmitError};

use crate::cert;
use crate::config::Live;
use crate::storage::Store;
use crate::telemetry::KeyringMetrics;

/// The use cases over one store. Cheap to clone.
#[derive(Clone)]
pub struct Keyring {
    store: Store,
    settings: Live<Settings>,
    /// Threads that may parse and verify at once.
    verifiers: Arc<Semaphore>,
    metrics: KeyringMetrics,
    counts: Arc<stats::Counts>,
}

/// What an operator may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub limits: cert::Limits,
    /// The most certificates that one search answers.
    pub result_limit: u32,
    /// The most octets of certificates that one request by digests answers.
    pub response_octets_limit: u64,
    /// The most submissions that are parsed and verified at once; others wait.
    pub verifier_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: cert::Limits::default(),
            result_limit: 100,
            response_octets_limit: 268_435_456,
            verifier_limit: std::thread::available_parallelism().map_or(2, usize::from),
        }
    }
}

impl Keyring {
    pub fn new(store: Store, settings: Settings, metrics: KeyringMetrics) -> Self {
        Self {
            store,
            settings: Live::new(settings),
            verifiers: Arc::new(Semaphore::new(settings.verifier_limit.max(1))),
            metrics,
            counts: Arc::default(),
        }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What applies at the moment.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.get()
    }

    /// What applies from now on, but for the number of verifiers; what is under way may see either.
    pub fn reload(&self, settings: Settings) {
        self.settings.set(settings);
    }
}
