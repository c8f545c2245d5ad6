//! The store of simulations and demos without a file: everything in this process, on the given
//! clock, the same order every time. Nothing survives the process.

mod ledger;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::ledger::Chain;
use super::check::check;
use super::lane::{LaneState, Millis, next_token};
use super::step::{self, Row};
use super::{
    Alarms, Claim, Claims, Commit, Committed, Lane, MAX_CLAIMS, Record, Result, SEEN_FOR, Standing,
    Store, StoreError, Token, Wants,
};
use crate::clock::Clock;
use crate::id::{RequestId, Shard};
use crate::units::{Seconds, Time};

/// A [`Store`] in memory.
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    full: AtomicBool,
    state: Mutex<State>,
}

/// All that a memory store holds, as it was at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot(State);

#[derive(Debug, Default, Clone)]
struct State {
    rows: BTreeMap<RequestId, Row>,
    events: BTreeMap<RequestId, Vec<String>>,
    seen: BTreeMap<String, (RequestId, Millis)>,
    /// Every alarm of `rows`, in the order of claims. INVARIANT (index): changed only by `put`.
    due: BTreeMap<(Shard, Lane), BTreeSet<(Millis, RequestId)>>,
    last_token: u64,
    chain: Chain,
}

impl MemoryStore {
    /// An empty store on the given clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            full: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// Lets the store behave as if its memory were full, or as usual again: a fault for simulations.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    /// Everything that it holds now: documents, alarms, leases, events, marks and the ledger.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.state().clone())
    }

    /// Goes back: everything is as it was then, and what was acknowledged since is lost. A fault for
    /// simulations: a failover to an older copy, a restored backup.
    pub fn restore(&self, then: Snapshot) {
        *self.state() = then.0;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Millis {
        Millis::of_clock(self.clock.now())
    }

    fn room(&self) -> Result<()> {
        if self.full.load(Ordering::Relaxed) {
            return Err(StoreError::Full(anyhow::anyhow!(
                "set full by the simulation"
            )));
        }
        Ok(())
    }
}

impl Snapshot {
    /// A document, JSON.
    pub fn body(&self, id: &RequestId) -> Option<&str> {
        self.0.rows.get(id).map(|row| row.body.as_str())
    }

    /// The events of a document, JSON, in order.
    pub fn events(&self, id: &RequestId) -> &[String] {
        self.0.events.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Documents that are not the same in both, in order; for each whether it is here.
    pub fn differences(&self, other: &Self) -> Vec<(RequestId, bool)> {
        let (ours, theirs) = (&self.0.rows, &other.0.rows);
        let all: BTreeSet<&RequestId> = ours.keys().chain(theirs.keys()).collect();
        let differs =
            |id: &&RequestId| ours.get(*id).map(Row::version) != theirs.get(*id).map(Row::version);
        let differing = all.into_iter().filter(differs);
        differing
            .map(|id| (id.clone(), ours.contains_key(id)))
            .collect()
    }
}

impl State {
    /// Writes a row and brings the index of alarms in line with it.
    fn put(&mut self, id: &RequestId, row: Row) {
        let old = self.rows.get(id);
        for lane in Lane::ALL {
            let index = self.due.entry((id.shard(), lane)).or_default();
            let alarm_of = |row: &Row| Some((row.lanes.of(lane).alarm?, id.clone()));
            if let Some(gone) = old.and_then(alarm_of) {
                index.remove(&gone);
            }
            index.extend(alarm_of(&row));
        }
        self.rows.insert(id.clone(), row);
    }

    /// Changes one lane of a document; `None`: there is no such document.
    fn with_lane<T>(
        &mut self,
        id: &RequestId,
        lane: Lane,
        change: impl FnOnce(&mut LaneState, Standing) -> T,
    ) -> Option<T> {
        let mut row = self.rows.get(id)?.clone();
        let answer = change(row.lanes.of_mut(lane), row.standing);
        self.put(id, row);
        Some(answer)
    }

    fn of_lane(&self, shard: Shard, lane: Lane) -> impl Iterator<Item = &(Millis, RequestId)> {
        self.due.get(&(shard, lane)).into_iter().flatten()
    }

    fn claim_lane(&mut self, shard: Shard, lane: Lane, wants: &Wants, time: Time) -> Vec<Claim> {
        let now = Millis::of_clock(time);
        let ids: Vec<RequestId> = self
            .of_lane(shard, lane)
            .take_while(|(at, _)| *at <= now)
            .take(wants.of(lane).min(MAX_CLAIMS))
            .map(|(_, id)| id.clone())
            .collect();
        let mut claims = Vec::new();
        for id in ids {
            self.last_token = next_token(self.last_token, time);
            let token = Token(self.last_token);
            let taken = self.with_lane(&id, lane, |state, _| {
                let due = state.claim(token, now, wants.lease);
                (due, state.attempts)
            });
            claims.extend(taken.map(|(due, attempt)| Claim {
                id,
                lane,
                token,
                attempt,
                due: due.time(),
            }));
        }
        claims
    }

