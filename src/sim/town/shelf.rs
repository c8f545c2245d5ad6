//! The town's store, behind a door: it can be away or full, it can be emptied, and one in memory can go back to a copy.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;

use crate::clock::Clock;
use crate::id::{RequestId, Shard};
use crate::lane::{Alarms, Lane};
use crate::notes;
use crate::store::memory::{MemoryStore, Snapshot};
use crate::store::{
    Append, Appended, Claim, Claims, Commit, Committed, Head, Ledger, Record, Result, Store,
    StoreError, Tail, Wants,
};
use crate::units::{Seconds, Time};

/// What a call takes when the store is slow: several of them are longer than Slack waits.
const SLOW: Duration = Duration::from_millis(700);

/// A store that stories and storms can break.
#[derive(Debug)]
pub struct Shelf {
    door: Arc<Door>,
    /// The store itself, if it is one in memory.
    memory: Option<Arc<MemoryStore>>,
    copy: Mutex<Option<Snapshot>>,
}

/// What a store held, and what it holds instead.
#[derive(Debug)]
pub struct WentBack {
    /// Before.
    pub held: Snapshot,
    /// From now on.
    pub holds: Snapshot,
}

#[derive(Debug)]
struct Door {
    inner: Mutex<Arc<dyn Store>>,
    away: AtomicBool,
    full: AtomicBool,
    slow: AtomicBool,
    writes: AtomicU64,
    created: Mutex<Vec<RequestId>>,
    noted: Mutex<Vec<RequestId>>,
}

