//! A store that writes down what is committed to it, and stories played with it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use drawbridge::cli::simulate::paused_runtime;
use drawbridge::clock::Clock;
use drawbridge::id::{RequestId, Shard};
use drawbridge::lane::{Alarms, Lane};
use drawbridge::sim::scenario::{self, Act, Played, Story};
use drawbridge::sim::town::Plan;
use drawbridge::store::memory::MemoryStore;
use drawbridge::store::{
    Append, Appended, Claim, Claims, Commit, Committed, Head, Ledger, Record, Result, Store, Tail,
    Wants,
};
use drawbridge::units::{Seconds, Time};

/// As of every story: `cli::simulate`.
const SEED: u64 = 7;

/// Whether the store of this story goes back to a copy, which only one in memory by itself can.
pub(crate) fn goes_back(story: &Story) -> bool {
    story
        .lines
        .iter()
        .any(|line| matches!(line.act, Act::KeepStore))
}

pub(crate) fn story(name: &str) -> anyhow::Result<Story> {
    let path = Path::new("tests/scenarios").join(format!("{name}.txt"));
    Ok(scenario::parse(&std::fs::read_to_string(path)?)?)
}

/// Plays a story; what came of it, and the store that it ended with.
pub(crate) fn play(name: &str, tape: &Tape) -> anyhow::Result<(Played, Arc<dyn Store>)> {
    let story = story(name)?;
    let last = Arc::new(Mutex::new(None));
    let (taping, slot) = (tape.clone(), Arc::clone(&last));
    let plan = Plan::of_stories(
        SEED,
        Box::new(move |clock| {
            let store: Arc<dyn Store> = Arc::new(Recorder::new(clock, taping.clone()));
            *slot.lock().unwrap() = Some(Arc::clone(&store));
            Ok(store)
        }),
    );
    let mut nobody = |_: &_| {};
    let playing = scenario::play(&story, &plan, &mut nobody);
    let played = paused_runtime()?.block_on(playing)?;
    let store = last.lock().unwrap().take().unwrap();
    Ok((played, store))
}

/// One commit that was done.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) at: Time,
    pub(crate) owner: String,
    pub(crate) body: String,
    pub(crate) events: Vec<String>,
}

/// All of them, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tape(Arc<Mutex<Vec<Taken>>>);

impl Tape {
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.0.lock().unwrap().clone()
    }
}

#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) inner: MemoryStore,
    clock: Arc<dyn Clock>,
    tape: Tape,
}

impl Recorder {
    pub(crate) fn new(clock: Arc<dyn Clock>, tape: Tape) -> Self {
        let inner = MemoryStore::new(Arc::clone(&clock));
        Self { inner, clock, tape }
    }
}

#[async_trait]
impl Store for Recorder {
    async fn commit(&self, step: Commit) -> Result<Committed> {
        let taken = Taken {
            at: self.clock.now(),
            owner: step.owner.clone(),
            body: step.body.clone(),
            events: step.events.clone(),
        };
        let committed = self.inner.commit(step).await?;
        if let Committed::Applied(_) = committed {
            self.tape.0.lock().unwrap().push(taken);
        }
        Ok(committed)
    }

    async fn load(&self, id: &RequestId) -> Result<Option<Record>> {
        self.inner.load(id).await
    }

    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims> {
        self.inner.claim(shard, wants).await
    }

    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.inner.renew(claim, lease).await
    }

    async fn renew_lasting(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.inner.renew_lasting(claim, lease).await
    }

    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool> {
        self.inner.release(claim, again_at).await
    }

    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()> {
        self.inner.wake(id, lane).await
    }

    async fn seen(&self, key: &str) -> Result<Option<RequestId>> {
        self.inner.seen(key).await
    }

    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>> {
        self.inner.open(shard, after, limit).await
    }

    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
        self.inner.of_owner(owner, limit).await
    }

    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
        self.inner.events(id, after).await
    }

    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize> {
        self.inner.restore_alarms(id, alarms).await
    }

    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }
}

#[async_trait]
impl Ledger for Recorder {
    async fn unrecorded(&self, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>> {
        self.inner.unrecorded(shard, limit).await
    }

    async fn recorded(&self, ids: &[RequestId]) -> Result<Vec<u64>> {
        self.inner.recorded(ids).await
    }

    async fn append(&self, step: Append) -> Result<Appended> {
        self.inner.append(step).await
    }

    async fn settle(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.inner.settle(id, number).await
    }

    async fn restore_unrecorded(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.inner.restore_unrecorded(id, number).await
    }

    async fn head(&self) -> Result<Tail> {
        self.inner.head().await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<String>> {
        self.inner.records(after, limit).await
    }

    async fn trim(&self, upto: &Head) -> Result<bool> {
        self.inner.trim(upto).await
    }

    async fn cursor(&self, sink: &str) -> Result<u64> {
        self.inner.cursor(sink).await
    }

    async fn set_cursor(&self, sink: &str, seq: u64) -> Result<()> {
        self.inner.set_cursor(sink, seq).await
    }
}
