//! A database of Hockeypuck and keyrings over it.

use hockeypuck::domain::Digest;
use hockeypuck::keyring::adopt::{Importer, Pace, TurnEnd};
use hockeypuck::keyring::{Keyring, Settings};
use hockeypuck::storage::adopt::{Foreign, Pass};
use hockeypuck::storage::{self, Store};
use hockeypuck::telemetry::KeyringMetrics;
use prometheus::Registry;
use tokio_util::sync::CancellationToken;

use crate::support::hockeypuck::{Release, Source, SourceRow};
use crate::support::postgres;
use crate::support::store::patient;

pub struct World {
    pub source: Source,
    pub rows: Vec<SourceRow>,
    pub store: Store,
    pub keyring: Keyring,
}

impl World {
    /// A database with these certificates, as a server finds it when it starts.
    pub async fn new(release: Release, certificates: &[Vec<u8>]) -> Self {
        let source = Source::create(&postgres::fresh_database().await, release).await;
        let rows = source.put(certificates).await;
        storage::migrate(&source.url).await.unwrap();
        let (store, keyring) = unit(&source.url).await;
        Self { source, rows, store, keyring }
    }

    /// Takes over all there is, as another start of a server does.
    pub async fn adopt(&self) -> Pass {
        let (_, keyring) = unit(&self.source.url).await;
        while keyring.find_changed_rows().await.unwrap() {
            assert_eq!(turn(&keyring, "unit").await, TurnEnd::Finished);
        }
        self.keyring.refresh_adoption().await.unwrap();
        self.pass().await
    }

    /// The last pass.
    pub async fn pass(&self) -> Pass {
        self.keyring.adoption().await.unwrap().swap_remove(0)
    }

    /// Every row of the source that is whole is stored with the same digest.
    pub async fn assert_stored(&self, rows: &[SourceRow]) {
        for row in rows {
            let digest: Digest = row.md5.parse().unwrap();
            let stored = self.store.gossip().stored(&[digest]).await.unwrap();
            assert_eq!(stored, [digest], "{}", row.fingerprint);
        }
    }
}

/// Another server on the database: what it has when it starts to serve.
pub async fn unit(url: &str) -> (Store, Keyring) {
    let store = storage::open(url, &patient()).await.unwrap();
    let metrics = KeyringMetrics::register(&Registry::new()).unwrap();
    let keyring = Keyring::new(store.clone(), Settings::default(), metrics);
    assert_ne!(keyring.prepare_adoption().await.unwrap(), Foreign::Absent);
    (store, keyring)
}

/// One turn of a unit at full speed.
pub async fn turn(keyring: &Keyring, name: &str) -> TurnEnd {
    importer(keyring, name).turn(false, &CancellationToken::new()).await.unwrap()
}

pub fn importer(keyring: &Keyring, name: &str) -> Importer {
    Importer { keyring: keyring.clone(), unit: name.into(), pace: Pace { concurrency: 4, rest: 0 } }
}
