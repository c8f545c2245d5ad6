//! The way to Redis under faults: every call ends in time, and the store finds its server again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use drawbridge::id::Shard;
use drawbridge::store::redis::RedisStore;
use drawbridge::store::{Commit, Committed, Lane, Retry, Revision, Store, StoreError};
use tokio::task::JoinSet;

use super::harness::now;
use super::steps::*;
use crate::servers::proxy::{LinkFault, Proxy};
use crate::servers::redis::{Product, RedisServer};
use crate::servers::sentinel::{Watched, replica_of, until};

/// No call takes longer: the link's own bound, and room for a busy machine.
const BOUND: Duration = Duration::from_secs(6);

fn connect(url: &str) -> RedisStore {
    RedisStore::connect(url).unwrap()
}

/// A call that must fail as "away", in time.
async fn is_away(store: &RedisStore) {
    let started = Instant::now();
    let error = store.commit(create(&id(0))).await.unwrap_err();
    assert!(matches!(error, StoreError::Away(_)), "{error}");
    assert_eq!(error.retry(), Retry::Later);
    assert!(started.elapsed() < BOUND);
}

#[tokio::test]
async fn a_server_that_is_away_is_told_and_found_again_by_the_next_call() {
    let mut server = RedisServer::start(Product::Redis).await;
    let store = connect(&server.url());
    done(&store, create(&id(1))).await;
    for _ in 0..3 {
        server.kill();
        is_away(&store).await;
        server.restart().await;
        load(&store, &id(1)).await;
    }
    // A restart between two calls is not even noticed.
    server.restart().await;
    done(&store, create(&id(2))).await;
}

#[tokio::test]
async fn a_store_starts_before_its_server() {
    let mut server = RedisServer::start(Product::Redis).await;
    server.kill();
    let store = connect(&server.url());
    is_away(&store).await;
    server.restart().await;
    done(&store, create(&id(1))).await;
}

#[tokio::test]
async fn broken_connections_are_replaced_within_the_call() {
    let server = RedisServer::start(Product::Redis).await;
    let proxy = Proxy::before(&server.address()).await;
    let store = connect(&format!("redis://{}", proxy.address()));
    for n in 1..10 {
        done(&store, create(&id(n))).await;
        proxy.cut();
    }
    assert!(store.counts().failures == 0, "{:?}", store.counts());
}

#[tokio::test]
async fn a_link_whose_answers_vanish_is_replaced_and_the_lost_commit_is_known() {
    let server = RedisServer::start(Product::Redis).await;
    let proxy = Proxy::before(&server.address()).await;
    let store = Arc::new(connect(&format!("redis://{}", proxy.address())));
    done(&*store, create(&id(1))).await;
    let step = Commit {
        events: vec!["{}".to_owned()],
        ..after(&load(&*store, &id(1)).await)
    };
    proxy.suffer(LinkFault::HalfOpen);
    // The commit is done, its answer is lost; two other calls get no answer either.
    let started = Instant::now();
    let mut lost = JoinSet::new();
    for step in [step.clone(), create(&id(2)), create(&id(3))] {
        let store = Arc::clone(&store);
        lost.spawn(async move { store.commit(step).await.unwrap_err() });
    }
    lost.join_all().await;
    // The half-open link still swallows; a new one is used.
    let again = store.commit(step).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied(Revision(2)));
    assert_eq!(events(&*store, &id(1)).await.len(), 1);
    assert!(started.elapsed() < BOUND);
    let counts = store.counts();
    assert!(counts.late >= 3 && counts.replaced >= 1, "{counts:?}");
}

#[tokio::test]
async fn a_frozen_server_delays_no_call_beyond_its_bound() {
    let server = RedisServer::start(Product::Redis).await;
    let store = connect(&server.url());
    done(&store, create(&id(1))).await;
    server.freeze(true);
    for _ in 0..3 {
        is_away(&store).await;
    }
    server.freeze(false);
    load(&store, &id(1)).await;
}

#[tokio::test]
async fn many_first_calls_share_one_dial() {
    let server = RedisServer::start(Product::Redis).await;
    let store = connect(&server.url());
    let calls = (0..50).map(|n| store.commit(create(&id(n))));
    for answer in futures::future::join_all(calls).await {
        assert_eq!(answer.unwrap(), Committed::Applied(Revision(1)));
    }
    assert_eq!(store.counts().dials, 1);
}

#[tokio::test]
async fn calls_that_are_given_up_do_not_mix_up_the_answers() {
    let server = RedisServer::start(Product::Redis).await;
    let store = connect(&server.url());
    for n in 0..300 {
        done(&store, create(&id(n))).await;
        let other = id(n);
        let mut given_up = store.load(&other);
        let _ = futures::poll!(&mut given_up);
        drop(given_up);
        let record = load(&store, &id(n)).await;
        assert_eq!(record.id, id(n));
    }
}