    fn count_events(&self, id: &RequestId) -> u64 {
        let events = self.events.get(id).map_or(0, Vec::len);
        u64::try_from(events).unwrap_or(u64::MAX)
    }

    fn mark(&self, key: &str, now: Millis) -> Option<&RequestId> {
        let (id, until) = self.seen.get(key)?;
        (*until > now).then_some(id)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, step: Commit) -> Result<Committed> {
        check(&step)?;
        if !step.closing {
            self.room()?;
        }
        let now = self.now();
        let mut state = self.state();
        let seen = step.seen.as_deref().and_then(|key| state.mark(key, now));
        let row = state.rows.get(&step.id);
        if let Some(answer) = step::answer(row, seen, &step, now) {
            return Ok(answer);
        }
        let row = step::next(row.cloned(), &step, now);
        let revision = row.version().revision;
        state.put(&step.id, row);
        if let Some(key) = step.seen {
            state.seen.retain(|_, (_, until)| *until > now);
            state
                .seen
                .insert(key, (step.id.clone(), now.plus(SEEN_FOR)));
        }
        if !step.events.is_empty() {
            state.chain.wait(&step.id, now);
        }
        state.events.entry(step.id).or_default().extend(step.events);
        Ok(Committed::Applied(revision))
    }

    async fn load(&self, id: &RequestId) -> Result<Option<Record>> {
        Ok(self.state().rows.get(id).map(|row| Record {
            id: id.clone(),
            version: row.version(),
            past: row.past(),
            body: row.body.clone(),
            standing: row.standing,
        }))
    }

    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims> {
        let time = self.clock.now();
        let mut state = self.state();
        let mut claims = Vec::new();
        for lane in Lane::ALL {
            claims.extend(state.claim_lane(shard, lane, &wants, time));
        }
        let next = Lane::ALL
            .into_iter()
            .filter(|lane| wants.of(*lane) > 0)
            .filter_map(|lane| state.of_lane(shard, lane).next().map(|(at, _)| *at))
            .min();
        Ok(Claims {
            now: Millis::of_clock(time).time(),
            claims,
            next_due: next.map(Millis::time),
        })
    }

    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        let now = self.now();
        let renewed = self.state().with_lane(&claim.id, claim.lane, |state, _| {
            state.renew(claim.token, now, lease)
        });
        Ok(renewed.unwrap_or(false))
    }

    async fn renew_lasting(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.renew(claim, lease).await
    }

    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool> {
        let now = self.now();
        let again = Millis::of_alarm(again_at);
        let released = self.state().with_lane(&claim.id, claim.lane, |state, _| {
            state.release(claim.token, now, again)
        });
        Ok(released.unwrap_or(false))
    }

    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()> {
        let now = self.now();
        self.state().with_lane(id, lane, |state, standing| {
            if standing == Standing::Open {
                state.wake(now);
            }
        });
        Ok(())
    }

    async fn seen(&self, key: &str) -> Result<Option<RequestId>> {
        Ok(self.state().mark(key, self.now()).cloned())
    }

    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>> {
        let state = self.state();
        let ids = state
            .rows
            .iter()
            .filter(|(id, row)| id.shard() == shard && row.standing == Standing::Open)
            .map(|(id, _)| id)
            .filter(|id| after.is_none_or(|after| *id > after));
        Ok(ids.take(limit).cloned().collect())
    }

    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
        let state = self.state();
        let mut found: Vec<_> = state
            .rows
            .iter()
            .filter(|(_, row)| row.owner == owner)
            .map(|(id, row)| (row.created, id))
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        let newest = found.into_iter().take(limit.min(super::MAX_OF_OWNER));
        Ok(newest.map(|(_, id)| id.clone()).collect())
    }

    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
        let state = self.state();
        let all = state.events.get(id).map(Vec::as_slice).unwrap_or_default();
        let numbered = (1..).zip(all).filter(|(number, _)| *number > after);
        Ok(numbered.map(|(n, event)| (n, event.clone())).collect())
    }

    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize> {
        let now = self.now();
        let mut state = self.state();
        let mut set = 0;
        for lane in Lane::ALL {
            let Some(at) = alarms.of(lane).map(Millis::of_alarm) else {
                continue;
            };
            let restored = state.with_lane(id, lane, |state, standing| {
                standing == Standing::Open && state.restore(at, now)
            });
            set += usize::from(restored.unwrap_or(false));
        }
        Ok(set)
    }

    async fn ping(&self) -> Result<()> {
        self.room()
    }
}
