//! What a store forgot is recorded all the same.

use drawbridge::store::Standing;

use super::*;

/// The store forgets that a document waits.
async fn forget(store: &dyn Store, id: &RequestId) {
    assert!(store.settle(id, u64::MAX).await.unwrap());
}

#[test]
fn what_was_forgotten_is_recorded_when_the_task_starts_and_every_minute() {
    paused(async {
        let store = in_memory();
        let second = AtomicU64::new(0);
        let tell_and_forget = async || {
            for id in documents() {
                tell(&*store, &id, 2, &second).await;
                forget(&*store, &id).await;
            }
        };
        tell_and_forget().await;
        let appender = appender(Arc::clone(&store), &Arc::new(Entropy::seeded(1)));
        let stop = tokio_util::sync::CancellationToken::new();
        let running = tokio_util::task::TaskTracker::new().spawn(appender.run(stop.clone()));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        is_complete(&*store, "at the start").await;
        tell_and_forget().await;
        let seq = async || store.head().await.unwrap().head.unwrap().seq;
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        assert_eq!(seq().await, 13, "nothing tells of them");
        tokio::time::sleep(std::time::Duration::from_secs(35)).await;
        is_complete(&*store, "after a minute").await;
        stop.cancel();
        running.await.unwrap();
    });
}

/// Everything of the ledger, which a server may lose while others keep the documents.
const LEDGER_KEYS: [&str; 3] = ["records", "head", "recorded"];

#[tokio::test]
async fn what_the_ledgers_server_lost_is_recorded_again_of_closed_documents_too() {
    let server = RedisServer::start(Product::Redis).await;
    let store: Replica = Arc::new(RedisStore::connect(&server.url()).unwrap());
    let appender = appender(Arc::clone(&store), &Arc::new(Entropy::seeded(1)));
    let second = AtomicU64::new(0);
    let [id, other, ..] = &documents()[..] else {
        unreachable!("there are more")
    };
    tell(&*store, id, 1, &second).await;
    appender.catch_up().await.unwrap();
    assert_eq!(appender.mend().await.unwrap(), 0);
    for name in LEDGER_KEYS {
        let [from, to] = ["", ":kept"].map(|end| format!("{{drawbridge-ledger}}:{name}{end}"));
        let _: () = server.query(&["COPY", &from, &to]).await;
    }
    tell(&*store, id, 3, &second).await;
    let open = store.load(id).await.unwrap().unwrap();
    let closing = Commit {
        standing: Standing::Finished,
        ..after(&open)
    };
    done(&*store, closing).await;
    tell(&*store, other, 2, &second).await;
    appender.catch_up().await.unwrap();
    is_complete(&*store, "before the loss").await;
    for name in LEDGER_KEYS {
        let [from, to] = [":kept", ""].map(|end| format!("{{drawbridge-ledger}}:{name}{end}"));
        let _: () = server.query(&["RENAME", &from, &to]).await;
    }
    appender.catch_up().await.unwrap();
    assert_eq!(chain(&*store).await.len(), 2, "nothing waits");
    assert_eq!(appender.mend().await.unwrap(), 2);
    appender.catch_up().await.unwrap();
    is_complete(&*store, "after the loss").await;
    assert_eq!(appender.mend().await.unwrap(), 0);
}

/// The number of each record's event, 0 for the ledger's own.
async fn numbers(store: &dyn Store) -> Vec<u64> {
    let records = chain(store).await;
    records.iter().map(|record| record.number).collect()
}

/// A failover took the last events of a document back, and not the ledger, which another server has.
#[tokio::test]
async fn events_that_took_the_numbers_of_lost_ones_are_recorded_and_both_facts_are_told() {
    let server = RedisServer::start(Product::Redis).await;
    let store: Replica = Arc::new(RedisStore::connect(&server.url()).unwrap());
    let appender = appender(Arc::clone(&store), &Arc::new(Entropy::seeded(1)));
    let second = AtomicU64::new(0);
    let id = &documents()[0];
    let tag = format!("{{drawbridge-{}}}", id.shard().letter());
    let keys = ["doc", "events"].map(|kind| format!("{tag}:{kind}:{id}"));
    tell(&*store, id, 2, &second).await;
    for key in &keys {
        let _: () = server.query(&["COPY", key, &format!("{key}:kept")]).await;
    }
    tell(&*store, id, 2, &second).await;
    appender.catch_up().await.unwrap();
    assert_eq!(numbers(&*store).await, [0, 1, 2, 3, 4]);
    for key in &keys {
        let _: () = server.query(&["RENAME", &format!("{key}:kept"), key]).await;
    }
    // The next event takes number 3, which is recorded already.
    tell(&*store, id, 1, &second).await;
    appender.catch_up().await.unwrap();
    assert_eq!(numbers(&*store).await, [0, 1, 2, 3, 4, 0, 3]);
    tell(&*store, id, 3, &second).await;
    appender.catch_up().await.unwrap();
    assert_eq!(numbers(&*store).await, [0, 1, 2, 3, 4, 0, 3, 4, 5, 6]);
    assert_eq!(appender.mend().await.unwrap(), 0);
    let told = chain(&*store).await[5].told().unwrap().fact;
    let lost = Fact::EventsLost {
        request: id.clone(),
        kept: 2,
        recorded: 4,
    };
    assert_eq!(told, lost);
    let mut check =
        drawbridge::audit::verify::Check::of(drawbridge::audit::verify::Extent::Growing);
    for line in store.records(0, 100).await.unwrap() {
        assert_eq!(check.record(line.as_bytes()), []);
    }
}

/// Nothing new was told: the look every minute finds it.
#[test]
fn a_store_that_went_back_as_a_whole_is_on_record_and_what_it_still_has_is_told_once() {
    paused(async {
        let memory = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
        let store: Replica = Arc::clone(&memory) as Replica;
        let appender = appender(Arc::clone(&store), &Arc::new(Entropy::seeded(1)));
        let second = AtomicU64::new(0);
        let id = &documents()[0];
        tell(&*store, id, 2, &second).await;
        appender.catch_up().await.unwrap();
        let copy = memory.snapshot();
        tell(&*store, id, 2, &second).await;
        appender.catch_up().await.unwrap();
        memory.restore(copy);
        tell(&*store, id, 1, &second).await;
        appender.catch_up().await.unwrap();
        assert_eq!(numbers(&*store).await, [0, 1, 2, 0, 3]);
        is_complete(&*store, "after the loss").await;
        let told = chain(&*store).await[3].told().unwrap().fact;
        assert!(
            matches!(told, Fact::LedgerWentBack { seq: 5, .. }),
            "{told:?}"
        );
        assert_eq!(appender.mend().await.unwrap(), 0);
    });
}
