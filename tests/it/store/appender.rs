//! The appender over stores that fail and processes that die at any call: one chain, every event of
//! every document once and in order, no gaps.

mod back;
mod mending;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use drawbridge::app::Book;
use drawbridge::audit::chain::ORIGIN;
use drawbridge::audit::{Fact, Record};
use drawbridge::clock::{Clock, SystemClock, VirtualClock};
use drawbridge::entropy::Entropy;
use drawbridge::id::{RequestId, Shard};
use drawbridge::ledger::{Appender, Pass};
use drawbridge::store::memory::MemoryStore;
use drawbridge::store::redis::RedisStore;
use drawbridge::store::{Commit, Head, MAX_RECORDS, Store};
use serde_json::Value;

use super::faulty::{Fault, Faulty, Plan};
use super::harness::Replica;
use super::steps::*;
use crate::servers::cluster::RedisCluster;
use crate::servers::redis::{Product, RedisServer};

/// Documents of a run, spread over shards.
fn documents() -> Vec<RequestId> {
    (0..6)
        .zip(std::iter::repeat_with(Shard::all).flatten())
        .map(|(n, shard)| id_in(shard, n))
        .collect()
}

fn appender(store: Replica, entropy: &Arc<Entropy>) -> Appender {
    let book = Book::new(store, Arc::clone(entropy));
    Appender::new(book, Arc::new(SystemClock), Arc::clone(entropy))
}

/// Gives a document so many more events.
async fn tell(store: &dyn Store, id: &RequestId, count: usize, second: &AtomicU64) {
    let basis = store.load(id).await.unwrap();
    let step = basis.map_or_else(|| create(id), |record| after(&record));
    let event = |n: usize| {
        let second = second.fetch_add(1, Ordering::SeqCst);
        let at = format!("2026-11-03T10:{:02}:{:02}Z", second / 60 % 60, second % 60);
        format!(r#"{{"at":"{at}","by":"drawbridge","event":"granted","n":{n}}}"#)
    };
    let events = (0..count).map(event).collect();
    done(store, Commit { events, ..step }).await;
}

/// The whole chain, read as anybody may.
async fn chain(store: &dyn Store) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(0, |record| record.seq);
        let page = store.records(after, 100).await.unwrap();
        if page.is_empty() {
            return records;
        }
        let read = |line: &String| serde_json::from_str(line).unwrap();
        records.extend(page.iter().map(read));
    }
}

/// One chain without gaps, with every event of every document once, in order, and nothing else.
async fn is_complete(store: &dyn Store, context: &str) {
    let records = chain(store).await;
    let mut prev = ORIGIN.to_owned();
    let mut told: BTreeMap<RequestId, Vec<(u64, Value)>> = BTreeMap::new();
    for (seq, record) in (1..).zip(&records) {
        assert_eq!((record.seq, &record.prev), (seq, &prev), "{context}");
        assert_eq!(record.own_hash().unwrap(), record.hash, "{context}");
        prev.clone_from(&record.hash);
        match &record.document {
            Some(id) => {
                let event = (record.number, record.event.clone());
                told.entry(id.clone()).or_default().push(event);
            }
            None => {
                let own = record.told().unwrap().fact;
                let begun = matches!(own, Fact::LedgerBegun { .. }) && seq == 1;
                // Only where a test let the store go back.
                let back =
                    matches!(own, Fact::LedgerWentBack { .. }) && context == "after the loss";
                assert!(begun || back, "{own:?}");
            }
        }
    }
    let head = store.head().await.unwrap().head.unwrap();
    assert_eq!((head.seq, head.hash), (records.len() as u64, prev));
    for id in documents() {
        let events = store.events(&id, 0).await.unwrap();
        let events = events.into_iter();
        let wanted: Vec<(u64, Value)> = events
            .map(|(number, event)| (number, serde_json::from_str(&event).unwrap()))
            .collect();
        let found = told.remove(&id).unwrap_or_default();
        assert_eq!(found, wanted, "{context}: {id}");
    }
    assert!(told.is_empty(), "{context}: {told:?}");
    for shard in Shard::all() {
        let waiting = store.unrecorded(shard, 9).await.unwrap();
        assert_eq!(waiting, [], "{context}");
    }
}