#[tokio::test]
async fn a_primary_that_became_a_replica_is_left_and_found_again() {
    let server = RedisServer::start(Product::Redis).await;
    let other = RedisServer::start(Product::Redis).await;
    let store = connect(&server.url());
    done(&store, create(&id(1))).await;
    let port = other.port().to_string();
    let _: () = server.query(&["REPLICAOF", "127.0.0.1", &port]).await;
    is_away(&store).await;
    // Nor is it read from any more: what a replica has can be old.
    let error = store.load(&id(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Away(_)), "{error}");
    let _: () = server.query(&["REPLICAOF", "NO", "ONE"]).await;
    done(&store, create(&id(2))).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_without_repeating_it() {
    let server = RedisServer::start(Product::Redis).await;
    let _: () = server
        .query(&["CONFIG", "SET", "requirepass", "right"])
        .await;
    let store = connect(&format!("redis://:hunter2@{}", server.address()));
    let error = store.ping().await.unwrap_err();
    assert_eq!(error.retry(), Retry::Later);
    let whole = format!("{:?} {store:?}", anyhow::Error::from(error));
    assert!(!whole.contains("hunter2"), "{whole}");
    let store = connect(&format!("redis://:right@{}", server.address()));
    store.ping().await.unwrap();
}

/// A primary with a replica, a store, and a claim on document 1 in it.
async fn replicated() -> (RedisServer, RedisServer, RedisStore, Commit) {
    let primary = RedisServer::start(Product::Redis).await;
    let replica = replica_of(&primary).await;
    let store = connect(&primary.url());
    let due = now(&store).await - secs(1);
    with_alarms(&store, &id(1), gate(due)).await;
    let held = claim_one(&store, Lane::Gate, ALL).await;
    let step = lasting(under(&held, after(&load(&store, &id(1)).await)));
    (primary, replica, store, step)
}

/// A call that no replica had in time: told so within its bound, and to be tried later.
async fn is_unreplicated<T: std::fmt::Debug>(call: impl Future<Output = Result<T, StoreError>>) {
    let started = Instant::now();
    let error = call.await.unwrap_err();
    assert!(matches!(error, StoreError::Unreplicated), "{error}");
    assert_eq!(error.retry(), Retry::Later);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_lasting_commit_waits_for_a_replica_and_goes_on_when_it_is_back() {
    let (_primary, replica, store, step) = replicated().await;
    replica.freeze(true);
    is_unreplicated(store.commit(step.clone())).await;
    assert_eq!(store.counts().unreplicated, 1);
    // Repeated, it still waits: it is done, but may yet be lost. So does whatever comes after it.
    is_unreplicated(store.commit(step.clone())).await;
    let vote = lasting(after(&load(&store, &id(1)).await));
    is_unreplicated(store.commit(vote.clone())).await;
    is_unreplicated(store.commit(lasting(create(&id(3))))).await;
    // What lets go does not wait.
    let closing = Commit {
        closing: true,
        ..after(&load(&store, &id(1)).await)
    };
    done(&store, closing).await;
    done(&store, create(&id(2))).await;
    replica.freeze(false);
    let again = store.commit(step).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied(Revision(2)));
    let again = store.commit(vote).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied(Revision(3)));
}

#[tokio::test]
async fn a_lane_shows_nothing_before_a_replica_has_it() {
    let (_primary, replica, store, _) = replicated().await;
    let due = now(&store).await - secs(1);
    with_alarms(&store, &id(2), gate(due)).await;
    let held = claim_one(&store, Lane::Gate, ALL).await;
    assert!(store.renew_lasting(&held, ALL.lease).await.unwrap());
    replica.freeze(true);
    is_unreplicated(store.renew_lasting(&held, ALL.lease)).await;
    assert!(store.renew(&held, ALL.lease).await.unwrap());
    replica.freeze(false);
    assert!(store.renew_lasting(&held, ALL.lease).await.unwrap());
}

/// As many as a process has hands for, all at one server.
#[tokio::test]
async fn lanes_that_wait_for_a_replica_are_told_together_and_hold_up_no_decision() {
    let (_primary, replica, store, step) = replicated().await;
    let mut held = Vec::new();
    for n in 10..42 {
        let due = now(&store).await - secs(1);
        with_alarms(&store, &id(n), gate(due)).await;
        held.push(claim_one(&store, Lane::Gate, ALL).await);
    }
    replica.freeze(true);
    let lanes = held
        .iter()
        .map(|claim| store.renew_lasting(claim, ALL.lease));
    let lanes = futures::future::join_all(lanes.map(is_unreplicated));
    tokio::join!(lanes, is_unreplicated(store.commit(step)));
    let counts = store.counts();
    assert_eq!((counts.unreplicated, counts.late), (33, 0));
    for claim in &held {
        assert!(store.renew(claim, ALL.lease).await.unwrap(), "it is kept");
    }
}

