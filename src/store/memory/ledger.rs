//! The ledger's side of the memory store.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use crate::id::{RequestId, Shard};
use crate::store::lane::Millis;
use crate::store::ledger::{check, check_sink};
use crate::store::{Append, Appended, Head, Ledger, MAX_READ, Result, Tail};
use crate::units::Time;

/// The chain and what waits for it.
#[derive(Debug, Default, Clone)]
pub(super) struct Chain {
    waiting: BTreeMap<RequestId, Millis>,
    recorded: BTreeMap<RequestId, u64>,
    records: BTreeMap<u64, String>,
    head: Option<Head>,
    before: Option<Head>,
    cursors: BTreeMap<String, u64>,
}

impl Chain {
    /// Lets a document wait, since now if it does not wait already; whether it did not.
    pub(super) fn wait(&mut self, id: &RequestId, now: Millis) -> bool {
        let mut set = false;
        self.waiting.entry(id.clone()).or_insert_with(|| {
            set = true;
            now
        });
        set
    }

    fn number(&self, id: &RequestId) -> u64 {
        self.recorded.get(id).copied().unwrap_or_default()
    }

    fn append(&mut self, step: Append) -> Appended {
        let goes_on = self.head.clone().unwrap_or_else(Head::origin) == step.after;
        let known = |(id, from): (&RequestId, u64)| self.number(id) == from;
        if !goes_on || !step.recorded.iter().map(|p| (&p.id, p.from)).all(known) {
            return Appended::Conflict;
        }
        let first = step.after.seq.saturating_add(1);
        self.records.extend((first..).zip(step.records));
        self.head = Some(step.head);
        let recorded = step.recorded.into_iter();
        self.recorded.extend(recorded.map(|p| (p.id, p.to)));
        Appended::Done
    }

    fn trim(&mut self, upto: &Head) -> bool {
        let gone = self.before.as_ref().map_or(0, |head| head.seq);
        let Some(head) = self.head.as_ref().filter(|_| upto.seq > gone) else {
            return false;
        };
        if upto.seq > head.seq || (upto.seq == head.seq && upto != head) {
            return false;
        }
        self.records = self.records.split_off(&upto.seq.saturating_add(1));
        self.before = Some(upto.clone());
        true
    }
}

#[async_trait]
impl Ledger for MemoryStore {
    async fn unrecorded(&self, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>> {
        let state = self.state();
        let waiting = state.chain.waiting.iter();
        let mut found: Vec<(Millis, &RequestId)> = waiting
            .filter(|(id, _)| id.shard() == shard)
            .map(|(id, since)| (*since, id))
            .collect();
        found.sort_unstable();
        let first = found.into_iter().take(limit.min(MAX_READ));
        Ok(first
            .map(|(since, id)| (id.clone(), since.time()))
            .collect())
    }

    async fn recorded(&self, ids: &[RequestId]) -> Result<Vec<u64>> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.chain.number(id)).collect())
    }

    async fn append(&self, step: Append) -> Result<Appended> {
        check(&step)?;
        self.room()?;
        Ok(self.state().chain.append(step))
    }

    async fn settle(&self, id: &RequestId, number: u64) -> Result<bool> {
        let mut state = self.state();
        let done = state.count_events(id) <= number;
        if done {
            state.chain.waiting.remove(id);
        }
        Ok(done)
    }

    async fn restore_unrecorded(&self, id: &RequestId, number: u64) -> Result<bool> {
        let now = self.now();
        let mut state = self.state();
        let lost = state.count_events(id) > number;
        Ok(lost && state.chain.wait(id, now))
    }

    async fn head(&self) -> Result<Tail> {
        let state = self.state();
        let (head, before) = (state.chain.head.clone(), state.chain.before.clone());
        Ok(Tail::of(head, before))
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<String>> {
        let state = self.state();
        let later = state.chain.records.range(after.saturating_add(1)..);
        let first = later.take(limit.min(MAX_READ));
        Ok(first.map(|(_, record)| record.clone()).collect())
    }

    async fn trim(&self, upto: &Head) -> Result<bool> {
        Ok(self.state().chain.trim(upto))
    }

    async fn cursor(&self, sink: &str) -> Result<u64> {
        let state = self.state();
        Ok(state.chain.cursors.get(sink).copied().unwrap_or_default())
    }

    async fn set_cursor(&self, sink: &str, seq: u64) -> Result<()> {
        check_sink(sink, seq)?;
        let mut state = self.state();
        let kept = state.chain.cursors.entry(sink.to_owned()).or_default();
        *kept = seq.max(*kept);
        Ok(())
    }
}
