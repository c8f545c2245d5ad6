//! A store that went back, seen by several processes and through faults: each loss is on record once, and so is
//! what took the place of what was lost.

use drawbridge::audit::verify::{Check, Extent};

use super::*;

/// A server that can lose the newest events of one document and keep its ledger, as where they are at home with
/// different servers of a cluster.
struct Half {
    server: RedisServer,
    store: Replica,
    second: AtomicU64,
    id: RequestId,
}

impl Half {
    async fn start() -> Self {
        let server = RedisServer::start(Product::Redis).await;
        let store: Replica = Arc::new(RedisStore::connect(&server.url()).unwrap());
        Self {
            server,
            store,
            second: AtomicU64::new(0),
            id: documents()[0].clone(),
        }
    }

    fn appender(&self) -> Appender {
        appender(Arc::clone(&self.store), &Arc::new(Entropy::seeded(1)))
    }

    async fn tell(&self, count: usize) {
        tell(&*self.store, &self.id, count, &self.second).await;
    }

    fn keys(&self) -> [String; 2] {
        let tag = format!("{{drawbridge-{}}}", self.id.shard().letter());
        ["doc", "events"].map(|kind| format!("{tag}:{kind}:{}", self.id))
    }

    async fn keep_a_copy(&self) {
        for key in self.keys() {
            let copy = format!("{key}:kept");
            let _: () = self.server.query(&["COPY", &key, &copy, "REPLACE"]).await;
        }
    }

    async fn go_back(&self) {
        for key in self.keys() {
            let copy = format!("{key}:kept");
            let _: () = self.server.query(&["RENAME", &copy, &key]).await;
        }
    }

    /// The numbers of the records, of a chain that the verifier takes as right.
    async fn numbers(&self) -> Vec<u64> {
        let mut check = Check::of(Extent::Growing);
        for line in self.store.records(0, 100).await.unwrap() {
            assert_eq!(check.record(line.as_bytes()), []);
        }
        numbers(&*self.store).await
    }
}

/// The number of each record's event, 0 for the ledger's own.
async fn numbers(store: &dyn Store) -> Vec<u64> {
    let records = chain(store).await;
    records.iter().map(|record| record.number).collect()
}

/// Goes on whatever fails, as the task does, until nothing is left to do.
async fn patiently(appender: &Appender) {
    for _ in 0..20 {
        let passed = appender.catch_up().await.is_ok();
        if passed && matches!(appender.mend().await, Ok(0)) {
            return;
        }
    }
    panic!("it does not come to an end");
}

/// What one recorded of it another one did not: whoever looks first tells of all that was lost.
#[tokio::test]
async fn two_processes_put_a_loss_on_record_once_whoever_looks_first() {
    let half = Half::start().await;
    for other_first in [false, true] {
        let _: () = half.server.query(&["FLUSHALL"]).await;
        let (one, other) = (half.appender(), half.appender());
        half.tell(2).await;
        one.catch_up().await.unwrap();
        half.keep_a_copy().await;
        half.tell(1).await;
        one.catch_up().await.unwrap();
        half.tell(1).await;
        other.catch_up().await.unwrap();
        half.go_back().await;
        half.tell(2).await;
        let (first, second) = if other_first {
            (&other, &one)
        } else {
            (&one, &other)
        };
        for appender in [first, second, first, second] {
            patiently(appender).await;
        }
        let context = format!("the other one first: {other_first}");
        assert_eq!(half.numbers().await, [0, 1, 2, 3, 4, 0, 3, 4], "{context}");
        let lost = Fact::EventsLost {
            request: half.id.clone(),
            kept: 2,
            recorded: 4,
        };
        let told = chain(&*half.store).await[5].told().unwrap().fact;
        assert_eq!(told, lost, "{context}");
        // A second loss is another one.
        half.keep_a_copy().await;
        half.tell(1).await;
        second.catch_up().await.unwrap();
        half.go_back().await;
        half.tell(1).await;
        for appender in [second, first] {
            patiently(appender).await;
        }
        let all = [0, 1, 2, 3, 4, 0, 3, 4, 5, 0, 5];
        assert_eq!(half.numbers().await, all, "{context}");
    }
}

