//! The store for serving: Redis 7.0 or newer, or Valkey; one server, a cluster, or behind Sentinel.
//!
//! Every change is one Lua script on the keys of one shard, so it happens wholly or not at all, by
//! the server's clock; only claims of several shards share a call, taken and given back (`together`).
//! Redis acknowledges before the disk has a write unless `appendfsync always` is set, and before a
//! replica has it; what must not be lost to a failover waits for a replica ([`Commit::lasting`]).
//! Blocking calls and key-space notifications are never used: the first break in every outage, the
//! second get lost.
//!
//! A server should have `appendonly yes`, `maxmemory-policy noeviction` and, with replicas,
//! `min-replicas-to-write 1`: `drawbridge doctor` tells what is missing ([`RedisStore::vitals`]).

mod address;
mod call;
mod conn;
mod errors;
mod keys;
mod lasting;
mod ledger;
mod link;
mod links;
mod read;
mod releases;
mod replicas;
mod scripts;
mod together;
mod vitals;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use redis::FromRedisValue;

use self::address::Address;
pub use self::address::check_address;
use self::call::Call;
use self::conn::Dialer;
use self::errors::judge;
pub use self::errors::refusal;
use self::lasting::Answer;
use self::link::{Counters, Link};
use self::links::Links;
use self::releases::Releases;
use self::replicas::{Home, Replicas};
use self::scripts::Scripts;
use self::together::Together;
pub use self::vitals::{ACL, Vitals};
use super::check::check;
use super::{
    Alarms, Claim, Claims, Commit, Committed, Lane, MAX_OF_OWNER, Record, Result, Store,
    StoreError, Wants,
};
use crate::id::{RequestId, Shard};
use crate::units::{Seconds, Time};

/// Most links for what waits for a replica, dialled as they are needed.
const SURE: usize = 8;

/// A [`Store`] in Redis.
#[derive(Debug)]
pub struct RedisStore {
    link: Link,
    /// Carry the writes of people and services that wait for a replica: see [`replicas`].
    sure: Links,
    /// Carries what lanes wait for, so that nobody's decision stands behind them.
    lanes: Links,
    replicas: Replicas,
    together: Together,
    releases: Releases,
    scripts: Scripts,
    counters: Arc<Counters>,
}

/// What happened on the way to Redis since the store was made; for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls made.
    pub calls: u64,
    /// Calls that failed, for whatever reason.
    pub failures: u64,
    /// Calls without an answer in time.
    pub late: u64,
    /// Attempts to connect.
    pub dials: u64,
    /// Connections given up: broken, half open, or leading to a replica.
    pub replaced: u64,
    /// Lasting writes that no replica had in time although there is one, or was a moment ago.
    pub unreplicated: u64,
}

impl RedisStore {
    /// A store at an address; nothing is connected before the first call, so a Redis that is away
    /// at the start is no error. The forms of the address:
    ///
    /// - `redis://[user:password@]host[:port][/db]`, with TLS `rediss://`, or `redis+unix:///path`;
    /// - a cluster: `redis://host:port?cluster=true` or `redis://host:port,host:port`;
    /// - Sentinel: `redis+sentinel://[user:password@]host:port,host:port/primary[?db=1]`.
    ///
    /// # Errors
    /// [`StoreError::Misuse`] for an address that cannot be read; it is not repeated in the text.
    pub fn connect(url: &str) -> Result<Self> {
        let address = Address::parse(url)?;
        let counters = Arc::new(Counters::default());
        let link = || {
            let dialer = Dialer::to(address.clone()).map_err(|error| judge(error).0)?;
            Ok::<_, StoreError>(Link::new(dialer, Arc::clone(&counters)))
        };
        Ok(Self {
            link: link()?,
            sure: Links::new(link()?, (1..SURE).map(|_| link()).collect::<Result<_>>()?),
            lanes: Links::new(link()?, Vec::new()),
            replicas: Replicas::default(),
            together: Together::at(&address),
            releases: Releases::default(),
            scripts: Scripts::new(),
            counters,
        })
    }

