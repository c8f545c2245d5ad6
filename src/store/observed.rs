//! A store whose calls are timed and whose errors are counted.

mod ledger;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{
    Alarms, Claim, Claims, Commit, Committed, Lane, Record, Result, Store, StoreError, Wants,
};
use crate::id::{RequestId, Shard};
use crate::metrics::Metrics;
use crate::units::{Seconds, Time};

/// Passes every call on.
#[derive(Debug)]
pub struct Observed {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
}

impl Observed {
    /// This store, observed.
    pub fn new(store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Self {
        Self { store, metrics }
    }

    async fn time<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let began = Instant::now();
        let answer = call.await;
        let failed = answer.as_ref().err().map(StoreError::class);
        self.metrics.store_called(name, failed, began.elapsed());
        answer
    }
}

#[async_trait]
impl Store for Observed {
    async fn commit(&self, step: Commit) -> Result<Committed> {
        self.time("commit", self.store.commit(step)).await
    }

    async fn load(&self, id: &RequestId) -> Result<Option<Record>> {
        self.time("load", self.store.load(id)).await
    }

    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims> {
        self.time("claim", self.store.claim(shard, wants)).await
    }

    fn together(&self) -> bool {
        self.store.together()
    }

    async fn claim_each(&self, wants: &[(Shard, Wants)]) -> Vec<Result<Claims>> {
        let began = Instant::now();
        let answers = self.store.claim_each(wants).await;
        for answer in &answers {
            let failed = answer.as_ref().err().map(StoreError::class);
            self.metrics.store_called("claim", failed, began.elapsed());
        }
        answers
    }

    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.time("renew", self.store.renew(claim, lease)).await
    }

    async fn renew_lasting(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.time("renew_lasting", self.store.renew_lasting(claim, lease))
            .await
    }

    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool> {
        self.time("release", self.store.release(claim, again_at))
            .await
    }

    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()> {
        self.time("wake", self.store.wake(id, lane)).await
    }

    async fn seen(&self, key: &str) -> Result<Option<RequestId>> {
        self.time("seen", self.store.seen(key)).await
    }

    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>> {
        self.time("open", self.store.open(shard, after, limit))
            .await
    }

    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
        self.time("of_owner", self.store.of_owner(owner, limit))
            .await
    }

    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
        self.time("events", self.store.events(id, after)).await
    }

    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize> {
        self.time("restore_alarms", self.store.restore_alarms(id, alarms))
            .await
    }

    async fn ping(&self) -> Result<()> {
        self.time("ping", self.store.ping()).await
    }
}