#[tokio::test]
async fn a_fault_at_any_call_after_a_loss_doubles_nothing() {
    let half = Half::start().await;
    for fault in [Fault::FailsBefore, Fault::FailsAfter] {
        for call in 0.. {
            let _: () = half.server.query(&["FLUSHALL"]).await;
            let (at, met) = (
                Arc::new(AtomicU64::new(u64::MAX)),
                Arc::new(AtomicBool::new(false)),
            );
            let faulty = faulty_from(&half.store, fault, &at, &met);
            let appender = appender(
                Arc::clone(&faulty) as Replica,
                &Arc::new(Entropy::seeded(1)),
            );
            half.tell(2).await;
            half.keep_a_copy().await;
            half.tell(2).await;
            appender.catch_up().await.unwrap();
            half.go_back().await;
            half.tell(2).await;
            at.store(faulty.calls.load(Ordering::SeqCst) + call, Ordering::SeqCst);
            patiently(&appender).await;
            let context = format!("{fault:?} at call {call}");
            assert_eq!(half.numbers().await, [0, 1, 2, 3, 4, 0, 3, 4], "{context}");
            if !met.load(Ordering::SeqCst) {
                assert!(call > 10, "{call}");
                break;
            }
        }
    }
}

/// A store of which the call with the number `at` has this fault; `met`: it had.
fn faulty_from(
    store: &Replica,
    fault: Fault,
    at: &Arc<AtomicU64>,
    met: &Arc<AtomicBool>,
) -> Arc<Faulty> {
    let (at, met) = (Arc::clone(at), Arc::clone(met));
    let plan: Plan = Box::new(move |n| {
        let now = n == at.load(Ordering::SeqCst);
        met.fetch_or(now, Ordering::SeqCst);
        now.then_some(fault)
    });
    Arc::new(Faulty::new(Arc::clone(store), plan))
}

/// What the ledger says of its own going back.
async fn told_of_chain(store: &dyn Store) -> Vec<(u64, String)> {
    let facts = chain(store).await.into_iter();
    let own = facts.filter_map(|record| record.told());
    own.filter_map(|event| match event.fact {
        Fact::LedgerWentBack { seq, hash } => Some((seq, hash)),
        _ => None,
    })
    .collect()
}

#[test]
fn a_chain_that_went_back_is_on_record_once_whatever_call_fails() {
    for fault in [Fault::FailsBefore, Fault::FailsAfter] {
        for call in 0.. {
            let (at, met) = (
                Arc::new(AtomicU64::new(u64::MAX)),
                Arc::new(AtomicBool::new(false)),
            );
            paused(async {
                let memory = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
                let store: Replica = Arc::clone(&memory) as Replica;
                let faulty = faulty_from(&store, fault, &at, &met);
                let appender = appender(
                    Arc::clone(&faulty) as Replica,
                    &Arc::new(Entropy::seeded(1)),
                );
                let (second, id) = (AtomicU64::new(0), &documents()[0]);
                tell(&*store, id, 2, &second).await;
                appender.catch_up().await.unwrap();
                let copy = memory.snapshot();
                tell(&*store, id, 2, &second).await;
                appender.catch_up().await.unwrap();
                let newest = store.head().await.unwrap().head.unwrap();
                memory.restore(copy);
                tell(&*store, id, 1, &second).await;
                at.store(faulty.calls.load(Ordering::SeqCst) + call, Ordering::SeqCst);
                patiently(&appender).await;
                is_complete(&*store, "after the loss").await;
                let context = format!("{fault:?} at call {call}");
                let told = told_of_chain(&*store).await;
                assert_eq!(told, [(newest.seq, newest.hash)], "{context}");
            });
            if !met.load(Ordering::SeqCst) {
                assert!(call > 10, "{call}");
                break;
            }
        }
    }
}

/// One that has just started knows of nothing, and is faster.
#[test]
fn a_chain_that_went_on_from_an_earlier_record_is_noticed_by_its_hash() {
    paused(async {
        let memory = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
        let store: Replica = Arc::clone(&memory) as Replica;
        let new = || appender(Arc::clone(&store), &Arc::new(Entropy::seeded(1)));
        let (one, other) = (new(), new());
        let (second, id) = (AtomicU64::new(0), &documents()[0]);
        tell(&*store, id, 2, &second).await;
        one.catch_up().await.unwrap();
        let copy = memory.snapshot();
        tell(&*store, id, 2, &second).await;
        one.catch_up().await.unwrap();
        other.catch_up().await.unwrap();
        tell(&*store, id, 1, &second).await;
        other.catch_up().await.unwrap();
        let known = store.records(4, 1).await.unwrap();
        let known: Record = serde_json::from_str(&known[0]).unwrap();
        memory.restore(copy);
        tell(&*store, id, 9, &second).await;
        new().catch_up().await.unwrap();
        tell(&*store, id, 1, &second).await;
        for appender in [&one, &one, &new(), &one] {
            patiently(appender).await;
        }
        is_complete(&*store, "after the loss").await;
        assert_eq!(told_of_chain(&*store).await, [(5, known.hash)]);
        // It was there when the newest was read: that is another word, and the last.
        patiently(&other).await;
        let told: Vec<u64> = told_of_chain(&*store)
            .await
            .iter()
            .map(|(n, _)| *n)
            .collect();
        assert_eq!(told, [5, 6]);
    });
}