    /// What happened on the way to Redis so far.
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            calls: read(&self.counters.calls),
            failures: read(&self.counters.failures),
            late: read(&self.counters.late),
            dials: read(&self.counters.dials),
            replaced: read(&self.counters.replaced),
            unreplicated: read(&self.counters.unreplicated),
        }
    }

    async fn run<T: FromRedisValue + Send>(&self, call: &Call<'_>) -> Result<T> {
        self.link
            .call(|mut conn| async move { call.invocation().invoke_async(&mut conn).await })
            .await
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn commit(&self, step: Commit) -> Result<Committed> {
        check(&step)?;
        let call = self.scripts.commit_call(&step);
        let answer: Answer = if step.lasting {
            let home = Home::Of(step.id.shard());
            // Lanes wait in turn, on their own connection: no decision of a person waits for theirs.
            let in_turn = step.claim.is_some();
            self.run_surely(&call, (home, &keys::doc(&step.id)), in_turn)
                .await?
        } else {
            self.run(&call).await?
        };
        read::committed(&answer)
    }

    async fn load(&self, id: &RequestId) -> Result<Option<Record>> {
        let mut get = redis::cmd("HMGET");
        get.arg(keys::doc(id));
        get.arg(&["revision", "commits", "body", "standing"]);
        let fields = self.read(&get).await?;
        read::record(id, fields)
    }

    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims> {
        let call = self.scripts.claim_call(shard, &wants);
        read::claims(self.run(&call).await?)
    }

    fn together(&self) -> bool {
        self.together.now()
    }

    async fn claim_each(&self, wants: &[(Shard, Wants)]) -> Vec<Result<Claims>> {
        // Before anything is claimed: no lease runs out behind a question.
        for (shard, _) in wants {
            self.look_at_replicas(*shard).await;
        }
        self.claims_of(wants).await
    }

    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.run(&self.scripts.renew_call(claim, lease)).await
    }

    async fn renew_lasting(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        let (call, shard) = (self.scripts.renew_call(claim, lease), claim.id.shard());
        self.run_surely(&call, (Home::Of(shard), &keys::doc(&claim.id)), true)
            .await
    }

    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool> {
        self.give_back(claim, again_at).await
    }

    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()> {
        let call = self.scripts.wake_call(id, lane);
        self.run::<u64>(&call).await.map(|_| ())
    }

    async fn seen(&self, key: &str) -> Result<Option<RequestId>> {
        let mut get = redis::cmd("GET");
        get.arg(keys::seen(Shard::of_key(key), key));
        let id: Option<String> = self.read(&get).await?;
        id.map(|id| read::id(&id)).transpose()
    }

    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>> {
        let from = after.map_or("-".to_owned(), |id| format!("({id}"));
        let mut range = redis::cmd("ZRANGE");
        range.arg(keys::open(shard)).arg(from).arg("+").arg("BYLEX");
        range.arg("LIMIT").arg(0).arg(limit);
        let ids: Vec<String> = self.read(&range).await?;
        ids.iter().map(|id| read::id(id)).collect()
    }

    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
        let limit = limit.min(MAX_OF_OWNER);
        let of_shard = |shard| async move {
            let mut range = redis::cmd("ZRANGE");
            range.arg(keys::owner(shard, owner)).arg(0).arg(limit);
            range.arg("REV").arg("WITHSCORES");
            self.read::<Vec<(String, f64)>>(&range).await
        };
        let shards = futures::future::try_join_all(Shard::all().map(of_shard)).await?;
        let mut all: Vec<(String, f64)> = shards.into_iter().flatten().collect();
        all.sort_by(|(id, at), (other, then)| then.total_cmp(at).then_with(|| other.cmp(id)));
        all.iter().take(limit).map(|(id, _)| read::id(id)).collect()
    }

    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
        let from = i64::try_from(after).unwrap_or(i64::MAX);
        let mut range = redis::cmd("LRANGE");
        range.arg(keys::events(id)).arg(from).arg(-1);
        let events: Vec<String> = self.read(&range).await?;
        Ok((after.saturating_add(1)..).zip(events).collect())
    }

    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize> {
        self.run(&self.scripts.restore_call(id, &alarms)).await
    }

    async fn ping(&self) -> Result<()> {
        let of_shard = |shard| async move {
            let call = self.scripts.ping_call(shard);
            self.run::<u64>(&call).await
        };
        let pings = futures::future::try_join_all(Shard::all().map(of_shard));
        pings.await.map(|_| ())
    }
}