#[tokio::test]
async fn a_replica_whose_link_breaks_is_waited_for_until_it_follows_again() {
    let (primary, replica, store, step) = replicated().await;
    done(&store, lasting(create(&id(2)))).await;
    let _: () = replica.query(&["REPLICAOF", "127.0.0.1", "1"]).await;
    is_unreplicated(store.commit(step.clone())).await;
    let port = primary.port().to_string();
    let _: () = replica.query(&["REPLICAOF", "127.0.0.1", &port]).await;
    until(async || store.commit(step.clone()).await.is_ok()).await;
    let again = store.commit(step).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied(Revision(2)));
}

#[tokio::test]
async fn a_replica_that_nobody_has_waited_for_yet_is_missed_as_well() {
    let (primary, replica, store, _) = replicated().await;
    // Lanes do this all the time.
    for answer in store.claim_each(&[(shard(), ALL)]).await {
        answer.unwrap();
    }
    is_parted(&primary, &replica).await;
    is_unreplicated(store.commit(lasting(create(&id(2))))).await;
}

#[tokio::test]
async fn a_vanished_replica_is_missed_in_every_shard_of_its_server() {
    let (primary, replica, store, step) = replicated().await;
    done(&store, step).await;
    is_parted(&primary, &replica).await;
    for other in Shard::all() {
        is_unreplicated(store.commit(lasting(create(&id_in(other, 2))))).await;
    }
}

/// The replica follows another primary.
async fn is_parted(primary: &RedisServer, replica: &RedisServer) {
    let _: () = replica.query(&["REPLICAOF", "127.0.0.1", "1"]).await;
    until(async || {
        let info: String = primary.query(&["INFO", "replication"]).await;
        info.contains("connected_slaves:0")
    })
    .await;
}

#[tokio::test]
async fn a_vanished_replica_is_missed_but_a_server_without_one_is_trusted() {
    let (primary, mut replica, store, step) = replicated().await;
    // The store learns that there is a replica.
    done(&store, step.clone()).await;
    replica.kill();
    until(async || {
        let info: String = primary.query(&["INFO", "replication"]).await;
        info.contains("connected_slaves:0")
    })
    .await;
    is_unreplicated(store.commit(step.clone())).await;
    assert_eq!(store.counts().unreplicated, 1);
    // A store that never saw one takes the server as it is.
    let other = connect(&primary.url());
    let again = other.commit(step).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied(Revision(2)));
}

/// Creates document `n` with a due alarm, claims it and commits under the claim; whether that last
/// step was acknowledged. Everything may fail on the way.
async fn effect(store: &RedisStore, n: usize) -> Result<bool, StoreError> {
    let wants = drawbridge::store::Wants { gate: 0, ..ALL };
    let due = store.claim(shard(), wants).await?.now - secs(1);
    let step = Commit {
        alarms: gate(due),
        ..create(&id(n))
    };
    store.commit(step).await?;
    let claims = store.claim(shard(), ALL).await?.claims;
    let (Some(held), Some(record)) = (
        claims.iter().find(|claim| claim.id == id(n)),
        store.load(&id(n)).await?,
    ) else {
        return Ok(false);
    };
    let answer = store.commit(lasting(under(held, after(&record)))).await?;
    Ok(matches!(answer, Committed::Applied(_)))
}

#[tokio::test]
async fn a_planned_failover_loses_no_commit_that_precedes_an_effect() {
    let watched = Watched::start().await;
    let store = connect(&watched.url());
    let mut acknowledged = Vec::new();
    let mut failing_over = Box::pin(watched.fail_over());
    let (mut over, mut since) = (false, 0);
    let started = Instant::now();
    for n in 0.. {
        over = over || futures::poll!(&mut failing_over).is_ready();
        if effect(&store, n).await.unwrap_or(false) {
            acknowledged.push(n);
            since += usize::from(over);
        }
        if since == 20 {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_secs(90),
            "no commit after the failover"
        );
    }
    println!("{} acknowledged, {:?}", acknowledged.len(), store.counts());
    for n in acknowledged {
        let record = load(&store, &id(n)).await;
        assert_eq!(record.version.revision, Revision(2));
    }
}
