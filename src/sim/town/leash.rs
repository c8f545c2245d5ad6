//! The store as one generation of the bot reaches it: not at all once it is dead, and under the
//! hardship that the story is played under.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::generation::Generation;
use super::hardship::{Firsts, Hardship};
use crate::clock::Clock;
use crate::id::{RequestId, Shard};
use crate::lane::{Alarms, Lane};
use crate::notes;
use crate::store::{
    Append, Appended, Claim, Claims, Commit, CommitId, Committed, Head, Ledger, Record, Result,
    Store, StoreError, Tail, Version, Wants,
};
use crate::units::{Seconds, Time};

/// What a hardship of the store remembers; it outlives generations.
#[derive(Debug, Default)]
pub(super) struct Trials {
    steps: Firsts<(RequestId, Lane, Option<CommitId>)>,
    commits: Firsts<CommitId>,
    appends: Firsts<Head>,
    last_commit: AtomicBool,
}

impl Trials {
    /// The process dies after the next commit that is applied.
    pub(super) fn last_commit(&self) {
        self.last_commit.store(true, Ordering::SeqCst);
    }
}

/// One generation's handle.
#[derive(Debug)]
pub(super) struct Leash {
    pub(super) store: Arc<dyn Store>,
    pub(super) generation: Generation,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) hardship: Option<Hardship>,
    pub(super) trials: Arc<Trials>,
}

impl Leash {
    async fn commit_alive(&self, step: Commit) -> Result<Committed> {
        match self.hardship {
            Some(Hardship::Repeat) => self.commit_twice(step).await,
            _ => self.commit_once(step).await,
        }
    }

    /// Commits, and dies of it where that is its fate.
    async fn commit_once(&self, step: Commit) -> Result<Committed> {
        // Put on record before what it is about (a rule's text before the request, a refusal before its
        // answer), and nothing follows from it: a death here is no other case than one before that.
        let on_record = notes::kept::only_on_record(&step.owner);
        let committed = self.store.commit(step).await?;
        if matches!(committed, Committed::Applied(_)) && !on_record {
            if self.trials.last_commit.swap(false, Ordering::SeqCst) {
                self.generation.kill();
            } else if self.hardship == Some(Hardship::CrashAfterCommits) {
                self.generation.crash();
            }
        }
        Ok(committed)
    }

    /// The first time that a lane commits on a version, its lease is lost; the first answer to what
    /// was applied is lost.
    async fn commit_twice(&self, step: Commit) -> Result<Committed> {
        if let Some((lane, token)) = step.claim {
            let on = step
                .expected
                .as_ref()
                .map(|Version { commit, .. }| commit.clone());
            if self.trials.steps.take((step.id.clone(), lane, on)) {
                let now = self.clock.now();
                let (id, attempt, due) = (step.id, 1, now);
                let claim = Claim {
                    id,
                    lane,
                    token,
                    attempt,
                    due,
                };
                // Given back and not left to end: who lost a lease is replaced at once.
                self.store.release(&claim, now).await?;
                return Ok(Committed::Fenced);
            }
        }
        let commit = step.commit.clone();
        let committed = self.commit_once(step).await?;
        let applied = matches!(committed, Committed::Applied(_));
        if applied && self.trials.commits.take(commit) {
            return Err(StoreError::Away(anyhow::anyhow!("its answer was lost")));
        }
        Ok(committed)
    }

    /// Appends; the first answer to each append is lost. No process dies of one: that would kill it twice for
    /// each commit, and end what is no part of the ledger at any moment. The ledger's own tests let processes
    /// die at every call.
    async fn append_alive(&self, step: Append) -> Result<Appended> {
        let head = step.head.clone();
        let appended = self.store.append(step).await?;
        let repeats = self.hardship == Some(Hardship::Repeat);
        if appended == Appended::Done && repeats && self.trials.appends.take(head) {
            return Err(StoreError::Away(anyhow::anyhow!("its answer was lost")));
        }
        Ok(appended)
    }
}

#[async_trait]
impl Store for Leash {
    async fn commit(&self, step: Commit) -> Result<Committed> {
        self.generation
            .lasting(step.lasting, || self.commit_alive(step.clone()))
            .await
    }

    async fn load(&self, id: &RequestId) -> Result<Option<Record>> {
        self.generation.store(|| self.store.load(id)).await
    }

    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims> {
        self.generation
            .store(|| self.store.claim(shard, wants))
            .await
    }

    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.generation
            .store(|| self.store.renew(claim, lease))
            .await
    }

    async fn renew_lasting(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.generation
            .lasting(true, || self.store.renew_lasting(claim, lease))
            .await
    }

    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool> {
        self.generation
            .store(|| self.store.release(claim, again_at))
            .await
    }

    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()> {
        self.generation.store(|| self.store.wake(id, lane)).await
    }

    async fn seen(&self, key: &str) -> Result<Option<RequestId>> {
        self.generation.store(|| self.store.seen(key)).await
    }

    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>> {
        self.generation
            .store(|| self.store.open(shard, after, limit))
            .await
    }

    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
        self.generation
            .store(|| self.store.of_owner(owner, limit))
            .await
    }

    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
        self.generation.store(|| self.store.events(id, after)).await
    }

    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize> {
        self.generation
            .store(|| self.store.restore_alarms(id, alarms))
            .await
    }

    async fn ping(&self) -> Result<()> {
        self.generation.store(|| self.store.ping()).await
    }
}

#[async_trait]
impl Ledger for Leash {
    async fn unrecorded(&self, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>> {
        self.generation
            .store(|| self.store.unrecorded(shard, limit))
            .await
    }

    async fn recorded(&self, ids: &[RequestId]) -> Result<Vec<u64>> {
        self.generation.store(|| self.store.recorded(ids)).await
    }

    async fn append(&self, step: Append) -> Result<Appended> {
        self.generation
            .store(|| self.append_alive(step.clone()))
            .await
    }

    async fn settle(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.generation
            .store(|| self.store.settle(id, number))
            .await
    }

    async fn restore_unrecorded(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.generation
            .store(|| self.store.restore_unrecorded(id, number))
            .await
    }

    async fn head(&self) -> Result<Tail> {
        self.generation.store(|| self.store.head()).await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<String>> {
        self.generation
            .store(|| self.store.records(after, limit))
            .await
    }

    async fn trim(&self, upto: &Head) -> Result<bool> {
        self.generation.store(|| self.store.trim(upto)).await
    }

    async fn cursor(&self, sink: &str) -> Result<u64> {
        self.generation.store(|| self.store.cursor(sink)).await
    }

    async fn set_cursor(&self, sink: &str, seq: u64) -> Result<()> {
        self.generation
            .store(|| self.store.set_cursor(sink, seq))
            .await
    }
}