/// One process after another over the store, each under its plan, until all is recorded and `over`.
async fn live(store: &Replica, entropy: &Arc<Entropy>, over: &AtomicBool, plan: impl Fn() -> Plan) {
    loop {
        let faulty = Arc::new(Faulty::new(Arc::clone(store), plan()));
        let dead = faulty.dead.clone();
        let appender = appender(faulty, entropy);
        loop {
            // Asked before the pass: what is committed after it is another pass's.
            let last = over.load(Ordering::SeqCst);
            let passed = tokio::select! {
                passed = appender.pass() => passed,
                () = dead.cancelled() => break,
            };
            if matches!(passed, Ok(Pass::Idle)) && last {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Two processes that fail and die at random beside somebody who commits.
async fn race(store: Replica, seed: u64) {
    let entropy = Arc::new(Entropy::seeded(seed));
    let over = AtomicBool::new(false);
    let plan = || -> Plan {
        let entropy = Arc::clone(&entropy);
        Box::new(move |_| {
            let drawn = entropy.fraction() * 40.0;
            Fault::ALL.get(drawn as usize).copied()
        })
    };
    let committing = async {
        let second = AtomicU64::new(0);
        for _ in 0..30 {
            let draw = |most: f64| (entropy.fraction() * most) as usize;
            let ids = documents();
            let count = [1, 1, 2, 3, MAX_RECORDS][draw(5.0)];
            tell(&*store, &ids[draw(6.0)], count, &second).await;
            for _ in 0..draw(12.0) {
                tokio::task::yield_now().await;
            }
        }
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(
        committing,
        live(&store, &entropy, &over, plan),
        live(&store, &entropy, &over, plan),
    );
    is_complete(&*store, &format!("seed {seed}")).await;
}

/// The same work with each fault at each call in turn; how many calls there were.
async fn one_fault_at_each_call(fresh: impl AsyncFn() -> Replica) -> u64 {
    let over = AtomicBool::new(true);
    for call in 0.. {
        for fault in Fault::ALL {
            let store = fresh().await;
            let second = AtomicU64::new(0);
            for (n, id) in documents().iter().enumerate() {
                tell(&*store, id, 1 + n * 18, &second).await;
            }
            let entropy = Arc::new(Entropy::seeded(call));
            let met = Arc::new(AtomicBool::new(false));
            let plan = || -> Plan {
                let met = Arc::clone(&met);
                Box::new(move |n| {
                    let first = n == call && !met.swap(true, Ordering::SeqCst);
                    first.then_some(fault)
                })
            };
            // The second life has no fault: `met` was taken in the first.
            live(&store, &entropy, &over, plan).await;
            is_complete(&*store, &format!("{fault:?} at call {call}")).await;
            if !met.load(Ordering::SeqCst) {
                return call;
            }
        }
    }
    unreachable!("there is a last call")
}

fn paused<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(test)
}

fn in_memory() -> Replica {
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(chrono::DateTime::UNIX_EPOCH));
    Arc::new(MemoryStore::new(clock))
}

#[test]
fn two_processes_that_fail_and_die_at_random_make_one_complete_chain() {
    for seed in 0..300 {
        paused(async { race(in_memory(), seed).await });
    }
}

#[test]
fn a_fault_at_any_call_loses_and_doubles_nothing() {
    let calls = paused(one_fault_at_each_call(async || in_memory()));
    assert!(calls > 30, "{calls}");
}

#[tokio::test]
async fn two_processes_over_redis_that_fail_and_die_make_one_complete_chain() {
    let server = RedisServer::start(Product::Redis).await;
    for seed in 0..10 {
        let _: () = server.query(&["FLUSHALL"]).await;
        race(Arc::new(RedisStore::connect(&server.url()).unwrap()), seed).await;
    }
}

#[tokio::test]
async fn a_fault_at_any_call_to_redis_loses_and_doubles_nothing() {
    let server = RedisServer::start(Product::Redis).await;
    let store: Replica = Arc::new(RedisStore::connect(&server.url()).unwrap());
    let calls = one_fault_at_each_call(async || {
        let _: () = server.query(&["FLUSHALL"]).await;
        Arc::clone(&store)
    });
    assert!(calls.await > 30);
}

#[tokio::test]
async fn two_processes_over_a_cluster_make_one_complete_chain() {
    let cluster = RedisCluster::start().await;
    for seed in 0..3 {
        cluster.each(&["FLUSHALL"]).await;
        race(Arc::new(RedisStore::connect(&cluster.url()).unwrap()), seed).await;
    }
}

#[test]
fn a_chain_of_which_all_was_dropped_goes_on_from_its_head() {
    paused(async {
        let store = in_memory();
        let appender = appender(Arc::clone(&store), &Arc::new(Entropy::seeded(1)));
        let (second, id) = (AtomicU64::new(0), &documents()[0]);
        tell(&*store, id, 3, &second).await;
        appender.catch_up().await.unwrap();
        let head: Head = store.head().await.unwrap().head.unwrap();
        assert!(store.trim(&head).await.unwrap());
        assert_eq!(
            appender.mend().await.unwrap(),
            0,
            "dropped is not forgotten"
        );
        tell(&*store, id, 2, &second).await;
        appender.catch_up().await.unwrap();
        let kept = chain(&*store).await;
        let numbers: Vec<_> = kept
            .iter()
            .map(|record| (record.seq, record.number))
            .collect();
        assert_eq!(numbers, [(5, 4), (6, 5)]);
        assert_eq!(kept[0].prev, head.hash);
    });
}

#[test]
fn trouble_and_what_waits_are_known_until_it_is_over() {
    paused(async {
        let store = in_memory();
        let away = Arc::new(AtomicBool::new(true));
        let plan: Plan = {
            let away = Arc::clone(&away);
            let fault = move |_| away.load(Ordering::SeqCst).then_some(Fault::FailsBefore);
            // The first look succeeds; nothing after it does.
            let looks = Shard::all().count() as u64;
            Box::new(move |n| fault(n).filter(|_| n >= looks))
        };
        let faulty = Arc::new(Faulty::new(Arc::clone(&store), plan));
        tell(&*store, &documents()[0], 3, &AtomicU64::new(0)).await;
        let appender = appender(faulty, &Arc::new(Entropy::seeded(1)));
        let behind = appender.behind();
        let stop = tokio_util::sync::CancellationToken::new();
        let running = tokio_util::task::TaskTracker::new().spawn(appender.run(stop.clone()));
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        assert_eq!((behind.documents(), behind.last()), (1, None));
        assert!(behind.since().is_some());
        assert_eq!(behind.trouble(), Some("away"));
        away.store(false, Ordering::SeqCst);
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
        assert_eq!((behind.documents(), behind.trouble()), (0, None));
        assert!(behind.last().is_some());
        is_complete(&*store, "it is back").await;
        stop.cancel();
        running.await.unwrap();
    });
}

#[test]
fn the_running_task_records_what_is_committed_and_is_over_when_told() {
    paused(async {
        let store = in_memory();
        let entropy = Arc::new(Entropy::seeded(1));
        let appender = appender(Arc::clone(&store), &entropy);
        let stop = tokio_util::sync::CancellationToken::new();
        let behind = appender.behind();
        let running =
            tokio_util::task::TaskTracker::new().spawn(appender.clone().run(stop.clone()));
        let second = AtomicU64::new(0);
        for n in 0..3 {
            for id in documents() {
                tell(&*store, &id, 40 * n + 1, &second).await;
            }
            // A commit that this process does not hear of is seen by the next poll.
            tokio::time::sleep(std::time::Duration::from_millis(1300)).await;
            is_complete(&*store, &format!("round {n}")).await;
            assert_eq!(behind.documents(), 0);
        }
        stop.cancel();
        running.await.unwrap();
        tell(&*store, &documents()[0], 1, &second).await;
        appender.catch_up().await.unwrap();
        is_complete(&*store, "caught up").await;
    });
}

#[test]
fn the_ledgers_own_words_go_into_the_same_chain() {
    paused(async {
        let store = in_memory();
        let entropy = Arc::new(Entropy::seeded(1));
        let appender = appender(Arc::clone(&store), &entropy);
        let trimmed = |seq| Fact::Trimmed {
            seq,
            hash: "0".repeat(64),
            chain: None,
        };
        assert_eq!(appender.tell(trimmed(1)).await.unwrap().seq, 2);
        tell(&*store, &documents()[0], 2, &AtomicU64::new(0)).await;
        appender.catch_up().await.unwrap();
        let head = appender.tell(trimmed(2)).await.unwrap();
        assert_eq!(store.head().await.unwrap().head, Some(head));
        let told = chain(&*store).await;
        let told: Vec<_> = told.iter().map(|record| record.number).collect();
        assert_eq!(told, [0, 0, 1, 2, 0]);
    });
}