impl Shelf {
    /// Puts a door before a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let door = Door {
            inner: Mutex::new(store),
            away: AtomicBool::new(false),
            full: AtomicBool::new(false),
            slow: AtomicBool::new(false),
            writes: AtomicU64::new(0),
            created: Mutex::default(),
            noted: Mutex::default(),
        };
        Self {
            door: Arc::new(door),
            memory: None,
            copy: Mutex::default(),
        }
    }

    /// The same before one that can go back.
    pub fn in_memory(store: Arc<MemoryStore>) -> Self {
        let memory = Some(Arc::clone(&store));
        Self {
            memory,
            ..Self::new(store)
        }
    }

    /// The store as the bot knows it.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.door) as Arc<dyn Store>
    }

    /// The store itself, for those who look on: it answers them whatever the bot meets.
    pub fn behind_the_door(&self) -> Arc<dyn Store> {
        Arc::clone(
            &self
                .door
                .inner
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Whether it answers from now on.
    pub fn be_away(&self, away: bool) {
        self.door.away.store(away, Ordering::SeqCst);
    }

    /// Whether it does not answer.
    pub fn is_away(&self) -> bool {
        self.door.away.load(Ordering::SeqCst)
    }

    /// Whether it is full from now on: it refuses commits that end nothing, records of the ledger and pings, as Redis
    /// does at `maxmemory` (`store/redis/scripts.rs`).
    pub fn be_full(&self, full: bool) {
        self.door.full.store(full, Ordering::SeqCst);
    }

    /// Whether every call takes long from now on.
    pub fn be_slow(&self, slow: bool) {
        self.door.slow.store(slow, Ordering::SeqCst);
    }

    /// Everything in it is lost: an empty one stands in its place.
    pub fn replace(&self, empty: Arc<dyn Store>) {
        *self
            .door
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = empty;
    }

    /// Everything in it is lost; one that is not in memory is replaced by one that is.
    pub fn empty(&self, clock: Arc<dyn Clock>) -> Option<WentBack> {
        let empty = MemoryStore::new(clock);
        let Some(memory) = &self.memory else {
            self.replace(Arc::new(empty));
            return None;
        };
        Some(hold(memory, empty.snapshot()))
    }

    /// The store itself, if it is one in memory.
    pub fn memory(&self) -> Option<&Arc<MemoryStore>> {
        self.memory.as_ref()
    }

    /// Keeps what it holds now, for [`Shelf::go_back`].
    ///
    /// # Errors
    /// It is no store in memory.
    pub fn keep_copy(&self) -> anyhow::Result<()> {
        let memory = self.memory.as_ref().context(NOT_IN_MEMORY)?;
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        *copy = Some(memory.snapshot());
        Ok(())
    }

    /// Whether something was kept of it.
    pub fn has_copy(&self) -> bool {
        let copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        copy.is_some()
    }

    /// It holds again what was kept of it; what came later is lost.
    ///
    /// # Errors
    /// Nothing was kept, or it is no store in memory.
    pub fn go_back(&self) -> anyhow::Result<WentBack> {
        let memory = self.memory.as_ref().context(NOT_IN_MEMORY)?;
        let copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = copy.clone().context("no copy of the store was kept")?;
        Ok(hold(memory, copy))
    }

    /// Every request ever created, oldest first; emptying the store changes nothing here.
    pub fn created(&self) -> Vec<RequestId> {
        self.door
            .created
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Everything ever created: notes first, then requests, each oldest first.
    pub fn documents(&self) -> Vec<RequestId> {
        let noted = self
            .door
            .noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut all = noted.clone();
        drop(noted);
        all.extend(self.created());
        all
    }

    /// Commits so far, those apart from which nothing follows but that something is on record.
    pub fn writes(&self) -> u64 {
        self.door.writes.load(Ordering::SeqCst)
    }
}

const NOT_IN_MEMORY: &str = "only a store in memory can go back";

/// The store holds this from now on, and nothing else.
fn hold(memory: &MemoryStore, holds: Snapshot) -> WentBack {
    let held = memory.snapshot();
    memory.restore(holds.clone());
    WentBack { held, holds }
}

impl Door {
    async fn inside(&self) -> Result<Arc<dyn Store>> {
        if self.slow.load(Ordering::SeqCst) {
            tokio::time::sleep(SLOW).await;
        }
        if self.away.load(Ordering::SeqCst) {
            return Err(StoreError::Away(anyhow::anyhow!("the story broke it")));
        }
        Ok(Arc::clone(
            &self.inner.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    }

    /// The same, for what needs room.
    async fn inside_with_room(&self) -> Result<Arc<dyn Store>> {
        let inside = self.inside().await?;
        match self.full.load(Ordering::SeqCst) {
            true => Err(StoreError::Full(anyhow::anyhow!("the story filled it"))),
            false => Ok(inside),
        }
    }
}

#[async_trait]
impl Store for Door {
    async fn commit(&self, step: Commit) -> Result<Committed> {
        if !notes::kept::only_on_record(&step.owner) {
            self.writes.fetch_add(1, Ordering::SeqCst);
        }
        let is_note = step.owner.starts_with(notes::PREFIX);
        let new = step.expected.is_none().then(|| step.id.clone());
        let inside = match step.closing {
            true => self.inside().await?,
            false => self.inside_with_room().await?,
        };
        let committed = inside.commit(step).await?;
        if let (Some(id), Committed::Applied(_)) = (new, &committed) {
            let list = if is_note { &self.noted } else { &self.created };
            let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
            list.push(id);
        }
        Ok(committed)
    }

    async fn load(&self, id: &RequestId) -> Result<Option<Record>> {
        self.inside().await?.load(id).await
    }

    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims> {
        self.inside().await?.claim(shard, wants).await
    }

    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.inside().await?.renew(claim, lease).await
    }

    async fn renew_lasting(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.inside().await?.renew_lasting(claim, lease).await
    }

    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool> {
        self.inside().await?.release(claim, again_at).await
    }

    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()> {
        self.inside().await?.wake(id, lane).await
    }

    async fn seen(&self, key: &str) -> Result<Option<RequestId>> {
        self.inside().await?.seen(key).await
    }

    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>> {
        self.inside().await?.open(shard, after, limit).await
    }

    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
        self.inside().await?.of_owner(owner, limit).await
    }

    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
        self.inside().await?.events(id, after).await
    }

    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize> {
        self.inside().await?.restore_alarms(id, alarms).await
    }

    async fn ping(&self) -> Result<()> {
        self.inside_with_room().await?.ping().await
    }
}

#[async_trait]
impl Ledger for Door {
    async fn unrecorded(&self, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>> {
        self.inside().await?.unrecorded(shard, limit).await
    }

    async fn recorded(&self, ids: &[RequestId]) -> Result<Vec<u64>> {
        self.inside().await?.recorded(ids).await
    }

    async fn append(&self, step: Append) -> Result<Appended> {
        self.inside_with_room().await?.append(step).await
    }

    async fn settle(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.inside().await?.settle(id, number).await
    }

    async fn restore_unrecorded(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.inside().await?.restore_unrecorded(id, number).await
    }

    async fn head(&self) -> Result<Tail> {
        self.inside().await?.head().await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<String>> {
        self.inside().await?.records(after, limit).await
    }

    async fn trim(&self, upto: &Head) -> Result<bool> {
        self.inside().await?.trim(upto).await
    }

    async fn cursor(&self, sink: &str) -> Result<u64> {
        self.inside().await?.cursor(sink).await
    }

    async fn set_cursor(&self, sink: &str, seq: u64) -> Result<()> {
        self.inside().await?.set_cursor(sink, seq).await
    }
}
