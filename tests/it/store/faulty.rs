//! A store for one life of a process: its calls fail, or the process dies in them, as a plan says.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use drawbridge::id::{RequestId, Shard};
use drawbridge::store::{
    Alarms, Append, Appended, Claim, Claims, Commit, Committed, Head, Lane, Ledger, Record, Result,
    Store, StoreError, Tail, Wants,
};
use drawbridge::units::{Seconds, Time};
use tokio_util::sync::CancellationToken;

use super::harness::Replica;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails and nothing was done.
    FailsBefore,
    /// It was done, and its answer is lost.
    FailsAfter,
    /// The process dies, and nothing was done.
    DiesBefore,
    /// It was done, and the process dies.
    DiesAfter,
}

impl Fault {
    pub(crate) const ALL: [Self; 4] = [
        Self::FailsBefore,
        Self::FailsAfter,
        Self::DiesBefore,
        Self::DiesAfter,
    ];
}

/// Whether a call, by its number, goes wrong.
pub(crate) type Plan = Box<dyn Fn(u64) -> Option<Fault> + Send + Sync>;

pub(crate) struct Faulty {
    pub(crate) store: Replica,
    pub(crate) plan: Plan,
    /// Cancelled when the process is dead.
    pub(crate) dead: CancellationToken,
    pub(crate) calls: AtomicU64,
}

impl std::fmt::Debug for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faulty").finish_non_exhaustive()
    }
}

impl Faulty {
    pub(crate) fn new(store: Replica, plan: Plan) -> Self {
        Self {
            store,
            plan,
            dead: CancellationToken::new(),
            calls: AtomicU64::new(0),
        }
    }

    async fn through<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let fault = (self.plan)(number);
        // A memory store never waits: so others get their turn in the middle of a pass.
        tokio::task::yield_now().await;
        match fault {
            None => call.await,
            Some(Fault::FailsBefore) => Err(lost()),
            Some(Fault::DiesBefore) => self.die().await,
            Some(Fault::FailsAfter) => {
                call.await?;
                Err(lost())
            }
            Some(Fault::DiesAfter) => {
                call.await?;
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.dead.cancel();
        pending().await
    }
}

fn lost() -> StoreError {
    StoreError::Away(anyhow::anyhow!("the test lost it"))
}

#[async_trait]
impl Ledger for Faulty {
    async fn unrecorded(&self, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>> {
        self.through(self.store.unrecorded(shard, limit)).await
    }

    async fn recorded(&self, ids: &[RequestId]) -> Result<Vec<u64>> {
        self.through(self.store.recorded(ids)).await
    }

    async fn append(&self, step: Append) -> Result<Appended> {
        self.through(self.store.append(step)).await
    }

    async fn settle(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.through(self.store.settle(id, number)).await
    }

    async fn restore_unrecorded(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.through(self.store.restore_unrecorded(id, number))
            .await
    }

    async fn head(&self) -> Result<Tail> {
        self.through(self.store.head()).await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<String>> {
        self.through(self.store.records(after, limit)).await
    }

    async fn trim(&self, upto: &Head) -> Result<bool> {
        self.through(self.store.trim(upto)).await
    }

    async fn cursor(&self, sink: &str) -> Result<u64> {
        self.through(self.store.cursor(sink)).await
    }

    async fn set_cursor(&self, sink: &str, seq: u64) -> Result<()> {
        self.through(self.store.set_cursor(sink, seq)).await
    }
}

#[async_trait]
impl Store for Faulty {
    async fn commit(&self, step: Commit) -> Result<Committed> {
        self.through(self.store.commit(step)).await
    }

    async fn load(&self, id: &RequestId) -> Result<Option<Record>> {
        self.through(self.store.load(id)).await
    }

    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims> {
        self.through(self.store.claim(shard, wants)).await
    }

    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.through(self.store.renew(claim, lease)).await
    }

    async fn renew_lasting(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.through(self.store.renew_lasting(claim, lease)).await
    }

    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool> {
        self.through(self.store.release(claim, again_at)).await
    }

    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()> {
        self.through(self.store.wake(id, lane)).await
    }

    async fn seen(&self, key: &str) -> Result<Option<RequestId>> {
        self.through(self.store.seen(key)).await
    }

    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>> {
        self.through(self.store.open(shard, after, limit)).await
    }

    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
        self.through(self.store.of_owner(owner, limit)).await
    }

    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
        self.through(self.store.events(id, after)).await
    }

    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize> {
        self.through(self.store.restore_alarms(id, alarms)).await
    }

    async fn ping(&self) -> Result<()> {
        self.through(self.store.ping()).await
    }
}
