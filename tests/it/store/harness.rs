//! What the conformance suite needs of a product, and the same for each of them.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use drawbridge::clock::Clock;
use drawbridge::store::memory::MemoryStore;
use drawbridge::store::redis::RedisStore;
use drawbridge::store::sqlite::SqliteStore;
use drawbridge::store::{Store, Wants};
use drawbridge::units::{Seconds, Time};
use tempfile::TempDir;

use super::steps::shard;
use crate::servers::redis::{Product, RedisServer};

/// A store as one replica has it.
pub(crate) type Replica = Arc<dyn Store>;

/// A product under test.
#[async_trait]
pub(crate) trait Harness: Send + Sync {
    /// A store over the product's data, with a connection of its own where there are connections.
    async fn store(&self) -> Replica;

    /// Waits until the store's clock shows `at`, or advances it.
    async fn until(&self, at: Time);

    /// Crashes the product and starts it again over the same data. The old stores are handed in
    /// because a file can have only one owner. The memory store keeps running.
    async fn restart(&self, old: Vec<Replica>) -> Replica;

    /// Makes the product full, or gives it room again.
    async fn set_full(&self, full: bool, old: Replica) -> Replica;
}

/// The clock that a store judges by.
pub(crate) async fn now(store: &dyn Store) -> Time {
    let nothing = Wants {
        gate: 0,
        card: 0,
        lease: Seconds(0),
    };
    store.claim(shard(), nothing).await.unwrap().now
}

/// A clock that moves when the test says so.
#[derive(Debug)]
pub(crate) struct ManualClock(Mutex<Time>);

impl ManualClock {
    pub(crate) fn new() -> Self {
        let start = DateTime::from_timestamp_millis(1_900_000_000_123).unwrap();
        Self(Mutex::new(start))
    }

    fn set(&self, at: Time) {
        let mut now = self.0.lock().unwrap();
        *now = at.max(*now);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Time {
        // A microsecond a reading: nothing may rely on two calls seeing the same instant.
        let mut now = self.0.lock().unwrap();
        *now += TimeDelta::microseconds(1);
        *now
    }

    async fn sleep_until(&self, at: Time) {
        self.set(at);
    }
}

/// The memory store.
pub(crate) struct Memory {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
}

impl Memory {
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(ManualClock::new());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        Self { clock, store }
    }
}

#[async_trait]
impl Harness for Memory {
    async fn store(&self) -> Replica {
        self.store.clone()
    }

    async fn until(&self, at: Time) {
        self.clock.set(at);
    }

    async fn restart(&self, _old: Vec<Replica>) -> Replica {
        self.store.clone()
    }

    async fn set_full(&self, full: bool, old: Replica) -> Replica {
        self.store.set_full(full);
        old
    }
}

/// SQLite: one file, one owner.
pub(crate) struct Sqlite {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: TempDir,
    open: Mutex<Weak<SqliteStore>>,
}

impl Sqlite {
    pub(crate) async fn start() -> Self {
        Self {
            clock: Arc::new(ManualClock::new()),
            folder: tempfile::tempdir().unwrap(),
            open: Mutex::new(Weak::new()),
        }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("drawbridge.db")
    }

    fn keep(&self, store: SqliteStore) -> Replica {
        let store = Arc::new(store);
        *self.open.lock().unwrap() = Arc::downgrade(&store);
        store
    }

    fn open(&self) -> Replica {
        self.keep(SqliteStore::open(&self.path(), self.clock.clone()).unwrap())
    }
}

#[async_trait]
impl Harness for Sqlite {
    async fn store(&self) -> Replica {
        let open = self.open.lock().unwrap().upgrade();
        match open {
            Some(store) => store,
            None => self.open(),
        }
    }

    async fn until(&self, at: Time) {
        self.clock.set(at);
    }

    async fn restart(&self, old: Vec<Replica>) -> Replica {
        drop(old);
        self.open()
    }

    async fn set_full(&self, full: bool, old: Replica) -> Replica {
        drop(old);
        if !full {
            return self.open();
        }
        // A page: less than the file has, which SQLite takes as "no more than now".
        self.keep(SqliteStore::open_bounded(&self.path(), self.clock.clone(), 4096).unwrap())
    }
}

/// One server, Redis or Valkey.
pub(crate) struct Single {
    pub(crate) server: tokio::sync::Mutex<RedisServer>,
}

impl Single {
    pub(crate) async fn start(product: Product) -> Self {
        Self {
            server: tokio::sync::Mutex::new(RedisServer::start(product).await),
        }
    }
}

#[async_trait]
impl Harness for Single {
    async fn store(&self) -> Replica {
        let url = self.server.lock().await.url();
        Arc::new(RedisStore::connect(&url).unwrap())
    }

    async fn until(&self, at: Time) {
        until_by_its_own_clock(&*self.store().await, at).await;
    }

    async fn restart(&self, old: Vec<Replica>) -> Replica {
        self.server.lock().await.restart().await;
        // The old store must find the server again by itself.
        old.into_iter().next().unwrap()
    }

    async fn set_full(&self, full: bool, old: Replica) -> Replica {
        self.server.lock().await.set_full(full).await;
        old
    }
}

/// Waits on the level that the store's own clock shows, for at most twenty seconds.
pub(crate) async fn until_by_its_own_clock(store: &dyn Store, at: Time) {
    let wait = async {
        while now(store).await < at {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let came = tokio::time::timeout(Duration::from_secs(20), wait).await;
    came.expect("the store's clock does not get there");
}
